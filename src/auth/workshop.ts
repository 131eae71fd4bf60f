// What every operation of sign-in works with, and what an operation is.
import type { AppDefinition } from '../define'
import type { DatabaseObserver, Env, Keys, Outcome } from '../platform'

export interface Workshop {
  /** The declared app: its rules, hooks, providers and templates. */
  readonly app: AppDefinition
  readonly env: Env
  readonly keys: Keys
  readonly db: D1Database
  /** UTC ms. */
  readonly now: number
  /** Hears of round trips that don't go through `db`. */
  readonly observe: DatabaseObserver
  /** Keeps the isolate alive until a promise is settled. */
  readonly later: (work: Promise<unknown>) => void
  /** Has a job begin as soon as the answer is on its way. */
  readonly begin?: (job: string) => void
}

/** The operations behind a family of questions of the service: each takes the workshop first, and throws instead of answering an error. */
export type OperationsOf<Family> = {
  readonly [Name in keyof Family]: Family[Name] extends (...input: infer Input) => Promise<Outcome<infer Value>>
    ? (workshop: Workshop, ...input: Input) => Promise<Value>
    : never
}
