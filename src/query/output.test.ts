import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { describe, expect, test } from 'vitest'
import { ask, fill, openDatabase } from '../../tests/unit/database'
import { closed, ann, column, read, get, ids, compare, refusal } from '../../tests/unit/journal'
import { ANONYMOUS, SERVICE } from '../core'
import { anyone, app, buildModel, table } from '../define'
import type { SelectItem } from './query'

describe('what a column looks like', () => {
  test('every type is written as phones decode it', () => {
    const { text: body } = get(read('trips', { where: compare('id', 'eq', 't1') }))
    expect(body).toContain('"size":9007199254740993')
    expect(body).toContain('"price":10.50')
    expect(JSON.parse(body)).toEqual([
      {
        id: 't1',
        owner_id: 'p1',
        title: 'Alps',
        open: true,
        starts_at: '2026-01-02T03:04:05.123+00:00',
        made_at: '2026-01-02T03:04:05+00:00',
        size: 9_007_199_254_740_992,
        length: 1.5,
        price: 10.5,
        data: { level: 3, tags: ['a', 'b'], 'odd "key"': 'x', deep: { name: 'n' } },
        photo: '\\x0001ff',
        day: '2026-01-02',
      },
    ])
  })

  test('NULL is null in every type', () => {
    expect(
      Object.values(get(read('trips', { where: compare('id', 'eq', 't2') })).rows[0] as object).filter((value) => value !== null),
    ).toEqual(['t2', 'p1', '100% sure', false])
  })

  test('casts and aliases keep the order of the select', () => {
    const select: SelectItem[] = [
      { kind: 'column', target: { column: 'size' }, as: 'z', cast: 'text' },
      { kind: 'column', target: { column: 'open' }, as: 'o', cast: 'text' },
      { kind: 'column', target: { column: 'starts_at' }, as: "it's", cast: 'date' },
    ]
    expect(get(read('trips', { select, where: compare('id', 'eq', 't1') })).text).toBe(
      `[{"z":"9007199254740993","o":"true","it's":"2026-01-02"}]`,
    )
    expect(refusal(read('trips', { select: [{ kind: 'column', target: { column: 'photo' }, as: 'x', cast: 'integer' }] }))).toBe('42846')
  })

  test('a place inside JSON is JSON with -> and text with ->>', () => {
    const at = (asText: boolean, ...keys: (string | number)[]): SelectItem => ({
      kind: 'column',
      target: { column: 'data', path: keys.map((key, i) => ({ key, asText: asText && i === keys.length - 1 })) },
      as: 'x',
    })
    const one = (item: SelectItem) => get(read('trips', { select: [item], where: compare('id', 'eq', 't1') })).text
    expect(one(at(false, 'level'))).toBe('[{"x":3}]')
    expect(one(at(true, 'level'))).toBe('[{"x":"3"}]')
    expect(one(at(true, 'tags', -1))).toBe('[{"x":"b"}]')
    expect(one(at(true, 'odd "key"'))).toBe('[{"x":"x"}]')
    expect(one(at(false, 'deep'))).toBe('[{"x":{"name":"n"}}]')
    expect(one(at(true, '$.level'))).toBe('[{"x":null}]')
  })
})

describe('columns with a rule of their own', () => {
  const where = compare('salary', 'gte', '10')
  test('are NULL to others in what is written, filtered, ordered and counted', () => {
    expect(get(read('people', { select: [column('id'), column('salary')] }), ann).rows).toEqual([
      { id: 'p1', salary: 10 },
      { id: 'p2', salary: null },
      { id: 'p3', salary: null },
    ])
    expect(ids('people', where, ann)).toEqual(['p1'])
    expect(ids('people', where, ANONYMOUS)).toEqual([])
    expect(ids('people', where)).toEqual(['p1', 'p2'])
    expect(get(read('people', { where, total: 'exact' }), ann).total).toBe(1)
    const order = [
      { target: { column: 'salary' }, descending: true, nulls: 'last' as const },
      { target: { column: 'id' }, descending: true },
    ]
    expect((get(read('people', { select: [column('id')], order }), ann).rows as { id: string }[]).map(({ id }) => id)).toEqual([
      'p1',
      'p3',
      'p2',
    ])
    expect(
      get(read('people', { select: [{ kind: 'aggregate', function: 'sum', target: { column: 'salary' }, as: 'sum' }] }), ann).rows,
    ).toEqual([{ sum: 10 }])
  })

  test('hidden ones are in no answer', () => {
    expect(get(read('people')).text).not.toMatch(/secret|s1|_version/)
  })
})

test('a table of many columns is written whole and in order', () => {
  const wide = sqliteTable(
    'wide',
    Object.fromEntries([
      ['id', text('id').primaryKey()],
      ...Array.from({ length: 60 }, (_, i) => [`c${i}`, i % 2 ? integer(`c${i}`, { mode: 'boolean' }) : text(`c${i}`)]),
    ]) as Record<string, ReturnType<typeof text>>,
  )
  const declared = app({ name: 'x', tables: [table(wide, { ...closed, read: anyone() })] })
  const own = openDatabase(declared)
  fill(own, 'wide', [{ id: 'a', c0: 'q"\\\n', c1: true, c58: 'z' }])
  for (const limit of [20, 1000]) {
    const [row] = ask(own, buildModel(declared), read('wide', { limit }), { principal: SERVICE, now: 0 }).rows as Record<string, unknown>[]
    expect(Object.keys(row!)).toEqual(['id', ...Array.from({ length: 60 }, (_, i) => `c${i}`)])
    expect([row!['c0'], row!['c1'], row!['c2'], row!['c3'], row!['c58']]).toEqual(['q"\\\n', true, null, null, 'z'])
  }
})
