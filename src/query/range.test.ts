import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { run } from '../../tests/unit/database'
import { db } from '../../tests/unit/journal'
import type { AppError } from '../core'
import { integer, sqliteTable, sqliteView, text } from 'drizzle-orm/sqlite-core'
import { anyone, app, buildModel, nobody, table, view, type ColumnModel, type RangeKind } from '../define'
import { sortValues } from './order'
import { containRangeSql, rangeSign, rangeSql, type RangeOperator } from './range'
import { bind, join, render, sql, type Sql } from './sql'
import { encodeValue } from './value'

const model = (range: RangeKind): ColumnModel => ({
  name: 'during',
  property: 'during',
  type: 'range',
  range,
  notNull: false,
  primaryKey: false,
  hidden: false,
  readOnly: false,
  generated: false,
  computed: null,
  bare: false,
  engine: false,
  default: null,
  onUpdate: null,
  read: null,
  values: null,
  maxLength: null,
})
const stored = (kind: RangeKind, text: unknown): string => String(encodeValue(model(kind), text, 'write'))
const shown = (kind: RangeKind, text: string): string => (JSON.parse(stored(kind, text)) as string[])[0]!
const value = (expression: Sql): unknown => run(db, render(sql`select ${expression} as v`))[0]!['v']

function refused(kind: RangeKind, text: unknown): string {
  try {
    return shown(kind, text as string)
  } catch (error) {
    return `${String((error as AppError).definition.postgrest)} ${(error as Error).message}`
  }
}

describe('values', () => {
  test.each([
    ['int4range', '[1,10)', '[1,10)'],
    ['int4range', '[1,10]', '[1,11)'],
    ['int4range', '(1,10]', '[2,11)'],
    ['int4range', '(,10]', '(,11)'],
    ['int4range', '[1,]', '[1,)'],
    ['int4range', '(,)', '(,)'],
    ['int4range', '[,]', '(,)'],
    ['int4range', ' [ 1 , 3 ] ', '[1,4)'],
    ['int4range', 'EMPTY', 'empty'],
    ['int4range', '[3,3)', 'empty'],
    ['int4range', '(3,4)', 'empty'],
    ['int4range', '[3,3]', '[3,4)'],
    ['int8range', '[9007199254740993,9007199254740994]', '[9007199254740993,9007199254740995)'],
    ['numrange', '[1.50,2.0]', '[1.5,2]'],
    ['numrange', '(-0.5,1e2)', '(-0.5,100)'],
    ['numrange', '["1.5",]', '[1.5,)'],
    ['numrange', '(1.0,1]', 'empty'],
    ['daterange', '[2026-01-01,2026-01-31]', '[2026-01-01,2026-02-01)'],
    ['daterange', '[2026-01-01,infinity)', '[2026-01-01,)'],
    ['tsrange', '[2026-01-01 10:00,2026-01-01T12:00:00.250+02)', '["2026-01-01 10:00:00","2026-01-01 12:00:00.25")'],
    ['tstzrange', '["2026-01-01 00:00:00+00",2026-01-02T01:30:00+01:30]', '["2026-01-01 00:00:00+00","2026-01-02 00:00:00+00"]'],
  ] as const)('%s %s is %s', (kind, text, printed) => {
    expect(shown(kind, text)).toBe(printed)
    // What was printed is read as the same, to the letter.
    expect(stored(kind, printed)).toBe(stored(kind, text))
  })

  test("what is no range is refused in Postgres' words", () => {
    const cases: readonly (readonly [RangeKind, unknown, string])[] = [
      ['int4range', '1,10', '22P02 malformed range literal: "1,10"'],
      ['int4range', '[1,10', '22P02 malformed range literal: "[1,10"'],
      ['int4range', '[1)', '22P02 malformed range literal: "[1)"'],
      ['int4range', '[1,2,3)', '22P02 malformed range literal: "[1,2,3)"'],
      ['int4range', '[1,2) x', '22P02 malformed range literal: "[1,2) x"'],
      ['int4range', '', '22P02 malformed range literal: ""'],
      ['int4range', { lower: 1 }, '22P02 malformed range literal: "{"lower":1}"'],
      ['int4range', '[5,1)', '22000 range lower bound must be less than or equal to range upper bound'],
      ['int4range', '[a,1)', '22P02 invalid input syntax for type integer: "a"'],
      ['int4range', '[1,2147483648)', '22003 value "2147483648" is out of range for type integer'],
      ['int4range', '[1,2147483647]', '22003 integer out of range'],
      ['int8range', '[1,9223372036854775807]', '22003 bigint out of range'],
      ['numrange', '[1.10,1.1e0]', '[1.1,1.1]'],
      ['numrange', '[2,1.99]', '22000 range lower bound must be less than or equal to range upper bound'],
      ['daterange', '[2026-02-30,)', '22008 date/time field value out of range: "2026-02-30"'],
      ['tstzrange', '[yesterdayish,)', '22007 invalid input syntax for type timestamp with time zone: "yesterdayish"'],
      ['tstzrange', '[2026-01-02,2026-01-01)', '22000 range lower bound must be less than or equal to range upper bound'],
      ['int4range', 'a\0', '22021 invalid byte sequence for encoding "UTF8"'],
    ]
    for (const [kind, text, answer] of cases) expect([text, refused(kind, text)]).toEqual([text, answer])
  })
})

