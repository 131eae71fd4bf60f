import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { expect, test } from 'vitest'
import { likeMatches, likeSql } from './like'
import { bind, render, sql } from './sql'

const db = new DatabaseSync(':memory:')
;(db as unknown as { limits: Record<string, number> }).limits['likePatternLength'] = 50

function matches(text: string | null, pattern: string, ignoreCase: boolean): unknown {
  const { sql: statement, params } = render(sql`select ${likeSql(bind(text), pattern, ignoreCase)} as v`)
  return db.prepare(statement).get(...(params as SQLInputValue[]))!['v']
}

test('SQL and the compiler agree on random texts and patterns, short and long', () => {
  let state = 7
  const random = (below: number) => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) % below
  const pick = (letters: readonly string[], most: number) =>
    Array.from({ length: random(most + 1) }, () => letters[random(letters.length)]).join('')
  let hits = 0
  for (let i = 0; i < 1200; i++) {
    const text = pick(['a', 'b', 'A', 'é', '🏔', '%', '_', '*', '[', '\\'], i % 3 === 0 ? 90 : 5)
    // Half of the patterns are the text itself with holes, so that many match.
    const holes = [...text]
      .map((character) => (random(4) === 0 ? ['%', '_', '%%'][random(3)]! : character.replace(/[%_\\]/, '\\$&')))
      .join('')
    const pattern = i % 2 === 0 ? holes : pick(['a', 'b', 'A', 'é', '%', '_', '\\%', '[', '*', '?'], i % 5 === 0 ? 70 : 5)
    for (const ignoreCase of [false, true]) {
      const wanted = likeMatches(text, pattern, ignoreCase)
      hits += Number(wanted)
      expect([text, pattern, ignoreCase, matches(text, pattern, ignoreCase)]).toEqual([text, pattern, ignoreCase, Number(wanted)])
    }
  }
  expect(hits).toBeGreaterThan(400)
}, 30_000)

test('NULL is like nothing and unlike nothing', () => {
  for (const pattern of ['', '%', 'a', 'a%', '%a', '%a%', '_', `${'a'.repeat(60)}%b`, 'a_'.repeat(60)])
    expect(matches(null, pattern, true)).toBeNull()
})

test('a thousand parts are looked for in turn, with holes of one too', () => {
  expect(matches('ab'.repeat(1000), 'a%'.repeat(1000), false)).toBe(1)
  expect(matches('ab'.repeat(999), `${'a%'.repeat(1000)}b`, false)).toBe(0)
  expect(matches('ab'.repeat(100), 'a_'.repeat(100), false)).toBe(1)
  expect(matches('ab'.repeat(1000), 'a_'.repeat(1000), false)).toBe(1)
  expect(matches('ab'.repeat(1000), 'a_'.repeat(999), false)).toBe(0)
  expect(matches('ab'.repeat(1000), 'a_%b'.repeat(500), false)).toBe(1)
  expect(matches('ab'.repeat(1000), 'a_%c'.repeat(500), false)).toBe(0)
})

test('no pattern takes more than a walk along the text', () => {
  const text = 'to and fro, up and down the hill '.repeat(300)
  for (const pattern of [
    '%_'.repeat(2000) + 'zq',
    '%a'.repeat(2000),
    '%a_d'.repeat(200) + '%z',
    '%a_%'.repeat(400) + 'z',
    '_'.repeat(3000),
  ]) {
    expect(matches(text, pattern, false)).toBe(0)
  }
}, 10_000)
