// A row of the table in ../README.md is a test of its name; one that says `not yet` there is left out, and says so.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test as vitest } from 'vitest'

interface Row {
  readonly name: string
  readonly result: string
}

const [, table = ''] = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8').split('## Each method of auth-js')
export const rows: readonly Row[] = [...table.matchAll(/^\| +\d+ +\| `([^`]+)` +\| (.+?) +\|$/gm)].map(([, name, result]) => ({
  name: name!,
  result: result!,
}))

const waiting = new Set(rows.filter(({ result }) => result === 'not yet').map(({ name }) => name))

export function test(name: string, work: () => Promise<void> | void): void {
  if (waiting.has(name)) vitest.skip(`${name}: its part of sign-in is not built yet (README.md)`, work)
  else vitest(name, work)
}
