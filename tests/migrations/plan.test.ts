// Migrations on tables that hold rows: nothing is lost, nothing is guessed, triggers come back.
import { sql } from 'drizzle-orm'
import { check, integer, primaryKey, sqliteTable, text, uniqueIndex, type SQLiteColumnBuilderBase } from 'drizzle-orm/sqlite-core'
import { expect, test } from 'vitest'
import { anyone, app, table, type AppDefinition, type SQLiteTableLike } from '../../src/define'
import { engineSchema, expectedSchema, parseRename, planMigration, SchemaError, type DatabaseSchema } from '../../src/migrations'
import { batch, drift, head, logged, migrate } from './database'

const open = { read: anyone(), insert: anyone(), update: anyone(), delete: anyone() }
const schemaOf = (...tables: SQLiteTableLike[]): DatabaseSchema =>
  expectedSchema(app({ name: 'Test', tables: tables.map((one) => table(one, open)) }))
const renames = (...list: string[]) => ({ renames: list.map((one) => parseRename(one)!), drops: [] })
const drops = (...list: string[]) => ({ renames: [], drops: list })

const id = () => ({ id: text('id').primaryKey() })
/** A parent, a child that cascades, and a grandchild that cascades. */
function family(prefix: string, extra: Record<string, SQLiteColumnBuilderBase> = {}) {
  const parent = sqliteTable(`${prefix}_parent`, { ...id(), title: text('title').notNull(), ...extra })
  const child = sqliteTable(`${prefix}_child`, {
    ...id(),
    parentId: text('parent_id')
      .notNull()
      .references(() => parent.id, { onDelete: 'cascade' }),
  })
  const grandchild = sqliteTable(`${prefix}_grandchild`, {
    ...id(),
    childId: text('child_id').references(() => child.id, { onDelete: 'cascade' }),
  })
  return [parent, child, grandchild] as const
}
async function fill(prefix: string) {
  await batch(
    `INSERT INTO ${prefix}_parent (id, title) VALUES ('p1', 'One'), ('p2', 'Two')`,
    `INSERT INTO ${prefix}_child (id, parent_id) VALUES ('c1', 'p1'), ('c2', 'p1'), ('c3', 'p2')`,
    `INSERT INTO ${prefix}_grandchild (id, child_id) VALUES ('g1', 'c1'), ('g2', 'c3')`,
  )
}
const counts = async (...tables: string[]) =>
  (await batch(`SELECT ${tables.map((name) => `(SELECT count(*) FROM ${name}) AS ${name}`).join(', ')}`))[0]!

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

test('rebuilding a parent keeps the rows of children that cascade, counts them, and leaves every trigger', async () => {
  const before = schemaOf(...family('cas'))
  await migrate(engineSchema(), before)
  await fill('cas')
  // A computed default can't be added in place.
  const after = schemaOf(
    ...family('cas', {
      made: integer('made')
        .notNull()
        .default(sql`(unixepoch())`),
    }),
  )
  const from = await head()
  const statements = await migrate(before, after)
  expect(statements.filter((statement) => statement.startsWith('DROP TABLE'))).toEqual([
    'DROP TABLE `cas_grandchild`',
    'DROP TABLE `cas_child`',
    'DROP TABLE `cas_parent`',
  ])
  expect(statements.some((statement) => statement.includes('PRAGMA'))).toBe(false)
  expect(await counts('cas_parent', 'cas_child', 'cas_grandchild')).toEqual({ cas_parent: 2, cas_child: 3, cas_grandchild: 2 })
  expect(await drift(after)).toEqual([])
  expect(await logged(from)).toEqual([])
  // Foreign keys still hold, and still cascade, and the log still hears of it.
  await expect(batch(`INSERT INTO cas_child (id, parent_id) VALUES ('x', 'nobody')`)).rejects.toThrow('FOREIGN KEY')
  await batch(`DELETE FROM cas_parent WHERE id = 'p1'`)
  expect(await counts('cas_parent', 'cas_child', 'cas_grandchild')).toEqual({ cas_parent: 1, cas_child: 1, cas_grandchild: 1 })
  expect((await logged(from)).map(({ tbl }) => tbl).toSorted()).toEqual(['cas_child', 'cas_child', 'cas_grandchild', 'cas_parent'])
})

