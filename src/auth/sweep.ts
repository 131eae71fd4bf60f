// Forgets what sign-in has no use for any more, in chunks, so that no transaction is long. Safe to run at any time, by several at once.
import { run, type Store } from '../platform'
import { AUTH_AUDIT_MS } from './audit'
import { UNVERIFIED_MS } from './enroll-factor'
import { MIN_MEMORY_MS } from './one-time-token'

const CHUNK = 1_000
const ROUNDS = 20

/** By table: the column of the time that counts, and how long after it a row is kept. */
const KEPT = {
  // Wrong codes are remembered a while longer than the code.
  auth_one_time_tokens: { column: 'expires_at', ms: MIN_MEMORY_MS },
  auth_flows: { column: 'expires_at', ms: 0 },
  auth_challenges: { column: 'expires_at', ms: 0 },
  auth_audit: { column: 'at', ms: AUTH_AUDIT_MS },
} as const

const DAY_MS = 86_400_000
/** How long a session that reached its end stays, so that a phone which comes back is told why. */
const ENDED_SESSION_MS = 7 * DAY_MS
/** A phone that was silent for so long signs in anew. */
const SILENT_SESSION_MS = 400 * DAY_MS
/** Sessions are looked through by the first two digits of their ids, three of 256 a time, so that their refreshes need keep no index. */
const SLICE_MS = 900_000
const SLICES_A_TIME = 3

/** How many rows went, by table. */
export type SweptAuthentication = Readonly<Record<keyof typeof KEPT | 'auth_sessions' | 'auth_factors', number>>

async function sweepSessions(db: D1Database, now: number): Promise<number> {
  let gone = 0
  for (let i = 0; i < SLICES_A_TIME; i++) {
    const slice = (Math.floor(now / SLICE_MS) * SLICES_A_TIME + i) % 256
    const first = slice.toString(16).padStart(2, '0')
    for (let round = 0; round < ROUNDS; round++) {
      const [answer] = await run(db, [
        {
          sql: `delete from auth_sessions where id in (select id from auth_sessions where id >= ?1 and id < ?2
            and (expires_at < cast(?3 as integer) or refreshed_at < cast(?4 as integer)) limit ${CHUNK})`,
          params: [first, `${first}g`, String(now - ENDED_SESSION_MS), String(now - SILENT_SESSION_MS)],
        },
      ])
      gone += answer!.meta.changes
      if (answer!.meta.changes < CHUNK) break
    }
  }
  return gone
}

/** Factors that nobody verified. */
async function sweepFactors(db: D1Database, now: number): Promise<number> {
  const [answer] = await run(db, [
    {
      sql: `delete from auth_factors where id in (select id from auth_factors f where status = 'unverified' and created_at <= cast(?1 as integer)
        and not exists (select 1 from auth_challenges c where c.factor_id = f.id and c.expires_at > cast(?2 as integer)) limit ${CHUNK})`,
      params: [String(now - UNVERIFIED_MS), String(now)],
    },
  ])
  return answer!.meta.changes
}

/** Sweeps sign-in's tables; what is left over when it stops goes the next time. `now` is UTC ms. */
export async function sweepAuthentication({ db }: Pick<Store, 'db'>, now: number): Promise<SweptAuthentication> {
  const swept = {
    auth_sessions: await sweepSessions(db, now),
    auth_factors: await sweepFactors(db, now),
    auth_one_time_tokens: 0,
    auth_flows: 0,
    auth_challenges: 0,
    auth_audit: 0,
  }
  for (const table of Object.keys(KEPT) as (keyof typeof KEPT)[]) {
    const { column, ms } = KEPT[table]
    for (let round = 0; round < ROUNDS; round++) {
      const [answer] = await run(db, [
        {
          sql: `delete from ${table} where id in (select id from ${table} where ${column} < cast(?1 as integer) order by ${column} limit cast(?2 as integer))`,
          params: [String(now - ms), String(CHUNK)],
        },
      ])
      swept[table] += answer!.meta.changes
      if (answer!.meta.changes < CHUNK) break
    }
  }
  return swept
}
