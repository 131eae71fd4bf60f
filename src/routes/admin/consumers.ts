// /api/v1/admin/consumers: who follows the change log, how far behind, what was given up on; trying again and skipping. Runs no consumer itself.
import { Hono } from 'hono'
import { AppError } from '../../core'
import { changeErrors, consumerRows, failureRows, replayFailures, skipFailing } from '../../changes'
import type { AppContext, AppEnv } from '../../middleware'
import type { Store } from '../../platform'
import { failuresQuery, replayFailuresBody, skipBody } from './consumer-schema'
import { iso, isoOrNull, readJson, readQuery } from './request'

const INVALID = changeErrors.consumer_invalid

const nameOf = (c: AppContext): string => c.req.param('name') ?? ''

/** Errors: `consumer_unknown`. */
function storeOf(c: AppContext, name: string): Store {
  const store = c.var.stores.all.find((one) => one.name === name)
  if (!store) throw new AppError(changeErrors.consumer_unknown)
  return store
}

/** Whatever is lost on the way, the feed finds. */
function wake(c: AppContext, consumer: string, store: string): void {
  c.executionCtx.waitUntil(c.env.JOBS?.send({ consumer, store }).catch(() => undefined) ?? Promise.resolve())
}

async function list(c: AppContext): Promise<Response> {
  const rows = await consumerRows(c.var.stores.all, Date.now())
  const consumers = rows.map(({ failing_since: since, next_at: next, updated_at: updated, ...row }) => ({
    ...row,
    failing_since: isoOrNull(since),
    next_at: isoOrNull(next),
    updated_at: iso(updated),
  }))
  return c.json({ consumers })
}

async function failures(c: AppContext): Promise<Response> {
  const { limit } = readQuery(c, failuresQuery, INVALID)
  const rows = await failureRows(c.var.stores.all, nameOf(c), limit)
  const shown = rows.map(({ replay_at: replay, at, key, ...row }) => ({
    ...row,
    key: JSON.parse(key) as unknown,
    replaying: replay !== null,
    at: iso(at),
  }))
  return c.json({ failures: shown })
}

async function replay(c: AppContext): Promise<Response> {
  const { store: name, seqs } = await readJson(c, replayFailuresBody, INVALID)
  const replaying = await replayFailures(storeOf(c, name), nameOf(c), seqs ?? null, Date.now())
  if (replaying > 0) wake(c, nameOf(c), name)
  return c.json({ replaying }, 202)
}

async function skip(c: AppContext): Promise<Response> {
  const { store: name, seq } = await readJson(c, skipBody, INVALID)
  await skipFailing(storeOf(c, name), nameOf(c), seq, Date.now())
  wake(c, nameOf(c), name)
  return c.body(null, 204)
}

export const consumers = new Hono<AppEnv>()
  .get('/', (c) => list(c))
  .get('/:name/failures', (c) => failures(c))
  .post('/:name/replay', (c) => replay(c))
  .post('/:name/skip', (c) => skip(c))
