// The model: what every protocol, the compiler and the migrations know of an app. Plain data, built once from its declaration.
import type * as z from 'zod'
import type { Expression, OperandNode } from './expression'
import type { SearchModel } from './searchable'
import type { ChangeArgument, Interruption } from './consumer'
import type { SQLiteTableLike } from './drizzle'
import type { FunctionArgument } from './function'
import type { JobArgument, RetryDecision } from './job'

/** How a column's values are stored, written in JSON and compared. */
export type ColumnType =
  | 'text'
  | 'uuid'
  /** A local date, `YYYY-MM-DD`, kept as text. */
  | 'date'
  | 'integer'
  /** Stored as INTEGER, exact to 64 bits; a JSON number on the wire. */
  | 'bigint'
  | 'real'
  /** A decimal kept as text and written as a JSON number. */
  | 'numeric'
  /** 0 or 1; `true` or `false` on the wire. */
  | 'boolean'
  /** UTC seconds; ISO 8601 with offset on the wire. */
  | 'timestamp'
  /** UTC milliseconds; ISO 8601 with offset on the wire. */
  | 'timestamp_ms'
  /** JSON text; any JSON on the wire. */
  | 'json'
  /** Bytes; `\x` and hex digits on the wire. */
  | 'blob'
  /** A range of some kind, kept as a JSON list of its text and bounds; Postgres' text on the wire. */
  | 'range'

/** What a range is of: Postgres' names. */
export type RangeKind = 'int4range' | 'int8range' | 'numrange' | 'daterange' | 'tsrange' | 'tstzrange'

/** Where the value of a new row comes from when the client names none. */
export type ColumnDefault =
  /** SQL that stands in the table's DDL. */
  | { readonly kind: 'sql'; readonly sql: string }
  /** Drizzle's `$defaultFn`, run for each row. */
  | { readonly kind: 'function'; readonly make: () => unknown }
  /** The caller or the clock, from the table's rules. */
  | { readonly kind: 'operand'; readonly operand: OperandNode }
  /** A UUIDv7: text primary keys without another default. */
  | { readonly kind: 'uuid' }
  /** SQLite numbers the row itself (INTEGER PRIMARY KEY). */
  | { readonly kind: 'rowid' }

export interface ColumnModel {
  /** Name in the database and on the wire. */
  readonly name: string
  /** Name in the Drizzle declaration. */
  readonly property: string
  readonly type: ColumnType
  /** The kind of a `range`. */
  readonly range?: RangeKind
  readonly notNull: boolean
  readonly primaryKey: boolean
  /** Doesn't exist for clients. */
  readonly hidden: boolean
  /** Written by defaults, the engine and the service only. */
  readonly readOnly: boolean
  /** Computed by SQLite; nobody writes it. */
  readonly generated: boolean
  /** Of the engine: `_version` or `_updated_at`. */
  readonly engine: boolean
  readonly default: ColumnDefault | null
  readonly onUpdate: OperandNode | null
  /** Where not TRUE the value is NULL; null when everyone who reads the row reads the column. */
  readonly read: Expression | null
  /** The allowed texts, when declared. */
  readonly values: readonly string[] | null
  /** Longest text in characters, when declared. */
  readonly maxLength: number | null
  /** What a computed column's value is; null for one that is stored. Columns inside carry wire names. */
  readonly computed: OperandNode | null
  /** A view's column, which SQLite may know no type of: what is compared with it must have the type already. */
  readonly bare: boolean
}

export interface ForeignKey {
  /** `{table}_{columns}_fkey`, as Postgres would name it, unless the declaration does. */
  readonly name: string
  readonly columns: readonly string[]
  readonly foreignTable: string
  readonly foreignColumns: readonly string[]
  readonly onDelete: string
  readonly onUpdate: string
}

export interface Unique {
  readonly name: string
  readonly columns: readonly string[]
}

export interface Index {
  readonly name: string
  readonly columns: readonly string[]
  readonly unique: boolean
}

/** A way from one table to another that a foreign key or a declared relation opens, seen from one end. */
export interface Relationship {
  readonly kind: 'to-one' | 'to-many' | 'one-to-one' | 'many-to-many'
  readonly from: string
  readonly to: string
  /** Declared under this name, the only one that clients embed it by. */
  readonly name?: string
  /** Pairs [column here, column there]; for many-to-many [column here, junction's column]. */
  readonly columns: readonly (readonly [string, string])[]
  /** The foreign key it follows, or the relation's name; for many-to-many the junction's key to this end. */
  readonly constraint: string
  readonly junction?: {
    readonly table: string
    /** Pairs [junction's column, column there]. */
    readonly columns: readonly (readonly [string, string])[]
    readonly constraint: string
  }
}

