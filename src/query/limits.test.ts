import { integer, sqliteTable, text, type AnySQLiteColumn } from 'drizzle-orm/sqlite-core'
import { expect, test } from 'vitest'
import { ask, fill, openDatabase } from '../../tests/unit/database'
import { closed, column, embed, get, read } from '../../tests/unit/journal'
import { SERVICE } from '../core'
import { anyone, app, buildModel, table } from '../define'
import type { Read, SelectItem } from './query'

/** As many columns as D1 takes, the engine's two among them. */
const wide = sqliteTable(
  'wide',
  Object.fromEntries([
    ['id', text('id').primaryKey()],
    ['parent', text('parent').references((): AnySQLiteColumn => wide['id'] as never)],
    ...Array.from({ length: 96 }, (_, i) => [`c${i}`, i % 2 ? integer(`c${i}`) : text(`c${i}`)]),
  ]) as Record<string, ReturnType<typeof text>>,
)
const declared = app({ name: 'x', tables: [table(wide, { ...closed, read: anyone() })] })
const model = buildModel(declared)
const db = openDatabase(declared)
fill(db, 'wide', [
  { id: 'a', c0: '7', c1: 1, c95: 9 },
  { id: 'b', parent: 'a', c0: '8', c2: 'x' },
  { id: 'c', parent: 'a', c0: '9' },
])
const rows = (rest: Partial<Read>) =>
  ask(db, model, { kind: 'read', table: 'wide', select: [{ kind: 'all' }], ...rest }, { principal: SERVICE, now: 0 }).rows
const byId = [{ target: { column: 'id' }, descending: false }]
const children = model.tables.get('wide')!.relationships.find(({ kind }) => kind === 'to-many')!
const parent = model.tables.get('wide')!.relationships.find(({ kind }) => kind === 'to-one')!
const related = (relationship: typeof children, as: string, select: SelectItem[], spread = false): SelectItem => ({ kind: 'embed', relationship, as, join: 'left', spread, silent: false, select, order: byId }) // prettier-ignore

test('a hundred columns are written, cast, embedded, spread, ordered and read backwards', () => {
  const numbers = Array.from({ length: 48 }, (_, i): SelectItem => ({
    kind: 'column',
    target: { column: `c${2 * i + 1}` },
    as: `n${i}`,
    cast: 'text',
  }))
  const cast: SelectItem = { kind: 'column', target: { column: 'c0' }, as: 'c', cast: 'integer' }
  const select: SelectItem[] = [
    { kind: 'all' },
    cast,
    ...numbers,
    related(children, 'children', [{ kind: 'all' }, cast]),
    related(parent, 'parent', [{ kind: 'all' }], true),
  ]
  const [first, second] = rows({ select, order: byId, limit: 2 }) as Record<string, unknown>[]
  expect(first).toMatchObject({
    c: 7,
    n0: '1',
    n47: '9',
    c95: null,
    children: [
      { id: 'b', c: 8, c2: 'x' },
      { id: 'c', c: 9 },
    ],
  })
  expect(second).toMatchObject({ c: 8, id: 'a', c1: 1, c95: 9, children: [] })
  expect(Object.keys(first!)).toHaveLength(98 + 1 + 48 + 1)
  const backwards = rows({ order: byId, limit: 2, before: ['c'] }) as { id: string }[]
  expect(backwards.map(({ id }) => id)).toEqual(['a', 'b'])
})

test('ten levels hold casts, groups and spreads at their end', () => {
  const nest = (depth: number, end: SelectItem[]): SelectItem[] => {
    const one = ({ kind }: { kind: string }) => kind === 'to-one'
    return depth === 0 ? end : [column('id'), embed('notes', 'notes', { as: 'parent', select: nest(depth - 1, end) }, one)]
  }
  const whole: SelectItem = { kind: 'column', target: { column: 'id' }, as: 't', cast: 'text' }
  const price: SelectItem = { kind: 'column', target: { column: 'body' }, as: 'n', cast: 'timestamptz' }
  const count: SelectItem = { kind: 'aggregate', function: 'count', as: 'count', cast: 'text' }
  const trip = embed('notes', 'trips', { spread: true, select: [column('title'), { kind: 'column', target: { column: 'price' }, as: 'p', cast: 'integer' }] }) // prettier-ignore
  for (const end of [
    [whole, price],
    [count, column('body')],
    [trip],
    [embed('notes', 'notes', { as: 'replies', select: [count] }, ({ kind }) => kind === 'to-many')],
  ]) {
    const depth = end[0]!.kind === 'embed' ? 9 : 10
    expect(get(read('notes', { select: nest(depth, end), limit: 5 })).rows).toHaveLength(4)
  }
})
