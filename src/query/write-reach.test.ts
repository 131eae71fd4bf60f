// Which tables a write reaches by foreign keys, whatever the order in which the keys are found.
import { DatabaseSync } from 'node:sqlite'
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { describe, expect, test } from 'vitest'
import { ANONYMOUS, type Principal } from '../core'
import { anyone, app, buildModel, table } from '../define'
import { compile } from './compile'
import { tablesWritten } from './write-reach'

const open = { read: anyone(), insert: anyone(), update: anyone(), delete: anyone() }

// A team's rooms lose their keeper when the team goes, and go themselves with the house: rooms are reached both ways.
const houses = sqliteTable('houses', { id: text('id').primaryKey() })
const rooms = sqliteTable('rooms', {
  id: text('id').primaryKey(),
  keeperId: text('keeper_id').references(() => houses.id, { onDelete: 'set null' }),
  houseId: text('house_id').references(() => houses.id, { onDelete: 'cascade' }),
})
const beds = sqliteTable('beds', {
  id: text('id').primaryKey(),
  roomId: text('room_id').references(() => rooms.id, { onDelete: 'cascade' }),
})
const sheets = sqliteTable('sheets', {
  id: text('id').primaryKey(),
  bedId: text('bed_id').references(() => beds.id, { onDelete: 'set null' }),
})

// A row's own parent is nulled when it goes, and what others hold of it follows.
const parts = sqliteTable('parts', {
  id: text('id').primaryKey(),
  wholeId: text('whole_id')
    .unique()
    .references((): never => parts.id as never, { onDelete: 'set null' }),
})
const labels = sqliteTable('labels', {
  id: text('id').primaryKey(),
  wholeId: text('whole_id').references(() => parts.wholeId, { onUpdate: 'cascade' }),
})

const model = buildModel(app({ name: 'x', tables: [houses, rooms, beds, sheets, parts, labels].map((one) => table(one, open)) }))
const written = (name: string, kind: 'delete' | 'update', changed?: string[]) =>
  [...tablesWritten(model, model.tables.get(name)!, kind, changed)].sort()

test('rows that one key changes and another removes carry their removal on', () => {
  expect(written('houses', 'delete')).toEqual(['beds', 'houses', 'rooms', 'sheets'])
})

test('a table that refers to itself carries on what becomes of its other rows', () => {
  expect(written('parts', 'delete')).toEqual(['labels', 'parts'])
  expect(written('parts', 'update', ['whole_id'])).toEqual(['labels', 'parts'])
})

test('what a key does not carry on is not reached', () => {
  expect(written('houses', 'update', ['id'])).toEqual(['houses'])
  expect(written('rooms', 'delete')).toEqual(['beds', 'rooms', 'sheets'])
  expect(written('beds', 'delete')).toEqual(['beds', 'sheets'])
})

test('a check that reads a table reached only through a row of its own table follows the write', () => {
  const teams = sqliteTable('teams', {
    id: text('id').primaryKey(),
    above: text('above')
      .unique()
      .references((): never => teams.id as never, { onUpdate: 'cascade' }),
  })
  const badges = sqliteTable('badges', {
    id: text('id').primaryKey(),
    team: text('team').references(() => teams.above, { onUpdate: 'cascade' }),
  })
  const guarded = app({
    name: 'x',
    tables: [
      table(teams, {
        ...open,
        update: { using: anyone(), check: ({ row, eq, notExists }) => notExists(badges, (b) => eq(b.team, row.id)) },
      }),
      table(badges, open),
    ],
  })
  const principal: Principal = { role: 'authenticated', uid: 'ann', sessionId: 's', claims: {}, aal: 'aal1', attested: false }
  const query = { operations: [{ kind: 'update' as const, table: 'teams', set: { id: 'x' } }], shape: { form: 'list' as const } }
  const { statements } = compile(buildModel(guarded), query, { principal, now: 0 })
  expect(statements.map(({ role }) => role)).toEqual(['guard', 'write', 'check', 'check'])
  expect(statements.at(-1)!.sql).toContain('`badges`')
})

describe('a delete that reaches its own table', () => {
  const tree = (onDelete: 'cascade' | 'set null' | 'no action', max: number) => {
    const nodes = sqliteTable('nodes', {
      id: text('id').primaryKey(),
      above: text('above').references((): never => nodes.id as never, { onDelete }),
    })
    const operation = {
      kind: 'delete' as const,
      table: 'nodes',
      returning: { select: [{ kind: 'all' as const }] },
      expect: { max, error: 'max-affected' as const },
    }
    const query = { operations: [operation], shape: { form: 'list' as const } }
    return compile(buildModel(app({ name: 'x', tables: [table(nodes, open)] })), query, { principal: ANONYMOUS, now: 0 }).statements
  }

  test('has its rows read and counted before', () => {
    for (const action of ['cascade', 'set null'] as const)
      expect(tree(action, 1).map(({ role }) => role)).toEqual(['returned', 'check', 'write'])
    expect(tree('no action', 1).map(({ role }) => role)).toEqual(['write', 'check'])
  })

  test('tells of all rows that it was asked to delete, also of those that another took along', () => {
    for (const action of ['cascade', 'set null'] as const) {
      const db = new DatabaseSync(':memory:')
      db.exec(`create table nodes (id text primary key, above text references nodes (id) on delete ${action})`)
      db.exec(`insert into nodes values ('a', null), ('b', 'a'), ('c', 'b')`)
      const run = (max: number) => tree(action, max).map(({ sql, params }) => db.prepare(sql).all(...(params as string[])))
      expect(() => run(2)).toThrow('PERIGEE|max|nodes|3')
      const [returned = []] = run(3)
      expect(returned.map(({ d }) => JSON.parse(String(d)) as unknown)).toEqual([
        { id: 'a', above: null },
        { id: 'b', above: 'a' },
        { id: 'c', above: 'b' },
      ])
    }
  })
})
