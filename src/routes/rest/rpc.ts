// /rest/v1/rpc/{name}: the app's functions in PostgREST's dialect.
import type { ContentfulStatusCode, StatusCode } from 'hono/utils/http-status'
import { execute } from '../../data'
import { callFunction } from '../../functions'
import type { AppContext } from '../../middleware'
import { compile } from '../../query'
import {
  allowedRpcMethods,
  answerNothing,
  answerRows,
  answerValues,
  emptyRows,
  planRows,
  planRpc,
  unlessKnown,
  type RestAnswer,
} from '../../rest'
import { executionOf } from './execution'
import { incomingOf } from './incoming'
import { explained } from './explain'

export function rpcOptions(c: AppContext): Response {
  c.header('allow', allowedRpcMethods(c.var.model, c.req.param('function') ?? '', c.req.header('accept-profile') ?? null))
  return c.body(null, 200)
}

export async function rpc(c: AppContext): Promise<Response> {
  const { body, status, headers } = await answered(c)
  if (body === null) return c.newResponse(null, status as StatusCode, headers)
  return c.newResponse(body, status as ContentfulStatusCode, headers)
}

async function answered(c: AppContext): Promise<RestAnswer> {
  const { model, stores, reading } = c.var
  const name = c.req.param('function') ?? ''
  const plan = planRpc(model, name, await incomingOf(c, name))
  const execution = executionOf(c)
  const check = () => {
    // No row is read: what can't be compiled is told while nothing has been written.
    const empty = emptyRows(plan)
    if (empty) compile(model, planRows(model, plan, empty).query, execution)
  }
  const given = await callFunction({ model, stores, fn: plan.fn, raw: plan.raw, texts: plan.texts, execution, check, reading })
  if (given.kind === 'nothing') return answerNothing(plan)
  if (given.kind === 'values') return answerValues(plan, given.values, given.many)
  const rows = planRows(model, plan, given)
  const request = { model, stores, query: rows.query, execution, reading }
  if (plan.media.plan) return explained(c, rows, request)
  const answer = answerRows(plan, rows, (await execute(request))[0]!)
  return c.req.method === 'GET' ? unlessKnown(answer, c.req.header('if-none-match') ?? null) : answer
}
