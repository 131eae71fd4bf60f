// A small app with every type of column and every kind of relationship, its rows, and words to ask it with.
import { blob, index, integer, numeric, primaryKey, real, sqliteTable, text, type AnySQLiteColumn } from 'drizzle-orm/sqlite-core'
import { ask, fill, openDatabase, statementOf } from './database'
import { ANONYMOUS, SERVICE, type Principal } from '../../src/core'
import { anyone, app, buildModel, nobody, table, type Relationship } from '../../src/define'
import type { Condition, Embed, Read, SelectItem } from '../../src/query'

export const people = sqliteTable('people', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  secret: text('secret'),
  salary: integer('salary'),
})
const trips = sqliteTable(
  'trips',
  {
    id: text('id').primaryKey(),
    ownerId: text('owner_id')
      .notNull()
      .references(() => people.id),
    title: text('title').notNull(),
    open: integer('open', { mode: 'boolean' }),
    startsAt: integer('starts_at', { mode: 'timestamp_ms' }),
    madeAt: integer('made_at', { mode: 'timestamp' }),
    size: integer('size'),
    length: real('length'),
    price: numeric('price'),
    data: text('data', { mode: 'json' }),
    photo: blob('photo', { mode: 'buffer' }),
    day: text('day'),
  },
  (t) => [index('trips_owner').on(t.ownerId)],
)
const notes = sqliteTable('notes', {
  id: integer('id').primaryKey(),
  tripId: text('trip_id')
    .notNull()
    .references(() => trips.id),
  parentId: integer('parent_id').references((): AnySQLiteColumn => notes.id),
  body: text('body').notNull(),
  private: integer('private', { mode: 'boolean' }).notNull().default(false),
})
const guests = sqliteTable(
  'guests',
  {
    tripId: text('trip_id')
      .notNull()
      .references(() => trips.id),
    personId: text('person_id')
      .notNull()
      .references(() => people.id),
    silent: integer('silent', { mode: 'boolean' }).notNull().default(false),
  },
  (t) => [primaryKey({ columns: [t.tripId, t.personId] })],
)

export const closed = { insert: nobody(), update: nobody(), delete: nobody() }
const declaration = app({
  name: 'test',
  tables: [
    table(people, {
      ...closed,
      read: anyone(),
      columns: { secret: { hidden: true }, salary: { read: ({ row, auth, eq }) => eq(row.id, auth.uid) } },
    }),
    table(trips, {
      ...closed,
      read: ({ row, auth, or, eq }) => or(eq(row.open, true), eq(row.ownerId, auth.uid)),
      columns: { day: { format: 'date' } },
    }),
    table(notes, { ...closed, read: ({ row, eq }) => eq(row.private, false) }),
    table(guests, { ...closed, read: ({ row, eq }) => eq(row.silent, false) }),
  ],
})
export const model = buildModel(declaration)
export const db = openDatabase(declaration)
fill(db, 'people', [
  { id: 'p1', name: 'Ann', secret: 's1', salary: 10 },
  { id: 'p2', name: 'bob', secret: 's2', salary: 20 },
  { id: 'p3', name: 'Éva', secret: null, salary: null },
])
fill(db, 'trips', [
  {
    id: 't1',
    owner_id: 'p1',
    title: 'Alps',
    open: 1,
    starts_at: 1_767_323_045_123,
    made_at: 1_767_323_045,
    size: 9_007_199_254_740_993n,
    length: 1.5,
    price: '10.50',
    data: { level: 3, tags: ['a', 'b'], 'odd "key"': 'x', deep: { name: 'n' } },
    photo: new Uint8Array([0, 1, 255]),
    day: '2026-01-02',
  },
  {
    id: 't2',
    owner_id: 'p1',
    title: '100% sure',
    open: 0,
    starts_at: null,
    made_at: null,
    size: null,
    length: null,
    price: null,
    data: null,
    photo: null,
    day: null,
  },
  {
    id: 't3',
    owner_id: 'p2',
    title: 'alpine_walk',
    open: 1,
    starts_at: 0,
    made_at: 0,
    size: 5,
    length: 2,
    price: '2',
    data: { level: '3' },
    photo: null,
    day: '2025-12-31',
  },
])
fill(db, 'notes', [
  { id: 1, trip_id: 't1', parent_id: null, body: 'first', private: 0 },
  { id: 2, trip_id: 't1', parent_id: 1, body: 'second', private: 0 },
  { id: 3, trip_id: 't1', parent_id: 1, body: 'hidden', private: 1 },
  { id: 4, trip_id: 't3', parent_id: null, body: 'other', private: 0 },
])
fill(db, 'guests', [
  { trip_id: 't1', person_id: 'p2', silent: 0 },
  { trip_id: 't1', person_id: 'p3', silent: 1 },
])
db.exec(
  "insert into auth_users (id, created_at, updated_at) values ('p1', 0, 0); insert into auth_sessions (id, user_id, refreshed_at, created_at) values ('s1', 'p1', 0, 0)",
)

export const ann: Principal = { ...ANONYMOUS, role: 'authenticated', uid: 'p1', sessionId: 's1' }
export const all: SelectItem[] = [{ kind: 'all' }]
export const column = (name: string): SelectItem => ({ kind: 'column', target: { column: name }, as: name })
export const read = (name: string, rest: Partial<Read> = {}): Read => ({ kind: 'read', table: name, select: all, ...rest })
export const get = (query: Read, principal: Principal = SERVICE) => ask(db, model, query, { principal, now: 0 })
export const ids = (name: string, where: Condition, principal: Principal = SERVICE) =>
  (
    get(read(name, { select: [column('id')], where, order: [{ target: { column: 'id' }, descending: false }] }), principal).rows as {
      id: unknown
    }[]
  ).map(({ id }) => id)
export const compare = (
  name: string,
  operator: 'eq' | 'neq' | 'gt' | 'gte' | 'lt' | 'lte' | 'isdistinct',
  value: string | null,
): Condition => ({
  kind: 'compare',
  target: { column: name },
  operator,
  value,
})
const way = (from: string, to: string, pick: (relationship: Relationship) => boolean = () => true): Relationship =>
  model.tables.get(from)!.relationships.find((relationship) => relationship.to === to && pick(relationship))!
export const embed = (from: string, to: string, rest: Partial<Embed> = {}, pick?: (relationship: Relationship) => boolean): Embed => ({
  kind: 'embed',
  relationship: way(from, to, pick),
  as: to,
  join: 'left',
  spread: false,
  silent: false,
  select: all,
  ...rest,
})

/** The code that PostgREST's dialect would answer with. */
export function refusal(query: Read): string {
  try {
    statementOf(model, query, { principal: ANONYMOUS, now: 0 })
  } catch (error) {
    return String((error as { definition?: { postgrest?: string } }).definition?.postgrest ?? error)
  }
  return 'none'
}
