// What a client asks, as plain data: every dialect writes it, the compiler turns it into SQL. It never says who asks, and
// holds no text that becomes SQL: names are looked up in the model, values are bound.
import type { Relationship, TableModel } from '../define'

/** One question or one change, or several that succeed or fail together. */
export interface Query {
  readonly operations: readonly Operation[]
  readonly shape: Shape
  /** Claimed inside the write's own batch; the same key and request are answered as the first was. */
  readonly idempotency?: { readonly key: string; readonly fingerprint: string }
  /** Answered as if it had been done, and undone. An idempotency key counts for nothing then. */
  readonly undo?: boolean
}

/** How the answer is laid out, apart from what it holds. */
export interface Shape {
  /** `one` fails unless there is exactly one row; `maybe` admits none. */
  readonly form: 'list' | 'one' | 'maybe' | 'none'
  readonly stripNulls?: boolean
}

export type Operation = TableOperation | Enqueue | Cancel

/** What dialects make; the others are of app code alone. */
export type TableOperation = Read | Insert | Update | Delete

/** A step into a JSON value; `asText` on the last gives text (`->>`), else JSON (`->`). */
export interface JsonStep {
  readonly key: string | number
  readonly asText: boolean
}

/** A column, or a place inside a JSON column. */
export interface Target {
  readonly column: string
  readonly path?: readonly JsonStep[]
}

/** A value out of a row that an earlier operation of the same query wrote or read. */
export interface Reference {
  readonly operation: number
  readonly column: string
  /** Which of its rows, counted from 0. Absent: its one row, and the query fails unless there is exactly one. `every`: all, in a list of a filter. */
  readonly row?: number | 'every'
}

/** A client's value. Text is read according to the column's type; nothing else is assumed of it. */
export type Input = string | number | boolean | null | { readonly reference: Reference }

/** A value that the row of a page was sorted by, as an earlier page told it: see place.ts. */
export interface StoredValue {
  readonly stored: string | null
}

export type Comparison = 'eq' | 'neq' | 'gt' | 'gte' | 'lt' | 'lte' | 'isdistinct'

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Condition[] }
  | { readonly kind: 'not'; readonly term: Condition }
  | { readonly kind: 'compare'; readonly target: Target; readonly operator: Comparison; readonly value: Input }
  | { readonly kind: 'in'; readonly target: Target; readonly values: readonly Input[] }
  | { readonly kind: 'is'; readonly target: Target; readonly value: 'null' | 'not_null' | 'true' | 'false' | 'unknown' }
  /** SQL LIKE with `%`, `_` and `\`; case-sensitive unless told. */
  | { readonly kind: 'like'; readonly target: Target; readonly pattern: string; readonly ignoreCase: boolean }
  | { readonly kind: 'match'; readonly target: Target; readonly pattern: string; readonly ignoreCase: boolean }
  | {
      readonly kind: 'quantified'
      readonly target: Target
      readonly operator: Comparison | 'like' | 'ilike' | 'match' | 'imatch'
      readonly quantifier: 'any' | 'all'
      readonly values: readonly (string | null)[]
    }
  /** `value` is JSON or an array literal of Postgres, for a range column a range or one of its values. */
  | {
      readonly kind: 'contain'
      readonly target: Target
      readonly operator: 'contains' | 'containedBy' | 'overlaps'
      readonly value: string
    }
  | { readonly kind: 'range'; readonly target: Target; readonly operator: 'sl' | 'sr' | 'nxl' | 'nxr' | 'adj'; readonly value: string }
  | {
      readonly kind: 'search'
      readonly target: Target
      readonly mode: 'raw' | 'plain' | 'phrase' | 'web'
      readonly config: string | null
      readonly text: string
    }
  /** Whether an embed (by its output name among the operation's embeds) found a row. */
  | { readonly kind: 'related'; readonly embed: string; readonly present: boolean }

export interface OrderTerm {
  readonly target: Target
  readonly descending: boolean
  /** Postgres' default when absent: last when ascending, first when descending. */
  readonly nulls?: 'first' | 'last'
  /** Output name of the to-one embed that the column belongs to. */
  readonly embed?: string
}

/** A type to cast to, by Postgres' name; `real` for any floating one. */
export type Cast =
  | 'text'
  | 'smallint'
  | 'integer'
  | 'bigint'
  | 'real'
  | 'numeric'
  | 'boolean'
  | 'json'
  | 'date'
  | 'timestamp'
  | 'timestamptz'
  | 'uuid'
export type AggregateFunction = 'count' | 'sum' | 'avg' | 'min' | 'max'

export type SelectItem =
  /** All columns that the caller may know of. */
  | { readonly kind: 'all' }
  | { readonly kind: 'column'; readonly target: Target; readonly as: string; readonly cast?: Cast }
  /** The row's `_version`, which no client's select can name. */
  | { readonly kind: 'version'; readonly as: string }
  /** Without `target`: `count()`. The other items become the groups. */
  | {
      readonly kind: 'aggregate'
      readonly function: AggregateFunction
      readonly target?: Target
      readonly as: string
      readonly castInput?: Cast
      readonly cast?: Cast
    }
  | Embed

/** Rows of a related table inside a row. */
export interface Embed {
  readonly kind: 'embed'
  readonly relationship: Relationship
  /** Key in the output, and the name that filters and order refer to. */
  readonly as: string
  /** `inner` drops the parent that has none. */
  readonly join: 'left' | 'inner'
  /** Lift the columns into the parent instead of nesting them. */
  readonly spread: boolean
  /** Takes part in joins and filters but isn't in the output (`rel()`). */
  readonly silent: boolean
  readonly select: readonly SelectItem[]
  readonly where?: Condition
  readonly order?: readonly OrderTerm[]
  readonly limit?: number
  readonly offset?: number
}