test('the usual rebuild, which drops a parent under its children, is the trap that ours avoids', async () => {
  const before = schemaOf(...family('trap'))
  await migrate(engineSchema(), before)
  await fill('trap')
  await batch(
    'PRAGMA foreign_keys=OFF',
    'CREATE TABLE `__new_trap_parent` (`id` text PRIMARY KEY NOT NULL, `title` text NOT NULL, `rank` text)',
    'INSERT INTO `__new_trap_parent`("id", "title", "rank") SELECT "id", "title", "rank" FROM `trap_parent`',
    'DROP TABLE `trap_parent`',
    'ALTER TABLE `__new_trap_parent` RENAME TO `trap_parent`',
    'PRAGMA foreign_keys=ON',
  )
  expect(await counts('trap_parent', 'trap_child', 'trap_grandchild')).toEqual({ trap_parent: 2, trap_child: 0, trap_grandchild: 0 })
  expect(await batch('SELECT DISTINCT rank FROM trap_parent')).toEqual([{ rank: 'rank' }])
  const found = await drift(before)
  expect(found).toContain('table "trap_parent" isn\'t STRICT')
  expect(found).toContain('column "trap_parent.rank" isn\'t declared')
  expect(found).toContain('trigger "sys_log_trap_parent_insert" on "trap_parent" is missing')
})

test('a rebuild copies the columns that both sides have, and a new one takes its default, never its own name', async () => {
  const old = sqliteTable('copy', { ...id(), kept: text('kept'), gone: text('gone') })
  const before = schemaOf(old)
  await migrate(engineSchema(), before)
  await batch(`INSERT INTO copy (id, kept, gone, _version, _updated_at) VALUES ('a', 'k', 'g', 4, 99), ('b', NULL, 'g', 5, 99)`)
  const now = sqliteTable('copy', { ...id(), kept: text('kept').notNull().default('none'), fresh: text('fresh') })
  const after = schemaOf(now)
  expect(planMigration(before, after).problems).toEqual([expect.stringContaining('--drop copy.gone')])
  await migrate(before, after, drops('copy.gone'))
  expect(await batch('SELECT * FROM copy ORDER BY id')).toEqual([
    { id: 'a', kept: 'k', fresh: null, _version: 4, _updated_at: 99 },
    { id: 'b', kept: 'none', fresh: null, _version: 5, _updated_at: 99 },
  ])
  expect(await drift(after)).toEqual([])
})

