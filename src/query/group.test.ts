import { describe, expect, test } from 'vitest'
import { column, compare, embed, get, read, refusal } from '../../tests/unit/journal'
import { ANONYMOUS } from '../core'
import type { Read, SelectItem } from './query'

const byId = [{ target: { column: 'id' }, descending: false }]
const count: SelectItem = { kind: 'aggregate', function: 'count', as: 'count' }
const aggregate = (name: 'sum' | 'avg' | 'min' | 'max' | 'count', of: string, as: string = name): SelectItem => ({
  kind: 'aggregate',
  function: name,
  target: { column: of },
  as,
})
const owner = (select: readonly SelectItem[], rest = {}) =>
  embed('trips', 'people', { as: 'owner', select, ...rest }, ({ kind }) => kind === 'to-one')
const answer = (select: SelectItem[], rest: Partial<Read> = {}) => get(read('trips', { select, ...rest })).rows

describe('what goes in and comes out', () => {
  test('is cast before and after', () => {
    const level = { column: 'data', path: [{ key: 'level', asText: true }] }
    const sum = { kind: 'aggregate', function: 'sum', target: level, as: 's' } as const
    expect(answer([{ ...sum, castInput: 'integer' }])).toEqual([{ s: 6 }])
    expect(answer([{ ...sum, castInput: 'integer', cast: 'text' }])).toEqual([{ s: '6' }])
    expect(answer([{ ...sum, castInput: 'numeric' }])).toEqual([{ s: 6 }])
    expect(refusal(read('trips', { select: [sum] }))).toBe('42883')
    expect(answer([{ ...count, cast: 'text' } as SelectItem])).toEqual([{ count: '3' }])
    expect(answer([{ ...sum, function: 'min' }])).toEqual([{ s: '3' }])
  })

  test('each function over each kind of value', () => {
    expect(answer([aggregate('count', 'size'), aggregate('sum', 'length'), aggregate('avg', 'length', 'mean')])).toEqual([
      { count: 2, sum: 3.5, mean: 1.75 },
    ])
    expect(answer([aggregate('max', 'price'), aggregate('min', 'day', 'first'), aggregate('min', 'made_at', 'made')])).toEqual([
      { max: 10.5, first: '2025-12-31', made: '1970-01-01T00:00:00+00:00' },
    ])
    expect(answer([{ kind: 'aggregate', function: 'max', target: { column: 'starts_at' }, as: 'd', cast: 'date' }])).toEqual([
      { d: '2026-01-02' },
    ])
    for (const of of ['open', 'data', 'photo']) expect(refusal(read('trips', { select: [aggregate('max', of)] }))).toBe('42883')
  })

  test('no rows are one group without columns, and none with them', () => {
    const where = compare('id', 'eq', 'nobody')
    expect(answer([count, aggregate('sum', 'size')], { where })).toEqual([{ count: 0, sum: null }])
    expect(answer([column('owner_id'), count], { where })).toEqual([])
    expect(get(read('trips', { select: [count], where, total: 'exact' })).total).toBe(1)
    expect(get(read('trips', { select: [column('owner_id'), count], where, total: 'exact' })).total).toBe(0)
  })
})

describe('groups', () => {
  test('are counted, ordered and cut', () => {
    const select = [column('owner_id'), count]
    const order = [{ target: { column: 'owner_id' }, descending: true }]
    expect(get(read('trips', { select, order, limit: 1, total: 'exact' }))).toMatchObject({
      rows: [{ owner_id: 'p2', count: 1 }],
      total: 2,
    })
    expect(answer(select, { order, offset: 1 })).toEqual([{ owner_id: 'p1', count: 2 }])
    // By what the client calls it, where no column is called so.
    expect(answer(select, { order: [{ target: { column: 'count' }, descending: true }] })).toEqual([
      { owner_id: 'p1', count: 2 },
      { owner_id: 'p2', count: 1 },
    ])
    expect(refusal(read('trips', { select, order: [{ target: { column: 'title' }, descending: true }] }))).toBe('42803')
    expect(refusal(read('trips', { select, order: [{ target: { column: 'nope' }, descending: true }] }))).toBe('42703')
    expect(refusal(read('people', { select: [count], order: [{ target: { column: 'secret' }, descending: true }] }))).toBe('42703')
  })

  test('are made of the cast value, not of what it was', () => {
    const day: SelectItem = { kind: 'column', target: { column: 'starts_at' }, as: 'day', cast: 'date' }
    const before = compare('starts_at', 'lt', '1970-01-02')
    expect(answer([day, count], { where: before })).toEqual([{ day: '1970-01-01', count: 1 }])
  })

  test('JSON values of one type and value are one group', () => {
    const level = { kind: 'column', target: { column: 'data', path: [{ key: 'level', asText: false }] }, as: 'level' } as const
    expect(answer([level, count], { order: [{ target: level.target, descending: false }] })).toEqual([
      { level: '3', count: 1 },
      { level: 3, count: 1 },
      { level: null, count: 1 },
    ])
  })

  test('an embed beside an aggregate is part of the group', () => {
    const order = [{ target: { column: 'name' }, descending: true, embed: 'owner' }]
    const rows = [
      { owner: { name: 'bob' }, count: 1 },
      { owner: { name: 'Ann' }, count: 2 },
    ]
    expect(answer([owner([column('name')]), count], { order })).toEqual(rows)
    const notes = embed('trips', 'notes', { select: [column('id')], order: byId })
    const lists = answer([notes, count]) as { notes: unknown[]; count: number }[]
    expect(lists.map((row) => [row.notes.length, row.count]).toSorted(([a = 0], [b = 0]) => a - b)).toEqual([
      [0, 1],
      [1, 1],
      [3, 1],
    ])
    // What isn't shown of it isn't the same for the whole group.
    const unseen = [{ target: { column: 'id' }, descending: true, embed: 'owner' }]
    expect(refusal(read('trips', { select: [owner([column('name')]), count], order: unseen }))).toBe('42803')
  })
})

