// Every method of auth-js against the built Worker on a real port; ../README.md has the table. A method that isn't in it fails the last tests.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { account } from './account'
import { administration } from './administration'
import { factors } from './factors'
import { openLodge, type Lodge } from './lodge'
import { GROUPS, groupsOf, publicMethods } from './methods'
import { off } from './off'
import { rows } from './row'
import { sessions } from './session'
import { timing } from './timing'
import { waysIn } from './ways-in'

let lodge: Lodge

beforeAll(async () => {
  lodge = await openLodge()
}, 120_000)

afterAll(() => lodge?.close())

sessions(() => lodge)
waysIn(() => lodge)
account(() => lodge)
factors(() => lodge)
administration(() => lodge)
off(() => lodge)
timing(() => lodge)

describe('the table', () => {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  const tested = files.flatMap((name) =>
    [...readFileSync(join(import.meta.dirname, name), 'utf8').matchAll(/^ +test\('([^' ]+)'/gm)].map(([, method]) => method!),
  )
  test('every public method of the package has a test of its name, and no other has', () => {
    const methods = publicMethods(lodge.phone())
    expect(methods.filter((name) => !tested.includes(name))).toEqual([])
    expect(tested.filter((name) => !methods.includes(name))).toEqual([])
  })

  test('every public method of the package is a row of the table', () => {
    expect(rows.map(({ name }) => name).toSorted()).toEqual(publicMethods(lodge.phone()))
  })

  test('every group of methods that the package has is looked into', () => {
    expect(groupsOf(lodge.phone()).filter((name) => name !== 'initializePromise')).toEqual([...GROUPS].toSorted())
  })
})
