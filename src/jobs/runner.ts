// Runs one attempt at a job: takes it, reads its payload, calls the app's code with a database that is fenced by the lease, and records how it
// ended. Delivered twice, or fifty times at once, it runs once.
import { AppError, SERVICE } from '../core'
import { dataErrors } from '../data'
import type { AppDefinition, Finish, JobModel, Model, RetryDecision } from '../define'
import { databaseOf, readPayload, type Handle } from '../functions'
import { log } from '../observability'
import { sendMessages, type Env, type Store, type Stores } from '../platform'
import { DELAY_LIMIT_MS, type Execution } from '../query'
import { backoffMs, reasonOf } from './backoff'
import { claim, settleDead, settleDone, settleRetry, type Claimed } from './claim'
import { ENGINE_JOBS, type EngineJob } from './engine'

export interface RunContext {
  readonly app: AppDefinition
  readonly model: Model
  readonly stores: Stores
  readonly env: Env
}

/** `passed`: it wasn't to be had. `lost`: another attempt has it by now, and nothing of this one's writes stands that came after. */
export type Ended = 'done' | 'queued' | 'dead' | 'passed' | 'lost'

/** Throws only when the database doesn't answer; what the app's code throws is the job's own affair. */
export async function runJob(context: RunContext, store: Store, id: string): Promise<Ended> {
  const { model } = context
  const claimed = await claim(store, model, id, Date.now())
  if (claimed === null) return 'passed'
  const engine = ENGINE_JOBS.get(claimed.name)
  if (engine) return runEngineJob(context, store, claimed, engine)
  const job = model.jobs.get(claimed.name)
  if (!job) return failed(context, store, claimed, null, new Error(`This version of the app declares no job "${claimed.name}".`))
  const input = await payloadOf(context, job, claimed)
  if ('problem' in input) {
    const reason = `The payload doesn't fit: ${input.problem}`
    return (await settleDead(store, claimed, reason, Date.now())) ? dead(claimed, reason) : lost(claimed)
  }
  if ('missing' in input) return failed(context, store, claimed, job, new Error('Its payload could not be read.'))
  try {
    const finished = await attempt(context, store, claimed, job, input.payload)
    return finished || (await settleDone(store, claimed, Date.now())) ? 'done' : lost(claimed)
  } catch (error) {
    if (error instanceof AppError && error.definition === dataErrors.lease_lost) return lost(claimed)
    return failed(context, store, claimed, job, error)
  }
}

async function runEngineJob(context: RunContext, store: Store, claimed: Claimed, job: EngineJob): Promise<Ended> {
  let finished: boolean
  try {
    finished = await job.run(context, store, claimed, (code) => attempt(context, store, claimed, { run: code }, null))
  } catch (error) {
    if (error instanceof AppError && error.definition === dataErrors.lease_lost) return lost(claimed)
    return failed(context, store, claimed, job, error)
  }
  return finished || (await settleDone(store, claimed, Date.now())) ? 'done' : lost(claimed)
}

async function payloadOf({ env }: RunContext, job: JobModel, { payload, payloadKey }: Claimed) {
  let text = payload
  if (payloadKey !== null) {
    text = (await (await env.MEDIA?.get(payloadKey).catch(() => null))?.text()) ?? null
    if (text === null) return { missing: true } as const
  }
  return readPayload(job, JSON.parse(text ?? 'null'))
}

/** Calls the app's code. Whether it ended with `finish`. */
async function attempt(
  { model, stores }: RunContext,
  store: Store,
  claimed: Claimed,
  job: Pick<JobModel, 'run'>,
  payload: unknown,
): Promise<boolean> {
  const { id, token, name, leaseMs } = claimed
  const lease = { job: id, token, store: store.name }
  const execution: Execution = { principal: SERVICE, asService: `job ${name}`, function: name, requestId: id, now: Date.now(), lease }
  const handle: Handle = { model, stores, execution, writes: true, meter: { calls: 0 } }
  const { rows: _, asService: __, ...db } = databaseOf(handle)
  let finished = false
  const finish: Finish = async (build) => {
    const rows = await databaseOf({ ...handle, execution: { ...execution, lease: { ...lease, finish: true } } }).batch(build)
    finished = true
    return rows
  }
  const ending = new AbortController()
  const timer = setTimeout(() => ending.abort(new Error(`The attempt took longer than its lease of ${leaseMs / 1000} seconds.`)), leaseMs)
  const ended = new Promise<never>((_resolve, reject) => {
    ending.signal.addEventListener('abort', () => reject(ending.signal.reason as Error), { once: true })
  })
  const about = { id, name, attempt: claimed.attempt, cronAt: claimed.cronAt === null ? null : new Date(claimed.cronAt) }
  try {
    const work = async () => job.run({ payload, db, job: about, now: new Date(), signal: ending.signal, finish })
    await Promise.race([work(), ended])
  } catch (error) {
    // What came after its last word changes nothing.
    if (!finished) throw error
    log('warn', 'job.failed_after_finish', { job: id, name, reason: reasonOf(error) })
  } finally {
    clearTimeout(timer)
  }
  return finished
}

/** What says how often a job is tried. */
type Rules = Pick<JobModel, 'backoff' | 'retry'>

async function failed({ env }: RunContext, store: Store, claimed: Claimed, job: Rules | null, error: unknown): Promise<Ended> {
  const { id, attempt: number, maxAttempts } = claimed
  const reason = reasonOf(error)
  const decision = number >= maxAttempts ? 'dead' : decide(job, error, number)
  const now = Date.now()
  if (decision === 'dead') return (await settleDead(store, claimed, reason, now)) ? dead(claimed, reason) : lost(claimed)
  const backoff = job?.backoff ?? { firstMs: 30_000, mostMs: 3_600_000 }
  const delayMs = decision === 'retry' ? backoffMs(backoff, number, Math.random()) : Math.max(0, decision.after * 1000)
  if (!(await settleRetry(store, claimed, reason, now + delayMs, now))) return lost(claimed)
  log('warn', 'job.retry', { job: id, name: claimed.name, attempt: number, delayMs, reason })
  // One that can't be sent, or waits longer than a queue keeps it, is found in the table when it is due.
  if (env.JOBS && delayMs <= DELAY_LIMIT_MS)
    await sendMessages(env.JOBS, [{ message: { job: id, store: store.name }, delayMs }]).catch(() => undefined)
  return 'queued'
}

function decide(job: Rules | null, error: unknown, attempt: number): RetryDecision {
  if (!job) return 'retry'
  try {
    return job.retry(error, attempt)
  } catch {
    return 'retry'
  }
}

function dead({ id, name, attempt: number }: Claimed, reason: string): Ended {
  log('error', 'job.dead', { job: id, name, attempt: number, reason })
  return 'dead'
}

function lost({ id, name, attempt: number }: Claimed): Ended {
  log('warn', 'job.lease_lost', { job: id, name, attempt: number })
  return 'lost'
}