describe('embeds', () => {
  test('a to-one embed of aggregates is an object, also of no row', () => {
    expect(answer([column('id'), owner([count], { where: compare('name', 'eq', 'Ann') })], { order: byId })).toEqual([
      { id: 't1', owner: { count: 1 } },
      { id: 't2', owner: { count: 1 } },
      { id: 't3', owner: { count: 0 } },
    ])
    expect(answer([column('id'), owner([column('name'), count], { where: compare('name', 'eq', 'Ann') })], { order: byId })[2]).toEqual({
      id: 't3',
      owner: null,
    })
  })

  test('aggregates in a to-one spread are those of the rows around it', () => {
    const spread = owner([column('name'), aggregate('sum', 'salary')], { spread: true })
    const order = [{ target: { column: 'name' }, descending: false, embed: 'owner' }]
    expect(answer([spread, aggregate('sum', 'length', 'length')], { order })).toEqual([
      { name: 'Ann', sum: 20, length: 1.5 },
      { name: 'bob', sum: 20, length: 2 },
    ])
    // Rows without one aren't counted, and a rule of a column holds inside.
    const named = owner([count], { spread: true, where: compare('name', 'eq', 'Ann') })
    expect(answer([named, { ...count, as: 'all' } as SelectItem])).toEqual([{ count: 2, all: 3 }])
    expect(get(read('trips', { select: [owner([aggregate('sum', 'salary')], { spread: true })] }), ANONYMOUS).rows).toEqual([{ sum: null }])
  })

  test('through two spreads, and inside a list', () => {
    const trip = embed('notes', 'trips', { as: 'trip', spread: true, select: [owner([column('name'), count], { spread: true })] })
    const rows = get(read('notes', { select: [trip] })).rows as { name: string; count: number }[]
    expect(rows.toSorted((a, b) => a.count - b.count)).toEqual([
      { name: 'bob', count: 1 },
      { name: 'Ann', count: 3 },
    ])
    const notes = embed('trips', 'notes', { select: [{ ...trip, select: [column('title'), count] } as SelectItem] })
    expect(answer([column('id'), notes], { order: byId, limit: 2 })).toEqual([
      { id: 't1', notes: [{ title: 'Alps', count: 3 }] },
      { id: 't2', notes: [] },
    ])
  })

  test('a spread of many has no aggregates', () => {
    expect(refusal(read('trips', { select: [embed('trips', 'notes', { spread: true, select: [count] })] }))).toBe('PGRST127')
    expect(refusal(read('trips', { select: [count, embed('trips', 'notes', { spread: true, select: [count] })] }))).toBe('PGRST127')
  })

  test('of a table between', () => {
    const guests = embed('trips', 'people', { as: 'guests', select: [count] }, ({ kind }) => kind === 'many-to-many')
    expect(answer([column('id'), guests], { order: byId, limit: 1 })).toEqual([{ id: 't1', guests: [{ count: 2 }] }])
    expect(get(read('trips', { select: [column('id'), guests], order: byId, limit: 1 }), ANONYMOUS).rows).toEqual([
      { id: 't1', guests: [{ count: 1 }] },
    ])
  })
})

test('a row that the caller cannot read fails no cast', () => {
  const title: SelectItem = { kind: 'column', target: { column: 'day' }, as: 'n', cast: 'date' }
  const whole: SelectItem = { kind: 'column', target: { column: 'body' }, as: 'n', cast: 'json' }
  expect(get(read('trips', { select: [title] }), ANONYMOUS).rows).toHaveLength(2)
  // Every note's text fails; a page without rows has none.
  expect(() => get(read('notes', { select: [whole] }))).toThrow('PERIGEE|cast-text|json')
  expect(get(read('notes', { select: [whole], where: compare('id', 'eq', '3') }), ANONYMOUS).rows).toEqual([])
  expect(get(read('notes', { select: [whole], limit: 0 })).rows).toEqual([])
})
