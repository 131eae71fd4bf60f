// Views and declared relations, on SQLite itself.
import { count, eq as equal, sql, type SQL } from 'drizzle-orm'
import { index, integer, sqliteTable, sqliteView, text } from 'drizzle-orm/sqlite-core'
import { describe, expect, test } from 'vitest'
import { ask, fill, openDatabase, planOf, statementOf } from '../../tests/unit/database'
import { ANONYMOUS, type AppError, type Principal } from '../core'
import { anyone, app, buildModel, checkApp, nobody, owner, table, view, type AppDefinition, type ViewDeclaration } from '../define'
import { expectedSchema, SchemaError } from '../migrations'
import { compile } from './compile'
import type { Condition, Embed, Read, SelectItem } from './query'

const people = sqliteTable('people', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  friendId: text('friend_id'),
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
    km: integer('km'),
  },
  (t) => [index('trips_owner').on(t.ownerId)],
)
const likes = sqliteTable(
  'likes',
  { tripId: text('trip_id').notNull(), personId: text('person_id').notNull(), id: integer('id').primaryKey() },
  (t) => [index('likes_trip').on(t.tripId)],
)

/** By declared columns and SQL. */
const stats = sqliteView('trip_stats', {
  tripId: text('trip_id'),
  ownerId: text('owner_id'),
  likes: integer('likes'),
  popular: integer('popular', { mode: 'boolean' }),
  soon: integer('soon', { mode: 'timestamp_ms' }),
}).as(
  sql`select ${trips.id}, ${trips.ownerId}, (select count(*) from ${likes} where ${likes.tripId} = ${trips.id}), (select count(*) from ${likes} where ${likes.tripId} = ${trips.id}) > ${1}, ${trips.startsAt} + 0 from ${trips}`,
)
/** By the query builder. */
const openTrips = sqliteView('open_trips').as((qb) =>
  qb
    .select({ id: trips.id, ownerId: trips.ownerId, title: trips.title, startsAt: trips.startsAt, km: trips.km })
    .from(trips)
    .where(equal(trips.open, true)),
)
const totals = sqliteView('totals').as((qb) =>
  qb
    .select({ ownerId: trips.ownerId, trips: count().as('trips') })
    .from(trips)
    .groupBy(trips.ownerId),
)

const closed = { insert: nobody(), update: nobody(), delete: nobody() }
const declaration: AppDefinition = app({
  name: 'x',
  tables: [
    table(people, {
      read: anyone(),
      ...closed,
      relations: {
        best_friend: { to: people, kind: 'to-one', on: [[people.friendId, people.id]] },
        admirers: { to: people, kind: 'to-many', on: [[people.id, people.friendId]] },
        liked: {
          to: trips,
          kind: 'many-to-many',
          on: [[people.id, likes.personId]],
          through: { table: likes, on: [[likes.tripId, trips.id]] },
        },
      },
    }),
    table(trips, { read: owner(trips.ownerId), ...closed }),
    table(likes, { read: anyone(), ...closed }),
  ],
  views: [
    view(stats, {
      read: ({ row, auth, or, eq, gt }) => or(eq(row.ownerId, auth.uid), gt(row.likes, 1)),
      key: ['tripId'],
      references: [{ columns: [stats.tripId], foreignColumns: [trips.id] }],
      columns: { soon: { read: ({ row, auth, eq }) => eq(row.ownerId, auth.uid) } },
      computed: { stars: { type: 'text', value: ({ row, when, gt }) => when(gt(row.likes, 1), '**', '*') } },
      relations: { owner: { to: people, kind: 'to-one', on: [[stats.ownerId, people.id]] } },
    }),
    view(openTrips, { read: anyone(), key: ['id'] }),
    view(totals, { read: anyone(), key: ['ownerId'], columns: { trips: { type: 'integer' } } }),
  ],
})
const model = buildModel(declaration)
const db = openDatabase(declaration)
fill(db, 'people', [
  { id: 'ann', name: 'Ann', friend_id: 'bob' },
  { id: 'bob', name: 'Bob', friend_id: null },
])
fill(db, 'trips', [
  { id: 't1', owner_id: 'ann', title: 'Alps', open: 1, starts_at: 1000, km: 5 },
  { id: 't2', owner_id: 'bob', title: 'Sea', open: 0, starts_at: 2000, km: 7 },
  { id: 't3', owner_id: 'bob', title: 'Fen', open: 1, starts_at: null, km: null },
])
fill(db, 'likes', [
  { id: 1, trip_id: 't2', person_id: 'ann' },
  { id: 2, trip_id: 't2', person_id: 'bob' },
  { id: 3, trip_id: 't1', person_id: 'bob' },
])

