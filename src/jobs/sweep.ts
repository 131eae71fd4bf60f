// Forgets jobs that have ended, with what they left in R2, in chunks. Safe to run at any time, by several at once.
import { PAYLOAD_PREFIX } from '../data'
import { run, type Env, type Store } from '../platform'

/** How long an ended job is kept: long enough to see it, and one that needs somebody longer. */
export const KEPT_MS = { done: 24 * 3_600_000, cancelled: 24 * 3_600_000, dead: 30 * 24 * 3_600_000 } as const
/** An object without a job may be of a batch that is about to commit. */
const ORPHAN_MS = 24 * 3_600_000

const CHUNK = 1_000
const ROUNDS = 20

/** How many jobs went. What is left over when it stops goes the next time. */
export async function sweepJobs(store: Store, env: Env, now: number): Promise<number> {
  let gone = 0
  for (const [state, kept] of Object.entries(KEPT_MS)) {
    for (let round = 0; round < ROUNDS; round++) {
      const [answer] = await run(store.db, [
        {
          sql: 'delete from `sys_jobs` where `id` in (select `id` from `sys_jobs` where `state` = ?1 and `finished_at` < cast(?2 as integer) limit cast(?3 as integer)) returning `payload_key` as key',
          params: [state, String(now - kept), String(CHUNK)],
        },
      ])
      const rows = (answer?.results ?? []) as { key: string | null }[]
      const keys = rows.flatMap(({ key }) => (key === null ? [] : [key]))
      if (keys.length > 0) await env.MEDIA?.delete(keys)
      gone += rows.length
      if (rows.length < CHUNK) break
    }
  }
  return gone
}

/** Removes payloads whose job is in no store: of a batch that failed, or of a job that was there already. How many went. */
export async function sweepPayloads(stores: readonly Store[], { MEDIA: bucket }: Env, now: number): Promise<number> {
  if (!bucket) return 0
  let gone = 0
  let cursor: string | undefined
  for (let round = 0; round < ROUNDS; round++) {
    const page = await bucket.list({ prefix: PAYLOAD_PREFIX, ...(cursor === undefined ? {} : { cursor }) })
    const old = page.objects.filter(({ uploaded }) => uploaded.getTime() < now - ORPHAN_MS).map(({ key }) => key)
    if (old.length > 0) {
      const known = new Set<unknown>()
      for (const store of stores) {
        const sql = 'select `payload_key` as key from `sys_jobs` where `id` in (select substr(value, ?2) from json_each(?1))'
        const [answer] = await run(store.db, [{ sql, params: [JSON.stringify(old), PAYLOAD_PREFIX.length + 1] }])
        for (const { key } of answer?.results ?? []) known.add(key)
      }
      const orphans = old.filter((key) => !known.has(key))
      if (orphans.length > 0) await bucket.delete(orphans)
      gone += orphans.length
    }
    // Keys are in the order of time: what follows is younger still.
    if (!page.truncated || old.length < page.objects.length) break
    ;({ cursor } = page)
  }
  return gone
}
