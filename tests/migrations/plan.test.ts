// Migrations on tables that hold rows: nothing is lost, nothing is guessed, triggers come back.
import { sql } from 'drizzle-orm'
import {
  check,
  integer,
  primaryKey,
  sqliteTable,
  sqliteView,
  text,
  uniqueIndex,
  type AnySQLiteColumn,
  type SQLiteColumnBuilderBase,
} from 'drizzle-orm/sqlite-core'
import { expect, test } from 'vitest'
import { anyone, app, table, view, type AppDefinition, type SQLiteTableLike } from '../../src/define'
import { engineSchema, expectedSchema, parseRename, planMigration, SchemaError } from '../../src/migrations'
import { batch, drift, head, logged, migrate } from './database'
import { drops, family, fill, id, open, renames, schemaOf } from './tables'

test('a new column is added in place, and the log knows it', async () => {
  const before = schemaOf(...family('add'))
  await migrate(engineSchema(), before)
  await fill('add')
  const after = schemaOf(
    ...family('add', {
      rank: integer('rank').notNull().default(7),
      live: integer('live', { mode: 'boolean' }),
      spot: text('spot').references(() => family('add')[0].id),
    }),
  )
  const from = await head()
  const statements = await migrate(before, after)
  expect(statements.some((statement) => statement.includes('__new'))).toBe(false)
  expect(await drift(after)).toEqual([])
  expect(await logged(from)).toEqual([])
  expect(await batch(`SELECT rank, live, _version FROM add_parent`)).toEqual([
    { rank: 7, live: null, _version: 1 },
    { rank: 7, live: null, _version: 1 },
  ])
  await batch(`UPDATE add_parent SET rank = 8 WHERE id = 'p1'`)
  expect(await logged(from)).toMatchObject([{ op: 'U', columns: ['rank'], new: { id: 'p1', rank: 8 } }])
  await expect(batch(`UPDATE add_parent SET live = 5`)).rejects.toThrow('CHECK')
})

test('columns and tables are renamed when told so, with their rows, keys and indexes', async () => {
  const parent = sqliteTable('ren_parent', { ...id(), title: text('title').notNull(), meta: text('meta', { mode: 'json' }) }, (t) => [
    uniqueIndex('ren_title').on(t.title),
    check('ren_title_long', sql`length(${t.title}) > 0`),
  ])
  const child = sqliteTable('ren_child', { ...id(), parentId: text('parent_id').references(() => parent.id, { onDelete: 'cascade' }) })
  const before = schemaOf(parent, child)
  await migrate(engineSchema(), before)
  await batch(`INSERT INTO ren_parent (id, title, meta) VALUES ('p', 'T', '{}')`, `INSERT INTO ren_child (id, parent_id) VALUES ('c', 'p')`)
  const parent2 = sqliteTable(
    'ren_elder',
    { key: text('key').primaryKey(), name: text('name').notNull(), facts: text('facts', { mode: 'json' }) },
    (t) => [uniqueIndex('ren_title').on(t.name), check('ren_title_long', sql`length(${t.name}) > 0`)],
  )
  const child2 = sqliteTable('ren_child', { ...id(), elder: text('elder').references(() => parent2.key, { onDelete: 'cascade' }) })
  const after = schemaOf(parent2, child2)

  const unasked = planMigration(before, after)
  expect(unasked.statements).toEqual([])
  expect(unasked.problems.join('\n')).toContain('--rename ren_parent:ren_elder')

  const asked = renames(
    'ren_parent.id:key',
    'ren_parent.title:name',
    'ren_parent.meta:facts',
    'ren_parent:ren_elder',
    'ren_child.parent_id:elder',
  )
  const statements = await migrate(before, after, asked)
  expect(statements.some((statement) => /^(CREATE|DROP) TABLE/.test(statement))).toBe(false)
  expect(await drift(after)).toEqual([])
  expect(await batch('SELECT key, name, facts, elder FROM ren_elder JOIN ren_child ON elder = key')).toEqual([
    { key: 'p', name: 'T', facts: '{}', elder: 'p' },
  ])
  const from = await head()
  await batch(`DELETE FROM ren_elder`)
  expect(await logged(from)).toMatchObject([
    { tbl: 'ren_child', op: 'D', old: { elder: 'p' } },
    { tbl: 'ren_elder', op: 'D', key: ['p'] },
  ])
})

test('a rename that fits nothing is refused', () => {
  const before = schemaOf(sqliteTable('fit', { ...id(), a: text('a') }))
  const after = schemaOf(sqliteTable('fit', { ...id(), b: text('b') }))
  expect(planMigration(before, after, renames('fit.x:b')).problems[0]).toContain('no such column')
  expect(planMigration(before, after, renames('fit.a:c')).problems[0]).toContain('declares no column "c"')
  expect(planMigration(before, after, renames('fat:b')).problems[0]).toContain('know no table "fat"')
  expect(planMigration(before, after, renames('fit.a:b')).statements).toContain('ALTER TABLE `fit` RENAME COLUMN `a` TO `b`')
  expect(planMigration(before, before, drops('fit.a')).problems[0]).toContain('nothing by that name')
  expect(parseRename('fit.a')).toBeNull()
})