const person = (uid: string): Principal => ({ ...ANONYMOUS, uid, role: 'authenticated', sessionId: 's' })
const as = (principal: Principal) => ({ principal, now: 5, sessionChecked: true })
const column = (name: string): SelectItem => ({ kind: 'column', target: { column: name }, as: name })
const read = (from: string, rest: Partial<Read> = {}): Read => ({
  kind: 'read',
  table: from,
  select: [{ kind: 'all' }],
  order: model.tables.get(from)!.primaryKey.map((name) => ({ target: { column: name }, descending: false })),
  ...rest,
})
const rows = (query: Read, principal: Principal = ANONYMOUS) => ask(db, model, query, as(principal)).rows
const found = (from: string, where: Condition, principal: Principal = ANONYMOUS): unknown[] =>
  rows(read(from, { where }), principal).map((row) => Object.values(row as object)[0])
const compare = (name: string, operator: 'eq' | 'gte', value: string): Condition => ({
  kind: 'compare',
  target: { column: name },
  operator,
  value,
})
const embed = (from: string, name: string, rest: Partial<Embed> = {}): Embed => ({
  kind: 'embed',
  relationship: model.tables.get(from)!.relationships.find((one) => one.name === name || (one.name === undefined && one.to === name))!,
  as: name,
  join: 'left',
  spread: false,
  silent: false,
  select: [{ kind: 'all' }],
  ...rest,
})

