// /rest/v1: tables in PostgREST's dialect. Parses, runs and answers through the rooms; decides nothing itself.
import { Hono } from 'hono'
import type { ContentfulStatusCode, StatusCode } from 'hono/utils/http-status'
import { AppError } from '../../core'
import { execute, recordShape } from '../../data'
import type { AppContext, AppEnv } from '../../middleware'
import { isDevelopment } from '../../platform'
import { allowedMethods, answerOf, keyedQuery, planRequest, restErrors, unlessKnown, type RestRequest } from '../../rest'
import { explained } from './explain'
import { executionOf } from './execution'
import { root } from './root'
import { rpc, rpcOptions } from './rpc'

async function table(c: AppContext): Promise<Response> {
  const { method } = c.req
  const incoming: RestRequest = {
    method,
    table: c.req.param('table') ?? '',
    search: new URL(c.req.url).search.slice(1),
    header: (name) => c.req.header(name) ?? null,
    body: method === 'POST' || method === 'PATCH' || method === 'PUT' ? new Uint8Array(await c.req.arrayBuffer()) : null,
  }
  const plan = planRequest(c.var.model, incoming)
  const { model, stores, reading } = c.var
  const execution = executionOf(c)
  const request = { model, stores, query: await keyedQuery(plan, incoming), execution, reading }
  const laid = plan.media.plan ? await explained(c, plan, request) : answerOf(plan, (await execute(request))[0]!)
  // For `npm run advise`.
  if (isDevelopment(c.env) && !plan.media.plan) recordShape(plan.query, execution.principal, c.var.cost.rowsRead)
  const answer = method === 'GET' ? unlessKnown(laid, incoming.header('if-none-match')) : laid
  if (answer.body === null) return c.newResponse(null, answer.status as StatusCode, answer.headers)
  return c.newResponse(answer.body, answer.status as ContentfulStatusCode, answer.headers)
}

export const rest = new Hono<AppEnv>()
  .all('/', root)
  .options('/:table', (c) => {
    c.header('allow', allowedMethods(c.var.model, c.req.param('table'), c.req.header('accept-profile') ?? null))
    return c.body(null, 200)
  })
  .options('/rpc/:function', rpcOptions)
  .all('/rpc/:function', rpc)
  .all('/:table', (c) => table(c))
  .all('*', (c) => {
    // The root with its slash, as supabase-js asks for it.
    if (c.req.path.endsWith('/v1/')) return root(c)
    throw new AppError(restErrors.rest_unknown_path)
  })
