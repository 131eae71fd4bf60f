// What a developer's own machine kept instead of sending it: reads it, empties it, and keeps it small.
import { run, type SqlValue } from '../platform'

/** Times are ISO 8601. */
export interface OutboxMessage {
  readonly id: string
  readonly at: string
  readonly channel: string
  readonly to: string
  readonly kind: string
  readonly locale: string
  readonly subject: string | null
  readonly text: string
  readonly html: string | null
  readonly variables: Readonly<Record<string, unknown>>
}

export interface OutboxFilter {
  readonly id?: string | undefined
  /** The whole recipient. */
  readonly to?: string | undefined
  /** A part of the recipient. */
  readonly search?: string | undefined
  /** Only newer ones than this id. */
  readonly after?: string | undefined
  readonly limit: number
}

/** The newest first. */
export async function readOutbox(db: D1Database, { id, to, search, after, limit }: OutboxFilter): Promise<OutboxMessage[]> {
  const params: SqlValue[] = []
  const bound = (value: SqlValue) => `?${params.push(value)}`
  const terms = [
    ...(id === undefined ? [] : [`id = ${bound(id)}`]),
    ...(to === undefined ? [] : [`recipient in (${bound(to)}, ${bound(`+${to}`)})`]),
    ...(search === undefined ? [] : [`instr(lower(recipient), lower(${bound(search)})) > 0`]),
    ...(after === undefined ? [] : [`id > ${bound(after)}`]),
  ]
  const where = terms.length > 0 ? `where ${terms.join(' and ')}` : ''
  const sql = `select * from sys_outbox ${where} order by id desc limit cast(${bound(String(limit))} as integer)`
  const [answer] = await run(db, [{ sql, params }])
  return (answer?.results ?? []).map((row) => ({
    id: String(row['id']),
    at: new Date(Number(row['at'])).toISOString(),
    channel: String(row['channel']),
    to: String(row['recipient']),
    kind: String(row['kind']),
    locale: String(row['locale']),
    subject: row['subject'] as string | null,
    text: String(row['text']),
    html: row['html'] as string | null,
    variables: JSON.parse(String(row['variables'])) as Record<string, unknown>,
  }))
}

export async function emptyOutbox(db: D1Database): Promise<void> {
  await run(db, [{ sql: 'delete from sys_outbox', params: [] }])
}

/** How many are kept, and how long. */
const KEPT = 500
const KEPT_MS = 7 * 86_400_000

/** Forgets old ones. How many went. */
export async function sweepOutbox(db: D1Database, now: number): Promise<number> {
  const [answer] = await run(db, [
    {
      sql: `delete from sys_outbox where at < cast(?1 as integer) or id in (select id from sys_outbox order by id desc limit -1 offset ${KEPT}) returning id`,
      params: [String(now - KEPT_MS)],
    },
  ])
  return answer?.results.length ?? 0
}
