// What the operator sees of jobs, and the two things that they can do about one: have it tried again, or call it off.
import { AppError } from '../core'
import { readFault, run, type SqlValue, type Store, type Stores } from '../platform'
import { GRACE_MS } from '../query'
import { ENGINE_JOBS } from './engine'
import { jobErrors } from './errors'

/** `failed`: it waits for another attempt after one that failed. */
export const JOB_STATES = ['queued', 'failed', 'running', 'done', 'dead', 'cancelled'] as const
export type JobState = (typeof JOB_STATES)[number]

/** Times are ISO 8601. */
export interface JobView {
  readonly id: string
  readonly name: string
  readonly state: JobState
  readonly store: string
  readonly attempts: number
  readonly max_attempts: number
  readonly unique_key: string | null
  /** Why the last attempt failed. */
  readonly reason: string | null
  /** Seconds since it was taken in. */
  readonly age: number
  readonly created_at: string
  /** When it may begin; while it runs, when its lease ends. */
  readonly due_at: string
  readonly finished_at: string | null
  /** The run of the clock that it is. */
  readonly cron_at: string | null
}

export interface JobDetail extends JobView {
  /** As it was given; null when it lies in R2. */
  readonly payload: unknown
  /** Who asked for it. */
  readonly context: unknown
}

const OPEN = "`state` in ('queued', 'running')"
const ENDED = '`finished_at` is not null'

const CONDITIONS: Readonly<Record<JobState, string>> = {
  queued: `${OPEN} and \`state\` = 'queued' and \`attempts\` = 0`,
  failed: `${OPEN} and \`state\` = 'queued' and \`attempts\` > 0`,
  running: `${OPEN} and \`state\` = 'running'`,
  done: `${ENDED} and \`state\` = 'done'`,
  dead: `${ENDED} and \`state\` = 'dead'`,
  cancelled: `${ENDED} and \`state\` = 'cancelled'`,
}

export interface JobFilter {
  readonly state?: JobState | undefined
  readonly name?: string | undefined
  /** Only older ones than this id. */
  readonly before?: string | undefined
  readonly limit: number
}

/** The newest first. */
export async function listJobs(store: Store, { state, name, before, limit }: JobFilter, now: number): Promise<JobView[]> {
  const params: SqlValue[] = []
  const bound = (value: SqlValue) => `?${params.push(value)}`
  const terms = [
    ...(state ? [CONDITIONS[state]] : []),
    ...(name === undefined ? [] : [`\`name\` = ${bound(name)}`]),
    ...(before === undefined ? [] : [`\`id\` < ${bound(before)}`]),
  ]
  const where = terms.length > 0 ? `where ${terms.join(' and ')}` : ''
  const sql = `select * from \`sys_jobs\` ${where} order by \`id\` desc limit cast(${bound(String(limit))} as integer)`
  const [answer] = await run(store.db, [{ sql, params }])
  return (answer?.results ?? []).map((row) => viewOf(store, row, now))
}

/** Errors: `job_not_found`. */
export async function findJob(store: Store, id: string, now: number): Promise<JobDetail> {
  const [answer] = await run(store.db, [{ sql: 'select * from `sys_jobs` where `id` = ?1', params: [id] }])
  const row = answer?.results[0]
  if (!row) throw new AppError(jobErrors.job_not_found)
  const json = (text: unknown): unknown => (typeof text === 'string' ? JSON.parse(text) : null)
  return { ...viewOf(store, row, now), payload: shownPayload(String(row['name']), json(row['payload'])), context: json(row['context']) }
}

/** What the engine's own jobs carry sealed is nobody's to see. */
function shownPayload(name: string, payload: unknown): unknown {
  return ENGINE_JOBS.has(name) ? { ...(payload as object | null), sealed: undefined } : payload
}

type Row = Readonly<Record<string, unknown>>

function viewOf(store: Store, row: Row, now: number): JobView {
  const time = (name: string) => (typeof row[name] === 'number' ? new Date(row[name]).toISOString() : null)
  const state = row['state'] === 'queued' && Number(row['attempts']) > 0 ? 'failed' : (row['state'] as JobState)
  return {
    id: String(row['id']),
    name: String(row['name']),
    state,
    store: store.name,
    attempts: Number(row['attempts']),
    max_attempts: Number(row['max_attempts']),
    unique_key: row['unique_key'] as string | null,
    reason: row['error'] as string | null,
    age: Math.max(0, Math.round((now - Number(row['created_at'])) / 1000)),
    created_at: time('created_at')!,
    due_at: time('due_at')!,
    finished_at: time('finished_at'),
    cron_at: time('cron_at'),
  }
}

