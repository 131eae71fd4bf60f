// A database as the model implies it: plain data, kept in migrations/meta/snapshot.json, compared and turned into DDL.

/** The types that STRICT tables know. */
export type StrictType = 'INTEGER' | 'REAL' | 'TEXT' | 'BLOB' | 'ANY'

export interface ColumnSchema {
  readonly name: string
  readonly type: StrictType
  readonly notNull: boolean
  /** SQL behind DEFAULT; an expression stands in parentheses. */
  readonly default: string | null
  /** What the column's own CHECK asks: 0 or 1, or valid JSON. NULL passes both. */
  readonly check: 'boolean' | 'json' | null
  readonly generated: { readonly as: string; readonly stored: boolean } | null
}

export interface ForeignKeySchema {
  readonly columns: readonly string[]
  readonly foreignTable: string
  readonly foreignColumns: readonly string[]
  readonly onDelete: string
  readonly onUpdate: string
}

export interface CheckSchema {
  readonly name: string
  readonly sql: string
}

/** Every unique is an index, so that none of them ever needs its table rebuilt. */
export interface IndexSchema {
  readonly name: string
  readonly unique: boolean
  /** SQL of each term: a quoted column, or an expression. */
  readonly terms: readonly string[]
  readonly where: string | null
}

export interface TriggerSchema {
  readonly name: string
  readonly sql: string
}

/** A full-text index; derived, so that a change makes it anew. */
export interface SearchSchema {
  readonly name: string
  /** CREATE VIRTUAL TABLE. */
  readonly sql: string
}

export interface TableSchema {
  readonly name: string
  readonly columns: readonly ColumnSchema[]
  readonly primaryKey: readonly string[]
  readonly autoIncrement: boolean
  readonly foreignKeys: readonly ForeignKeySchema[]
  readonly checks: readonly CheckSchema[]
  readonly indexes: readonly IndexSchema[]
  /** The engine's own, which feed the change log and keep the full-text indexes. */
  readonly triggers: readonly TriggerSchema[]
  /** Absent where nothing is searchable. */
  readonly search?: readonly SearchSchema[]
}

export interface ViewSchema {
  readonly name: string
  readonly columns: readonly string[]
  /** The SELECT behind AS. */
  readonly query: string
}

/** Tables in the order of declaration, the engine's first. */
export interface DatabaseSchema {
  readonly tables: readonly TableSchema[]
  /** Absent where there is none. */
  readonly views?: readonly ViewSchema[]
}

/** Triggers with this prefix are the engine's. */
export const TRIGGER_PREFIX = 'sys_log_'

export function findTable(schema: DatabaseSchema, name: string): TableSchema | undefined {
  return schema.tables.find((table) => table.name === name)
}
