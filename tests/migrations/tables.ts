// Small tables that tests of migrations are made of.
import { sqliteTable, text, type SQLiteColumnBuilderBase } from 'drizzle-orm/sqlite-core'
import { anyone, app, table, type SQLiteTableLike } from '../../src/define'
import { expectedSchema, parseRename, type DatabaseSchema } from '../../src/migrations'
import { batch } from './database'

export const open = { read: anyone(), insert: anyone(), update: anyone(), delete: anyone() }
export const schemaOf = (...tables: SQLiteTableLike[]): DatabaseSchema =>
  expectedSchema(app({ name: 'Test', tables: tables.map((one) => table(one, open)) }))
export const renames = (...list: string[]) => ({ renames: list.map((one) => parseRename(one)!), drops: [] })
export const drops = (...list: string[]) => ({ renames: [], drops: list })

export const id = () => ({ id: text('id').primaryKey() })
/** A parent, a child that cascades, and a grandchild that cascades. */
export function family(prefix: string, extra: Record<string, SQLiteColumnBuilderBase> = {}) {
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
export async function fill(prefix: string) {
  await batch(
    `INSERT INTO ${prefix}_parent (id, title) VALUES ('p1', 'One'), ('p2', 'Two')`,
    `INSERT INTO ${prefix}_child (id, parent_id) VALUES ('c1', 'p1'), ('c2', 'p1'), ('c3', 'p2')`,
    `INSERT INTO ${prefix}_grandchild (id, child_id) VALUES ('g1', 'c1'), ('g2', 'c3')`,
  )
}
export const counts = async (...tables: string[]) =>
  (await batch(`SELECT ${tables.map((name) => `(SELECT count(*) FROM ${name}) AS ${name}`).join(', ')}`))[0]!
