// The little we need of Drizzle's own types, named once.
import { getTableName as drizzleTableName } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'

// Drizzle's table type is invariant in its config; policies only ever read the columns.
export type SQLiteTableLike = SQLiteTable & { readonly _: { readonly columns: Record<string, unknown> } }

/** The table's name in the database, which is its name on the wire. */
export function getTableName(table: SQLiteTableLike): string {
  return drizzleTableName(table)
}