test('a rebuild that would lose rows raises, and undoes the migration', async () => {
  const before = schemaOf(...family('cnt'))
  await migrate(engineSchema(), before)
  await fill('cnt')
  const after = schemaOf(...family('cnt', { made: integer('made').default(sql`(unixepoch())`) }))
  const statements = planMigration(before, after).statements.map((statement) =>
    statement.startsWith('INSERT INTO `cnt_child__new`') ? `${statement} WHERE \`id\` <> 'c2'` : statement,
  )
  await expect(batch(...statements)).rejects.toThrow('PERIGEE|count|cnt_child|0')
  expect(await counts('cnt_parent', 'cnt_child', 'cnt_grandchild')).toEqual({ cnt_parent: 2, cnt_child: 3, cnt_grandchild: 2 })
  expect(await drift(before)).toEqual([])
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

test('a child loses its reference in the migration that drops its parent, and keeps its rows', async () => {
  const [parent, child] = family('orphan')
  const before = schemaOf(parent, child)
  await migrate(engineSchema(), before)
  await batch(`INSERT INTO orphan_parent (id, title) VALUES ('p', 't')`, `INSERT INTO orphan_child (id, parent_id) VALUES ('c', 'p')`)
  const after = schemaOf(sqliteTable('orphan_child', { ...id(), parentId: text('parent_id').notNull() }))
  await migrate(before, after, drops('orphan_parent'))
  expect(await batch('SELECT id, parent_id FROM orphan_child')).toEqual([{ id: 'c', parent_id: 'p' }])
  expect(await drift(after)).toEqual([])
})

test('numbers that AUTOINCREMENT gave are never given again after a rebuild', async () => {
  const make = (name: string, extra: Record<string, SQLiteColumnBuilderBase> = {}) =>
    sqliteTable(name, { id: integer('id').primaryKey({ autoIncrement: true }), note: text('note'), ...extra })
  const before = schemaOf(make('auto_some'), make('auto_none'))
  await migrate(engineSchema(), before)
  await batch(
    `INSERT INTO auto_some (note) VALUES ('a'), ('b'), ('c')`,
    `DELETE FROM auto_some WHERE id = 3`,
    `INSERT INTO auto_none (note) VALUES ('a'), ('b')`,
    'DELETE FROM auto_none',
  )
  const extra = { made: integer('made').default(sql`(unixepoch())`) }
  await migrate(before, schemaOf(make('auto_some', extra), make('auto_none', extra)))
  await batch(`INSERT INTO auto_some (note) VALUES ('d')`, `INSERT INTO auto_none (note) VALUES ('d')`)
  expect(await batch(`SELECT (SELECT max(id) FROM auto_some) AS some, (SELECT max(id) FROM auto_none) AS none`)).toEqual([
    { some: 4, none: 3 },
  ])
})

test('tables that refer to each other, and one that refers to itself, are rebuilt with their rows', async () => {
  const make = (extra: Record<string, SQLiteColumnBuilderBase> = {}) => {
    const left = sqliteTable('ring_left', {
      ...id(),
      rightId: text('right_id').references((): never => right.id as never),
      selfId: text('self_id').references((): never => left.id as never),
      ...extra,
    })
    const right = sqliteTable('ring_right', { ...id(), leftId: text('left_id').references(() => left.id) })
    return [left, right] as const
  }
  const before = schemaOf(...make())
  await migrate(engineSchema(), before)
  await batch(
    `INSERT INTO ring_left (id) VALUES ('l1'), ('l2')`,
    `INSERT INTO ring_right (id, left_id) VALUES ('r1', 'l1')`,
    `UPDATE ring_left SET right_id = 'r1', self_id = 'l2'`,
  )
  const after = schemaOf(...make({ made: integer('made').default(sql`(unixepoch())`) }))
  await migrate(before, after)
  expect(await batch('SELECT id, right_id, self_id FROM ring_left ORDER BY id')).toEqual([
    { id: 'l1', right_id: 'r1', self_id: 'l2' },
    { id: 'l2', right_id: 'r1', self_id: 'l2' },
  ])
  expect(await drift(after)).toEqual([])
  await expect(batch(`INSERT INTO ring_right (id, left_id) VALUES ('r2', 'nobody')`)).rejects.toThrow('FOREIGN KEY')
})

test('rows that restrict each other do not stand in the way of a rebuild, and restrict afterwards', async () => {
  const tree = (extra: Record<string, SQLiteColumnBuilderBase> = {}) => {
    const one = sqliteTable('strict_tree', {
      ...id(),
      parentId: text('parent_id').references((): never => one.id as never, { onDelete: 'restrict' }),
      ...extra,
    })
    return schemaOf(one)
  }
  const before = tree()
  await migrate(engineSchema(), before)
  await batch(`INSERT INTO strict_tree (id, parent_id) VALUES ('a', NULL), ('b', 'a'), ('c', 'b')`)
  const after = tree({ made: integer('made').default(sql`(unixepoch())`) })
  await migrate(before, after)
  expect(await batch('SELECT id, parent_id FROM strict_tree ORDER BY id')).toEqual([
    { id: 'a', parent_id: null },
    { id: 'b', parent_id: 'a' },
    { id: 'c', parent_id: 'b' },
  ])
  await expect(batch(`DELETE FROM strict_tree WHERE id = 'a'`)).rejects.toThrow('FOREIGN KEY')
  await migrate(after, engineSchema(), drops('strict_tree'))
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
