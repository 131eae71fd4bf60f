// What each of Postgres' ways of reading a search text makes of it.
import { describe, expect, test } from 'vitest'
import { MAX_CHARACTERS, MAX_DISTANCE, MAX_PARENTHESES, MAX_WORDS, parseSearch, type SearchMode, type SearchTree } from './tsquery'

/** As Postgres prints a tsquery, without stems. */
function print(tree: SearchTree | null): string {
  if (tree === null) return ''
  if (tree.kind === 'words') {
    return tree.steps
      .map(({ word, prefix, at }, i) => {
        const before = tree.steps[i - 1]
        const gap = before ? at - before.at : 0
        return `${before ? (gap === 1 ? ' <-> ' : ` <${gap}> `) : ''}${word}${prefix ? ':*' : ''}`
      })
      .join('')
  }
  if (tree.kind === 'not')
    return `!${tree.term.kind === 'words' && tree.term.steps.length === 1 ? print(tree.term) : `(${print(tree.term)})`}`
  return tree.terms
    .map((term) => (term.kind === 'words' || term.kind === 'not' ? print(term) : `(${print(term)})`))
    .join(tree.kind === 'and' ? ' & ' : ' | ')
}

describe.each<[SearchMode, readonly (readonly [string, string])[]]>([
  [
    'plain',
    [
      ['The Fat Rats', 'Fat & Rats'],
      ['fat:* & !rat | (cat)', 'fat & rat & cat'],
      ['state-of-the-art', 'state <3> art'],
      ["it's Peter's", 'Peter'],
      ['', ''],
      ['the of', ''],
      ['naïve e\u0301tude', 'naïve & e\u0301tude'],
    ],
  ],
  [
    'phrase',
    [
      ['The Fat & Rats', 'Fat <-> Rats'],
      ['sat on the mat', 'sat <3> mat'],
      ['the', ''],
    ],
  ],
  [
    'web',
    [
      ['"supernovae stars" -crab', 'supernovae <-> stars & !crab'],
      ['"sad cat" or "fat rat"', 'sad <-> cat | fat <-> rat'],
      ['signal -"segmentation fault"', 'signal & !(segmentation <-> fault)'],
      ['""" )( dummy \\\\ query <->', 'dummy <-> query'],
      ['or fat or', 'fat'],
      ['a -b OR c d', '!b | (c & d)'],
      ['x -b OR c d', '(x & !b) | (c & d)'],
      ['fat orange or-x oryx', 'fat & orange & x & oryx'],
      ['--cat', 'cat'],
      ['- - -cat', '!cat'],
      ['fat-rat', 'fat <-> rat'],
      ['"unclosed cat', 'unclosed <-> cat'],
      ['-the', ''],
      ['', ''],
    ],
  ],
  [
    'raw',
    [
      ['fat & (rat | cat)', 'fat & (rat | cat)'],
      ['fat & rat & !cat', 'fat & rat & !cat'],
      ['fat | rat & cat', 'fat | (rat & cat)'],
      ['!fat & rat', '!fat & rat'],
      ['! ! fat', 'fat'],
      ['fat <-> rat', 'fat <-> rat'],
      ['fat <2> rat <-> cat', 'fat <2> rat <-> cat'],
      ['(fat | old) <-> rat', 'fat <-> rat | old <-> rat'],
      ['fat <-> the <-> rat', 'fat <2> rat'],
      ['(the | fat) <-> rat', 'fat <-> rat'],
      ["'fat rat' & cat:*", 'fat <-> rat & cat:*'],
      ["'it''s fat'", 'fat'],
      [String.raw`'a\'b fat'`, 'b <-> fat'],
      ['the & fat', 'fat'],
      ['the | fat', 'fat'],
      ['!the', ''],
      ['fat & !(the)', 'fat'],
      ['  ', ''],
      ['fat:', 'fat'],
    ],
  ],
])('%s', (mode, cases) => {
  test.each(cases)('%s', (text, printed) => {
    expect(print(parseSearch(mode, text, 'english'))).toBe(printed)
  })
})

test('as much as is allowed, and no more', () => {
  const reads = (mode: SearchMode, text: string) => parseSearch(mode, text, 'english') !== null
  expect(reads('plain', 'x'.repeat(MAX_CHARACTERS))).toBe(true)
  expect(() => reads('plain', 'x'.repeat(MAX_CHARACTERS + 1))).toThrow(`more than ${MAX_CHARACTERS} characters`)
  expect(reads('web', 'cat '.repeat(MAX_WORDS))).toBe(true)
  expect(() => reads('web', 'cat '.repeat(MAX_WORDS + 1))).toThrow(`more than ${MAX_WORDS} words`)
  expect(reads('raw', `cat <${MAX_DISTANCE}> rat`)).toBe(true)
  expect(() => reads('raw', `cat <${MAX_DISTANCE + 1}> rat`)).toThrow('between zero and 16384')
  const choices = (count: number) => `(${Array.from({ length: count }, () => 'cat').join('|')})`
  expect(reads('raw', `${choices(10)} <-> ${choices(10)}`)).toBe(true)
  expect(() => reads('raw', `${choices(10)} <-> ${choices(11)}`)).toThrow('more than 100 phrases')
  expect(() => reads('raw', `${choices(10)} <-> ${choices(10)} <-> ${choices(10)}`)).toThrow('more than 100 phrases')
  expect(reads('raw', `${'('.repeat(MAX_PARENTHESES)}cat${')'.repeat(MAX_PARENTHESES)}`)).toBe(true)
  expect(() => reads('raw', `${'('.repeat(MAX_PARENTHESES + 1)}cat`)).toThrow(`more than ${MAX_PARENTHESES} deep`)
})

test('simple keeps stop words', () => {
  expect(print(parseSearch('plain', 'the cat', 'simple'))).toBe('the & cat')
  expect(print(parseSearch('web', 'or or or', 'simple'))).toBe('or | or')
})
