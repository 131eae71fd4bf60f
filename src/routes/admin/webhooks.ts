// /api/v1/admin/webhooks: endpoints that are told of events, what is on its way to them, and sending it again. Sends nothing itself.
import { Hono } from 'hono'
import { AppError, isUuid } from '../../core'
import type { Model } from '../../define'
import type { AppContext, AppEnv } from '../../middleware'
import { isDevelopment, keysOf, run } from '../../platform'
import {
  checkAddress,
  createEndpoint,
  deleteEndpoint,
  disable,
  emit,
  enable,
  eventName,
  listDeliveries,
  listEndpoints,
  live,
  openSecrets,
  readBacklog,
  readDelivery,
  readEndpoint,
  replayDeliveries,
  replayFailed,
  rotateSecret,
  startReplay,
  updateEndpoint,
  webhookErrors,
  type AddressProblem,
  type DeliveryRecord,
  type Endpoint,
} from '../../webhooks'
import { iso, isoOrNull, readJson, readQuery } from './request'
import { createBody, deliveriesQuery, eventBody, replayBody, rotateBody, updateBody } from './webhook-schema'
import { tellWebhooks } from './webhook-work'

const NO_STORE = { 'cache-control': 'no-store' }
const INVALID = webhookErrors.webhook_invalid

const database = (c: AppContext): D1Database => c.var.stores.primary.db

/** Errors: `webhook_unknown`. */
function idOf(c: AppContext): string {
  const id = (c.req.param('id') ?? '').toLowerCase()
  if (!isUuid(id)) throw new AppError(webhookErrors.webhook_unknown)
  return id
}

function shown(endpoint: Endpoint) {
  return {
    id: endpoint.id,
    url: endpoint.url,
    description: endpoint.description,
    events: endpoint.events,
    state: endpoint.state,
    disabled_reason: endpoint.disabledReason,
    disabled_at: isoOrNull(endpoint.disabledAt),
    replaying: endpoint.replay !== null,
    last_success_at: isoOrNull(endpoint.lastSuccessAt),
    last_failure_at: isoOrNull(endpoint.lastFailureAt),
    created_at: iso(endpoint.createdAt),
    updated_at: iso(endpoint.updatedAt),
  }
}

function shownDelivery(delivery: DeliveryRecord, now: number) {
  return {
    id: delivery.id,
    type: delivery.type,
    key: delivery.key,
    store: delivery.store,
    seq: delivery.seq,
    state: delivery.state,
    attempts: delivery.attempts,
    next_attempt_at: delivery.state === 'ready' ? isoOrNull(delivery.nextAt) : null,
    last_status: delivery.lastStatus,
    last_reason: delivery.lastReason,
    last_attempt_at: isoOrNull(delivery.lastAt),
    created_at: iso(delivery.createdAt),
    finished_at: isoOrNull(delivery.finishedAt),
    age_seconds: Math.max(0, Math.floor(((delivery.finishedAt ?? now) - delivery.createdAt) / 1000)),
  }
}

const PROBLEMS: Readonly<Record<AddressProblem, string>> = {
  malformed: 'It is not a URL.',
  too_long: 'It is too long.',
  scheme: 'It must begin with https://.',
  credentials: 'It must hold no user name and no password.',
  port: 'Its port must be 443 or 8443.',
  private: 'It leads into a private network, or is reserved.',
}

/** Errors: `webhook_address`. */
function checkUrl(c: AppContext, url: string | undefined): void {
  if (url === undefined) return
  const check = checkAddress(url, { loopback: isDevelopment(c.env) })
  if (!check.ok) throw new AppError(webhookErrors.webhook_address, { message: PROBLEMS[check.problem], body: { problem: check.problem } })
}

const OPS = new Set(['inserted', 'updated', 'deleted'])

function tablesOf(model: Model): Set<string> {
  return new Set([...model.tables.values()].filter(({ served, view }) => served && !view).map(eventName))
}

/** A misspelt table would never be heard of. Errors: `webhook_invalid`. */
function checkEvents(c: AppContext, events: readonly string[] | undefined): void {
  const tables = tablesOf(c.var.model)
  for (const event of events ?? []) {
    const [, table = '', op = ''] = /^(.*)\.([^.]+)$/.exec(event) ?? []
    if (OPS.has(op) && !tables.has(table)) throw new AppError(INVALID, { message: `events: there is no table "${table}".` })
    if (tables.has(event)) throw new AppError(INVALID, { message: `events: "${event}" is a table. Say "${event}.*".` })
  }
}

async function create(c: AppContext): Promise<Response> {
  const body = await readJson(c, createBody, INVALID)
  checkUrl(c, body.url)
  checkEvents(c, body.events)
  const { secret: given, ...rest } = body
  const { endpoint, secret } = await createEndpoint(
    database(c),
    await keysOf(c.env),
    given === undefined ? rest : { ...rest, secret: given },
    Date.now(),
  )
  return c.json({ ...shown(endpoint), secret }, 201, NO_STORE)
}

async function list(c: AppContext): Promise<Response> {
  return c.json({ webhooks: (await listEndpoints(database(c))).map(shown) })
}

async function show(c: AppContext): Promise<Response> {
  const id = idOf(c)
  const endpoint = await readEndpoint(database(c), id)
  const { held, ready, failed, oldestAt } = await readBacklog(database(c), id)
  const oldest = oldestAt === null ? null : Math.max(0, Math.floor((Date.now() - oldestAt) / 1000))
  const secrets = await openSecrets(await keysOf(c.env), endpoint)
  return c.json({
    ...shown(endpoint),
    secrets: live(secrets, Date.now()).map(({ until }) => ({ signs_until: isoOrNull(until) })),
    backlog: { held, ready, failed, oldest_age_seconds: oldest },
  })
}

