// Forgets what sign-in has no use for any more, in chunks, so that no transaction is long. Safe to run at any time, by several at once.
import { run, type Store } from '../platform'
import { AUTH_AUDIT_MS } from './audit'

const CHUNK = 1_000
const ROUNDS = 20

/** By table: the column of the time that counts, and how long after it a row is kept. */
const KEPT = {
  auth_one_time_tokens: { column: 'expires_at', ms: 0 },
  auth_flows: { column: 'expires_at', ms: 0 },
  auth_challenges: { column: 'expires_at', ms: 0 },
  auth_audit: { column: 'at', ms: AUTH_AUDIT_MS },
} as const

/** How many rows went, by table. */
export type SweptAuthentication = Readonly<Record<keyof typeof KEPT, number>>

/** Sweeps sign-in's tables; what is left over when it stops goes the next time. `now` is UTC ms. */
export async function sweepAuthentication({ db }: Pick<Store, 'db'>, now: number): Promise<SweptAuthentication> {
  const swept = { auth_one_time_tokens: 0, auth_flows: 0, auth_challenges: 0, auth_audit: 0 }
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
