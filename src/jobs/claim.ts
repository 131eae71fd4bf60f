// The life of one job as compare-and-set: an attempt takes it under a lease that nobody else has, and only who has the lease says how it ended.
import { toBase64Url } from '../core'
import type { Model } from '../define'
import { run, type Statement, type Store } from '../platform'
import { lookAtOf } from '../query'

export interface Claimed {
  readonly id: string
  readonly name: string
  readonly payload: string | null
  readonly payloadKey: string | null
  /** The number of this attempt, from 1. */
  readonly attempt: number
  readonly maxAttempts: number
  /** UTC ms, of a run that the clock began. */
  readonly cronAt: number | null
  readonly token: string
  /** Milliseconds until the lease ends. */
  readonly leaseMs: number
}

/** A message may come a moment before its time: queues count in seconds, and clocks differ. */
const EARLY_MS = 2_000
/** Of a job that this version of the app doesn't know. */
const UNKNOWN_LEASE_MS = 60_000

const integer = (n: number) => `cast(?${n} as integer)`

/** Takes the job for one attempt; null when it isn't to be had: done, called off, not due, or somebody has it. One call to the database. */
export async function claim(store: Store, model: Model, id: string, now: number): Promise<Claimed | null> {
  const token = toBase64Url(crypto.getRandomValues(new Uint8Array(12)))
  const leases = Object.fromEntries([...model.jobs].map(([name, { leaseMs }]) => [name, leaseMs]))
  const lease = `coalesce(?4 ->> ('$."' || \`name\` || '"'), ${UNKNOWN_LEASE_MS})`
  const [answer] = await run(store.db, [
    {
      sql:
        `update \`sys_jobs\` set \`state\` = 'running', \`lease\` = ?2, \`attempts\` = \`attempts\` + 1, \`due_at\` = ${integer(3)} + ${lease}, \`look_at\` = ${integer(3)} + ${lease} ` +
        `where \`id\` = ?1 and \`state\` in ('queued', 'running') and \`due_at\` <= ${integer(3)} + iif(\`state\` = 'queued', ${EARLY_MS}, 0) and \`attempts\` < \`max_attempts\` ` +
        'returning `id`, `name`, `payload`, `payload_key` as payloadKey, `attempts` as attempt, `max_attempts` as maxAttempts, `cron_at` as cronAt, `due_at` as dueAt',
      params: [id, token, String(now), JSON.stringify(leases)],
    },
  ])
  const row = answer?.results[0] as (Omit<Claimed, 'token' | 'leaseMs'> & { dueAt: number }) | undefined
  return row ? { ...row, token, leaseMs: row.dueAt - now } : null
}

const HELD = "`id` = ?1 and `lease` = ?2 and `state` = 'running'"

/** Says that it is done. False when the lease was lost. */
export function settleDone(store: Store, { id, token }: Claimed, now: number): Promise<boolean> {
  return settled(store, {
    sql: `update \`sys_jobs\` set \`state\` = 'done', \`lease\` = null, \`error\` = null, \`finished_at\` = ${integer(3)} where ${HELD}`,
    params: [id, token, String(now)],
  })
}

/** Says that it failed and is to be tried again at `dueAt`. False when the lease was lost. */
export function settleRetry(store: Store, { id, token }: Claimed, reason: string, dueAt: number, now: number): Promise<boolean> {
  return settled(store, {
    sql: `update \`sys_jobs\` set \`state\` = 'queued', \`lease\` = null, \`error\` = ?3, \`due_at\` = ${integer(4)}, \`look_at\` = ${integer(5)} where ${HELD}`,
    params: [id, token, reason, String(dueAt), String(lookAtOf(dueAt, now))],
  })
}

/** Says that nobody tries it again by themselves. False when the lease was lost. */
export function settleDead(store: Store, { id, token }: Claimed, reason: string, now: number): Promise<boolean> {
  return settled(store, {
    sql: `update \`sys_jobs\` set \`state\` = 'dead', \`lease\` = null, \`error\` = ?3, \`finished_at\` = ${integer(4)} where ${HELD}`,
    params: [id, token, reason, String(now)],
  })
}

async function settled(store: Store, { sql, params }: Statement): Promise<boolean> {
  const [answer] = await run(store.db, [{ sql: `${sql} returning 1`, params }])
  return answer?.results.length === 1
}