async function update(c: AppContext): Promise<Response> {
  const body = await readJson(c, updateBody, INVALID)
  checkUrl(c, body.url)
  checkEvents(c, body.events)
  const changes = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
  return c.json(shown(await updateEndpoint(database(c), idOf(c), changes, Date.now())))
}

async function remove(c: AppContext): Promise<Response> {
  if (!(await deleteEndpoint(database(c), idOf(c)))) throw new AppError(webhookErrors.webhook_unknown)
  return c.body(null, 204)
}

async function rotate(c: AppContext): Promise<Response> {
  const { secret: given, overlap_seconds: overlap } = await readJson(c, rotateBody, INVALID)
  const { secret, secrets } = await rotateSecret(
    database(c),
    await keysOf(c.env),
    idOf(c),
    given === undefined ? { overlap } : { overlap, secret: given },
    Date.now(),
  )
  return c.json({ secret, secrets: secrets.map(({ until }) => ({ signs_until: isoOrNull(until) })) }, 200, NO_STORE)
}

async function setState(c: AppContext, state: 'enabled' | 'disabled'): Promise<Response> {
  const id = idOf(c)
  await readEndpoint(database(c), id)
  await run(database(c), state === 'enabled' ? enable(id, Date.now()) : [disable(id, 'asked', Date.now())])
  if (state === 'enabled') tellWebhooks(c, [id])
  return c.json(shown(await readEndpoint(database(c), id)))
}

async function ping(c: AppContext): Promise<Response> {
  const endpoint = await readEndpoint(database(c), idOf(c))
  if (endpoint.state === 'disabled') throw new AppError(webhookErrors.webhook_disabled)
  const [made] = await emit(c.var.stores.primary, { type: 'webhook.ping', data: { endpoint: endpoint.id } }, Date.now(), endpoint)
  tellWebhooks(c, [endpoint.id])
  return c.json({ delivery: made!.delivery }, 202)
}

async function deliveries(c: AppContext): Promise<Response> {
  const { state, limit, before } = readQuery(c, deliveriesQuery, INVALID)
  const id = idOf(c)
  await readEndpoint(database(c), id)
  const now = Date.now()
  const records = await listDeliveries(database(c), id, { limit, now, ...(state ? { state } : {}), ...(before ? { before } : {}) })
  return c.json({
    deliveries: records.map((record) => shownDelivery(record, now)),
    next: records.length === limit ? records.at(-1)!.pos : null,
  })
}

async function delivery(c: AppContext): Promise<Response> {
  const now = Date.now()
  const record = await readDelivery(database(c), idOf(c), c.req.param('delivery') ?? '', now)
  return c.json({ ...shownDelivery(record, now), body: JSON.parse(record.body) as unknown })
}

async function replay(c: AppContext): Promise<Response> {
  const body = await readJson(c, replayBody, INVALID)
  const id = idOf(c)
  const db = database(c)
  const endpoint = await readEndpoint(db, id)
  if (endpoint.state === 'disabled') throw new AppError(webhookErrors.webhook_disabled)
  const now = Date.now()
  let answer: Readonly<Record<string, unknown>>
  if ('deliveries' in body) answer = { deliveries: await replayDeliveries(db, id, body.deliveries, now) }
  else if ('failed' in body) answer = { deliveries: await replayFailed(db, id, now) }
  else {
    const from = 'seq' in body ? { seq: body.seq } : { since: Date.parse(body.since) }
    answer = { replaying: await startReplay(db, c.var.stores.all, id, from, now) }
  }
  tellWebhooks(c, [id])
  return c.json(answer, 202)
}

/** Types of the engine and of tables are not for others to make. */
async function event(c: AppContext): Promise<Response> {
  const { type, data, key, id } = await readJson(c, eventBody, INVALID)
  const [, table = '', op = ''] = /^(.*)\.([^.]+)$/.exec(type) ?? []
  if (type.startsWith('webhook.') || (OPS.has(op) && tablesOf(c.var.model).has(table)))
    throw new AppError(INVALID, { message: `type: "${type}" is the engine's own.` })
  const made = await emit(c.var.stores.primary, { type, data, ...(key ? { key } : {}), ...(id ? { id } : {}) }, Date.now())
  tellWebhooks(
    c,
    made.map(({ endpoint }) => endpoint),
  )
  return c.json({ deliveries: made.map(({ endpoint, delivery }) => ({ webhook: endpoint, delivery })) }, 202)
}

export const webhooks = new Hono<AppEnv>()
  .post('/', (c) => create(c))
  .get('/', (c) => list(c))
  .get('/:id', (c) => show(c))
  .patch('/:id', (c) => update(c))
  .delete('/:id', (c) => remove(c))
  .post('/:id/rotate', (c) => rotate(c))
  .post('/:id/enable', (c) => setState(c, 'enabled'))
  .post('/:id/disable', (c) => setState(c, 'disabled'))
  .post('/:id/ping', (c) => ping(c))
  .get('/:id/deliveries', (c) => deliveries(c))
  .get('/:id/deliveries/:delivery', (c) => delivery(c))
  .post('/:id/replay', (c) => replay(c))

/** Beside the others: an address that could be an endpoint's would cost all routes their one regular expression. */
export const webhookEvents = new Hono<AppEnv>().post('/', (c) => event(c))
