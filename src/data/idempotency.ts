// Keys of requests that are done once: what a key is called in the database, and the answer that was kept under it.
import { AppError, toHex, utf8, type Principal } from '../core'
import { run, type Store } from '../platform'
import type { Query } from '../query'
import { dataErrors } from './errors'
import type { Result } from './execute'

/** The query with its key hashed together with the caller, so that nobody is answered what another asked. A query that only reads needs no key. */
export async function scopedToCaller(query: Query, { role, uid }: Principal): Promise<Query> {
  const { idempotency, ...rest } = query
  if (!idempotency) return query
  if (query.undo || query.operations.every(({ kind }) => kind === 'read')) return rest
  const digest = await crypto.subtle.digest('SHA-256', utf8(JSON.stringify([role, uid, idempotency.key])))
  return { ...query, idempotency: { ...idempotency, key: toHex(new Uint8Array(digest)) } }
}

/** What was answered when the key was first sent. Throws when the request was another one, or its answer just expired. */
export async function keptAnswer(store: Store, { idempotency }: Query): Promise<Result[]> {
  const { key, fingerprint } = idempotency!
  const lookup = { sql: 'select `fingerprint`, `answer` from `sys_idempotency` where `id` = ?1', params: [key] }
  const [answer] = await run(store.db, [lookup])
  const kept = answer?.results[0] as { fingerprint: string; answer: string } | undefined
  if (kept === undefined) throw new AppError(dataErrors.idempotency_expired)
  if (kept.fingerprint !== fingerprint) throw new AppError(dataErrors.idempotency_key_reused)
  return keptResults(kept.answer)
}

/** Answers as they are kept, see query/compiled.ts. Those that an older version kept lack some members. */
export function keptResults(text: string): Result[] {
  return (JSON.parse(text) as (Omit<Result, 'page'> & Partial<Result>)[]).map((result) => ({
    ...result,
    total: result.total ?? null,
    revision: result.revision ?? null,
    page: null,
  }))
}
