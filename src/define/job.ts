// Declares work that happens later: what it takes, how often it is tried, and when the clock begins it.
import type * as z from 'zod'
import type { Database, BatchBuilder, Step, StepReference, Written } from './function-database'
import type { SQLiteTableLike } from './drizzle'
import { callerFile } from './table'

/** What a failed attempt is followed by: another after the backoff, another after so many seconds, or none. */
export type RetryDecision = 'retry' | 'dead' | { readonly after: number }

export interface Backoff {
  /** Seconds before the second attempt; each further one waits twice as long. 5 when absent. */
  readonly first?: number
  /** Seconds that no wait is longer than; 3600 when absent. */
  readonly most?: number
}

/** `0 3 * * *`: minute, hour, day of the month, month, day of the week. */
export interface CronRule {
  readonly pattern: string
  /** IANA name, such as `Europe/Zurich`; UTC when absent. */
  readonly zone?: string
}

export interface JobRules<P extends z.ZodType> {
  /** What the payload must be: ids rather than bulk. It is JSON on the way; `z.date()` and `z.bigint()` come back as what they were. */
  readonly payload: P
  /** Attempts in all before it is given up; 8 when absent, 100 at most. */
  readonly attempts?: number
  /** Seconds that one attempt may take, after which another may begin; 60 when absent, 840 at most. */
  readonly lease?: number
  readonly backoff?: Backoff
  /** What an error means for the next attempt. Without it every error is retried. */
  readonly retry?: (error: unknown, attempt: number) => RetryDecision
  /** Of the payload: while a job with this key is queued or running, another isn't taken in. */
  unique?(payload: z.output<P>): string
  /** Begun by the clock, in UTC or a named zone. The payload is then `{}`, which the schema must take. */
  readonly cron?: string | CronRule
  readonly description?: string
}

/** Collects what ends the job; see `finish`. */
export type Finish = <const S extends readonly Step<SQLiteTableLike>[]>(
  build: (batch: BatchBuilder) => S,
) => Promise<{ -readonly [I in keyof S]: Written<S[I]> }>

export interface JobArgument<P> {
  readonly payload: P
  /** With the engine's rights, recorded in `sys_audit` under the job's name. An attempt whose lease was lost can't write. */
  readonly db: Omit<Database, 'rows' | 'asService'>
  /** `id` is the same in every attempt: the idempotency key for effects outside the database. `attempt` counts from 1. */
  readonly job: { readonly id: string; readonly name: string; readonly attempt: number; readonly cronAt: Date | null }
  /** When this attempt began. */
  readonly now: Date
  /** Aborted when the lease ends. */
  readonly signal: AbortSignal
  /**
   * The last writes of the job, and the record that it is done, in one transaction: either both stand or neither, however often the job is
   * delivered. Fails when the lease was lost. Nothing can be written after it.
   */
  readonly finish: Finish
}

/** A job with its rules and the file that declared it. */
export interface JobDeclaration<P extends z.ZodType = z.ZodType> {
  readonly name: string
  readonly rules: JobRules<P>
  readonly run: (argument: JobArgument<never>) => unknown
  readonly file: string | null
}

/** A payload, or one with values out of rows that earlier steps of the same batch write. */
export type WithReferences<T> = T | StepReference | (T extends object ? { readonly [K in keyof T]: WithReferences<T[K]> } : never)

export interface EnqueueOptions {
  /** Seconds from now. */
  readonly delay?: number
  readonly at?: Date
  /** In the place of the declaration's `unique`. */
  readonly unique?: string
}

/** `enqueued` is false when a job with the same unique key was there already: `id` is that one's. */
export interface Enqueued {
  readonly id: string
  readonly enqueued: boolean
}

/** Declares a job; list it in `app({ jobs: [...] })`. Without `finish`, what it does may be done again when an attempt is cut short. */
export function job<P extends z.ZodType>(
  name: string,
  rules: JobRules<P>,
  run: (argument: JobArgument<z.output<P>>) => unknown,
): JobDeclaration<P> {
  return { name, rules, run: run as JobDeclaration['run'], file: callerFile() }
}
