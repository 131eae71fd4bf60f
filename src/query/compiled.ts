// What the compiler hands to whoever runs statements. Data only: nothing here touches a database.
import type { Principal } from '../core'

/** A value D1 can bind. Integers travel as text, and the column's affinity converts them. */
export type SqlValue = string | number | null | Uint8Array

/** An attempt at a job. */
export interface Lease {
  readonly job: string
  readonly token: string
  /** Name of the store that the job lies in. */
  readonly store: string
  /** The batch is the job's last word: it also says that the job is done. */
  readonly finish?: boolean
}

/** Who asks and when: everything about a run that a `Query` must not say. */
export interface Execution {
  readonly principal: Principal
  /** Policies don't apply when set; the text says why, for the audit. */
  readonly asService?: string
  /** The function of the app that asks, for the audit. */
  readonly function?: string
  /** UTC milliseconds. */
  readonly now: number
  /** The attempt at a job that asks: its writes count only while it has the lease. */
  readonly lease?: Lease
  readonly requestId?: string
  /** The device or client that wrote, kept with the change so that it can skip its own. */
  readonly origin?: string
  /** The session is asked for in another database, where its table is, so the statements needn't. */
  readonly sessionChecked?: boolean
}

/**
 * One statement of a round trip. What comes back depends on the role:
 *
 * - `read`: exactly one row `{ live, body, rows, total }`, with `revision` (see revision.ts) when the rows were asked for by a key. `live` is 1, or 0 when the caller's session is gone, and then `body` is
 *   NULL. `body` is the JSON text of the array of rows, `rows` how many stand in it, `total` how many match, NULL when not asked.
 * - `read-rows`: a header row `{ live, total, d: null }`, always first and always there, then one row `{ live: null, total: null, d }`
 *   a record, `d` the record's JSON text. No record follows when `live` is 0.
 * - `guard`, `write`, `check`, `returned`: see write.ts.
 * - `kept`: one row `{ answer }`, the JSON list of what every operation answers, `{ body, rows, total, affected, inserted }` each. A query
 *   that is undone fails with it instead (fault `told`). There is one when answers are kept, and then it is all there is.
 */
export interface CompiledStatement {
  readonly sql: string
  readonly params: readonly SqlValue[]
  readonly role: 'guard' | 'write' | 'check' | 'returned' | 'read' | 'read-rows' | 'kept'
  /** Which of the query's operations it belongs to. */
  readonly operation: number
  /**
   * Of `read-rows` with places: the rows that the page has at most; one more comes when there are more, last, or first when the page was read
   * backwards. Each has its place as `p`; the header's `p` is the epoch.
   */
  readonly page?: { readonly size: number; readonly reverse: boolean }
}

/** One statement runs alone; several run as one batch, which is one transaction. */
export interface CompiledQuery {
  readonly statements: readonly CompiledStatement[]
}
