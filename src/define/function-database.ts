// The database as a function of the app sees it: types only. The room `functions` makes it; every call runs as the caller, under the
// same policies as a request's own.
import type { SQLiteTableLike } from './drizzle'
import type { ColumnsOf } from './expression'
import type { Enqueued, EnqueueOptions, JobDeclaration, WithReferences } from './job'
import type * as z from 'zod'

type MetaOf<C> = C extends { _: { data: infer D; notNull: infer N } } ? { data: D; notNull: N } : { data: unknown; notNull: false }

/** A value as it stands on the wire: times are ISO 8601 text, bytes `\x` and hex digits. */
export type Wire<D> = D extends Date ? string : D extends Uint8Array ? string : D extends bigint ? string | number : D

/**
 * A row as queries answer it, by the properties of the Drizzle declaration. A column that is `hidden` isn't there, one whose `read` rule
 * doesn't hold is null, and a number that a double can't hold is text.
 */
export type WireRow<T extends SQLiteTableLike> = {
  readonly [K in keyof ColumnsOf<T>]:
    | Wire<MetaOf<ColumnsOf<T>[K]>['data']>
    | (MetaOf<ColumnsOf<T>[K]>['notNull'] extends true ? never : null)
}

type PropertyOf<T extends SQLiteTableLike> = keyof ColumnsOf<T> & string

/** A value out of the row that an earlier step of a batch writes. */
export interface StepReference {
  readonly reference: { readonly operation: number; readonly column: string }
}

/** What a column takes: its value on the wire, a Date, or a reference to an earlier step. */
export type Given<D> = Wire<D> | D | StepReference | null

/** A row to write, or the columns to change. What the policies and the table's rules don't let a client write, a function can't either. */
export type GivenRow<T extends SQLiteTableLike> = { readonly [K in keyof ColumnsOf<T>]?: Given<MetaOf<ColumnsOf<T>[K]>['data']> }

declare const place: unique symbol
declare const clause: unique symbol
declare const rows: unique symbol
declare const step: unique symbol

/** A column of the rows in question, or a place inside its JSON. */
export interface Place<D = unknown> {
  readonly [place]?: D
}

/** A condition on rows. */
export interface Clause {
  readonly [clause]?: true
}

/** The words of a filter: those of a policy that speak of one row. */
export interface WhereArgument<T extends SQLiteTableLike> {
  readonly row: { readonly [K in keyof ColumnsOf<T>]: Place<MetaOf<ColumnsOf<T>[K]>['data']> }
  and(...terms: Clause[]): Clause
  or(...terms: Clause[]): Clause
  not(term: Clause): Clause
  eq<D>(left: Place<D>, right: Given<NoInfer<D>>): Clause
  ne<D>(left: Place<D>, right: Given<NoInfer<D>>): Clause
  gt<D>(left: Place<D>, right: Given<NoInfer<D>>): Clause
  gte<D>(left: Place<D>, right: Given<NoInfer<D>>): Clause
  lt<D>(left: Place<D>, right: Given<NoInfer<D>>): Clause
  lte<D>(left: Place<D>, right: Given<NoInfer<D>>): Clause
  between<D>(of: Place<D>, low: Given<NoInfer<D>>, high: Given<NoInfer<D>>): Clause
  /** SQL LIKE with `%`, `_` and `\`. */
  like(of: Place, pattern: string): Clause
  ilike(of: Place, pattern: string): Clause
  inArray<D>(of: Place<D>, list: readonly Given<NoInfer<D>>[]): Clause
  isNull(of: Place): Clause
  isNotNull(of: Place): Clause
  /** Text at a dotted path inside a JSON column. */
  json(of: Place, path: string): Place<string>
}

/** `{ teamId, id: [1, 2] }`: equal, among, or null; or a condition. */
export type Where<T extends SQLiteTableLike> =
  | { readonly [K in keyof ColumnsOf<T>]?: Given<MetaOf<ColumnsOf<T>[K]>['data']> | readonly Given<MetaOf<ColumnsOf<T>[K]>['data']>[] }
  | ((argument: WhereArgument<T>) => Clause)

export interface RowsOptions<T extends SQLiteTableLike> {
  readonly where?: Where<T>
  readonly order?: readonly (PropertyOf<T> | readonly [PropertyOf<T>, 'asc' | 'desc'])[]
  /** Never more than the table's `maxRows`. */
  readonly limit?: number
  readonly offset?: number
}

export interface QueryOptions<T extends SQLiteTableLike, K extends PropertyOf<T>> extends RowsOptions<T> {
  /** All that the caller may see when absent. */
  readonly columns?: readonly K[]
}

/** Rows still to be read, with the request's own select, filters, order and page, in one statement. */
export interface Rows<T extends SQLiteTableLike> {
  readonly [rows]?: T
}

/** A row's `_version`, which every update raises: what `ifVersion` compares with. */
export interface Versioned {
  readonly _version: number
}

