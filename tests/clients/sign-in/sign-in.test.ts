// Every method of auth-js against the built Worker on a real port; ../README.md has the table. A method that isn't in it fails the last tests.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLodge, type Lodge } from './lodge'
import { GROUPS, groupsOf, publicMethods } from './methods'
import { off } from './off'
import { sessions } from './session'

let lodge: Lodge

beforeAll(async () => {
  lodge = await openLodge()
}, 120_000)

afterAll(() => lodge?.close())

sessions(() => lodge)
off(() => lodge)

describe('the table', () => {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  const tested = files.flatMap((name) =>
    [...readFileSync(join(import.meta.dirname, name), 'utf8').matchAll(/^ +test\('([^']+)'/gm)].map(([, method]) => method!),
  )
  const table = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8').split('## Each method of auth-js')[1] ?? ''
  const rows = [...table.matchAll(/^\| +\d+ +\| `([^`]+)` +\| (.+?) +\|$/gm)].map(([, name, result]) => ({ name: name!, result: result! }))
  const waiting = rows.filter(({ result }) => result === 'not yet').map(({ name }) => name)

  test('every public method of the package has a test of its name, and no other has', () => {
    const methods = publicMethods(lodge.phone())
    expect(methods.filter((name) => !tested.includes(name) && !waiting.includes(name))).toEqual([])
    expect(tested.filter((name) => !methods.includes(name))).toEqual([])
  })

  test('every public method of the package is a row of the table', () => {
    expect(rows.map(({ name }) => name).toSorted()).toEqual(publicMethods(lodge.phone()))
  })

  test('every group of methods that the package has is looked into', () => {
    expect(groupsOf(lodge.phone()).filter((name) => name !== 'initializePromise')).toEqual([...GROUPS].toSorted())
  })
})
