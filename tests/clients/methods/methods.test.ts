// Every method of postgrest-js against the built Worker on a real port; README.md has the table. A method that isn't in it fails the last test.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answers } from './answers'
import { filters } from './filters'
import { openHarbour, type Harbour } from './harbour'

const read = (name: string) => readFileSync(fileURLToPath(new URL(name, import.meta.url).href), 'utf8')
const self = `${read('filters.ts')}${read('answers.ts')}`
/** Up to the table of another package. */
const table = read('../README.md').split('\n## Each method of auth-js')[0] ?? ''

let harbour: Harbour

beforeAll(async () => {
  harbour = await openHarbour()
}, 120_000)

afterAll(() => harbour?.close())

filters(() => harbour.client)
answers(() => harbour.client)

describe('the table', () => {
  const listed = [...table.matchAll(/^\|[ \d]+\| `([^`]+)`/gm)].map(([, name]) => name!)
  const tested = [...self.matchAll(/^ +test\('([^']+)'/gm)].map(([, name]) => name!)

  test('numbers seventy-four methods, each with a test of its name', () => {
    expect(table).toMatch(/^\| 74 +\|/m)
    expect(listed.filter((name) => !tested.includes(name))).toEqual([])
  })

  test('has every method that the package has', () => {
    const filter = harbour.client.from('ships').select() as unknown as object
    const methods = new Set<string>()
    for (let prototype = filter; prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype) as object)
      for (const name of Object.getOwnPropertyNames(prototype)) if (typeof Reflect.get(filter, name) === 'function') methods.add(name)
    const own = new Set(['constructor', 'then', 'catch', 'finally', 'fetch', 'processResponse'])
    expect([...methods].filter((name) => !own.has(name) && !listed.includes(name))).toEqual([])
  })
})