test('a NOT NULL column without a default is refused for a table that may hold rows', () => {
  const before = schemaOf(sqliteTable('nn', id()))
  const after = schemaOf(sqliteTable('nn', { ...id(), must: text('must').notNull() }))
  expect(planMigration(before, after).problems).toEqual([expect.stringContaining('"nn.must" is NOT NULL without a default')])
})

test('a dropped table goes after its children, and only when told', async () => {
  const before = schemaOf(...family('gone'))
  await migrate(engineSchema(), before)
  await fill('gone')
  const after = engineSchema()
  expect(planMigration(before, after).problems).toHaveLength(3)
  const from = await head()
  await migrate(before, after, drops('gone_parent', 'gone_child', 'gone_grandchild'))
  expect(await batch(`SELECT name FROM sqlite_master WHERE tbl_name LIKE 'gone%'`)).toEqual([])
  expect(await logged(from)).toEqual([])
})

test('names with every kind of quote in them are names, in tables, keys and the log', async () => {
  const odd = (extra: Record<string, SQLiteColumnBuilderBase> = {}) =>
    schemaOf(
      sqliteTable('o`d"d \'t', { 'k`"\'': text('k`"\'').primaryKey(), 'v}"\\': text('v}"\\'), ...extra }, (t) => [
        uniqueIndex('i`"\'').on(t['v}"\\']),
      ]),
    )
  const before = odd()
  await migrate(engineSchema(), before)
  expect(await drift(before)).toEqual([])
  const from = await head()
  await batch("INSERT INTO `o``d\"d 't` (`k``\"'`, `v}\"\\`) VALUES ('k', 'v')", 'UPDATE `o``d"d \'t` SET `v}"\\` = NULL')
  expect(await logged(from)).toMatchObject([
    { op: 'I', tbl: 'o`d"d \'t', key: ['k'], new: { 'k`"\'': 'k', 'v}"\\': 'v' } },
    { op: 'U', columns: ['v}"\\'], new: { 'v}"\\': null } },
  ])
  const after = odd({ made: integer('made').default(sql`(unixepoch())`) })
  await migrate(before, after)
  expect(await drift(after)).toEqual([])
  expect(await batch('SELECT count(*) AS n FROM `o``d"d \'t`')).toEqual([{ n: 1 }])
})

test('a table that refers to itself and cascades is refused, with the remedy', () => {
  const tree = sqliteTable('tree', {
    ...id(),
    parentId: text('parent_id').references((): never => tree.id as never, { onDelete: 'cascade' }),
  })
  expect(() => schemaOf(tree)).toThrow(SchemaError)
  expect(() => schemaOf(tree)).toThrow(/parent_id points at its own table and cascades.*onDelete: 'set null'/)
})

test('defaults are values and expressions of any form', async () => {
  const after = schemaOf(
    sqliteTable('defaults', {
      ...id(),
      sum: integer('sum').default(sql`(1 + 1) * (2 + 1)`),
      text: text('text').default(sql`'it''s ('`),
      call: text('call').default(sql`upper('a)')`),
      stamp: text('stamp').default(sql`CURRENT_DATE`),
      day: integer('day', { mode: 'timestamp' }).default(new Date(86_400_000)),
      json: text('json', { mode: 'json' }).default({ a: ["it's"] }),
      off: integer('off', { mode: 'boolean' }).default(false),
    }),
  )
  await migrate(engineSchema(), after)
  await batch(`INSERT INTO defaults (id) VALUES ('a')`)
  expect(await batch('SELECT sum, text, call, length(stamp) AS stamp, day, json, off FROM defaults')).toEqual([
    { sum: 6, text: "it's (", call: 'A)', stamp: 10, day: 86_400, json: `{"a":["it's"]}`, off: 0 },
  ])
})

