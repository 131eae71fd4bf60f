import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { describe, expect, test } from 'vitest'
import { anyone, app, buildModel, checkApp, nobody, owner, signedIn, table } from './index'

const people = sqliteTable('people', { id: text('id').primaryKey(), name: text('name').notNull() })
const teams = sqliteTable('teams', {
  id: text('id').primaryKey(),
  ownerId: text('owner_id')
    .notNull()
    .references(() => people.id),
})
const members = sqliteTable(
  'members',
  {
    teamId: text('team_id')
      .notNull()
      .references(() => teams.id),
    personId: text('person_id')
      .notNull()
      .references(() => people.id),
    since: integer('since', { mode: 'timestamp_ms' }),
  },
  (t) => [primaryKey({ columns: [t.teamId, t.personId] }), index('members_person').on(t.personId)],
)

const open = { read: anyone(), insert: signedIn(), update: nobody(), delete: nobody() }

describe('buildModel', () => {
  test('resolves properties of a policy to names on the wire', () => {
    const model = buildModel(app({ name: 'x', tables: [table(people, open), table(teams, { ...open, update: owner(teams.ownerId) })] }))
    expect(model.tables.get('teams')!.policies.update.using).toEqual({
      kind: 'compare',
      operator: 'eq',
      left: { kind: 'column', table: 'teams', column: 'owner_id', scope: 0 },
      right: { kind: 'auth', fact: 'uid' },
    })
  })

  test('adds the engine columns to served tables only, hidden', () => {
    const model = buildModel(app({ name: 'x', tables: [table(people, open)], internal: [teams] }))
    expect(model.tables.get('people')!.columns.get('_version')).toMatchObject({ hidden: true, readOnly: true, engine: true })
    expect(model.tables.get('teams')!.columns.has('_version')).toBe(false)
    expect(model.tables.get('teams')!.policies.read).toEqual({ kind: 'constant', value: false })
  })

  test('finds both ends of a foreign key and the way through a junction', () => {
    const model = buildModel(app({ name: 'x', tables: [table(people, open), table(teams, open), table(members, open)] }))
    const ways = model.tables.get('people')!.relationships.map(({ kind, to, constraint }) => `${kind} ${to} ${constraint}`)
    expect(ways).toContain('to-many teams teams_owner_id_fkey')
    expect(ways).toContain('many-to-many teams members_person_id_fkey')
    expect(model.tables.get('members')!.relationships[0]).toMatchObject({ kind: 'to-one', to: 'teams', columns: [['team_id', 'id']] })
  })

  test('a text primary key without a default is numbered by UUID', () => {
    const model = buildModel(app({ name: 'x', tables: [table(people, open)] }))
    expect(model.tables.get('people')!.columns.get('id')!.default).toEqual({ kind: 'uuid' })
  })
})

describe('checkApp', () => {
  const problemsOf = (rules: object) =>
    checkApp(app({ name: 'x', tables: [table(people, { ...open, ...rules } as typeof open)] })).map(({ message }) => message)

  test('copies are kept for a second to a day', () => {
    for (const maxAge of [1, 60, 86_400]) expect(problemsOf({ cache: { maxAge } }), String(maxAge)).toEqual([])
    for (const maxAge of [0, -1, 0.5, 86_401, Number.NaN])
      expect(problemsOf({ cache: { maxAge } })[0], String(maxAge)).toMatch(/from 1 to 86400/)
  })

  test('an unknown column is named with the remedy', () => {
    expect(
      problemsOf({
        read: ({ row, auth, eq }: never) => (eq as Function)((row as Record<string, unknown>).nope, (auth as { uid: unknown }).uid),
      })[0],
    ).toMatch(/policy `read`: "people" has no column "nope"/)
  })

  test('a fifth exists inside one another is refused', () => {
    const nest = (exists: Function, always: unknown, depth: number): unknown =>
      depth === 0 ? always : exists(people, () => nest(exists, always, depth - 1))
    const deep = (depth: number) => problemsOf({ read: ({ exists, always }: never) => nest(exists as Function, always, depth) })
    expect(deep(4)).toEqual([])
    expect(deep(5)[0]).toMatch(/nests more than 4 deep/)
  })

  test('a table nobody lists, a policy that throws and one that returns nothing are each named', () => {
    expect(problemsOf({ read: ({ exists, always }: never) => (exists as Function)(teams, () => always) })[0]).toMatch(
      /"teams", which the app doesn't list/,
    )
    expect(
      problemsOf({
        read: () => {
          throw new Error('boom')
        },
      })[0],
    ).toMatch(/throws while it is built: boom/)
    expect(problemsOf({ read: () => undefined })[0]).toMatch(/returns something that is no condition/)
  })

  test('two tables that clients would find under one name, and a name that none could write, are refused', () => {
    const problems = (exposed: object, other: object = {}) =>
      checkApp(app({ name: 'x', tables: [table(people, { ...open, ...other }), table(teams, { ...open, exposed })] })).map(
        ({ message }) => message,
      )
    expect(problems({ schema: 'annex', name: 'people' })).toEqual([])
    expect(problems({ name: 'people' })[0]).toMatch(/another table as "public.people"/)
    expect(problems({ schema: 'a b' })[0]).toMatch(/name of a schema/)
    expect(problems({ name: 'a.b' })[0]).toMatch(/name of a table/)
  })

  test('a problem names the file that declares the table', () => {
    const [problem] = checkApp(app({ name: 'x', tables: [table(people, { ...open, columns: { nope: { hidden: true } } } as never)] }))
    expect(problem).toMatchObject({ table: 'people' })
    expect(problem!.message).toMatch(/rules are given for a column "nope"/)
  })
})
