// Endpoints as they are stored: read, written, their secrets sealed and opened. Judges no request: routes/admin does.
import { AppError, uuidv7 } from '../core'
import { run, type Keys, type Statement } from '../platform'
import { webhookErrors } from './errors'
import { matches } from './event'
import { newSecret, rotate, type EndpointSecret } from './secret'

/** The store that endpoints and deliveries are in. */
export const PRIMARY = 'db'

export type DisabledReason = 'asked' | 'gone' | 'exhausted'

/** Times are UTC ms. */
export interface Endpoint {
  readonly id: string
  readonly url: string
  readonly description: string | null
  readonly events: readonly string[]
  readonly sealedSecrets: string
  readonly state: 'enabled' | 'disabled'
  readonly disabledReason: DisabledReason | null
  readonly disabledAt: number | null
  readonly notBefore: number
  /** By store: what of a replay is still to be done. */
  readonly replay: ReplayState | null
  readonly lastSuccessAt: number | null
  readonly lastFailureAt: number | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** `next` is the first `seq` that wasn't looked at, `until` the last that will be. */
export type ReplayState = Readonly<Record<string, { readonly next: number; readonly until: number }>>

/** So many endpoints at most: each change is compared with all of them. */
export const MAX_ENDPOINTS = 100

const COLUMNS =
  '`id`, `url`, `description`, `events`, `secrets` AS `sealedSecrets`, `state`, `disabled_reason` AS `disabledReason`, `disabled_at` AS `disabledAt`, ' +
  '`not_before` AS `notBefore`, `replay`, `last_success_at` AS `lastSuccessAt`, `last_failure_at` AS `lastFailureAt`, `created_at` AS `createdAt`, `updated_at` AS `updatedAt`'

type StoredEndpoint = Omit<Endpoint, 'events' | 'replay'> & { readonly events: string; readonly replay: string | null }

/** Reads a row that one of the statements here gave. */
export function toEndpoint(row: Record<string, unknown>): Endpoint {
  const { events, replay, ...rest } = row as unknown as StoredEndpoint
  return {
    ...rest,
    events: JSON.parse(events) as string[],
    replay: replay === null ? null : (JSON.parse(replay) as ReplayState),
  }
}

export const allEndpoints: Statement = { sql: `SELECT ${COLUMNS} FROM \`sys_webhooks\` ORDER BY \`id\` LIMIT ${MAX_ENDPOINTS}`, params: [] }

export const oneEndpoint = (id: string): Statement => ({ sql: `SELECT ${COLUMNS} FROM \`sys_webhooks\` WHERE \`id\` = ?1`, params: [id] })

export async function listEndpoints(db: D1Database): Promise<Endpoint[]> {
  const [answer] = await run(db, [allEndpoints])
  return answer!.results.map(toEndpoint)
}

/** Errors: `webhook_unknown`. */
export async function readEndpoint(db: D1Database, id: string): Promise<Endpoint> {
  const [answer] = await run(db, [oneEndpoint(id)])
  const row = answer!.results[0]
  if (row === undefined) throw new AppError(webhookErrors.webhook_unknown)
  return toEndpoint(row)
}

/** Whether the endpoint is told of the type. */
export const isTold = ({ state, events }: Endpoint, type: string): boolean =>
  state === 'enabled' && events.some((pattern) => matches(pattern, type))

/** The name under which the change feed keeps how far deliveries were made. */
export const FOLLOWER = 'webhooks.deliveries'

/** While nobody is told of anything the follower rests until `until` (UTC ms): what is written then costs no run of it. */
export function restFollower(until: number): Statement {
  return {
    sql:
      "UPDATE `sys_consumers` SET `next_at` = cast(?1 AS INTEGER), `error` = 'no endpoint is enabled' " +
      "WHERE `name` = ?2 AND NOT EXISTS (SELECT 1 FROM `sys_webhooks` WHERE `state` = 'enabled')",
    params: [String(until), FOLLOWER],
  }
}

const wakeFollower: Statement = {
  sql: 'UPDATE `sys_consumers` SET `next_at` = NULL, `error` = NULL WHERE `name` = ?1 AND `attempts` = 0',
  params: [FOLLOWER],
}

const purposeOf = (id: string): string => `webhook ${id}`

/** Errors: `root_key_changed`. */
export async function openSecrets(keys: Keys, { id, sealedSecrets }: Endpoint): Promise<readonly EndpointSecret[]> {
  return JSON.parse(await keys.unseal(sealedSecrets, purposeOf(id))) as EndpointSecret[]
}

/** The clock of the change log: what was written before an endpoint was made is known exactly. */
const DATABASE_CLOCK = "cast(round(unixepoch('subsec') * 1000) AS INTEGER)"

export interface NewEndpoint {
  readonly url: string
  readonly description: string | null
  readonly events: readonly string[]
  /** Made here when absent. */
  readonly secret?: string
}

/** Errors: `webhook_too_many`. */
export async function createEndpoint(
  db: D1Database,
  keys: Keys,
  { url, description, events, secret = newSecret() }: NewEndpoint,
  now: number,
): Promise<{ readonly endpoint: Endpoint; readonly secret: string }> {
  const id = uuidv7(now)
  const sealed = await keys.seal(JSON.stringify([{ secret, until: null } satisfies EndpointSecret]), purposeOf(id))
  const [answer] = await run(db, [
    {
      sql:
        'INSERT INTO `sys_webhooks` (`id`, `url`, `description`, `events`, `secrets`, `created_at`, `updated_at`) ' +
        `SELECT ?1, ?2, ?3, ?4, ?5, ${DATABASE_CLOCK}, cast(?6 AS INTEGER) ` +
        `WHERE (SELECT count(*) FROM \`sys_webhooks\`) < ${MAX_ENDPOINTS} RETURNING ${COLUMNS}`,
      params: [id, url, description, JSON.stringify(events), sealed, String(now)],
    },
    wakeFollower,
  ])
  const row = answer!.results[0]
  if (row === undefined) throw new AppError(webhookErrors.webhook_too_many, { message: `There are ${MAX_ENDPOINTS} endpoints already.` })
  return { endpoint: toEndpoint(row), secret }
}

export interface EndpointChanges {
  readonly url?: string
  readonly description?: string | null
  readonly events?: readonly string[]
}

/** Errors: `webhook_unknown`. */
export async function updateEndpoint(db: D1Database, id: string, changes: EndpointChanges, now: number): Promise<Endpoint> {
  const [answer] = await run(db, [
    {
      sql:
        'UPDATE `sys_webhooks` SET `url` = coalesce(?2, `url`), `events` = coalesce(?3, `events`), ' +
        `\`description\` = iif(?4 = '1', ?5, \`description\`), \`updated_at\` = cast(?6 AS INTEGER) WHERE \`id\` = ?1 RETURNING ${COLUMNS}`,
      params: [
        id,
        changes.url ?? null,
        changes.events === undefined ? null : JSON.stringify(changes.events),
        changes.description === undefined ? '0' : '1',
        changes.description ?? null,
        String(now),
      ],
    },
  ])
  const row = answer!.results[0]
  if (row === undefined) throw new AppError(webhookErrors.webhook_unknown)
  return toEndpoint(row)
}

/** Rounds of an exchange that lost against another one. */
const ROTATION_TRIES = 5

/** Makes a secret the newest; the former ones sign for `overlap` seconds more. Two at once both count. Errors: `webhook_unknown`. */
export async function rotateSecret(
  db: D1Database,
  keys: Keys,
  id: string,
  { secret = newSecret(), overlap }: { readonly secret?: string; readonly overlap: number },
  now: number,
): Promise<{ readonly secret: string; readonly secrets: readonly EndpointSecret[] }> {
  for (let round = 0; round < ROTATION_TRIES; round++) {
    const endpoint = await readEndpoint(db, id)
    const secrets = rotate(await openSecrets(keys, endpoint), secret, now, overlap)
    const [answer] = await run(db, [
      {
        sql: 'UPDATE `sys_webhooks` SET `secrets` = ?2, `updated_at` = cast(?4 AS INTEGER) WHERE `id` = ?1 AND `secrets` = ?3',
        params: [id, await keys.seal(JSON.stringify(secrets), purposeOf(id)), endpoint.sealedSecrets, String(now)],
      },
    ])
    if (answer!.meta.changes > 0) return { secret, secrets }
  }
  throw new AppError(webhookErrors.webhook_replay_busy, { message: 'The secret is being rotated by others. Try again.' })
}

/** No attempt is made any more; what is on its way stays. */
export function disable(id: string, reason: DisabledReason, now: number): Statement {
  return {
    sql:
      "UPDATE `sys_webhooks` SET `state` = 'disabled', `disabled_reason` = ?2, `disabled_at` = cast(?3 AS INTEGER), `updated_at` = cast(?3 AS INTEGER) " +
      "WHERE `id` = ?1 AND `state` = 'enabled'",
    params: [id, reason, String(now)],
  }
}

/**
 * Goes on where it stopped: what failed is tried again, in its place, with all attempts before it. Whose forerunner was forgotten
 * meanwhile comes first now.
 */
export function enable(id: string, now: number): Statement[] {
  return [
    {
      sql:
        "UPDATE `sys_webhooks` SET `state` = 'enabled', `disabled_reason` = NULL, `disabled_at` = NULL, `not_before` = 0, `updated_at` = cast(?2 AS INTEGER) " +
        'WHERE `id` = ?1',
      params: [id, String(now)],
    },
    wakeFollower,
    {
      sql:
        "UPDATE `sys_webhook_deliveries` SET `state` = 'ready', `next_at` = cast(?2 AS INTEGER), `attempts` = 0, `finished_at` = NULL " +
        "WHERE `endpoint` = ?1 AND `state` <> 'delivered' AND `state` = 'failed'",
      params: [id, String(now)],
    },
    {
      sql:
        "UPDATE `sys_webhook_deliveries` AS d SET `state` = 'ready', `next_at` = cast(?2 AS INTEGER) " +
        "WHERE d.`endpoint` = ?1 AND d.`state` <> 'delivered' AND d.`state` = 'held' AND NOT EXISTS (SELECT 1 FROM `sys_webhook_deliveries` AS e " +
        "WHERE e.`endpoint` = ?1 AND e.`key` = d.`key` AND e.`state` <> 'delivered' AND e.`state` <> 'failed' AND (e.`seq`, e.`pos`) < (d.`seq`, d.`pos`))",
      params: [id, String(now)],
    },
  ]
}

const CHUNK = 2_000
const ROUNDS = 20

/**
 * The endpoint first, so that nothing new comes; then its deliveries, in chunks. Of very many some are left, which nobody sends and the sweeper
 * takes when they are old. Answers whether it was there.
 */
export async function deleteEndpoint(db: D1Database, id: string): Promise<boolean> {
  const [gone] = await run(db, [{ sql: 'DELETE FROM `sys_webhooks` WHERE `id` = ?1', params: [id] }])
  for (let count = CHUNK, round = 0; count >= CHUNK && round < ROUNDS; round++) {
    const [answer] = await run(db, [
      {
        sql: 'DELETE FROM `sys_webhook_deliveries` WHERE `pos` IN (SELECT `pos` FROM `sys_webhook_deliveries` WHERE `endpoint` = ?1 LIMIT cast(?2 AS INTEGER))',
        params: [id, String(CHUNK)],
      },
    ])
    count = answer!.meta.changes
  }
  return gone!.meta.changes > 0
}