/** Reads, one round trip each. */
export interface ReadDatabase {
  /** The rows that the caller may read. */
  query<T extends SQLiteTableLike, K extends PropertyOf<T> = PropertyOf<T>>(
    table: T,
    options?: QueryOptions<T, K>,
  ): Promise<(Pick<WireRow<T>, K> & Versioned)[]>
  /** How many there are. */
  count<T extends SQLiteTableLike>(table: T, options?: { readonly where?: Where<T> }): Promise<number>
  /** For a function that returns `setOf(table)`: says which rows and leaves reading them to the request, so that the whole call is one statement. */
  rows<T extends SQLiteTableLike>(table: T, options?: RowsOptions<T>): Rows<T>
  /**
   * The same database with the engine's rights: policies and column rules don't apply; constraints, defaults and the change log do. Each
   * round trip is recorded in `sys_audit` in its own transaction, with `reason`.
   */
  asService(reason: string): Omit<ReadDatabase, 'rows' | 'asService'>
}

export interface Conflict<T extends SQLiteTableLike> {
  /** What to do with a row whose key is taken: update it, or leave it. */
  readonly action: 'merge' | 'ignore'
  /** Columns of the unique key; the primary key when absent. */
  readonly columns?: readonly PropertyOf<T>[]
}

export interface InsertOptions<T extends SQLiteTableLike> {
  readonly conflict?: Conflict<T>
}

export interface ChangeOptions<T extends SQLiteTableLike> {
  /** Required, so that nobody changes all rows by leaving it out: say `'every row'` to mean that. */
  readonly where: Where<T> | 'every row'
  /** Compare and set: fails with a conflict (`isConflict`) unless the row that is changed has this `_version`. */
  readonly ifVersion?: number
}

/** Which job: by its id, or its unique key. */
export type JobChoice = { readonly id: string } | { readonly unique: string }

type Row<T extends SQLiteTableLike> = WireRow<T> & Versioned

/** A step of a batch; its rows are what `batch` answers in its place. */
export interface Step<T extends SQLiteTableLike> {
  readonly [step]?: T
  /** The value of a column of the one row that this step inserts, for later steps. */
  ref(property: PropertyOf<T>): StepReference
}

/** Collects steps. They run together or not at all, each under its policy. */
export interface BatchBuilder {
  insert<T extends SQLiteTableLike>(table: T, row: GivenRow<T> | readonly GivenRow<T>[], options?: InsertOptions<T>): Step<T>
  update<T extends SQLiteTableLike>(table: T, set: GivenRow<T>, options: ChangeOptions<T>): Step<T>
  delete<T extends SQLiteTableLike>(table: T, options: ChangeOptions<T>): Step<T>
  /** Takes a job in if the batch is done: never otherwise. Strings and whole numbers of earlier steps' rows may stand in the payload. */
  enqueue<P extends z.ZodType>(job: JobDeclaration<P>, payload: WithReferences<z.input<P>>, options?: EnqueueOptions): void
  /** Calls off jobs that are queued or running. A running one's writes don't commit any more. */
  cancel<P extends z.ZodType>(job: JobDeclaration<P>, which: JobChoice): void
}

export type Written<S> = S extends Step<infer T> ? Row<T>[] : never

/** Reads, and writes of one transaction each. What is read before a write may have changed by then: give `ifVersion` where that matters. */
export interface Database extends Omit<ReadDatabase, 'asService'> {
  /** The row or rows as they are now. The caller must be allowed to read them. */
  insert<T extends SQLiteTableLike>(table: T, row: GivenRow<T>, options?: InsertOptions<T>): Promise<Row<T>>
  insert<T extends SQLiteTableLike>(table: T, rows: readonly GivenRow<T>[], options?: InsertOptions<T>): Promise<Row<T>[]>
  /** The rows that were changed, as they are now. Rows that the caller may not change aren't there. */
  update<T extends SQLiteTableLike>(table: T, set: GivenRow<T>, options: ChangeOptions<T>): Promise<Row<T>[]>
  /** The rows that are gone, as they were. */
  delete<T extends SQLiteTableLike>(table: T, options: ChangeOptions<T>): Promise<Row<T>[]>
  /** Several writes, all or nothing. Answers the rows of each returned step, in their order. */
  batch<const S extends readonly Step<SQLiteTableLike>[]>(
    build: (batch: BatchBuilder) => S,
  ): Promise<{ -readonly [I in keyof S]: Written<S[I]> }>
  /** Takes a job in, under its declaration's rules. Errors: a `TypeError` for a payload that the job's schema refuses. */
  enqueue<P extends z.ZodType>(job: JobDeclaration<P>, payload: z.input<P>, options?: EnqueueOptions): Promise<Enqueued>
  /** Calls off a job that is queued or running; whether there was one. */
  cancel<P extends z.ZodType>(job: JobDeclaration<P>, which: JobChoice): Promise<boolean>
  asService(reason: string): Omit<Database, 'rows' | 'asService'>
}
