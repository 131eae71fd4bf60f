// Reads that a person may see little of must not scan what they may not see: SQLite's own plans say which index each reason takes.
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { fill, openDatabase, planOf, run, statementOf } from '../../tests/unit/database'
import { ANONYMOUS, type Principal } from '../core'
import { anyone, app, buildModel, nobody, table } from '../define'
import type { Condition, Read, SelectItem } from './query'

const members = sqliteTable('members', { teamId: text('team_id').notNull(), userId: text('user_id').notNull() }, (t) => [
  primaryKey({ columns: [t.teamId, t.userId] }),
  index('members_user').on(t.userId, t.teamId),
])
const trips = sqliteTable(
  'trips',
  {
    id: text('id').primaryKey(),
    ownerId: text('owner_id').notNull(),
    teamId: text('team_id'),
    visibility: text('visibility').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (t) => [
    index('trips_public').on(t.visibility, t.createdAt),
    index('trips_owner').on(t.ownerId, t.createdAt),
    index('trips_team').on(t.teamId, t.createdAt),
  ],
)
const points = sqliteTable(
  'points',
  {
    id: text('id').primaryKey(),
    tripId: text('trip_id')
      .notNull()
      .references(() => trips.id),
    at: integer('at').notNull(),
  },
  (t) => [index('points_trip').on(t.tripId, t.at)],
)
const closed = { insert: nobody(), update: nobody(), delete: nobody() }
const declaration = app({
  name: 'plans',
  tables: [
    table(members, { ...closed, read: anyone() }),
    table(trips, {
      ...closed,
      read: ({ row, auth, or, and, eq, exists }) =>
        or(
          eq(row.visibility, 'public'),
          eq(row.ownerId, auth.uid),
          and(
            eq(row.visibility, 'team'),
            exists(members, (m) => and(eq(m.teamId, row.teamId), eq(m.userId, auth.uid))),
          ),
        ),
    }),
    table(points, {
      ...closed,
      read: ({ row, auth, and, eq, exists }) => exists(trips, (t) => and(eq(t.id, row.tripId), eq(t.ownerId, auth.uid))),
    }),
  ],
})
const model = buildModel(declaration)
const db = openDatabase(declaration)
const ROWS = 3000

beforeAll(() => {
  db.exec('begin')
  fill(db, 'members', [{ team_id: 'mine', user_id: 'me' }])
  const rows = Array.from({ length: ROWS }, (_, i) => ({
    id: `t${String((i * 7) % ROWS).padStart(5, '0')}`,
    owner_id: i % 300 === 3 ? 'me' : `o${i % 50}`,
    team_id: i % 300 === 5 ? 'mine' : i % 3 === 0 ? `team${i % 20}` : null,
    visibility: i % 300 === 5 || i % 3 === 0 ? 'team' : 'private',
    created_at: i,
  }))
  fill(db, 'trips', rows)
  fill(
    db,
    'points',
    rows.map(({ id }, i) => ({ id: `w${i}`, trip_id: id, at: i })),
  )
  db.exec('commit')
})

const person = (uid: string): Principal => ({ ...ANONYMOUS, role: 'authenticated', uid, sessionId: `s-${uid}` })
const all: SelectItem[] = [{ kind: 'all' }]
const newest = [{ target: { column: 'created_at' }, descending: true }]
const plan = (rest: Partial<Read>, principal = person('me'), name = 'trips') =>
  planOf(db, statementOf(model, { kind: 'read', table: name, select: all, ...rest }, { principal, now: 0 }))
/** Steps that go through a whole stored table; an index that is searched isn't one. */
const scans = (steps: readonly string[]) => steps.filter((step) => /^SCAN (t\d|p\d|k\d|trips|members|points)\b/.test(step))

describe('a list of 20', () => {
  test('takes the first rows of each reason by its own index', () => {
    const steps = plan({ order: newest, limit: 20 })
    expect(steps.filter((step) => /SEARCH t0 USING/.test(step))).toEqual([
      'SEARCH t0 USING INDEX trips_public (visibility=?)',
      'SEARCH t0 USING INDEX trips_owner (owner_id=?)',
      'SEARCH t0 USING INDEX trips_team (team_id=?)',
    ])
    expect(steps.some((step) => /SEARCH p\d USING COVERING INDEX members_user \(user_id=\?/.test(step))).toBe(true)
  })

  test('without an order takes any rows, each reason by its own index', () => {
    expect(plan({ limit: 20 }).filter((step) => /SEARCH t0 USING/.test(step))).toHaveLength(3)
  })

  test('asks a stranger for public rows alone', () => {
    const steps = plan({ order: newest, limit: 20 }, ANONYMOUS)
    expect(scans(steps).filter((step) => !step.endsWith('SCAN t0'))).toEqual([])
    expect(steps).toContain('SEARCH t0 USING INDEX trips_public (visibility=?)')
    expect(steps.join()).not.toMatch(/trips_owner|members/)
  })

  test('in an order that no index of the kind has, sorts few or walks along many, and takes only one of the ways', () => {
    const statement = statementOf(
      model,
      { kind: 'read', table: 'trips', select: all, order: [{ target: { column: 'id' }, descending: false }], limit: 20 },
      { principal: ANONYMOUS, now: 0 },
    )
    expect(statement.sql.match(/limit case when/g)).toHaveLength(2)
    const steps = planOf(db, statement)
    expect(steps.some((step) => /SEARCH t0 USING INDEX trips_public/.test(step))).toBe(true)
    expect(steps.some((step) => /SCAN t0 USING INDEX sqlite_autoindex_trips_1/.test(step))).toBe(true)
  })
})

test('a total counts by the indexes of the reasons', () => {
  const steps = plan({ total: 'exact', countOnly: true, limit: 0 })
  expect(steps.some((step) => /MULTI-INDEX OR/.test(step))).toBe(true)
  expect(steps.filter((step) => step.startsWith('SEARCH t0 USING')).map((step) => /trips_\w+/.exec(step)?.[0])).toEqual(
    expect.arrayContaining(['trips_public', 'trips_owner', 'trips_team']),
  )
})

test('a row named by its key is looked up once', () => {
  const where: Condition = { kind: 'compare', target: { column: 'id' }, operator: 'eq', value: 't00001' }
  const steps = plan({ where, order: newest, limit: 1 })
  expect(steps.filter((step) => /SEARCH t0/.test(step))).toEqual(['SEARCH t0 USING INDEX sqlite_autoindex_trips_1 (id=?)'])
})

test('rows of one parent look the parent up, rows of any begin with the caller’s own', () => {
  const where: Condition = { kind: 'compare', target: { column: 'trip_id' }, operator: 'eq', value: 't00001' }
  expect(
    plan({ where }, person('me'), 'points').some((step) =>
      /SEARCH p\d (EXISTS )?USING INDEX sqlite_autoindex_trips_1 \(id=\?\)/.test(step),
    ),
  ).toBe(true)
  const steps = plan({ order: [{ target: { column: 'at' }, descending: true }], limit: 20 }, person('me'), 'points')
  expect(steps.some((step) => /SEARCH t0 USING INDEX points_trip \(trip_id=\?\)/.test(step))).toBe(true)
  expect(steps.some((step) => /SEARCH p\d USING INDEX trips_owner/.test(step))).toBe(true)
})

test('a reader of all, of some and of none get what they may see', () => {
  db.exec(
    "insert into auth_users (id, created_at, updated_at) values ('me', 0, 0), ('other', 0, 0); insert into auth_sessions (id, user_id, refreshed_at, created_at) values ('s-me', 'me', 0, 0), ('s-other', 'other', 0, 0)",
  )
  const count = (principal: Principal, rest: Partial<Read> = {}) =>
    Number(
      run(
        db,
        statementOf(model, { kind: 'read', table: 'trips', select: all, limit: 100, order: newest, ...rest }, { principal, now: 0 }),
      )[0]!['rows'],
    )
  expect(count(person('me'))).toBe(20)
  expect(count(person('other'))).toBe(0)
  expect(count(ANONYMOUS)).toBe(0)
  expect(count(person('me'), { order: [{ target: { column: 'id' }, descending: true }] })).toBe(20)
  db.exec(`update trips set visibility = 'public' where created_at < ${ROWS / 2}`)
  expect(count(person('other'), { order: [{ target: { column: 'id' }, descending: true }], limit: 30 })).toBe(30)
  expect(count(ANONYMOUS)).toBe(100)
})