/** Where a read's rows come from when it isn't the whole table. They come in the order that is said here, unless the read orders them. */
export type RowSource =
  /** The rows with these primary keys, as filters write their values; a key that no row has, or whose row the caller can't read, is passed over. */
  | { readonly kind: 'keys'; readonly keys: readonly (readonly (string | number | null)[])[] }
  /** The rows that these clauses leave, before the read's own. */
  | {
      readonly kind: 'subset'
      readonly where?: Condition
      readonly order?: readonly OrderTerm[]
      readonly limit?: number
      readonly offset?: number
    }
  /** Rows of the app's own code, their values as `encodeValue` gives them, in the order of `table`'s columns. No policy is on them. */
  | { readonly kind: 'values'; readonly table: TableModel; readonly rows: readonly (readonly (string | number | null)[])[] }

export interface Read {
  readonly kind: 'read'
  readonly table: string
  readonly from?: RowSource
  readonly select: readonly SelectItem[]
  readonly where?: Condition
  readonly order?: readonly OrderTerm[]
  readonly limit?: number
  readonly offset?: number
  /** Keyset: the order's values of the row to start behind (`after`) or to end before (`before`, reading backwards). */
  readonly after?: readonly (Input | StoredValue)[]
  readonly before?: readonly (Input | StoredValue)[]
  /** Also tell where the page begins and ends. `from` is where its `after` or `before` come from: no other store, no other time line. */
  readonly places?: { readonly from?: { readonly store: string; readonly epoch: string } }
  /** Also count all rows that match. */
  readonly total?: 'exact' | 'planned' | 'estimated'
  /** No rows, only counts (HEAD). */
  readonly countOnly?: boolean
  /** Of the page's rows. */
  readonly expect?: Expectation
}

/** What a write answers with. Absent: nothing but counts. */
export interface Returning {
  readonly select: readonly SelectItem[]
  readonly order?: readonly OrderTerm[]
}

/** Fails, and undoes the whole query, unless the number of rows affected lies within. */
export interface Expectation {
  readonly min?: number
  readonly max?: number
  /** Which error tells of it. */
  readonly error: 'not-single' | 'max-affected'
}

/** What must hold of the one row that is written; otherwise the whole query fails, and nothing is written. */
export interface Precondition {
  /** The `_version` that the row has; `any` when it only must be there. A row that isn't there has no version to differ. */
  readonly ifVersion?: number | 'any'
  /** The rest of the row's revision (see revision.ts), so that a version of another time line isn't taken for this one's. */
  readonly ifStamp?: number
}

export interface Insert extends Precondition {
  readonly kind: 'insert'
  readonly table: string
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  /** Use only these columns of each row; one that a row lacks is NULL or its default, by `missing`. */
  readonly columns?: readonly string[]
  readonly missing: 'null' | 'default'
  readonly conflict?: { readonly action: 'merge' | 'ignore'; readonly columns?: readonly string[] }
  /** The key that must be free; a row that has it fails the precondition, not a constraint. */
  readonly ifAbsent?: readonly string[]
  /**
   * A row whose primary key is there already, with the values that were sent, counts as made now: somebody sends the insert again. One with
   * others is a duplicate. For inserts without `conflict`.
   */
  readonly retry?: boolean
  readonly returning?: Returning
  readonly expect?: Expectation
}

export interface Update extends Precondition {
  readonly kind: 'update'
  readonly table: string
  readonly set: Readonly<Record<string, unknown>>
  /** Columns that are set to their defaults. */
  readonly defaults?: readonly string[]
  readonly where?: Condition
  /** The embeds whose rows the filter asks for. */
  readonly related?: readonly Embed[]
  readonly order?: readonly OrderTerm[]
  readonly limit?: number
  readonly returning?: Returning
  readonly expect?: Expectation
}

export interface Delete extends Precondition {
  readonly kind: 'delete'
  readonly table: string
  readonly where?: Condition
  /** The embeds whose rows the filter asks for. */
  readonly related?: readonly Embed[]
  readonly order?: readonly OrderTerm[]
  readonly limit?: number
  readonly returning?: Returning
  readonly expect?: Expectation
}

export interface PayloadReference {
  /** Keys and numbers of members, from the outside. */
  readonly path: readonly (string | number)[]
  readonly reference: Reference
}

/** Takes a job in, in the transaction of what asks for it. App code only: no dialect makes one. */
export interface Enqueue {
  readonly kind: 'enqueue'
  readonly table: 'sys_jobs'
  /** The name of a declared job. */
  readonly job: string
  /** Of the one that is made unless one with the same key is there. UUIDv7. */
  readonly id: string
  /** JSON; ignored when it lies elsewhere. */
  readonly payload: unknown
  /** Values out of earlier operations' rows, and where in the payload they go. Apart from it, so that nobody's data can look like one. */
  readonly references?: readonly PayloadReference[]
  /** The object that holds a payload too large for a row. */
  readonly payloadKey?: string
  /** UTC ms; at once when absent. */
  readonly dueAt?: number
  readonly unique?: string
}

/** Calls a job off that is queued or running: by its id, or its unique key. App code only. */
export interface Cancel {
  readonly kind: 'cancel'
  readonly table: 'sys_jobs'
  readonly job: string
  readonly id?: string
  readonly unique?: string
}