describe('a view', () => {
  test('is read under its own policy, not those of the tables underneath', () => {
    expect(rows(read('trip_stats'))).toEqual([{ trip_id: 't2', owner_id: 'bob', likes: 2, popular: true, soon: null }])
    expect(rows(read('trip_stats', { select: [column('trip_id'), column('soon')] }), person('bob'))).toEqual([
      { trip_id: 't2', soon: '1970-01-01T00:00:02.000+00:00' },
      { trip_id: 't3', soon: null },
    ])
    expect(rows(read('trips'))).toEqual([])
    expect(rows(read('open_trips', { select: [column('title')] }))).toEqual([{ title: 'Alps' }, { title: 'Fen' }])
    expect(ask(db, model, read('trip_stats', { total: 'exact', limit: 0 }), as(person('ann'))).total).toBe(2)
  })

  test('is filtered by the type of a column that SQLite knows no type of', () => {
    expect(found('trip_stats', compare('likes', 'eq', '2'))).toEqual(['t2'])
    expect(found('trip_stats', { kind: 'in', target: { column: 'likes' }, values: ['2', '9'] })).toEqual(['t2'])
    expect(
      found('trip_stats', { kind: 'quantified', target: { column: 'likes' }, operator: 'gt', quantifier: 'any', values: ['1'] }),
    ).toEqual(['t2'])
    expect(found('trip_stats', compare('popular', 'eq', 'true'))).toEqual(['t2'])
    expect(found('trip_stats', compare('soon', 'gte', '1970-01-01T00:00:02Z'), person('bob'))).toEqual(['t2'])
    expect(found('totals', compare('trips', 'eq', '2'))).toEqual(['bob'])
    expect(found('trip_stats', { kind: 'like', target: { column: 'stars' }, pattern: '**', ignoreCase: false })).toEqual(['t2'])
  })

  test('is paged by its key, and aggregated', () => {
    const ids = (rest: Partial<Read>) => rows(read('trip_stats', { select: [column('trip_id')], ...rest }), person('bob'))
    expect(ids({ order: [{ target: { column: 'likes' }, descending: true }], limit: 1, offset: 1 })).toEqual([{ trip_id: 't3' }])
    expect(ids({ order: [{ target: { column: 'likes' }, descending: true }], after: ['2', 't2'] })).toEqual([{ trip_id: 't3' }])
    expect(ids({ order: [], before: ['t3'], limit: 1 })).toEqual([{ trip_id: 't2' }])
    expect(
      rows(read('totals', { select: [{ kind: 'aggregate', function: 'sum', target: { column: 'trips' }, as: 'n' }], order: [] })),
    ).toEqual([{ n: 3 }])
  })

  test('embeds tables and is embedded in them, each under its own policy', () => {
    expect(
      rows(read('trip_stats', { select: [column('trip_id'), embed('trip_stats', 'trips', { select: [column('title')] })] }), person('ann')),
    ).toEqual([
      { trip_id: 't1', trips: { title: 'Alps' } },
      { trip_id: 't2', trips: null },
    ])
    expect(
      rows(read('trips', { select: [column('id'), embed('trips', 'trip_stats', { select: [column('likes')] })] }), person('bob')),
    ).toEqual([
      { id: 't2', trip_stats: { likes: 2 } },
      { id: 't3', trip_stats: { likes: 0 } },
    ])
    const inner = embed('trips', 'trip_stats', { join: 'inner', select: [column('likes')], where: compare('likes', 'gte', '1') })
    expect(rows(read('trips', { select: [column('id'), inner] }), person('bob'))).toEqual([{ id: 't2', trip_stats: { likes: 2 } }])
    expect(rows(read('trip_stats', { select: [embed('trip_stats', 'owner', { select: [column('name')] })] }))).toEqual([
      { owner: { name: 'Bob' } },
    ])
  })

  test('has the foreign keys of the columns that the query builder chose', () => {
    expect(
      rows(read('open_trips', { select: [column('id'), embed('open_trips', 'people', { select: [column('name')] })], limit: 1 })),
    ).toEqual([{ id: 't1', people: { name: 'Ann' } }])
    expect(rows(read('people', { select: [column('id'), embed('people', 'totals', { select: [column('trips')] })] }))).toEqual([
      { id: 'ann', totals: { trips: 1 } },
      { id: 'bob', totals: { trips: 2 } },
    ])
  })

  test.each(['insert', 'update', 'delete'] as const)('refuses to %s', (kind) => {
    const operation = {
      insert: { kind, table: 'totals', rows: [{}], missing: 'null' },
      update: { kind, table: 'totals', set: { trips: 1 } },
      delete: { kind, table: 'totals' },
    }[kind]
    const refused = () => compile(model, { operations: [operation as never], shape: { form: 'none' } }, as(person('ann')))
    expect(refused).toThrow(/cannot .* view "totals"/)
    try {
      refused()
    } catch (error) {
      expect((error as AppError).definition).toMatchObject({ status: 405, postgrest: '55000' })
    }
  })

  test('is looked into by the indexes of its tables', () => {
    const plan = (query: Read) =>
      planOf(db, statementOf(model, query, as(person('ann'))))
        .filter((step) => !step.includes('sys_live'))
        .join('\n')
    const one = plan(read('open_trips', { where: compare('id', 'eq', 't1'), order: [] }))
    expect(one).toMatch(/SEARCH trips USING INDEX/)
    expect(one).not.toMatch(/MATERIALIZE|SCAN trips/)
    const own = plan(read('trip_stats', { where: compare('owner_id', 'eq', 'ann'), order: [] }))
    expect(own).toMatch(/SEARCH trips USING INDEX trips_owner/)
    expect(own).not.toMatch(/MATERIALIZE|SCAN (?:trips|likes)/)
    const inside = plan(read('trips', { select: [embed('trips', 'trip_stats')], where: compare('id', 'eq', 't1'), order: [] }))
    expect(inside).not.toMatch(/MATERIALIZE|SCAN (?:trips|likes)/)
    const grouped = plan(read('totals', { where: compare('owner_id', 'eq', 'ann'), order: [] }))
    expect(grouped).not.toMatch(/SCAN trips/)
  })
})

