import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { run } from '../../tests/unit/database'
import { db, ids, read, refusal } from '../../tests/unit/journal'
import type { AppError } from '../core'
import { likeMatches, likeSql } from './like'
import type { Condition } from './query'
import { MOST_STEPS, unprepared } from './preparation'
import { regexSql } from './regex'
import { MOST_NODES, MOST_STATES } from './regex-automaton'
import { bind, render, sql, type Sql } from './sql'

const value = (expression: Sql): unknown => run(db, render(sql`select ${expression} as v`))[0]!['v']
const found = (text: string | null, pattern: string, ignoreCase = false): unknown => value(regexSql(bind(text), pattern, ignoreCase))
const plan = (pattern: string, ignoreCase = false): string => render(regexSql(sql`t.x`, pattern, ignoreCase)).sql.replaceAll(/\?\d+/g, '?')

function refused(pattern: string): string {
  try {
    found('x', pattern)
  } catch (error) {
    const { definition, occurrence: told } = error as AppError
    return `${String(definition.postgrest)} ${definition.postgrest === 'PGRST127' ? String(told.details) : String(told.message)}`
  }
  return 'none'
}

describe('regular expressions', () => {
  test.each([
    ['abc', 'b', 1],
    ['abc', '^b', 0],
    ['abc', 'c$', 1],
    ['abc', '^abc$', 1],
    ['abc', '^a.c$', 1],
    ['a\nc', '^a.c$', 1],
    ['a\nc', '(?n)^a.c$', 0],
    ['x\nabc\ny', '(?n)^abc$', 1],
    ['x\nabc\ny', '^abc$', 0],
    ['x\nabc\ny', '(?w)^abc$', 1],
    ['abc', 'a|x', 1],
    ['abc', '^(x|ab)c', 1],
    ['abc', '', 1],
    ['', '^$', 1],
    ['', 'a*', 1],
    ['x', '^a*$', 0],
    ['aaa', '^a{2}$', 0],
    ['aaa', '^a{2,}$', 1],
    ['aaa', '^a{1,3}$', 1],
    ['aaaa', '^a{1,3}$', 0],
    ['a{', 'a{', 1],
    ['a{b', 'a{b', 1],
    ['2026-11-25', '^\\d{4}-\\d\\d-\\d{2}$', 1],
    ['2026-11-2x', '^\\d{4}-\\d\\d-\\d{2}$', 0],
    ['ab12', '[0-9]+', 1],
    ['ab', '[^a-z]', 0],
    ['a]b', '[]]', 1],
    ['a-b', '[a-]-[-b]', 1],
    ['été', '^\\w+$', 1],
    ['a b', '^\\w+$', 0],
    ['a b', '\\s', 1],
    ['日本', '^[[:alpha:]]{2}$', 1],
    ['𝒳y', '^.y$', 1],
    ['foo bar', '\\mbar\\M', 1],
    ['foobar', '\\mbar', 0],
    ['foo bar', 'o\\y b', 1],
    ['foo', 'f\\Yo', 1],
    ['foo', 'f\\yo', 0],
    ['foo', '\\Afoo\\Z', 1],
    ['a.c', 'a\\.c', 1],
    ['abc', 'a\\.c', 0],
    ['a\tb', 'a\\tb', 1],
    ['aéb', 'a\\u00e9b', 1],
    ['abab', '^(ab)+$', 1],
    ['ababa', '^(?:ab)+?$', 0],
    ['a.b', '***=a.b', 1],
    ['axb', '***=a.b', 0],
    ['axb', '(?q)a.b', 0],
    ['ABC', '(?i)b', 1],
    ['aaaab', '(a*)*b', 1],
    ['a', '(|a)', 1],
    ["o'k", "o'k", 1],
    ['100%_x', '%_x$', 1],
    ['a*b?c[d', 'a\\*b\\?c\\[d', 1],
  ])('%j ~ %j is %i', (text, pattern, truth) => {
    expect(found(text, pattern)).toBe(truth)
    expect(found(null, pattern)).toBe(null)
  })

  test('~* folds case beyond ASCII, and only where it is asked to', () => {
    expect([found('ABC', 'b', true), found('ÉCOLE', '^école', true), found('école', 'É.*E$', true), found('ÉCOLE', 'école')]).toEqual([
      1, 1, 1, 0,
    ])
    expect([
      found('ΑΒΓ', '[α-γ]{3}', true),
      found('x', '[A-Z]', true),
      found('ABC', '(?c)b', true),
      found('x', '[[:upper:]]', true),
    ]).toEqual([1, 1, 0, 1])
  })

  test('what is no pattern is refused in the words of Postgres', () => {
    const cases: readonly (readonly [pattern: string, error: string])[] = [
      ['(a', '2201B invalid regular expression: parentheses () not balanced'],
      ['a)', '2201B invalid regular expression: parentheses () not balanced'],
      ['[a', '2201B invalid regular expression: brackets [] not balanced'],
      ['[]', '2201B invalid regular expression: brackets [] not balanced'],
      ['a{1', '2201B invalid regular expression: braces {} not balanced'],
      ['*a', '2201B invalid regular expression: quantifier operand invalid'],
      ['a**', '2201B invalid regular expression: quantifier operand invalid'],
      ['^*', '2201B invalid regular expression: quantifier operand invalid'],
      ['a|*b', '2201B invalid regular expression: quantifier operand invalid'],
      ['a{3,2}', '2201B invalid regular expression: invalid repetition count(s)'],
      ['a{256}', '2201B invalid regular expression: invalid repetition count(s)'],
      ['[b-a]', '2201B invalid regular expression: invalid character range'],
      ['[[:nope:]]', '2201B invalid regular expression: invalid character class'],
      ['a\\', '2201B invalid regular expression: invalid escape \\ sequence'],
      ['\\i', '2201B invalid regular expression: invalid escape \\ sequence'],
      ['\\uzzzz', '2201B invalid regular expression: invalid escape \\ sequence'],
      ['(a)\\1', 'PGRST127 referring back, \\1, in regular expressions'],
      ['a(?=b)', 'PGRST127 looking around, (?=…), in regular expressions'],
      ['(?<!b)a', 'PGRST127 looking around, (?<!…), in regular expressions'],
      ['(?x)a b', 'PGRST127 the option (?x) of regular expressions'],
      ['a\0', '22021 invalid byte sequence for encoding "UTF8"'],
    ]
    for (const [pattern, error] of cases) expect([pattern, refused(pattern)]).toEqual([pattern, error])
  })

  test('a pattern of too many states, or too long when written out, is refused by name', () => {
    expect(refused('(a|b)*a(a|b){7}$')).toBe('none')
    expect(refused('(a|b)*a(a|b){12}$')).toContain(
      `PGRST100 The request is too complex: its regular expression needs more than ${MOST_STATES} states.`,
    )
    expect(refused('^((abcde){100}){3}$')).toContain('PGRST100')
    expect(refused('^((((((((a{9}){9}){9}){9}){9}){9}){9}){9}){9}$')).toContain(`longer than ${MOST_NODES}`)
    const distinct = Array.from({ length: 900 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join('|')
    expect(refused(`(${distinct})+x`)).toBe('none')
    const brackets = (count: number) =>
      `(?i)^${Array.from({ length: count }, (_, i) => `[é-${String.fromCodePoint(0x4e00 + i)}]`).join('')}`
    expect(refused(brackets(100))).toBe('none')
    expect(refused(brackets(101))).toContain('more than 100 sets')
    expect(refused(`(?i)${'[é-ﾀ]+'.repeat(120)}$`)).toBe('none')
    expect(refused('(aaaaaaaaaa){255}')).toContain(`longer than ${MOST_NODES}`)
    expect(refused('('.repeat(60) + ')'.repeat(60))).toContain('PGRST127')
  })

  test('the patterns of one request share what preparing them may cost', () => {
    const preparation = unprepared()
    const dear = (n: number) => regexSql({ chunks: ['x'] }, `^(a?){200}${n}b`, false, preparation)
    dear(0)
    const each = preparation.steps
    expect(each).toBeGreaterThan(50_000)
    preparation.steps = MOST_STEPS - each
    dear(1)
    expect(() => dear(2)).toThrow('its patterns take too long to be prepared')
    // Of those that people send there is room for more than a request can hold.
    const cheap = unprepared()
    regexSql({ chunks: ['x'] }, '^(room|hall) [0-9]{3}[a-f]? (at|in) .*street 1$', true, cheap)
    expect(cheap.steps * 400).toBeLessThan(MOST_STEPS)
    const sets = unprepared()
    const set = (n: number) => regexSql({ chunks: ['x'] }, `[é-${String.fromCodePoint(0x4e00 + n)}]b|c`, true, sets)
    for (let n = 0; n < 100; n++) set(n)
    set(5)
    expect(() => set(100)).toThrow('more than 100 sets')
  })

  test('what LIKE or GLOB can say walks nothing', () => {
    for (const pattern of [
      'abc',
      '^abc',
      'abc$',
      '^abc$',
      'a.*b',
      '^a.b',
      'ab+',
      'a*b',
      '^[A-Z]',
      '[0-9]{3}',
      '^\\d{4}-\\d\\d$',
      '[^a-z]',
      '(abc)',
    ])
      expect([pattern, plan(pattern).includes('recursive')]).toEqual([pattern, false])
    for (const pattern of ['abc', '^école', 'é.*b']) expect([pattern, plan(pattern, true).includes('recursive')]).toEqual([pattern, false])
    expect(plan('^abc')).toBe('(t.x >= ? and t.x < ?)')
    expect(plan('^a+$')).toContain('recursive')
    expect(plan('(foo|bar)needle[0-9]+$')).toContain('instr(x, ?)')
  })

  test('a long text is walked to its end once', () => {
    const long = `${'ab'.repeat(50_000)}c`
    expect([found(long, '^(ab)+c$'), found(long, '^(ab)+d$'), found(long, '(a|b)*d')]).toEqual([1, 0, 0])
    expect(found(`${'x'.repeat(255)}é${'y'.repeat(300)}`, '^x+éy+$')).toBe(1)
  })

  const leaf = fc.constantFrom('a', 'b', 'A', '.', '[ab]', '[^a]', '\\d', '1', 'é', '\\w', '_', '^', '$', '-')
  const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
    pattern: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaf,
      fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => a + b),
      fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(${a}|${b})`),
      fc.tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{0,1}', '{2,}', '*?')).map(([a, q]) => `(?:${a})${q}`),
    ),
  }))
  const subject = fc.array(fc.constantFrom('a', 'b', 'A', '1', 'é', '_', '-', '\n'), { maxLength: 7 }).map((parts) => parts.join(''))

  test('random patterns find what JavaScript finds', () => {
    fc.assert(
      fc.property(pattern, subject, fc.boolean(), (text, held, ignoreCase) => {
        const wanted = new RegExp(text.replaceAll('\\w', '[\\wéÉ]'), ignoreCase ? 'svi' : 'sv').test(held)
        expect(found(held, text, ignoreCase)).toBe(Number(wanted))
      }),
      { numRuns: 1500, seed: 7 },
    )
  })
})

describe('filters', () => {
  const match = (pattern: string, ignoreCase = false, column = 'title'): Condition => ({
    kind: 'match',
    target: { column },
    pattern,
    ignoreCase,
  })

  test('of text columns and of text inside JSON, and of lists of patterns', () => {
    expect([ids('trips', match('^Al')), ids('trips', match('^(al|10)', true))]).toEqual([['t1'], ['t1', 't2', 't3']])
    expect(
      ids('trips', {
        kind: 'match',
        target: { column: 'data', path: [{ key: 'level', asText: true }] },
        pattern: '^[1-4]+$',
        ignoreCase: false,
      }),
    ).toEqual(['t1', 't3'])
    const any = (quantifier: 'any' | 'all', ...values: (string | null)[]): Condition => ({
      kind: 'quantified',
      target: { column: 'title' },
      operator: 'match',
      quantifier,
      values,
    })
    expect([ids('trips', any('any', '^A', 'k$')), ids('trips', any('all', 'a', 'l+', 'p')), ids('trips', any('any', null))]).toEqual([
      ['t1', 't3'],
      ['t3'],
      [],
    ])
    expect([
      refusal(read('trips', { where: match('a', false, 'size') })),
      refusal(read('trips', { where: match('a', false, 'data') })),
    ]).toEqual(['42883', '42883'])
  })
})

test('ilike folds letters beyond ASCII, in patterns of any length', () => {
  const ilike = (text: string | null, pattern: string): unknown => value(likeSql(bind(text), pattern, true))
  const cases: readonly (readonly [text: string, pattern: string, truth: number])[] = [
    ['École', 'éCOLE', 1],
    ['école', 'É%', 1],
    ['l’École', '%école', 1],
    ['ecole', 'École', 0],
    ['ΣΊΣΥΦΟΣ', '%σίσ%', 1],
    ['STRASSE', 'straße', 0],
    ['STRAẞE', 'straße', 1],
    ['a*?[É', 'a*?[é', 1],
    ['Éx', 'É', 0],
    [`${'É'.repeat(60)}x`, `${'é'.repeat(60)}_`, 1],
    [`${'É'.repeat(60)}x`, `%${'é'.repeat(60)}`, 0],
  ]
  for (const [text, pattern, truth] of cases) {
    expect([text, pattern, ilike(text, pattern)]).toEqual([text, pattern, truth])
    expect([text, pattern, likeMatches(text, pattern, true)]).toEqual([text, pattern, truth === 1])
  }
  expect(ilike(null, 'é%')).toBe(null)
})
