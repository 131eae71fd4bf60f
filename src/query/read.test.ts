import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { describe, expect, test } from 'vitest'
import { ask, fill, openDatabase, statementOf } from '../../tests/unit/database'
import { people, closed, model, db, ann, column, read, get, compare, refusal } from '../../tests/unit/journal'
import { ANONYMOUS, SERVICE, type Principal } from '../core'
import { app, buildModel, owner, table } from '../define'
import type { Read, SelectItem } from './query'

describe('pages and totals', () => {
  const byTitle = [{ target: { column: 'title' }, descending: false }]
  const titles = (rest: Partial<Read>) =>
    (get(read('trips', { select: [column('id')], ...rest })).rows as { id: string }[]).map(({ id }) => id)

  test('the total counts all that the caller may see, also when the page is empty', () => {
    expect(get(read('trips', { total: 'exact', limit: 1, offset: 5 }), ANONYMOUS)).toMatchObject({ rows: [], total: 2 })
    expect(get(read('trips', { total: 'exact', countOnly: true }), ann)).toMatchObject({ rows: [], total: 3 })
  })

  test('a cursor starts behind a row, or ends before it', () => {
    expect(titles({ order: byTitle })).toEqual(['t2', 't1', 't3'])
    expect(titles({ order: byTitle, after: ['100% sure', 't2'], limit: 1 })).toEqual(['t1'])
    expect(titles({ order: byTitle, before: ['alpine_walk', 't3'], limit: 1 })).toEqual(['t1'])
    expect(titles({ order: byTitle, before: ['alpine_walk', 't3'], limit: 5 })).toEqual(['t2', 't1'])
    const bySize = [{ target: { column: 'size' }, descending: false }]
    expect(titles({ order: bySize, after: ['5', 't3'] })).toEqual(['t1', 't2'])
    expect(titles({ order: bySize, after: [null, 't2'] })).toEqual([])
    expect(titles({ order: bySize, before: [null, 't2'], limit: 1 })).toEqual(['t1'])
    expect(titles({ order: [{ target: { column: 'size' }, descending: true }], after: [null, 't2'] })).toEqual(['t1', 't3'])
    expect(refusal(read('trips', { order: byTitle, after: ['x'] }))).toBe('PGRST103')
  })

  test('walking by cursor, both ways, meets every row once and in order', () => {
    const wire = {
      size: (value: unknown) => (value === null ? null : String(value)),
      title: String,
      starts_at: (value: unknown) => value as string | null,
      open: (value: unknown) => (value === null ? null : String(value)),
    }
    const select: SelectItem[] = ['id', 'title', 'starts_at', 'open'].map(column)
    select.push({ kind: 'column', target: { column: 'size' }, as: 'size', cast: 'text' })
    const names = ['size', 'title', 'starts_at', 'open'] as const
    for (const [i, first] of names.entries()) {
      for (let bits = 0; bits < 32; bits++) {
        const second = names[(i + 1 + (bits & 1)) % names.length]!
        const order = [
          { target: { column: first }, descending: (bits & 2) > 0, nulls: (bits & 4) > 0 ? ('first' as const) : ('last' as const) },
          { target: { column: second }, descending: (bits & 8) > 0, nulls: (bits & 16) > 0 ? ('first' as const) : ('last' as const) },
        ]
        const page = (rest: Partial<Read>) => get(read('trips', { select, order, ...rest })).rows as Record<string, unknown>[]
        const cursor = (row: Record<string, unknown>) => [wire[first](row[first]), wire[second](row[second]), String(row['id'])]
        const whole = page({ offset: 0 })
        const [forward, backward]: Record<string, unknown>[][] = [[], []]
        for (let rows = page({ limit: 1 }); rows.length > 0; rows = page({ limit: 1, after: cursor(rows.at(-1)!) })) forward!.push(...rows)
        for (let rows = whole.slice(-1); rows.length > 0; rows = page({ limit: 1, before: cursor(rows[0]!) })) backward!.unshift(...rows)
        expect([first, second, bits, forward]).toEqual([first, second, bits, whole])
        expect([first, second, bits, backward]).toEqual([first, second, bits, whole])
      }
    }
  })

  test('a large page comes a row at a time and keeps its order', () => {
    const statement = statementOf(model, read('trips', { order: byTitle }), { principal: SERVICE, now: 0 })
    expect(statement.role).toBe('read-rows')
    expect(statementOf(model, read('trips', { order: byTitle, limit: 20 }), { principal: SERVICE, now: 0 }).role).toBe('read')
    expect(titles({ order: byTitle, before: ['alpine_walk', 't3'] })).toEqual(['t2', 't1'])
  })

  test('groups are the columns beside the aggregate', () => {
    const select: SelectItem[] = [
      column('owner_id'),
      { kind: 'aggregate', function: 'count', as: 'count' },
      { kind: 'aggregate', function: 'max', target: { column: 'starts_at' }, as: 'last' },
    ]
    expect(get(read('trips', { select, order: [{ target: { column: 'owner_id' }, descending: true }] })).rows).toEqual([
      { owner_id: 'p2', count: 1, last: '1970-01-01T00:00:00.000+00:00' },
      { owner_id: 'p1', count: 2, last: '2026-01-02T03:04:05.123+00:00' },
    ])
    expect(refusal(read('trips', { select, order: byTitle }))).toBe('42803')
    expect(refusal(read('trips', { select: [{ kind: 'aggregate', function: 'sum', target: { column: 'title' }, as: 'x' }] }))).toBe('42883')
  })
})

