// The thirty pitfalls of sign-in: each is held by tests that carry its number, in the files that tests/auth/pitfalls.md names.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

const rows = [...read('tests/auth/pitfalls.md').matchAll(/^\| P(\d+) +\|.+\| (.+?) +\|$/gm)].map(([, number, files]) => ({
  number: Number(number),
  files: [...files!.matchAll(/`([^`]+)`/g)].map(([, file]) => file!),
}))

test('the table has all thirty, in order', () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1))
})

test.each(rows)('P$number has a test of that number in each file that the table names', ({ number, files }) => {
  expect(files.length).toBeGreaterThan(0)
  const name = new RegExp(`['"\`](?:P\\d+(?:, | and ))*P${number}(?:(?:, | and )P\\d+)*: `)
  for (const file of files) expect(read(file), file).toMatch(name)
})
