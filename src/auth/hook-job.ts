// Hooks that nobody waits for: jobs of the engine, taken in by the transaction of what they follow.
import { uuidv7 } from '../core'
import { openOutbox, type Statement } from '../platform'
import type { Workshop } from './workshop'

const ATTEMPTS = 10
/** How long the queue's word of it may be on its way before it counts as lost. */
const GRACE_MS = 30_000
const STORE = 'db'

/** Jobs that were asked for and of which the queue doesn't know yet. */
const asked = new WeakMap<Workshop, string[]>()

/** For the caller's batch: takes a job in if `condition`, SQL with unnumbered parameters, holds there. Follow the batch with `hookJobsCommitted`. */
export function hookJobStatement(
  workshop: Workshop,
  name: string,
  payload: Readonly<Record<string, unknown>>,
  condition: Statement,
): Statement {
  const { now } = workshop
  const id = uuidv7(now)
  asked.set(workshop, [...(asked.get(workshop) ?? []), id])
  return {
    sql: `insert into sys_jobs (id, name, state, payload, due_at, look_at, attempts, max_attempts, created_at)
      select ?, ?, 'queued', ?, ?, ?, '0', ?, ? where (${condition.sql})`,
    params: [
      id,
      name,
      JSON.stringify({ ...payload, at: now }),
      String(now),
      String(now + GRACE_MS),
      String(ATTEMPTS),
      String(now),
      ...condition.params,
    ],
  }
}

/** Has the jobs run that were asked for, after the batch. What wasn't committed does nothing; what is lost on the way is found in the table. */
export function hookJobsCommitted(workshop: Workshop): void {
  const ids = asked.get(workshop) ?? []
  if (ids.length === 0) return
  asked.delete(workshop)
  const messages = ids.map((job) => ({ message: { job, store: STORE }, delayMs: 0 }))
  openOutbox(workshop.env, workshop.later).committed(STORE, messages, workshop.now + GRACE_MS)
}