describe('who asks', () => {
  test('a policy admits by TRUE alone', () => {
    const titlesOf = (principal: Principal) =>
      (get(read('trips', { order: [{ target: { column: 'id' }, descending: false }] }), principal).rows as { id: string }[]).map(
        ({ id }) => id,
      )
    expect(titlesOf(ANONYMOUS)).toEqual(['t1', 't3'])
    expect(titlesOf(ann)).toEqual(['t1', 't2', 't3'])
    expect(titlesOf(SERVICE)).toEqual(['t1', 't2', 't3'])
  })

  test('a session that is gone reads nothing and learns no total, in either form', () => {
    for (const limit of [20, 1000]) {
      expect(get(read('trips', { limit, total: 'exact' }), { ...ann, sessionId: 'gone' })).toMatchObject({
        live: false,
        rows: [],
        total: null,
      })
      expect(get(read('trips', { limit, total: 'exact' }), { ...ann, uid: 'p2' })).toMatchObject({ live: false, rows: [], total: null })
      expect(get(read('trips', { limit, total: 'exact' }), ann)).toMatchObject({ live: true, total: 3 })
    }
  })

  test('the same question of another person is the same SQL', () => {
    const query = read('trips', { where: compare('title', 'eq', 'a'), limit: 20 })
    const texts = ['p1', 'p2'].map((uid) => statementOf(model, query, { principal: { ...ann, uid }, now: 0 }).sql)
    expect(texts[0]).toBe(texts[1])
  })
})

test('tables and columns may have the names that the compiler gives its own parts', () => {
  const odd = sqliteTable('s', { id: text('id').primaryKey(), n: integer('n'), d: text('d'), live: integer('live'), t0: text('t0') })
  const named = app({
    name: 'x',
    tables: [table(odd, { ...closed, read: ({ row, auth, or, eq }) => or(eq(row.d, 'a'), eq(row.t0, auth.uid)) })],
  })
  const own = openDatabase(named)
  own.exec(
    "insert into auth_users (id, created_at, updated_at) values ('p1', 0, 0); insert into auth_sessions (id, user_id, refreshed_at, created_at) values ('s1', 'p1', 0, 0)",
  )
  fill(own, 's', [
    { id: 'a', n: 9, d: 'a', live: 0, t0: 'p1' },
    { id: 'b', n: 1, d: 'b', live: 5, t0: 'p1' },
    { id: 'c', n: 5, d: 'c', live: 5, t0: 'p2' },
    { id: 'e', n: 2, d: 'a', live: 5, t0: 'p2' },
  ])
  const order = [{ target: { column: 'id' }, descending: false }]
  for (const limit of [20, 1000]) {
    const idsOf = (rest: Partial<Read>) =>
      (ask(own, buildModel(named), read('s', { order, limit, ...rest }), { principal: ann, now: 0 }).rows as { id: string }[]).map(
        ({ id }) => id,
      )
    expect(idsOf({})).toEqual(['a', 'b', 'e'])
    expect(idsOf({ before: ['e'] })).toEqual(['a', 'b'])
  }
})

test('owner() alone makes a policy', () => {
  const own = buildModel(app({ name: 'x', tables: [table(people, { ...closed, read: owner(people.id) })] }))
  expect((ask(db, own, read('people'), { principal: ann, now: 0 }).rows as object[]).length).toBe(1)
  expect(ask(db, own, read('people'), { principal: ANONYMOUS, now: 0 }).rows).toEqual([])
})
