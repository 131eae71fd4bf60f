// The statements by which deliveries come to be, are taken by one worker, and end. The first that is open of each key is `ready`, those
// behind it are `held`, so that looking for work reads nothing that has to wait.
import { toHex, utf8 } from '../core'
import type { Statement } from '../platform'
import type { WebhookEvent } from './event'

/** How long a worker has what it took, in milliseconds: a few attempts, one after the other. */
export const LEASE_MS = 120_000
/** How long deliveries are kept, whatever became of them. */
export const DELIVERIES_MS = 30 * 24 * 3600 * 1000
/** One statement's parameter stays well under what D1 binds. */
const MAX_PARAMETER = 500_000

export interface NewDelivery extends WebhookEvent {
  readonly id: string
  readonly endpoint: string
  readonly store: string
  readonly seq: number
}

const OPEN = "`state` <> 'delivered' AND `state` <> 'failed'"

/**
 * Adds deliveries, in order, those with a known id excepted: they stay as they are, or with `again` are sent anew once they have ended.
 * `now` is UTC ms.
 */
export function insertDeliveries(deliveries: readonly NewDelivery[], now: number, again = false): Statement[] {
  const conflict = again
    ? "DO UPDATE SET `state` = 'held', `attempts` = 0, `lease` = NULL, `next_at` = NULL, `finished_at` = NULL WHERE `state` IN ('delivered', 'failed')"
    : 'DO NOTHING'
  return chunks(deliveries).flatMap((chunk) => [
    {
      sql:
        'INSERT INTO `sys_webhook_deliveries` (`id`, `endpoint`, `store`, `seq`, `key`, `type`, `body`, `state`, `created_at`) ' +
        "SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, 'held', cast(?2 AS INTEGER) " +
        `FROM json_each(?1) WHERE true ORDER BY key ON CONFLICT (\`id\`) ${conflict}`,
      params: [
        JSON.stringify(chunk.map(({ id, endpoint, store, seq, key, type, body }) => [id, endpoint, store, seq, key, type, body])),
        String(now),
      ],
    },
    promote(chunk, now),
  ])
}

/** Makes the first that is open of each key ready, if it was held. */
export function promote(keys: readonly { readonly endpoint: string; readonly key: string }[], now: number): Statement {
  const distinct = [...new Set(keys.map(({ endpoint, key }) => JSON.stringify([endpoint, key])))]
  return {
    sql:
      "UPDATE `sys_webhook_deliveries` SET `state` = 'ready', `next_at` = cast(?2 AS INTEGER) WHERE `state` = 'held' AND `pos` IN (" +
      `SELECT (SELECT \`pos\` FROM \`sys_webhook_deliveries\` WHERE \`endpoint\` = k.value ->> 0 AND \`key\` = k.value ->> 1 AND ${OPEN} ` +
      'ORDER BY `seq`, `pos` LIMIT 1) FROM json_each(?1) AS k)',
    params: [`[${distinct.join(',')}]`, String(now)],
  }
}

/** What a worker took. */
export interface Claimed {
  readonly pos: number
  readonly id: string
  readonly key: string
  readonly body: string
  /** With this one. */
  readonly attempts: number
}

/**
 * Takes up to `limit` deliveries of an enabled endpoint that are due, as one conditional update: who comes at the same time takes others.
 * Nothing is taken while something earlier of its key is open, and nothing behind a replay that goes on.
 */
export function claim(endpoint: string, lease: string, now: number, limit: number): Statement {
  return {
    sql:
      'UPDATE `sys_webhook_deliveries` SET `lease` = ?2, `next_at` = cast(?3 AS INTEGER) + cast(?5 AS INTEGER), `attempts` = `attempts` + 1 ' +
      'WHERE `pos` IN (SELECT d.`pos` FROM `sys_webhooks` AS w CROSS JOIN `sys_webhook_deliveries` AS d WHERE w.`id` = ?1 ' +
      "AND w.`state` = 'enabled' AND w.`not_before` <= cast(?3 AS INTEGER) AND d.`endpoint` = ?1 AND d.`state` = 'ready' " +
      'AND d.`next_at` <= cast(?3 AS INTEGER) ' +
      "AND (w.`replay` IS NULL OR d.`seq` < coalesce(json_extract(w.`replay`, '$.' || d.`store` || '.next'), d.`seq` + 1)) " +
      'AND NOT EXISTS (SELECT 1 FROM `sys_webhook_deliveries` AS e WHERE e.`endpoint` = ?1 AND e.`key` = d.`key` ' +
      "AND e.`state` <> 'delivered' AND e.`state` <> 'failed' AND (e.`seq`, e.`pos`) < (d.`seq`, d.`pos`)) " +
      'ORDER BY d.`next_at` LIMIT cast(?4 AS INTEGER)) RETURNING `pos`, `id`, `key`, `body`, `attempts`',
    params: [endpoint, lease, String(now), String(limit), String(LEASE_MS)],
  }
}