export interface TableModel {
  readonly name: string
  readonly description: string | null
  /** The schema and the name that clients know it by. */
  readonly exposed: { readonly schema: string; readonly name: string }
  /** Whether any protocol offers it. Policies of one that isn't served are all `never`. */
  readonly served: boolean
  /** By wire name, in the order of declaration, the engine's last. */
  readonly columns: ReadonlyMap<string, ColumnModel>
  /** Columns that aren't stored, by wire name: no part of `*`. */
  readonly computed: ReadonlyMap<string, ColumnModel>
  /** Whether it is a view: nobody writes it, and `primaryKey` is what its declaration calls its key. */
  readonly view: boolean
  readonly primaryKey: readonly string[]
  /** Uniques other than the primary key, whether by constraint or by index. */
  readonly uniques: readonly Unique[]
  readonly indexes: readonly Index[]
  readonly foreignKeys: readonly ForeignKey[]
  readonly checks: readonly string[]
  readonly relationships: readonly Relationship[]
  /** Column operands inside carry wire names. */
  readonly policies: {
    readonly read: Expression
    readonly insert: Expression
    readonly update: { readonly using: Expression; readonly check: Expression }
    readonly delete: Expression
  }
  /** What full-text search reads; null when nothing is declared `searchable`. */
  readonly search: SearchModel | null
  /** Wire name of the partition column. */
  readonly partition: string | null
  readonly maxRows: number
  /** Strangers may read it from a replica that lags. */
  readonly replicas: boolean
  /** Seconds for which strangers are answered from their location's cache; null when never. */
  readonly cacheSeconds: number | null
  readonly audit: boolean
  readonly sync: boolean
  readonly file: string | null
}

export interface Model {
  readonly name: string
  readonly description: string
  readonly tables: ReadonlyMap<string, TableModel>
  /** By name. */
  readonly functions: ReadonlyMap<string, FunctionModel>
  /** By name. */
  readonly jobs: ReadonlyMap<string, JobModel>
  /** What the app does about changes, by name. */
  readonly consumers: ReadonlyMap<string, ConsumerModel>
}

export interface ConsumerModel {
  readonly name: string
  readonly table: string
  /** Letters of the log; null for all. */
  readonly ops: readonly ('I' | 'U' | 'D')[] | null
  /** Of updates, names of columns of which one must have changed; null for any. */
  readonly columns: readonly string[] | null
  readonly from: 'now' | 'beginning'
  readonly attempts: number
  readonly handle: (argument: ChangeArgument<SQLiteTableLike>) => void | Promise<void>
  readonly interrupted: ((interruption: Interruption) => void | Promise<void>) | null
  readonly file: string | null
}

/** What a function gives; `many` says whether in a list. */
export type FunctionResult =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'value'; readonly many: boolean; readonly schema: z.ZodType }
  /** Rows of a served table. */
  | { readonly kind: 'table'; readonly many: boolean; readonly table: string }
  /** Rows of the app's own; `table` has the columns of `schema`, and one that keeps their order. */
  | { readonly kind: 'rows'; readonly many: boolean; readonly schema: z.ZodType; readonly table: TableModel }

export interface FunctionModel {
  readonly name: string
  readonly description: string | null
  readonly writes: boolean
  /** Who may call: speaks of the caller alone. */
  readonly who: Expression
  readonly arguments: ReadonlyMap<string, { readonly schema: z.ZodType; readonly required: boolean }>
  /** Null when it takes none. */
  readonly schema: z.ZodObject | null
  readonly result: FunctionResult
  readonly run: (argument: FunctionArgument<unknown, unknown>) => unknown
  readonly file: string | null
}

/** When the clock begins a job. */
export interface CronModel {
  readonly pattern: string
  /** IANA name. */
  readonly zone: string
}

export interface JobModel {
  readonly name: string
  readonly description: string | null
  readonly payload: z.ZodType
  readonly attempts: number
  readonly leaseMs: number
  readonly backoff: { readonly firstMs: number; readonly mostMs: number }
  readonly retry: (error: unknown, attempt: number) => RetryDecision
  readonly unique: ((payload: unknown) => string) | null
  readonly cron: CronModel | null
  readonly run: (argument: JobArgument<unknown>) => unknown
  readonly file: string | null
}

/** The column that clients know by this name, stored or computed; undefined where there is none, or a hidden one. */
export function knownColumn(table: TableModel, name: string): ColumnModel | undefined {
  const found = table.columns.get(name) ?? table.computed.get(name)
  return found?.hidden ? undefined : found
}

/** Something in a declaration that can't work, with the place and the remedy. */
export interface Problem {
  /** The name of the table, or of what else it is a problem of. */
  readonly table: string
  /** `table` when absent. */
  readonly of?: 'function' | 'job' | 'consumer' | 'sign-in' | 'provider'
  readonly file: string | null
  /** What is wrong and what to do, one sentence each. */
  readonly message: string
}

/** The schema of tables that name none. */
export const DEFAULT_SCHEMA = 'public'
/** The version counter of a row, starting at 1. */
export const VERSION_COLUMN = '_version'
/** When the row was last written, UTC ms by the database's clock. */
export const UPDATED_AT_COLUMN = '_updated_at'
/** How many `exists` may stand inside one another. */
export const MAX_EXISTS_DEPTH = 4
export const DEFAULT_MAX_ROWS = 1000