/** A range as the least and the greatest of its points, which lie `step` apart: halves stand for what is between whole numbers. */
type Points = { readonly least: number; readonly most: number } | null

function points(text: string, step: number): Points {
  if (text === 'empty') return null
  const [, open, lower, upper, close] = /^([[(])(.*),(.*)([\])])$/.exec(text)!
  const least = lower === '' ? -Infinity : Number(lower) + (open === '(' ? step : 0)
  const most = upper === '' ? Infinity : Number(upper) - (close === ')' ? step : 0)
  return least > most ? null : { least, most }
}

function says(operator: RangeOperator | 'contains' | 'containedBy' | 'overlaps', a: Points, b: Points, step: number): boolean {
  if (operator === 'contains') return b === null || (a !== null && a.least <= b.least && b.most <= a.most)
  if (operator === 'containedBy') return says('contains', b, a, step)
  if (a === null || b === null) return false
  switch (operator) {
    case 'overlaps':
      return a.least <= b.most && b.least <= a.most
    case 'sl':
      return a.most < b.least
    case 'sr':
      return a.least > b.most
    case 'nxr':
      return a.most <= b.most
    case 'nxl':
      return a.least >= b.least
    case 'adj':
      return a.most + step === b.least || b.most + step === a.least
  }
}

function sign(a: Points, b: Points): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null)
  const by = (x: number, y: number) => (x === y ? 0 : x < y ? -1 : 1)
  return by(a.least, b.least) || by(a.most, b.most)
}

