// What operators ask about deliveries: lists, single ones, how many wait; and events that no table has.
import { AppError, uuidv7 } from '../core'
import { readExtent } from '../data'
import { run, type Store } from '../platform'
import { deliveryId, insertDeliveries } from './delivery'
import { allEndpoints, isTold, toEndpoint, type Endpoint } from './endpoint'
import { webhookErrors } from './errors'
import { envelope, MAX_BODY_BYTES, sizeOf } from './event'

/** `sending` has been taken by a worker whose time isn't up. */
export type DeliveryState = 'held' | 'ready' | 'sending' | 'delivered' | 'failed'

/** Times are UTC ms. */
export interface DeliveryRecord {
  readonly pos: number
  readonly id: string
  readonly type: string
  readonly key: string
  readonly store: string
  readonly seq: number
  readonly state: DeliveryState
  readonly attempts: number
  readonly nextAt: number | null
  readonly lastStatus: number | null
  readonly lastReason: string | null
  readonly lastAt: number | null
  readonly createdAt: number
  readonly finishedAt: number | null
}

const RECORD =
  "`pos`, `id`, `type`, `key`, `store`, `seq`, iif(`state` = 'ready' AND `lease` IS NOT NULL AND `next_at` > cast(?2 AS INTEGER), 'sending', `state`) AS `state`, " +
  '`attempts`, `next_at` AS `nextAt`, `last_status` AS `lastStatus`, `last_reason` AS `lastReason`, `last_at` AS `lastAt`, `created_at` AS `createdAt`, `finished_at` AS `finishedAt`'

const WANTED: Readonly<Record<Exclude<DeliveryState, 'sending'>, string>> = {
  held: "`state` <> 'delivered' AND `state` = 'held'",
  ready: "`state` <> 'delivered' AND `state` = 'ready'",
  failed: "`state` <> 'delivered' AND `state` = 'failed'",
  delivered: "`state` = 'delivered'",
}

/** The longest page. */
export const MAX_DELIVERIES = 200

/** Deliveries of an endpoint, the newest first, those before `before` (a `pos`). */
export async function listDeliveries(
  db: D1Database,
  endpoint: string,
  options: { readonly state?: keyof typeof WANTED; readonly limit: number; readonly before?: number; readonly now: number },
): Promise<DeliveryRecord[]> {
  const [answer] = await run(db, [
    {
      sql:
        `SELECT ${RECORD} FROM \`sys_webhook_deliveries\` WHERE \`endpoint\` = ?1 AND \`pos\` < cast(?3 AS INTEGER) ` +
        `${options.state ? `AND ${WANTED[options.state]} ` : ''}ORDER BY \`pos\` DESC LIMIT cast(?4 AS INTEGER)`,
      params: [
        endpoint,
        String(options.now),
        String(options.before ?? Number.MAX_SAFE_INTEGER),
        String(Math.min(options.limit, MAX_DELIVERIES)),
      ],
    },
  ])
  return answer!.results as unknown as DeliveryRecord[]
}

/** One delivery, with what is sent. Errors: `webhook_delivery_unknown`. */
export async function readDelivery(
  db: D1Database,
  endpoint: string,
  id: string,
  now: number,
): Promise<DeliveryRecord & { readonly body: string }> {
  const [answer] = await run(db, [
    {
      sql: `SELECT ${RECORD}, \`body\` FROM \`sys_webhook_deliveries\` WHERE \`id\` = ?3 AND \`endpoint\` = ?1`,
      params: [endpoint, String(now), id],
    },
  ])
  const row = answer!.results[0]
  if (row === undefined) throw new AppError(webhookErrors.webhook_delivery_unknown)
  return row as unknown as DeliveryRecord & { body: string }
}

/** What isn't delivered, counted. `oldestAt` is when the oldest of what is still to be sent was made, UTC ms. */
export interface Backlog {
  readonly held: number
  readonly ready: number
  readonly failed: number
  readonly oldestAt: number | null
}

export async function readBacklog(db: D1Database, endpoint: string): Promise<Backlog> {
  const [answer] = await run(db, [
    {
      sql:
        "SELECT count(*) FILTER (WHERE `state` = 'held') AS held, count(*) FILTER (WHERE `state` = 'ready') AS ready, " +
        "count(*) FILTER (WHERE `state` = 'failed') AS failed, min(`created_at`) FILTER (WHERE `state` <> 'failed') AS oldestAt " +
        "FROM `sys_webhook_deliveries` WHERE `endpoint` = ?1 AND `state` <> 'delivered'",
      params: [endpoint],
    },
  ])
  return answer!.results[0] as unknown as Backlog
}

/** An event that is no change of a row. */
export interface NamedEvent {
  readonly type: string
  readonly data: unknown
  /** Those with the same key reach an endpoint one after the other; one without waits for none. */
  readonly key?: string
  /** The same event given twice under it is one. */
  readonly id?: string
}

/**
 * Gives an event to the endpoints that are told of its type, or to one alone. Answers their ids and those of the deliveries. Errors:
 * `webhook_invalid` when it is too large.
 */
export async function emit(
  store: Store,
  { type, data, key, id = uuidv7() }: NamedEvent,
  now: number,
  only?: Endpoint,
): Promise<readonly { readonly endpoint: string; readonly delivery: string }[]> {
  const body = envelope(type, now, data)
  if (sizeOf(body) >= MAX_BODY_BYTES)
    throw new AppError(webhookErrors.webhook_invalid, { message: `An event has less than ${MAX_BODY_BYTES} bytes.` })
  const [answer] = await run(store.db, [allEndpoints])
  const told = only === undefined ? answer!.results.map(toEndpoint).filter((endpoint) => isTold(endpoint, type)) : [only]
  const { head } = await readExtent(store)
  const made = await Promise.all(
    told.map(async ({ id: endpoint }) => ({ endpoint, delivery: await deliveryId(endpoint, `event ${type} ${id}`) })),
  )
  const deliveries = made.map(({ endpoint, delivery }) => ({
    id: delivery,
    endpoint,
    store: store.name,
    seq: head,
    key: key === undefined ? `event ${type} ${id}` : `event key ${key}`,
    type,
    body,
  }))
  const statements = insertDeliveries(deliveries, now)
  if (statements.length > 0) await run(store.db, statements)
  return made
}
