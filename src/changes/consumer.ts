// What follows the change log: a name, which changes, and what is done with a page of them. The engine's own consumers (webhooks, realtime,
// sync) are made here by hand; those of the app out of `onChange` (app-consumer.ts).
import type { Change } from '../data'
import type { WrittenOperation } from '../functions'
import type { Env, Statement, Stores } from '../platform'

/** Which changes a consumer wants; null for all. */
export interface Wants {
  readonly tables: readonly string[] | null
  readonly ops: readonly Change['op'][] | null
  /** Of updates, those that change one of these columns. */
  readonly columns: readonly string[] | null
}

/** What is done in the transaction that moves the cursor. All of it goes to the store of the page. */
export interface Work {
  /** Writes to tables of the app, with the engine's rights. */
  readonly operations?: readonly WrittenOperation[]
  /** Writes to the engine's own tables. */
  readonly statements?: readonly Statement[]
}

/** Changes that follow a consumer's cursor, in the order of commits. */
export interface ConsumerPage {
  readonly store: string
  readonly epoch: string
  readonly changes: readonly Change[]
  /**
   * Does the work and moves the cursor behind `through`, both or neither; null is the end of the page. May be called several times, in order.
   * Throws `stale_write` when another run was there first; whoever gets that stops.
   */
  commit(through: Change | null, work?: Work): Promise<void>
}

/** Changes were missed: see `Interruption` of the room `define`. */
export interface ConsumerInterruption {
  readonly reason: 'reset' | 'gap'
  readonly store: string
  readonly epoch: string
  commit(work?: Work): Promise<void>
}

export interface Consumer {
  /** Of the engine's own with a dot, `webhooks.deliveries`; the app's have none. */
  readonly name: string
  readonly wants: Wants
  readonly from: 'now' | 'beginning'
  /** How often a change may fail before it is set aside. */
  readonly attempts: number
  /**
   * Handles a page. What isn't committed when it returns is committed then, without work. `ChangeFailed` says which change can't be handled;
   * any other error is the page's, which is tried again until it succeeds.
   */
  handle(page: ConsumerPage, tools: Tools): Promise<void>
  /** When absent, missed changes are passed over. */
  interrupted?(interruption: ConsumerInterruption, tools: Tools): Promise<void>
}

/** What a run lends to a handler. */
export interface Tools {
  /** UTC ms. */
  readonly now: number
  readonly env: Env
  readonly stores: Stores
  /** Counts a call to the database that the handler makes by itself. */
  called(): void
}

/** A change that its consumer can't handle, and why. */
export class ChangeFailed extends Error {
  readonly change: Change

  constructor(change: Change, cause: unknown) {
    super('a change could not be handled', { cause })
    this.name = 'ChangeFailed'
    this.change = change
  }
}

/** All consumers of a backend, by name. Throws a `TypeError` for two of one name. */
export function consumerRegistry(consumers: readonly Consumer[]): ReadonlyMap<string, Consumer> {
  const registry = new Map(consumers.map((consumer) => [consumer.name, consumer]))
  if (registry.size !== consumers.length) throw new TypeError('two consumers have the same name')
  return registry
}
