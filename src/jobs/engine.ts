// The engine's own jobs, which lie in the same table as the app's and live by the same rules. Their names can't be an app's.
import { DELETED_PERSON_JOB, findNewPerson, hookMetadata, NEW_PERSON_JOB } from '../auth'
import type { AppDefinition, JobModel, RetryDecision } from '../define'
import { deliverMessage, DeliveryError, MESSAGE_JOB } from '../messages'
import { log } from '../observability'
import type { Env, Store } from '../platform'
import type { Claimed } from './claim'

export interface EngineContext {
  readonly app: AppDefinition
  readonly env: Env
}

export interface EngineJob {
  readonly backoff: JobModel['backoff']
  retry(error: unknown): RetryDecision
  /**
   * Its effect may happen twice; `claimed.id` is the same in every attempt. `attempt` calls code of the app as a job of its own would be called.
   * Answers whether that code ended with `finish`, so that the job is done already.
   */
  run(context: EngineContext, store: Store, claimed: Claimed, attempt: (code: JobModel['run']) => Promise<boolean>): Promise<boolean>
}

/** A message in a code's short life is worth a few quick attempts, one that only tells something an hour of them. */
const message: EngineJob = {
  backoff: { firstMs: 2_000, mostMs: 600_000 },
  retry(error) {
    if (!(error instanceof DeliveryError) || error.again === null) return 'retry'
    return error.again === 'never' ? 'dead' : { after: error.again }
  },
  async run({ app, env }, { db }, { id, payload }) {
    const { problem } = await deliverMessage({ app, env, db, now: Date.now() }, id, payload)
    if (problem !== null) log('error', 'message.template_failed', { job: id, problem })
    return false
  },
}

/** `auth.hooks.afterUserCreated`. Nobody waits for it, and it may need a service that is away for an hour. */
const newPerson: EngineJob = {
  backoff: { firstMs: 5_000, mostMs: 3_600_000 },
  retry: () => 'retry',
  async run({ app }, { db }, { id, payload }, attempt) {
    const hook = app.auth?.hooks?.afterUserCreated
    const asked = JSON.parse(payload ?? '{}') as { user_id: string; at: number; ip_address: string | null }
    const user = await findNewPerson(db, asked.user_id)
    // Of somebody who is gone already, or for a hook that this version of the app hasn't, there is nothing to say.
    if (hook === undefined || user === null) return false
    const metadata = hookMetadata('afterUserCreated', id, asked.ip_address, asked.at)
    return attempt(({ db: database, job, signal, finish }) =>
      hook({ metadata, user }, { db: database, job: { id, attempt: job.attempt }, signal, finish }),
    )
  },
}

/** `auth.hooks.afterUserDeleted`. */
const deletedPerson: EngineJob = {
  backoff: { firstMs: 5_000, mostMs: 3_600_000 },
  retry: () => 'retry',
  async run({ app }, _store, { id, payload }, attempt) {
    const hook = app.auth?.hooks?.afterUserDeleted
    if (hook === undefined) return false
    const { user_id, soft, ip_address, at } = JSON.parse(payload ?? '{}') as {
      user_id: string
      soft: boolean
      ip_address: string | null
      at: number
    }
    const metadata = hookMetadata('afterUserDeleted', id, ip_address, at)
    return attempt(({ db, job, signal, finish }) =>
      hook({ metadata, user_id, soft }, { db, job: { id, attempt: job.attempt }, signal, finish }),
    )
  },
}

export const ENGINE_JOBS: ReadonlyMap<string, EngineJob> = new Map([
  [MESSAGE_JOB, message],
  [NEW_PERSON_JOB, newPerson],
  [DELETED_PERSON_JOB, deletedPerson],
])