describe('operators', () => {
  const bound = fc.constantFrom('', '-1', '0', '1', '2', '3')
  const range = fc
    .tuple(fc.constantFrom('[', '('), bound, bound, fc.constantFrom(']', ')'), fc.integer({ min: 0, max: 9 }))
    .map(([open, a, b, close, other]) => {
      if (other === 0) return 'empty'
      const [lower, upper] = a !== '' && b !== '' && Number(a) > Number(b) ? [b, a] : [a, b]
      return `${open}${lower},${upper}${close}`
    })

  test.each([
    ['int4range', 1],
    ['int8range', 1],
    ['numrange', 0.5],
  ] as const)('of %s say what their points say', (kind, step) => {
    fc.assert(
      fc.property(range, range, (a, b) => {
        const [left, right] = [points(a, step), points(b, step)]
        const held = bind(stored(kind, a))
        for (const operator of ['sl', 'sr', 'nxl', 'nxr', 'adj'] as const)
          expect([a, operator, b, value(rangeSql(model(kind), held, operator, b))]).toEqual([
            a,
            operator,
            b,
            Number(says(operator, left, right, step)),
          ])
        for (const operator of ['contains', 'containedBy', 'overlaps'] as const)
          expect([a, operator, b, value(containRangeSql(model(kind), held, operator, b))]).toEqual([
            a,
            operator,
            b,
            Number(says(operator, left, right, step)),
          ])
        expect([a, b, value(rangeSign(held, bind(stored(kind, b))))]).toEqual([a, b, sign(left, right)])
        expect([a, b, stored(kind, a) === stored(kind, b)]).toEqual([a, b, sign(left, right) === 0])
      }),
      { numRuns: 150, seed: 5 },
    )
  })

  test('a range contains its values, and NULL is neither in a range nor out of it', () => {
    const contains = (kind: RangeKind, held: string, one: string) =>
      value(containRangeSql(model(kind), bind(stored(kind, held)), 'contains', one))
    expect([
      contains('int4range', '[1,5)', '4'),
      contains('int4range', '[1,5)', '5'),
      contains('int4range', 'empty', '1'),
      contains('int4range', '(,)', '1'),
    ]).toEqual([1, 0, 0, 1])
    expect([
      contains('tstzrange', '[2026-01-01,2026-01-02)', '2026-01-01 23:59:59.999+00'),
      contains('daterange', '[2026-01-01,2026-01-02)', '2026-01-02'),
    ]).toEqual([1, 0])
    expect(() => contains('int4range', '[1,5)', 'x"y')).toThrow('invalid input syntax')
    expect(() => contains('int4range', '[1,5)', '{[1,2)}')).toThrow('Feature not implemented')
    expect([
      value(rangeSql(model('int4range'), sql`null`, 'sl', '[1,2)')),
      value(containRangeSql(model('int4range'), sql`null`, 'contains', 'empty')),
      value(rangeSign(sql`null`, bind(stored('int4range', 'empty')))),
    ]).toEqual([null, null, null])
  })
})

test('a range column is declared by its format, in views too, and has no default in SQL', () => {
  const stays = sqliteTable('stays', { id: integer('id').primaryKey(), ages: text('ages') })
  const seen = sqliteView('seen').as((query) => query.select({ id: stays.id, ages: stays.ages }).from(stays))
  const rules = { read: anyone(), insert: nobody(), update: nobody(), delete: nobody() }
  const declared = (tables: Parameters<typeof app>[0]['tables'], views: Parameters<typeof app>[0]['views'] = []) =>
    app({ name: 'x', tables, views })
  const made = buildModel(
    declared(
      [table(stays, { ...rules, columns: { ages: { format: 'int4range' } } })],
      [view(seen, { read: anyone(), key: ['id'], columns: { ages: { format: 'int4range' } } })],
    ),
  )
  expect([...made.tables.values()].map((one) => [one.name, one.columns.get('ages')?.type, one.columns.get('ages')?.range])).toEqual([
    ['stays', 'range', 'int4range'],
    ['seen', 'range', 'int4range'],
  ])
  const wrong = sqliteTable('wrong', { id: integer('id').primaryKey(), ages: text('ages').default('[1,2)'), n: integer('n') })
  expect(() =>
    buildModel(declared([table(wrong, { ...rules, columns: { ages: { format: 'int4range' }, n: { format: 'numrange' } } })])),
  ).toThrow(/"ages" has a default in SQL[^]*"n" has the format numrange, which only text columns can have/)
})

test('what is not there is nothing in all that it sorts and groups by, be it in a row or for want of one', () => {
  const nothing = sql`cast(null as text)`
  for (const type of ['range', 'json', 'text'] as const) {
    const keys = sortValues({ kind: 'column', model: { ...model('int4range'), type }, value: nothing })
    const [row] = run(
      db,
      render(
        sql`select ${join(
          keys.map((key, i) => sql`${key} as ${{ chunks: [`k${i}`] }}`),
          ', ',
        )}`,
      ),
    )
    expect([type, Object.values(row!).every((key) => key === null)]).toEqual([type, true])
  }
})
