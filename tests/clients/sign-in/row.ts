// The rows of the table in ../README.md: each is a test of its name.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Row {
  readonly name: string
  readonly result: string
}

const [, table = ''] = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8').split('## Each method of auth-js')
export const rows: readonly Row[] = [...table.matchAll(/^\| +\d+ +\| `([^`]+)` +\| (.+?) +\|$/gm)].map(([, name, result]) => ({
  name: name!,
  result: result!,
}))
