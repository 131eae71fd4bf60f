// The little we need of Drizzle's own types, named once.
import { getTableName as drizzleTableName } from 'drizzle-orm'
import type { SQLiteTable, SQLiteView } from 'drizzle-orm/sqlite-core'

/** Something that has rows of named columns. */
export interface RowSource {
  readonly _: { readonly columns: Record<string, unknown> }
}

// Drizzle's table type is invariant in its config; policies only ever read the columns.
export type SQLiteTableLike = SQLiteTable & { readonly _: { readonly columns: Record<string, unknown> } }

/** Drizzle's view, of either form: with declared columns, or made by its query builder. */
export type SQLiteViewLike = SQLiteView & { readonly _: { readonly selectedFields: Record<string, unknown> } }

/** The table's name in the database, which is its name on the wire. */
export function getTableName(table: SQLiteTableLike): string {
  return drizzleTableName(table)
}
