// Declares what the app does about changes after they were committed: `onChange`. The room `changes` runs it.
import type { SQLiteTableLike } from './drizzle'
import type { ColumnsOf } from './expression'
import type { BatchBuilder, ReadDatabase, WireRow } from './function-database'
import { callerFile } from './table'

type PropertyOf<T extends SQLiteTableLike> = keyof ColumnsOf<T> & string

export type ChangeOp = 'insert' | 'update' | 'delete'

/** One row's change, by the properties of the Drizzle declaration and with the values of the wire. Hidden columns and bytes aren't in it. */
export interface RowChange<T extends SQLiteTableLike = SQLiteTableLike> {
  /** `{store}/{epoch}/{seq}`: the same whenever the change is handled again. The key by which an effect outside the database is done once. */
  readonly id: string
  readonly op: ChangeOp
  /** The primary key; after an update the new one. */
  readonly key: Partial<WireRow<T>>
  /** The row as it became; null after a delete, and when its texts are longer than 32 KiB: then read it by its key. */
  readonly row: Partial<WireRow<T>> | null
  /** The key, foreign keys and what policies read, as they were; null of an insert. */
  readonly old: Partial<WireRow<T>> | null
  /** What an update changed; null otherwise. */
  readonly columns: readonly PropertyOf<T>[] | null
  /** Who wrote, for tables with `audit` or `sync`, or with the engine's rights; null otherwise. */
  readonly by: Readonly<Record<string, unknown>> | null
  readonly at: Date
}

/** Reads with the engine's rights, each recorded with the consumer's name. */
export type ConsumerDatabase = Omit<ReadDatabase, 'rows' | 'asService'>

export interface ChangeArgument<T extends SQLiteTableLike> {
  readonly change: RowChange<T>
  /** Writes that are committed together with the record that the change was handled: once, whatever happens. */
  readonly batch: BatchBuilder
  /** Sees what earlier changes' batches wrote. */
  readonly db: ConsumerDatabase
  readonly now: Date
}

/**
 * `reset`: the log is another one (a restore, an import); `gap`: what follows the cursor was forgotten. Changes were missed: whatever hangs on
 * having seen each must be made anew from the rows. Afterwards the consumer goes on with what is written from now.
 */
export interface Interruption {
  readonly reason: 'reset' | 'gap'
  readonly store: string
  readonly batch: BatchBuilder
  readonly db: ConsumerDatabase
  readonly now: Date
}

export interface ChangeRules<T extends SQLiteTableLike> {
  /** Under which the cursor is kept: another name is another consumer, which begins anew. */
  readonly name: string
  /** All when absent. */
  readonly ops?: readonly ChangeOp[]
  /** Of updates only those that change one of these. */
  readonly columns?: readonly PropertyOf<T>[]
  /** Where a new consumer begins: with what is written after it was deployed (when absent), or with all that the log still holds. */
  readonly from?: 'now' | 'beginning'
  /** How often a change is tried before it is set aside, 1 to 50; 10 when absent, over some nine minutes. */
  readonly attempts?: number
  /** Hears that changes were missed. */
  readonly interrupted?: (interruption: Interruption) => void | Promise<void>
}

/** A consumer with its rules and the file that declared it. */
export interface ConsumerDeclaration {
  readonly table: SQLiteTableLike
  readonly rules: ChangeRules<SQLiteTableLike>
  readonly handle: (argument: ChangeArgument<SQLiteTableLike>) => void | Promise<void>
  readonly file: string | null
}

/**
 * Runs `handle` for each change of the table, in order, after it was committed and away from the request. What it puts into `batch` is done exactly
 * once; an effect outside the database at least once. List it in `app({ consumers: [...] })`.
 */
export function onChange<T extends SQLiteTableLike>(
  table: T,
  rules: ChangeRules<T>,
  handle: (argument: ChangeArgument<T>) => void | Promise<void>,
): ConsumerDeclaration {
  return {
    table,
    rules: rules as unknown as ConsumerDeclaration['rules'],
    handle: handle as unknown as ConsumerDeclaration['handle'],
    file: callerFile(),
  }
}