export interface JobCount {
  readonly store: string
  readonly name: string
  readonly state: JobState
  readonly count: number
  /** Seconds since the oldest of them was taken in. */
  readonly oldest: number
}

/** How many jobs of each name wait, run, failed and are dead. */
export async function countJobs({ all }: Stores, now: number): Promise<JobCount[]> {
  const states: readonly JobState[] = ['queued', 'failed', 'running', 'dead']
  const each = states.map(
    (state) =>
      `select '${state}' as state, \`name\`, count(*) as n, min(\`created_at\`) as oldest from \`sys_jobs\` where ${CONDITIONS[state]} group by \`name\``,
  )
  const found = await Promise.all(
    all.map(async (store) =>
      (
        await run(
          store.db,
          each.map((sql) => ({ sql, params: [] })),
        )
      ).flatMap(({ results }) =>
        (results as unknown as { state: JobState; name: string; n: number; oldest: number }[]).map(({ state, name, n, oldest }) => ({
          store: store.name,
          name,
          state,
          count: n,
          oldest: Math.max(0, Math.round((now - oldest) / 1000)),
        })),
      ),
    ),
  )
  return found.flat()
}

const REPLAYED =
  "`state` = 'queued', `attempts` = 0, `finished_at` = null, `due_at` = cast(?1 as integer), `look_at` = cast(?1 as integer) + " +
  String(GRACE_MS)

/** Has a job tried again that is dead or was called off, with all its attempts. Errors: `job_not_found`, `job_not_replayable`, `job_unique_taken`. */
export async function replayJob(stores: Stores, store: Store, id: string, now: number): Promise<void> {
  const sql = `update \`sys_jobs\` set ${REPLAYED} where \`id\` = ?2 and \`state\` in ('dead', 'cancelled') returning \`id\``
  const [answer] = await run(store.db, [{ sql, params: [String(now), id] }]).catch((error: unknown): never => {
    throw readFault(error).kind === 'unique' ? new AppError(jobErrors.job_unique_taken, { cause: error }) : error
  })
  if (answer?.results.length === 0) {
    await findJob(store, id, now)
    throw new AppError(jobErrors.job_not_replayable)
  }
  send(stores, store, [id], now)
}

/** The same of many dead ones, the oldest first; how many. One whose unique key is taken by now stays dead. */
export async function replayDead(
  stores: Stores,
  store: Store,
  { name, limit }: { readonly name?: string | undefined; readonly limit: number },
  now: number,
): Promise<number> {
  const named = name === undefined ? '' : 'and `name` = ?3'
  const sql = `update or ignore \`sys_jobs\` set ${REPLAYED} where \`id\` in (select \`id\` from \`sys_jobs\` where ${CONDITIONS.dead} ${named} order by \`finished_at\` limit cast(?2 as integer)) returning \`id\``
  const [answer] = await run(store.db, [{ sql, params: [String(now), String(limit), ...(name === undefined ? [] : [name])] }])
  const ids = (answer?.results ?? []).map((row) => String(row['id']))
  send(stores, store, ids, now)
  return ids.length
}

/** Calls a job off; a running one's writes don't commit any more. Errors: `job_not_found`, `job_not_cancellable`. */
export async function cancelJob(store: Store, id: string, now: number): Promise<void> {
  const sql = `update \`sys_jobs\` set \`state\` = 'cancelled', \`lease\` = null, \`finished_at\` = cast(?2 as integer) where \`id\` = ?1 and ${OPEN} returning \`id\``
  const [answer] = await run(store.db, [{ sql, params: [id, String(now)] }])
  if (answer?.results.length === 1) return
  await findJob(store, id, now)
  throw new AppError(jobErrors.job_not_cancellable)
}

function send({ outbox }: Stores, store: Store, ids: readonly string[], now: number): void {
  if (ids.length === 0) return
  const messages = ids.map((id) => ({ message: { job: id, store: store.name }, delayMs: 0 }))
  outbox?.committed(store.name, messages, now + GRACE_MS)
}
