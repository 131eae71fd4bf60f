import { blob, index, integer, numeric, primaryKey, real, sqliteTable, text, type AnySQLiteColumn } from 'drizzle-orm/sqlite-core'
import { describe, expect, test } from 'vitest'
import { ask, fill, openDatabase, statementOf } from '../../tests/unit/database'
import { ANONYMOUS, SERVICE, type Principal } from '../core'
import { anyone, app, buildModel, nobody, owner, table, type Relationship } from '../define'
import type { Condition, Embed, Read, SelectItem } from './query'

const people = sqliteTable('people', {
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

const closed = { insert: nobody(), update: nobody(), delete: nobody() }
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
const model = buildModel(declaration)
const db = openDatabase(declaration)
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

const ann: Principal = { ...ANONYMOUS, role: 'authenticated', uid: 'p1', sessionId: 's1' }
const all: SelectItem[] = [{ kind: 'all' }]
const column = (name: string): SelectItem => ({ kind: 'column', target: { column: name }, as: name })
const read = (name: string, rest: Partial<Read> = {}): Read => ({ kind: 'read', table: name, select: all, ...rest })
const get = (query: Read, principal: Principal = SERVICE) => ask(db, model, query, { principal, now: 0 })
const ids = (name: string, where: Condition, principal: Principal = SERVICE) =>
  (
    get(read(name, { select: [column('id')], where, order: [{ target: { column: 'id' }, descending: false }] }), principal).rows as {
      id: unknown
    }[]
  ).map(({ id }) => id)
const compare = (name: string, operator: 'eq' | 'neq' | 'gt' | 'gte' | 'lt' | 'lte' | 'isdistinct', value: string | null): Condition => ({
  kind: 'compare',
  target: { column: name },
  operator,
  value,
})
const way = (from: string, to: string, pick: (relationship: Relationship) => boolean = () => true): Relationship =>
  model.tables.get(from)!.relationships.find((relationship) => relationship.to === to && pick(relationship))!
const embed = (from: string, to: string, rest: Partial<Embed> = {}, pick?: (relationship: Relationship) => boolean): Embed => ({
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
function refusal(query: Read): string {
  try {
    statementOf(model, query, { principal: ANONYMOUS, now: 0 })
  } catch (error) {
    return String((error as { definition?: { postgrest?: string } }).definition?.postgrest ?? error)
  }
  return 'none'
}

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
    expect(refusal(read('trips', { select: [{ kind: 'column', target: { column: 'title' }, as: 'x', cast: 'integer' }] }))).toBe('42846')
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

describe('filters', () => {
  test('integers past 2^53 are told apart', () => {
    expect(ids('trips', compare('size', 'eq', '9007199254740993'))).toEqual(['t1'])
    expect(ids('trips', compare('size', 'eq', '9007199254740992'))).toEqual([])
  })

  test('each type is compared by value', () => {
    expect(ids('trips', compare('open', 'eq', 'TRUE'))).toEqual(['t1', 't3'])
    expect(ids('trips', compare('price', 'eq', '10.5'))).toEqual(['t1'])
    expect(ids('trips', compare('price', 'gt', '9'))).toEqual(['t1'])
    expect(ids('trips', compare('photo', 'eq', '\\x0001FF'))).toEqual(['t1'])
    expect(ids('trips', compare('starts_at', 'gte', '2026-01-02T03:04:05.123Z'))).toEqual(['t1'])
    expect(ids('trips', compare('made_at', 'gt', '2026-01-02 05:04:04.5+02:00'))).toEqual(['t1'])
    expect(ids('trips', compare('made_at', 'gt', '2026-01-02T03:04:05.5Z'))).toEqual([])
    expect(ids('trips', compare('length', 'lte', '1.5'))).toEqual(['t1'])
    expect(ids('trips', compare('size', 'isdistinct', '5'))).toEqual(['t1', 't2'])
  })

  test('a value of the wrong type is named, never ignored', () => {
    const cases: [string, string, string][] = [
      ['size', 'abc', '22P02'],
      ['size', '1.5', '22P02'],
      ['size', '9223372036854775808', '22003'],
      ['open', 'maybe', '22P02'],
      ['length', 'NaN', '22P02'],
      ['length', '1e999', '22003'],
      ['starts_at', 'yesterday', '22007'],
      ['starts_at', '2026-02-30T00:00:00Z', '22008'],
      ['day', '2026-13-01', '22008'],
      ['photo', 'zz', '22P02'],
      ['title', 'a\0b', '22021'],
      ['secret', 'x', '42703'],
      ['_version', '1', '42703'],
      ['nope', 'x', '42703'],
    ]
    for (const [name, value, code] of cases)
      expect([name, value, refusal(read(name === 'secret' ? 'people' : 'trips', { where: compare(name, 'eq', value) }))]).toEqual([
        name,
        value,
        code,
      ])
  })

  test('in takes a list in one parameter, and NULL in it hides the rest from not in', () => {
    const list: Condition = { kind: 'in', target: { column: 'size' }, values: ['5', '9007199254740993'] }
    expect(ids('trips', list)).toEqual(['t1', 't3'])
    expect(ids('trips', { kind: 'not', term: { kind: 'in', target: { column: 'id' }, values: [] } })).toEqual(['t1', 't2', 't3'])
    const many = statementOf(
      model,
      read('trips', { where: { kind: 'in', target: { column: 'id' }, values: Array.from({ length: 5000 }, (_, i) => `t${i}`) } }),
      { principal: SERVICE, now: 0 },
    )
    expect(many.params.length).toBeLessThan(4)
  })

  test('like minds case, escapes and long patterns', () => {
    const like = (pattern: string, ignoreCase = false) => ids('trips', { kind: 'like', target: { column: 'title' }, pattern, ignoreCase })
    expect(like('Al%')).toEqual(['t1'])
    expect(like('al%', true)).toEqual(['t1', 't3'])
    expect(like('100\\% %')).toEqual(['t2'])
    expect(like('%\\_walk')).toEqual(['t3'])
    expect(like('_lp_')).toEqual(['t1'])
    expect(like(`%alpine%${'%'.repeat(80)}%walk`)).toEqual(['t3'])
    expect(like(`a_pine_w%${'x'.repeat(60)}`)).toEqual([])
    expect(like('')).toEqual([])
    expect(refusal(read('trips', { where: { kind: 'like', target: { column: 'title' }, pattern: 'a\\', ignoreCase: false } }))).toBe(
      '22025',
    )
    expect(refusal(read('trips', { where: { kind: 'like', target: { column: 'size' }, pattern: 'a', ignoreCase: false } }))).toBe('42883')
  })

  test('JSON is compared by its type', () => {
    const at = (asText: boolean, operator: 'eq' | 'gt', value: string): Condition => ({
      kind: 'compare',
      target: { column: 'data', path: [{ key: 'level', asText }] },
      operator,
      value,
    })
    expect(ids('trips', at(true, 'eq', '3'))).toEqual(['t1', 't3'])
    expect(ids('trips', at(false, 'eq', '3'))).toEqual(['t1'])
    expect(ids('trips', at(false, 'eq', '"3"'))).toEqual(['t3'])
    expect(ids('trips', at(false, 'gt', '2'))).toEqual(['t1'])
    expect(refusal(read('trips', { where: at(false, 'eq', 'nope') }))).toBe('22P02')
  })

  test('ten thousand filters and fifty-deep nesting are refused by name, a thousand and thirty are run', () => {
    const terms = (count: number): Condition => ({
      kind: 'or',
      terms: Array.from({ length: count }, (_, i) => compare('id', 'eq', `t${i}`)),
    })
    expect(ids('trips', terms(1000))).toEqual(['t1', 't2', 't3'])
    expect(refusal(read('trips', { where: terms(10_001) }))).toBe('PGRST100')
    expect(refusal(read('trips', { where: terms(9_000) }))).toBe('PGRST100')
    const nested = (depth: number): Condition => (depth === 0 ? compare('id', 'eq', 't1') : { kind: 'not', term: nested(depth - 1) })
    expect(ids('trips', nested(30))).toEqual(['t1'])
    expect(ids('trips', nested(50))).toEqual(['t1'])
    expect(refusal(read('trips', { where: nested(51) }))).toBe('PGRST100')
  })

  test('text is never SQL', () => {
    const hostile = "x' or 1=1 --"
    expect(ids('trips', compare('title', 'eq', hostile))).toEqual([])
    const select: SelectItem[] = [{ kind: 'column', target: { column: 'id' }, as: 'a\'b`c"d' }]
    expect(get(read('trips', { select, where: compare('id', 'eq', 't1') })).rows).toEqual([{ 'a\'b`c"d': 't1' }])
    expect(
      statementOf(model, read('trips', { select, where: compare('title', 'eq', hostile) }), { principal: SERVICE, now: 0 }).sql,
    ).not.toMatch(/or 1=1|a'b/)
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

describe('embeds', () => {
  const byId = [{ target: { column: 'id' }, descending: false }]
  test('each table is read under its own policy, junctions too', () => {
    const select = [
      column('id'),
      embed('trips', 'notes', { select: [column('id')], order: byId }),
      embed('trips', 'people', { select: [column('name')], as: 'owner' }),
      embed('trips', 'people', { select: [column('name')], as: 'guests' }, ({ kind }) => kind === 'many-to-many'),
    ]
    expect(get(read('trips', { select, order: byId }), ANONYMOUS).rows).toEqual([
      { id: 't1', notes: [{ id: 1 }, { id: 2 }], owner: { name: 'Ann' }, guests: [{ name: 'bob' }] },
      { id: 't3', notes: [{ id: 4 }], owner: { name: 'bob' }, guests: [] },
    ])
  })

  test('a row that its own policy hides is null where there is one, and gone where there are many', () => {
    const select = [column('id'), embed('notes', 'trips', { select: [column('title')] })]
    db.exec("insert into notes (id, trip_id, body, private) values (9, 't2', 'of a closed trip', 0)")
    expect(get(read('notes', { select, where: compare('id', 'eq', '9') }), ANONYMOUS).rows).toEqual([{ id: 9, trips: null }])
    expect(get(read('notes', { select, where: compare('id', 'eq', '9') }), ann).rows).toEqual([{ id: 9, trips: { title: '100% sure' } }])
    db.exec('delete from notes where id = 9')
  })

  test('inner drops the parent, filters and pages stay inside', () => {
    const inner = embed('trips', 'notes', { join: 'inner', select: [column('id')], where: compare('body', 'eq', 'second') })
    expect(get(read('trips', { select: [column('id'), inner] })).rows).toEqual([{ id: 't1', notes: [{ id: 2 }] }])
    const paged = embed('trips', 'notes', {
      select: [column('id')],
      order: [{ target: { column: 'id' }, descending: true }],
      limit: 1,
      offset: 1,
    })
    expect(get(read('trips', { select: [column('id'), paged], where: compare('id', 'eq', 't1') }), ANONYMOUS).rows).toEqual([
      { id: 't1', notes: [{ id: 1 }] },
    ])
    expect(get(read('trips', { select: [column('id'), { ...inner, limit: 0 }] })).rows).toEqual([])
  })

  test('children and parent of the same table are told apart', () => {
    const children = embed('notes', 'notes', { as: 'replies', select: [column('id')], order: byId }, ({ kind }) => kind === 'to-many')
    const parent = embed('notes', 'notes', { as: 'parent', select: [column('id')] }, ({ kind }) => kind === 'to-one')
    expect(
      get(read('notes', { select: [column('id'), children, parent], where: compare('trip_id', 'eq', 't1'), order: byId }), ANONYMOUS).rows,
    ).toEqual([
      { id: 1, replies: [{ id: 2 }], parent: null },
      { id: 2, replies: [], parent: { id: 1 } },
    ])
  })

  test('spread lifts one value, or a list of them', () => {
    const lifted = embed('notes', 'trips', {
      spread: true,
      select: [column('title'), { kind: 'column', target: { column: 'open' }, as: 'open' }],
    })
    expect(get(read('notes', { select: [column('id'), lifted], where: compare('id', 'eq', '1') })).rows).toEqual([
      { id: 1, title: 'Alps', open: true },
    ])
    const lists = embed('trips', 'notes', {
      spread: true,
      select: [{ kind: 'column', target: { column: 'private' }, as: 'flags' }],
      order: byId,
    })
    expect(get(read('trips', { select: [lists], where: compare('id', 'eq', 't1') })).rows).toEqual([{ flags: [false, false, true] }])
  })

  test('silent ones filter and say nothing; the null filter asks whether one is there', () => {
    const silent = embed('trips', 'notes', { silent: true })
    expect(get(read('trips', { select: [column('id'), silent], where: { kind: 'related', embed: 'notes', present: false } })).rows).toEqual(
      [{ id: 't2' }],
    )
    expect(get(read('trips', { select: [column('id'), { ...silent, join: 'inner' }], order: byId })).rows).toEqual([
      { id: 't1' },
      { id: 't3' },
    ])
    expect(refusal(read('trips', { where: { kind: 'related', embed: 'notes', present: true } }))).toBe('PGRST108')
  })

  test('rows are ordered by a related row that there is one of', () => {
    const select = [column('id'), embed('notes', 'trips', { silent: true })]
    const order = [{ target: { column: 'title' }, descending: true, embed: 'trips' }, ...byId]
    expect((get(read('notes', { select, order })).rows as { id: number }[]).map(({ id }) => id)).toEqual([4, 1, 2, 3])
    const many = [embed('trips', 'notes', { silent: true })]
    expect(refusal(read('trips', { select: many, order: [{ target: { column: 'id' }, descending: true, embed: 'notes' }] }))).toBe(
      'PGRST118',
    )
  })

  test('ten levels run, eleven are refused by name', () => {
    const nest = (depth: number): SelectItem[] =>
      depth === 0
        ? [column('id')]
        : [
            column('id'),
            embed('notes', 'notes', { as: 'replies', select: nest(depth - 1), order: byId, limit: 5 }, ({ kind }) => kind === 'to-many'),
          ]
    expect(get(read('notes', { select: nest(10), limit: 5 })).rows).toHaveLength(4)
    expect(refusal(read('notes', { select: nest(11) }))).toBe('PGRST100')
  })

  test('five levels of inner embeds run', () => {
    const nest = (depth: number): SelectItem[] =>
      depth === 0
        ? [column('id')]
        : [column('id'), embed('notes', 'notes', { as: 'parent', join: 'inner', select: nest(depth - 1) }, ({ kind }) => kind === 'to-one')]
    expect(get(read('notes', { select: nest(1), where: compare('id', 'eq', '2') }), ANONYMOUS).rows).toEqual([{ id: 2, parent: { id: 1 } }])
    expect(get(read('notes', { select: nest(5) }), ANONYMOUS).rows).toEqual([])
  })

  test('a count of related rows needs no rows', () => {
    const count = embed('trips', 'notes', { select: [{ kind: 'aggregate', function: 'count', as: 'count' }] })
    expect(get(read('trips', { select: [column('id'), count], order: byId }), ANONYMOUS).rows).toEqual([
      { id: 't1', notes: [{ count: 2 }] },
      { id: 't3', notes: [{ count: 1 }] },
    ])
  })
})

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

test('owner() alone makes a policy', () => {
  const own = buildModel(app({ name: 'x', tables: [table(people, { ...closed, read: owner(people.id) })] }))
  expect((ask(db, own, read('people'), { principal: ann, now: 0 }).rows as object[]).length).toBe(1)
  expect(ask(db, own, read('people'), { principal: ANONYMOUS, now: 0 }).rows).toEqual([])
})
