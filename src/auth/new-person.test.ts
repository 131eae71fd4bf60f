import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('whoever makes a person asks the app before, and takes in what follows', () => {
  const makers = globSync('*.ts', { cwd: import.meta.dirname })
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => ({
      file,
      source: readFileSync(`${import.meta.dirname}/${file}`, 'utf8').replaceAll('export function insertPerson(', ''),
    }))
    .filter(({ source }) => source.includes('insertPerson('))
  expect(makers.length).toBeGreaterThanOrEqual(3)
  // `admitPerson` and `personCreated` are of new-person.ts: hooks are for every way in.
  const silent = makers.filter(({ source }) => !source.includes('await admitPerson(') || !source.includes('...personCreated('))
  expect(silent.map(({ file }) => file)).toEqual([])
})