/** What became of what was taken; `released` was not tried. */
export interface Ending {
  readonly pos: number
  readonly key: string
  readonly state: 'delivered' | 'ready' | 'failed' | 'released'
  readonly nextAt: number | null
  readonly status: number | null
  readonly reason: string | null
}

/** Records it, for whom the lease still holds, and lets the next of each key go. */
export function finish(endpoint: string, lease: string, endings: readonly Ending[], now: number): Statement[] {
  if (endings.length === 0) return []
  const rows = endings.map(({ pos, state, nextAt, status, reason }) => [pos, state, nextAt, status, reason])
  const ended = endings.filter(({ state }) => state === 'delivered' || state === 'failed').map(({ key }) => ({ endpoint, key }))
  const tried = "r.value ->> 1 <> 'released'"
  return [
    {
      sql:
        "UPDATE `sys_webhook_deliveries` SET `state` = CASE r.value ->> 1 WHEN 'released' THEN 'ready' ELSE r.value ->> 1 END, " +
        `\`next_at\` = r.value ->> 2, \`attempts\` = iif(${tried}, \`attempts\`, \`attempts\` - 1), \`lease\` = NULL, ` +
        `\`last_status\` = iif(${tried}, r.value ->> 3, \`last_status\`), \`last_reason\` = iif(${tried}, r.value ->> 4, \`last_reason\`), ` +
        `\`last_at\` = iif(${tried}, cast(?3 AS INTEGER), \`last_at\`), ` +
        "`finished_at` = iif(r.value ->> 1 IN ('delivered', 'failed'), cast(?3 AS INTEGER), NULL) " +
        'FROM json_each(?1) AS r WHERE `sys_webhook_deliveries`.`pos` = r.value ->> 0 AND `lease` = ?2',
      params: [JSON.stringify(rows), lease, String(now)],
    },
    ...(ended.length > 0 ? [promote(ended, now)] : []),
  ]
}

/** When something of the endpoint is due next; gives one row `{ at }`. */
export function nextDue(endpoint: string): Statement {
  return {
    sql:
      "SELECT max(w.`not_before`, (SELECT min(`next_at`) FROM `sys_webhook_deliveries` WHERE `endpoint` = ?1 AND `state` = 'ready')) AS `at` " +
      "FROM `sys_webhooks` AS w WHERE w.`id` = ?1 AND w.`state` = 'enabled'",
    params: [endpoint],
  }
}

function chunks<T extends { readonly body: string }>(list: readonly T[]): T[][] {
  const out: T[][] = []
  let size = Infinity
  for (const item of list) {
    if (size + item.body.length > MAX_PARAMETER) {
      out.push([])
      size = 0
    }
    out.at(-1)!.push(item)
    size += item.body.length + 200
  }
  return out
}

/** The `webhook-id` under which something reaches an endpoint: the same whenever it is made. */
export async function deliveryId(endpoint: string, origin: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', utf8(`${endpoint} ${origin}`))
  return `msg_${toHex(new Uint8Array(digest, 0, 16))}`
}

/**
 * Forgets the oldest of those that were made before `before`, a chunk at most; gives how many by `meta.changes`. What an enabled endpoint
 * is still to be told stays: it ends within days.
 */
export function sweepDeliveries(before: number, chunk: number): Statement {
  return {
    sql:
      'DELETE FROM `sys_webhook_deliveries` WHERE `pos` IN (SELECT `pos` FROM `sys_webhook_deliveries` ORDER BY `pos` LIMIT cast(?2 AS INTEGER)) ' +
      "AND `created_at` < cast(?1 AS INTEGER) AND (`state` IN ('delivered', 'failed') OR `endpoint` NOT IN (SELECT `id` FROM `sys_webhooks` WHERE `state` = 'enabled'))",
    params: [String(before), String(chunk)],
  }
}
