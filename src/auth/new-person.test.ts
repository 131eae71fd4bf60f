import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Where a maker has somebody else ask. */
const ASKED_BY: Readonly<Record<string, string>> = { 'external-person.ts': 'external-sign-in.ts' }

test('whoever makes a person asks the app before, and takes in what follows', () => {
  const read = (file: string) => readFileSync(`${import.meta.dirname}/${file}`, 'utf8').replaceAll('export function insertPerson(', '')
  const files = globSync('*.ts', { cwd: import.meta.dirname }).filter((file) => !file.endsWith('.test.ts'))
  const makers = files.filter((file) => read(file).includes('insertPerson('))
  expect(makers.length).toBeGreaterThanOrEqual(3)
  // Both are of new-person.ts: hooks are for every way in.
  const silent = makers.filter((file) => {
    const source = read(ASKED_BY[file] ?? file)
    return !source.includes('await admitPerson(') || !source.includes('personCreated(')
  })
  expect(silent).toEqual([])
})
