// What a batch hands to the queue: before it, payloads too large for a row are put aside; after it, messages name the jobs that it took in.
import { AppError, utf8 } from '../core'
import type { Stores, Store, JobMessage } from '../platform'
import { lookAtOf, DELAY_LIMIT_MS, type Enqueue, type Execution, type Query } from '../query'
import { dataErrors } from './errors'
import type { Result } from './execute'

/** Bytes of JSON that lie in the job's row; more lies in R2. */
export const MAX_ROW_PAYLOAD = 100_000
/** Bytes of JSON that a job takes at all. */
export const MAX_PAYLOAD = 25_000_000
/** Where such payloads lie in the bucket. */
export const PAYLOAD_PREFIX = 'jobs/'

const enqueues = ({ operations }: Query): readonly Enqueue[] => operations.filter((one) => one.kind === 'enqueue')

/** The query with large payloads put aside. Throws `payload_too_large`. What is put aside for a batch that then fails is swept (jobs/sweep.ts). */
export async function putPayloadsAside(query: Query, { outbox }: Stores): Promise<Query> {
  if (enqueues(query).length === 0) return query
  const operations = await Promise.all(
    query.operations.map(async (operation) => {
      if (operation.kind !== 'enqueue') return operation
      const text = JSON.stringify(operation.payload ?? null)
      if (text.length * 3 <= MAX_ROW_PAYLOAD) return operation
      const bytes = utf8(text)
      if (bytes.byteLength <= MAX_ROW_PAYLOAD) return operation
      if (bytes.byteLength > MAX_PAYLOAD || !outbox?.objects)
        throw new AppError(dataErrors.payload_too_large, {
          details: outbox?.objects ? `${MAX_PAYLOAD} bytes can be.` : `Without the R2 bucket MEDIA ${MAX_ROW_PAYLOAD} bytes can be.`,
        })
      const payloadKey = `${PAYLOAD_PREFIX}${operation.id}`
      await outbox.objects.put(payloadKey, bytes)
      return { ...operation, payload: null, payloadKey }
    }),
  )
  return { ...query, operations }
}

/** Tells the queue of the jobs that a batch took in. Whatever is lost on the way, the sweeper finds in the table. */
export function tellQueue(query: Query, results: readonly Result[], store: Store, { outbox }: Stores, { now }: Execution): void {
  if (!outbox) return
  const messages: JobMessage[] = []
  let look = Infinity
  for (const [i, operation] of query.operations.entries()) {
    if (operation.kind !== 'enqueue' || !results[i]?.body.includes(operation.id)) continue
    const dueAt = operation.dueAt ?? now
    look = Math.min(look, lookAtOf(dueAt, now))
    if (dueAt - now <= DELAY_LIMIT_MS)
      messages.push({ message: { job: operation.id, store: store.name }, delayMs: Math.max(0, dueAt - now) })
  }
  if (look !== Infinity) outbox.committed(store.name, messages, look)
}
