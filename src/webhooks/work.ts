// What the queue and the clock call: which endpoints have something to do, the doing, and the forgetting.
import type { Model } from '../define'
import { run, sendMessages, type Env, type Store, type Stores } from '../platform'
import { deliver, type Delivered, type DeliveryContext } from './deliver'
import { DELIVERIES_MS, sweepDeliveries } from './delivery'
import { PRIMARY } from './endpoint'
import { stepReplay } from './replay'

export interface WorkContext extends DeliveryContext {
  readonly model: Model
  readonly stores: Stores
}

/** Replays and sends what one endpoint has, for as long as a worker goes on by itself. */
export async function work(context: WorkContext, id: string): Promise<Delivered> {
  const ended = await stepReplay(context.db, context.model, context.stores.all, id, context.now)
  const outcome = await deliver(context, id)
  return ended ? outcome : { ...outcome, next: (context.now ?? Date.now)() }
}

/** Has the queue look after endpoints. What is lost on the way is found by the clock. */
export async function tellQueue(env: Env, ids: readonly string[]): Promise<void> {
  if (!env.JOBS || ids.length === 0) return
  await sendMessages(
    env.JOBS,
    ids.map((webhook) => ({ message: { webhook, store: PRIMARY }, delayMs: 0 })),
  )
}

/** Tells the queue of the endpoints that have something to do. Answers when something is due next, UTC ms. */
export async function sendDueWebhooks(store: Store, env: Env, now: number): Promise<number | null> {
  const { ids, next } = await dueEndpoints(store.db, now)
  await tellQueue(env, ids)
  // What was told just now is looked after again, should the message be lost.
  return ids.length > 0 ? Math.min(next ?? Infinity, now + LOOK_AGAIN_MS) : next
}

const LOOK_AGAIN_MS = 60_000

/** The endpoints that have something to do now, and when something is due next at the others, UTC ms. */
async function dueEndpoints(db: D1Database, now: number): Promise<{ readonly ids: readonly string[]; readonly next: number | null }> {
  const [answer] = await run(db, [
    {
      sql:
        "SELECT `id`, iif(`replay` IS NOT NULL, 0, max(`not_before`, (SELECT min(`next_at`) FROM `sys_webhook_deliveries` AS d WHERE d.`endpoint` = w.`id` AND d.`state` = 'ready'))) AS `at` " +
        "FROM `sys_webhooks` AS w WHERE `state` = 'enabled'",
      params: [],
    },
  ])
  const rows = (answer!.results as { id: string; at: number | null }[]).filter((row): row is { id: string; at: number } => row.at !== null)
  const later = rows.filter(({ at }) => at > now).map(({ at }) => at)
  return { ids: rows.filter(({ at }) => at <= now).map(({ id }) => id), next: later.length > 0 ? Math.min(...later) : null }
}

const CHUNK = 1_000
const ROUNDS = 20

/** Forgets old deliveries, a chunk a transaction. Answers how many. */
export async function sweepWebhooks(store: Store, now: number): Promise<number> {
  let gone = 0
  for (let round = 0; round < ROUNDS; round++) {
    const [answer] = await run(store.db, [sweepDeliveries(now - DELIVERIES_MS, CHUNK)])
    gone += answer!.meta.changes
    if (answer!.meta.changes < CHUNK) break
  }
  return gone
}
