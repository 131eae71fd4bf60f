// The engine's own jobs, which lie in the same table as the app's and live by the same rules. Their names can't be an app's.
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
  /** Its effect may happen twice; `claimed.id` is the same in every attempt. */
  run(context: EngineContext, store: Store, claimed: Claimed): Promise<void>
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
  },
}

export const ENGINE_JOBS: ReadonlyMap<string, EngineJob> = new Map([[MESSAGE_JOB, message]])
