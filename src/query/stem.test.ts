// Terms against those that SQLite's own tokenizers make, over words that meet every rule.
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SearchLanguage } from '../define'
import { termOf } from './stem'

const TOKENIZERS = { english: 'porter unicode61 remove_diacritics 2', simple: 'unicode61 remove_diacritics 2' }

/** The term that FTS5 keeps for each word. */
function terms(words: readonly string[], language: SearchLanguage): string[] {
  const db = new DatabaseSync(':memory:')
  db.exec(`create virtual table f using fts5(a, tokenize='${TOKENIZERS[language]}'); create virtual table v using fts5vocab(f, 'instance')`)
  const insert = db.prepare('insert into f (rowid, a) values (?, ?)')
  words.forEach((word, i) => insert.run(i, word))
  const found = new Map(
    db
      .prepare('select doc, term from v')
      .all()
      .map(({ doc, term }) => [Number(doc), String(term)]),
  )
  db.close()
  return words.map((_, i) => found.get(i) ?? '')
}

const ENDS =
  's es ies sses ss ed eed ing at bl iz y ational tional enci anci izer logi bli alli entli eli ousli ization ation ator alism iveness fulness ousness aliti iviti biliti icate ative alize iciti ical ful ness al ance ence er ic able ible ant ement ment ent sion tion ion ou ism ate iti ous ive ize e ll ly ities ingly'.split(
    ' ',
  )
const part = fc.oneof(
  fc.constantFrom(...ENDS),
  fc.string({ unit: fc.constantFrom(...'abcdefgilmnoprstuvwxyz'), minLength: 1, maxLength: 4 }),
)
const word = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''))
const letter = fc.oneof(
  fc.integer({ min: 0x61, max: 0x17f }),
  // Ϳ is a letter that SQLite's tables are too old for.
  fc.integer({ min: 0x380, max: 0x45f }),
  fc.integer({ min: 0x1e00, max: 0x1eff }),
  fc.constantFrom(0x301, 0x308, 0xac00, 0x6f22, 0x30c, 0x5d0, 0x627),
)
const foreign = fc.array(letter, { minLength: 1, maxLength: 5 }).map((codes) => String.fromCodePoint(...codes))

test.each(['english', 'simple'] as const)('words become the terms of the %s index', (language) => {
  fc.assert(
    fc.property(fc.array(fc.oneof(word, foreign), { minLength: 300, maxLength: 300 }), (generated) => {
      const words = generated.filter((one) => /^[\p{L}\p{N}][\p{L}\p{N}\p{M}]*$/u.test(one))
      expect(words.map((one) => [one, termOf(one, language)])).toEqual(terms(words, language).map((term, i) => [words[i], term]))
    }),
    { numRuns: 20, seed: Number(process.env['FUZZ_SEED'] ?? 1), endOnFailure: true },
  )
})