test('what SQLite would only refuse at the first write is refused when the schema is made', () => {
  const stranger = sqliteTable('stranger', { ...id(), code: text('code') })
  expect(() => schemaOf(sqliteTable('lost', { ...id(), s: text('s').references(() => stranger.id) }))).toThrow(
    /"stranger", which the app doesn't list/,
  )
  expect(() => schemaOf(stranger, sqliteTable('loose', { ...id(), s: text('s').references(() => stranger.code) }))).toThrow(/isn't unique/)
  const columns: Record<string, SQLiteColumnBuilderBase> = {}
  for (let n = 0; n < 98; n++) columns[`c${n}`] = text(`c${n}`)
  expect(() => schemaOf(sqliteTable('broad', { ...id(), ...columns }))).toThrow(/101 columns/)
})

test('uniques and indexes change without a rebuild; keys of several columns and checks with one', async () => {
  const before = schemaOf(
    sqliteTable('keys', { a: text('a').notNull(), b: text('b').notNull(), c: integer('c') }, (t) => [primaryKey({ columns: [t.a] })]),
  )
  await migrate(engineSchema(), before)
  await batch(`INSERT INTO keys (a, b, c) VALUES ('1', '1', 1), ('2', '1', 2)`)
  const unique = schemaOf(
    sqliteTable('keys', { a: text('a').notNull(), b: text('b').notNull(), c: integer('c').unique() }, (t) => [
      primaryKey({ columns: [t.a] }),
    ]),
  )
  expect((await migrate(before, unique)).filter((statement) => statement.includes('TABLE'))).toEqual([])
  const after = schemaOf(
    sqliteTable('keys', { a: text('a').notNull(), b: text('b').notNull(), c: integer('c') }, (t) => [
      primaryKey({ columns: [t.a, t.b] }),
      check('c_positive', sql`${t.c} > 0`),
    ]),
  )
  await migrate(unique, after)
  expect(await drift(after)).toEqual([])
  await batch(`INSERT INTO keys (a, b, c) VALUES ('1', '2', 1)`)
  await expect(batch(`INSERT INTO keys (a, b, c) VALUES ('1', '3', 0)`)).rejects.toThrow('c_positive')
})

test('a policy that begins to read a column changes only the log triggers', async () => {
  const notes = sqliteTable('pol', { ...id(), kind: text('kind') })
  const before = schemaOf(notes)
  await migrate(engineSchema(), before)
  const definition: AppDefinition = app({ name: 'Test', tables: [table(notes, { ...open, read: ({ row, eq }) => eq(row.kind, 'open') })] })
  const after = expectedSchema(definition)
  const { statements, summary } = planMigration(before, after)
  expect(summary).toEqual(['log pol anew'])
  expect(statements.every((statement) => /^(DROP|CREATE) TRIGGER/.test(statement))).toBe(true)
  await batch(...statements)
  expect(await drift(after)).toEqual([])
})

test('drift is named: what is missing, what is too much, what is different', async () => {
  const schema = schemaOf(sqliteTable('drifting', { ...id(), n: integer('n') }, (t) => [uniqueIndex('drifting_n').on(t.n)]))
  await migrate(engineSchema(), schema)
  expect(await drift(schema)).toEqual([])
  await batch(
    'DROP INDEX drifting_n',
    'DROP TRIGGER sys_log_drifting_update',
    'ALTER TABLE drifting ADD COLUMN extra TEXT',
    'CREATE INDEX own ON drifting (id)',
  )
  await batch('CREATE TRIGGER sys_log_drifting_update AFTER UPDATE ON drifting BEGIN SELECT 1; END')
  expect((await drift(schema)).toSorted()).toEqual([
    'column "drifting.extra" isn\'t declared',
    'index "drifting_n" on "drifting" is missing',
    'index "own" on "drifting" isn\'t declared',
    'trigger "sys_log_drifting_update" on "drifting" isn\'t what the model implies',
  ])
})

test('views are made, made anew around every change of tables, and dropped; what they read stays', async () => {
  const [parent, child] = family('seen')
  const counted = (title: AnySQLiteColumn) =>
    sqliteView('seen_counts', { id: text('id'), title: text('title'), children: integer('children') }).as(
      sql`select ${parent.id}, ${title}, (select count(*) from ${child} where ${child.parentId} = ${parent.id}) from ${parent} where ${title} <> ${"it's; END"}`,
    )
  const viewing = (title: AnySQLiteColumn, ...tables: SQLiteTableLike[]) =>
    expectedSchema(
      app({
        name: 'Test',
        tables: tables.map((one) => table(one, open)),
        views: [view(counted(title), { read: anyone(), key: ['id'] })],
      }),
    )
  const plain = schemaOf(...family('seen'))
  await migrate(engineSchema(), plain)
  await fill('seen')
  const first = viewing(parent.title, ...family('seen'))
  expect(await migrate(plain, first)).toHaveLength(2)
  expect(await drift(first)).toEqual([])
  expect(await batch('SELECT * FROM seen_counts ORDER BY id')).toEqual([
    { id: 'p1', title: 'One', children: 2 },
    { id: 'p2', title: 'Two', children: 1 },
  ])
  expect(planMigration(first, first).statements).toEqual([])

  const renamed = sqliteTable('seen_parent', { id: text('id').primaryKey(), name: text('title2').notNull() })
  const second = viewing(renamed.name, renamed, ...family('seen').slice(1))
  await migrate(first, second, renames('seen_parent.title:title2'))
  expect(await drift(second)).toEqual([])
  expect(await batch('SELECT title FROM seen_counts ORDER BY id')).toEqual([{ title: 'One' }, { title: 'Two' }])

  const broken = viewing(parent.title, renamed, ...family('seen').slice(1))
  await expect(migrate(second, broken)).rejects.toThrow(/no such column/)
  expect(await drift(second)).toEqual([])
  await batch('DROP VIEW seen_counts')
  expect(await drift(second)).toEqual(['view "seen_counts" is missing'])
  await batch('CREATE VIEW seen_counts AS SELECT 1')
  expect(await drift(second)).toEqual(['view "seen_counts" isn\'t what the model implies'])

  const last = schemaOf(renamed, ...family('seen').slice(1))
  expect(await migrate(second, last)).toEqual(['DROP VIEW `seen_counts`'])
  expect(await batch('SELECT count(*) AS n FROM seen_parent')).toEqual([{ n: 2 }])
})
