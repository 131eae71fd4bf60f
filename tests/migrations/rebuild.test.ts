// Rebuilt tables keep their rows: under children that cascade, in circles, behind numbers and restrictions.
import { sql } from 'drizzle-orm'
import { integer, sqliteTable, text, type SQLiteColumnBuilderBase } from 'drizzle-orm/sqlite-core'
import { expect, test } from 'vitest'
import { engineSchema, planMigration } from '../../src/migrations'
import { batch, drift, head, logged, migrate } from './database'
import { counts, drops, family, fill, id, schemaOf } from './tables'

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

test('a new table may refer to two that are rebuilt, and a circle of three may go', async () => {
  const made = { made: integer('made').default(sql`(unixepoch())`) }
  const pair = (extra: Record<string, SQLiteColumnBuilderBase> = {}) =>
    [sqliteTable('mesh_a', { ...id(), ...extra }), sqliteTable('mesh_b', { ...id(), ...extra })] as const
  const before = schemaOf(...pair())
  await migrate(engineSchema(), before)
  await batch(`INSERT INTO mesh_a (id) VALUES ('a')`, `INSERT INTO mesh_b (id) VALUES ('b')`)
  const [a, b] = pair(made)
  const cascade = { onDelete: 'cascade' } as const
  const joined = sqliteTable('mesh_joined', {
    ...id(),
    a: text('a').references(() => a.id, cascade),
    b: text('b').references(() => b.id, cascade),
  })
  const ring = ['mesh_x', 'mesh_y', 'mesh_z'].map((name, i) =>
    sqliteTable(name, {
      ...id(),
      next: text('next').references((): never => ring[(i + 1) % 3]!.id as never, cascade),
      over: text('over').references((): never => ring[(i + 2) % 3]!.id as never, cascade),
    }),
  ) as ReturnType<typeof pair>[number][]
  const after = schemaOf(a, b, joined, ...ring)
  await migrate(before, after)
  expect(await drift(after)).toEqual([])
  await batch(
    `INSERT INTO mesh_joined (id, a, b) VALUES ('j', 'a', 'b')`,
    ...['x', 'y', 'z'].map((name) => `INSERT INTO mesh_${name} (id) VALUES ('1')`),
    ...['x', 'y', 'z'].map((name) => `UPDATE mesh_${name} SET next = '1', over = '1'`),
  )
  const last = schemaOf(a, b, joined)
  await migrate(after, last, drops('mesh_x', 'mesh_y', 'mesh_z'))
  expect(await drift(last)).toEqual([])
  expect(await counts('mesh_a', 'mesh_b', 'mesh_joined')).toEqual({ mesh_a: 1, mesh_b: 1, mesh_joined: 1 })
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
