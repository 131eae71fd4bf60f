// The little we need of Drizzle's own types, named once.
import { getTableName as drizzleTableName, is } from 'drizzle-orm'
import { getViewConfig, SQLiteView, type SQLiteTable } from 'drizzle-orm/sqlite-core'

/** Something that has rows of named columns. */
export interface RowSource {
  readonly _: { readonly columns: Record<string, unknown> }
}

// Drizzle's table type is invariant in its config; policies only ever read the columns.
export type SQLiteTableLike = SQLiteTable & { readonly _: { readonly columns: Record<string, unknown> } }

/** Drizzle's view, of either form: with declared columns, or made by its query builder. */
export type SQLiteViewLike = SQLiteView & { readonly _: { readonly selectedFields: Record<string, unknown> } }

/** The table's or view's name in the database, which is its name on the wire unless the rules give it another. */
export function getTableName(source: SQLiteTableLike | SQLiteViewLike): string {
  return is(source, SQLiteView) ? getViewConfig(source).name : drizzleTableName(source as SQLiteTable)
}
