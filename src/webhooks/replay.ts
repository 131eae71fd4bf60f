// Sends again what was sent before, or was never told: from any place that the log still holds, or single deliveries. Order is kept: while a
// replay goes on, nothing of its endpoint that stands behind it is sent.
import { AppError } from '../core'
import { changesBetween, readExtent, seqAt } from '../data'
import type { Model } from '../define'
import { run, type Statement, type Store } from '../platform'
import { deliveriesOf } from './consumer'
import { insertDeliveries } from './delivery'
import { oneEndpoint, readEndpoint, toEndpoint, type ReplayState } from './endpoint'
import { webhookErrors } from './errors'

/** Where to begin: a `seq` of the primary store, or a time (UTC ms) in all of them. */
export type ReplayFrom = { readonly seq: number } | { readonly since: number }

/** Changes that are looked at in one step: each may hold two rows of 32 KiB. */
const PAGE = 200
/** How long a worker goes on replaying by itself, in milliseconds. */
const WORK_MS = 20_000

/** Notes what is to be replayed; the queue does it. Errors: `webhook_unknown`, `webhook_disabled`, `webhook_replay_busy`, `webhook_replay_pruned`. */
export async function startReplay(
  db: D1Database,
  stores: readonly Store[],
  id: string,
  from: ReplayFrom,
  now: number,
): Promise<ReplayState> {
  const endpoint = await readEndpoint(db, id)
  if (endpoint.state === 'disabled') throw new AppError(webhookErrors.webhook_disabled)
  const state: Record<string, { next: number; until: number }> = {}
  for (const [i, store] of stores.entries()) {
    if ('seq' in from && i > 0) break
    const { pruned, head } = await readExtent(store)
    const next = 'seq' in from ? from.seq : await seqAt(store, from.since)
    if ('seq' in from && next <= pruned)
      throw new AppError(webhookErrors.webhook_replay_pruned, {
        message: `The log begins after seq ${pruned}.`,
        body: { oldest_seq: pruned + 1 },
      })
    if (next <= head) state[store.name] = { next, until: head }
  }
  if (Object.keys(state).length === 0) return state
  const [answer] = await run(db, [
    {
      sql: "UPDATE `sys_webhooks` SET `replay` = ?2, `updated_at` = cast(?3 AS INTEGER) WHERE `id` = ?1 AND `replay` IS NULL AND `state` = 'enabled'",
      params: [id, JSON.stringify(state), String(now)],
    },
  ])
  if (answer!.meta.changes === 0) throw new AppError(webhookErrors.webhook_replay_busy)
  return state
}

/** Goes on with the replay of an endpoint, if there is one, page by page. Answers whether it came to its end. */
export async function stepReplay(
  db: D1Database,
  model: Model,
  stores: readonly Store[],
  id: string,
  clock: () => number = Date.now,
): Promise<boolean> {
  const started = clock()
  while (clock() - started < WORK_MS) {
    const [answer] = await run(db, [oneEndpoint(id)])
    const row = answer!.results[0]
    if (row === undefined) return true
    const endpoint = toEndpoint(row)
    const [name] = Object.keys(endpoint.replay ?? {})
    if (endpoint.replay === null || name === undefined) return true
    const { next, until } = endpoint.replay[name]!
    const store = stores.find((one) => one.name === name)
    const changes = store === undefined ? [] : await changesBetween(store, next, until, PAGE)
    const { epoch } = store === undefined ? { epoch: '' } : await readExtent(store)
    const deliveries = await deliveriesOf(model, [endpoint], { store: name, epoch }, changes)
    const { [name]: _, ...others } = endpoint.replay
    const ended = changes.length < PAGE || changes.at(-1)!.seq >= until
    const left: ReplayState = ended ? others : { ...endpoint.replay, [name]: { next: changes.at(-1)!.seq + 1, until } }
    await run(db, [...insertDeliveries(deliveries, clock(), true), advance(id, JSON.stringify(endpoint.replay), left)])
  }
  return false
}

function advance(id: string, from: string, to: ReplayState): Statement {
  const text = Object.keys(to).length === 0 ? null : JSON.stringify(to)
  return { sql: 'UPDATE `sys_webhooks` SET `replay` = ?3 WHERE `id` = ?1 AND `replay` = ?2', params: [id, from, text] }
}

/** Single deliveries once more, each in its place. Answers how many that were ended are on their way again. */
export async function replayDeliveries(db: D1Database, endpoint: string, ids: readonly string[], now: number): Promise<number> {
  const [answer] = await run(db, [
    {
      sql:
        "UPDATE `sys_webhook_deliveries` SET `state` = 'ready', `next_at` = cast(?3 AS INTEGER), `attempts` = 0, `lease` = NULL, `finished_at` = NULL " +
        "WHERE `id` IN (SELECT value FROM json_each(?2)) AND `endpoint` = ?1 AND `state` IN ('delivered', 'failed')",
      params: [endpoint, JSON.stringify(ids), String(now)],
    },
  ])
  return answer!.meta.changes
}

/** How many are sent again at once by their state. */
export const REPLAY_FAILED_AT_ONCE = 1_000

/** What failed, the oldest first. */
export async function replayFailed(db: D1Database, endpoint: string, now: number): Promise<number> {
  const [answer] = await run(db, [
    {
      sql:
        "UPDATE `sys_webhook_deliveries` SET `state` = 'ready', `next_at` = cast(?2 AS INTEGER), `attempts` = 0, `lease` = NULL, `finished_at` = NULL " +
        'WHERE `pos` IN (SELECT `pos` FROM `sys_webhook_deliveries` WHERE `endpoint` = ?1 ' +
        `AND \`state\` <> 'delivered' AND \`state\` = 'failed' ORDER BY \`pos\` LIMIT ${REPLAY_FAILED_AT_ONCE})`,
      params: [endpoint, String(now)],
    },
  ])
  return answer!.meta.changes
}
