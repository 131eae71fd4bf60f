// /rest/v1: tables in PostgREST's dialect. Parses, runs and answers through the rooms; decides nothing itself.
import { Hono } from 'hono'
import type { ContentfulStatusCode, StatusCode } from 'hono/utils/http-status'
import { AppError } from '../../core'
import { execute, recordShape, type ExecuteRequest } from '../../data'
import type { AppContext, AppEnv } from '../../middleware'
import { isDevelopment } from '../../platform'
import {
  allowedMethods,
  answerBatch,
  answerOf,
  batchError,
  keyedQuery,
  planBatch,
  planRequest,
  requireRollback,
  restErrors,
  unlessKnown,
  type RestAnswer,
} from '../../rest'
import { explained } from './explain'
import { executionOf } from './execution'
import { incomingOf } from './incoming'
import { publicly } from './public-cache'
import { root } from './root'
import { rpc, rpcOptions } from './rpc'

const BATCH = 'batch'

async function table(c: AppContext): Promise<Response> {
  const incoming = await incomingOf(c, c.req.param('table') ?? '')
  const plan = planRequest(c.var.model, incoming)
  if (plan.query.undo) requireRollback(plan.preferences, allowsRollback(c))
  const query = plan.empty ? plan.query : await keyedQuery(plan.query, incoming)
  const request = { ...context(c), query }
  const laid = await publicly(c, plan, incoming, async () => {
    if (plan.media.plan) return explained(c, plan, request)
    const [result] = await execute(request)
    // For `npm run advise`.
    if (isDevelopment(c.env)) recordShape(plan.query, c.var.principal, c.var.cost.rowsRead)
    return answerOf(plan, result!)
  })
  return send(c, incoming.method === 'GET' ? unlessKnown(laid, incoming.header('if-none-match')) : laid)
}

/** Who asks, of what, and when. */
const context = (c: AppContext): Omit<ExecuteRequest, 'query'> => ({
  model: c.var.model,
  stores: c.var.stores,
  execution: executionOf(c),
  reading: c.var.reading,
})

const allowsRollback = (c: AppContext): boolean => isDevelopment(c.env) || c.var.app.rest?.allowRollback === true

function send(c: AppContext, { status, headers, body }: RestAnswer): Response {
  if (body === null) return c.newResponse(null, status as StatusCode, headers)
  return c.newResponse(body, status as ContentfulStatusCode, headers)
}

/** A table of that name keeps its address. */
const isBatch = (c: AppContext): boolean =>
  c.req.param('table') === BATCH && ![...c.var.model.tables.values()].some(({ served, exposed }) => served && exposed.name === BATCH)

async function batch(c: AppContext): Promise<Response> {
  const { method } = c.req
  if (method === 'OPTIONS') return c.body(null, 200, { allow: 'OPTIONS,POST' })
  if (method !== 'POST') throw new AppError(restErrors.rest_unsupported_method, { message: `Unsupported HTTP method: ${method}` })
  const incoming = await incomingOf(c, `/${BATCH}`)
  const plan = planBatch(c.var.model, incoming)
  requireRollback(plan.preferences, allowsRollback(c))
  const request = { ...context(c), query: await keyedQuery(plan.query, incoming) }
  const results = await execute(request).catch((error: unknown): never => {
    throw batchError(plan, error)
  })
  return send(c, answerBatch(plan, results, c.var.principal.role))
}

/** Behind `rpc` only. */
function requireRpc(c: AppContext): void {
  if (c.req.param('table') !== 'rpc') throw new AppError(restErrors.rest_unknown_path)
}

// One label a segment: where `/rpc/:function` stood beside `/:table`, Hono would match by walking a tree, which costs a tenth of a read.
export const rest = new Hono<AppEnv>()
  .all('/', root)
  .options('/:table', async (c) => {
    if (isBatch(c)) return batch(c)
    c.header('allow', allowedMethods(c.var.model, c.req.param('table'), c.req.header('accept-profile') ?? null))
    return c.body(null, 200)
  })
  .all('/:table', (c) => (isBatch(c) ? batch(c) : table(c)))
  .options('/:table/:function', (c) => {
    requireRpc(c)
    return rpcOptions(c)
  })
  .all('/:table/:function', (c) => {
    requireRpc(c)
    return rpc(c)
  })
  .all('*', (c) => {
    // The root with its slash, as supabase-js asks for it.
    if (c.req.path.endsWith('/v1/')) return root(c)
    throw new AppError(restErrors.rest_unknown_path)
  })