describe('a declared relation', () => {
  test('leads to one row, to many, and through a junction, of its own table too', () => {
    const select = [
      column('id'),
      embed('people', 'best_friend', { select: [column('name')] }),
      embed('people', 'admirers', { select: [column('id')] }),
      embed('people', 'liked', { select: [column('title')] }),
    ]
    expect(rows(read('people', { select }), person('bob'))).toEqual([
      { id: 'ann', best_friend: { name: 'Bob' }, admirers: [], liked: [{ title: 'Sea' }] },
      { id: 'bob', best_friend: null, admirers: [{ id: 'ann' }], liked: [{ title: 'Sea' }] },
    ])
  })
})

describe('checkApp', () => {
  const problems = (declared: ViewDeclaration, more: Partial<AppDefinition> = {}) =>
    checkApp(app({ ...declaration, views: [declared], ...more })).map(({ message }) => message)
  const always = { read: anyone() }

  test('tells of views without a key, with unknown columns, without types, and of names that are taken', () => {
    expect(problems(view(openTrips, { ...always, key: [] }))[0]).toMatch(/has no key/)
    expect(problems(view(openTrips, { ...always, key: ['nope' as 'id'] }))[0]).toMatch(/a column "nope" that it hasn't/)
    expect(problems(view(totals, { ...always, key: ['ownerId'] }))[0]).toMatch(/the column "trips" has no type/)
    expect(problems(view(sqliteView('trips', { id: text('id') }).as(sql`select 1`), { ...always, key: ['id'] }))[0]).toMatch(
      /declared twice/,
    )
    expect(problems(view(openTrips, { ...always, key: ['id'], computed: { title: { type: 'text', value: () => 'x' } } }))[0]).toMatch(
      /a column of that name/,
    )
  })

  test('tells of relations that lead nowhere, through hidden columns, or under the name of a column', () => {
    const related = (relation: object, name = 'r') =>
      problems(view(openTrips, { ...always, key: ['id'], relations: { [name]: relation as never } }))[0]
    const elsewhere = sqliteTable('elsewhere', { id: text('id').primaryKey() })
    expect(related({ to: elsewhere, kind: 'to-one', on: [[openTrips.id, elsewhere.id]] })).toMatch(
      /leads to "elsewhere", which isn't served/,
    )
    expect(related({ to: people, kind: 'to-one', on: [[people.name, people.id]] })).toMatch(/speaks of "open_trips.name"/)
    expect(related({ to: people, kind: 'to-one', on: [] })).toMatch(/names no columns/)
    expect(related({ to: people, kind: 'to-one', on: [[openTrips.ownerId, people.id]] }, 'title')).toMatch(/has the name of a column/)
  })

  test('keeps policies from looking into views', () => {
    const looking = table(likes, { ...closed, read: ({ exists, always: yes }) => exists(openTrips as never, () => yes) })
    expect(problems(view(openTrips, { ...always, key: ['id'] }), { tables: [...declaration.tables.slice(0, 2), looking] })[0]).toMatch(
      /looks into the view "open_trips"/,
    )
  })

  test('refuses to read what lives in other databases', () => {
    const far = sqliteTable('far', { id: text('id').primaryKey(), teamId: text('team_id').notNull() })
    const spread = table(far, { ...closed, read: anyone(), partition: 'teamId' })
    const declared = (query: SQL) => view(sqliteView('near', { id: text('id') }).as(query), { ...always, key: ['id'] })
    const schema = (query: SQL) =>
      expectedSchema(app({ ...declaration, tables: [...declaration.tables, spread], views: [declared(query)] }))
    expect(() => schema(sql`select ${far.id} from ${far}`)).toThrow(/spread over several databases/)
    expect(schema(sql`select 'x' as farther from ${trips}`).views).toHaveLength(1)
  })

  test.each([
    ['double quotes, which may turn a name into a text', sql`select "id" from trips`, /double quotes/],
    ['what is no SELECT', sql`delete from trips`, /no SELECT/],
  ])('refuses SQL with %s', (_, query, message) => {
    const declared = view(sqliteView('raw', { id: text('id') }).as(query), { ...always, key: ['id'] })
    expect(() => expectedSchema(app({ ...declaration, views: [declared] }))).toThrow(message)
    expect(() => expectedSchema(app({ ...declaration, views: [declared] }))).toThrow(SchemaError)
  })
})
