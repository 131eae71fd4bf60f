// Declares that a Drizzle table is served, under which policies, and what clients see of its columns.
import type { AnySQLiteColumn } from 'drizzle-orm/sqlite-core'
import type { ComputedRule } from './computed'
import { getTableName, type RowSource, type SQLiteTableLike } from './drizzle'
import type { ColumnsOf, DataOf, Expression, PolicyArgument, RowOf, Value } from './expression'
import type { RangeKind } from './model'
import type { Relations } from './relation'
import type { Searchable } from './searchable'

/** Decides, as data, who may. Called once, when the model is built. */
export type Policy<T extends RowSource = SQLiteTableLike> = (argument: PolicyArgument<T>) => Expression

/** `using` is judged on the row as it was, `check` on the row as it becomes. */
export interface UpdatePolicy<T extends SQLiteTableLike> {
  readonly using: Policy<T>
  readonly check: Policy<T>
}

/** What a default may be made of. */
export interface DefaultArgument {
  readonly auth: PolicyArgument<SQLiteTableLike>['auth']
  readonly now: PolicyArgument<SQLiteTableLike>['now']
}

export interface ColumnRule<T extends SQLiteTableLike, V = unknown> {
  /** The column doesn't exist for clients, in no protocol. */
  readonly hidden?: boolean
  /** Clients read it; only defaults, the service and the engine write it. */
  readonly readOnly?: boolean
  /** What a text column holds: a UUID (kept in lower case), a local date `YYYY-MM-DD`, or a range by Postgres' name of its type. */
  readonly format?: 'uuid' | 'date' | RangeKind
  /** Where this isn't TRUE the value is NULL everywhere: also in filters, order, aggregates and ETags. */
  readonly read?: Policy<T>
  /** The value of a new row that names none, for example `({ auth }) => auth.uid`. */
  readonly default?: (argument: DefaultArgument) => Value<V>
  /** The value at every update, whatever the client sends, for example `({ now }) => now`. */
  readonly onUpdate?: (argument: DefaultArgument) => Value<V>
}

export interface TableRules<T extends SQLiteTableLike> {
  readonly read: Policy<T>
  readonly insert: Policy<T>
  /** One predicate for both sides, or one for each. */
  readonly update: Policy<T> | UpdatePolicy<T>
  readonly delete: Policy<T>
  readonly columns?: { readonly [K in keyof ColumnsOf<T>]?: ColumnRule<T, DataOf<ColumnsOf<T>[K]>> }
  /** Text columns that full-text search reads, for example `['title', 'body']`. */
  readonly searchable?: Searchable<keyof ColumnsOf<T> & string>
  /** Columns that aren't stored, by their names on the wire: selected by name, not part of `*`, never written. */
  readonly computed?: Readonly<Record<string, ComputedRule<T>>>
  /** Ways to related rows that no foreign key opens, by the name that clients embed them under. A function where tables refer to each other. */
  readonly relations?: Relations | (() => Relations)
  /** The column by which rows are spread over several stores. */
  readonly partition?: keyof ColumnsOf<T> & string
  /**
   * Where clients find the table: in a schema of its own (`.schema('personal')`), `public` when absent, under a name of its own. Embeds
   * lead to tables of the same schema.
   */
  readonly exposed?: { readonly schema?: string; readonly name?: string }
  /** Rows that fetch no more than this at once; 1000 when absent. */
  readonly maxRows?: number
  /** Strangers, who have no session to lose, may read it from a replica near them that lags a little; people read what is new enough for them. */
  readonly replicas?: boolean
  /** Strangers are answered from their location's cache for so many seconds, 1 to 86,400. Nobody who signed in ever is. */
  readonly cache?: { readonly maxAge: number }
  /** Keep who, which request and which origin wrote, with each change. */
  readonly audit?: boolean
  /** Offered to offline clients; their origin is kept with each change. */
  readonly sync?: boolean
  readonly description?: string
}

/** A table together with its rules and the file that declared them. */
export interface TableDeclaration {
  readonly table: SQLiteTableLike
  readonly rules: TableRules<SQLiteTableLike>
  /** Where it was declared, when the runtime can tell. */
  readonly file: string | null
}

/** Serves a table. All four policies must be named: what isn't allowed here is denied. */
export function table<T extends SQLiteTableLike>(drizzleTable: T, rules: TableRules<T>): TableDeclaration {
  return { table: drizzleTable, rules: rules as unknown as TableRules<SQLiteTableLike>, file: callerFile() }
}

/** Everyone, signed in or not. */
export function anyone(): Policy<SQLiteTableLike> {
  return ({ always }) => always
}

/** Nobody but the service. */
export function nobody(): Policy<SQLiteTableLike> {
  return ({ never }) => never
}

/** Any person who is signed in. */
export function signedIn(): Policy<SQLiteTableLike> {
  return ({ auth, isNotNull }) => isNotNull(auth.uid)
}

/** The person whose id stands in `column`. */
export function owner(column: AnySQLiteColumn<{ data: string }>): Policy<SQLiteTableLike> {
  return ({ row, auth, eq }) => {
    const property = propertyOf(column)
    return eq((row as RowOf<SQLiteTableLike> & Record<string, never>)[property]!, auth.uid)
  }
}

function propertyOf(column: AnySQLiteColumn): string {
  const columns = (column.table as unknown as Record<symbol, Record<string, { name?: string }>>)[Symbol.for('drizzle:Columns')] ?? {}
  const found = Object.entries(columns).find(([, candidate]) => candidate.name === column.name)
  if (!found) throw new Error(`owner(): the column isn't part of the table ${getTableName(column.table as SQLiteTableLike)}`)
  return found[0]
}

/** The first frame outside the engine; null where stacks don't name files (a bundled Worker). */
export function callerFile(): string | null {
  const frames = (new Error().stack ?? '').split('\n').slice(2)
  for (const frame of frames) {
    const file = /(?:file:\/\/)?(\/[^():]+\.ts)/.exec(frame)?.[1]
    if (file && !/\/src\/define\//.test(file)) return file
  }
  return null
}
