// POST /batch: several requests on tables as one query, all of them or none, later ones with values of earlier ones. Each has the dialect,
// the plan and the answer of its single request; what is special to a batch is here alone.
import { AppError, utf8 } from '../core'
import type { Model } from '../define'
import { ofOperation, type Operation, type Query } from '../query'
import type { Result } from '../data'
import { answerOf, type RestAnswer } from './answer'
import { decodeBody } from './body'
import { withReferences } from './batch-reference'
import { notImplemented, renderRestError, restErrors } from './errors'
import { parseJson, rawText } from './json'
import { parsePrefer, type Preferences } from './prefer'
import { planRequest, type Plan, type RestRequest } from './request'

/** Operations of one batch. */
export const MAX_OPERATIONS = 100

export interface BatchPlan {
  readonly plans: readonly Plan[]
  /** The names that the client gave its operations. */
  readonly ids: readonly (string | null)[]
  readonly query: Query
  readonly preferences: Preferences
}

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE']
const MEMBERS: readonly string[] = ['id', 'method', 'path', 'headers', 'body']
const ID = /^[A-Za-z0-9_-]{1,64}$/

/**
 * What the batch asks. Errors: PGRST102 for what isn't a batch, 54000 (413) beyond `MAX_OPERATIONS`; those of each operation's request, with
 * the number of the operation.
 */
export function planBatch(model: Model, request: Pick<RestRequest, 'header' | 'body'>): BatchPlan {
  const preferences = parsePrefer(request.header('prefer'))
  const parsed = parseJson(decodeBody(request.body ?? new Uint8Array()))
  const operations = isObject(parsed) ? parsed['operations'] : undefined
  if (!Array.isArray(operations) || operations.length === 0 || Object.keys(parsed as object).length > 1)
    throw malformed('Send { "operations": [ … ] } with one operation or more.')
  if (operations.length > MAX_OPERATIONS)
    throw new AppError(restErrors.rest_batch_too_large, { details: `${operations.length} operations were sent, ${MAX_OPERATIONS} may be.` })
  const ids: (string | null)[] = []
  const plans: Plan[] = []
  const asked: Operation[] = []
  for (const [index, sent] of (operations as unknown[]).entries()) {
    try {
      const operation = readOperation(sent, ids)
      const plan = planRequest(model, operation.request)
      if (plan.media.plan) throw notImplemented('A query plan in a batch')
      plans.push(plan)
      asked.push(single(withReferences(plan.query.operations[0]!, plan.table, ids), plan))
      ids.push(operation.id)
    } catch (error) {
      throw error instanceof AppError ? ofOperation(error, index) : error
    }
  }
  const undo = preferences.tx === 'rollback' ? { undo: true } : {}
  return { plans, ids, preferences, query: { operations: asked, shape: { form: 'list' }, ...undo } }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && rawText(value) === null

function malformed(details: string): AppError {
  return new AppError(restErrors.rest_bad_body, { message: 'The batch could not be read', details })
}

/** A read that must find one row fails the batch when it doesn't; a write says so itself. */
function single(operation: Operation, { query }: Plan): Operation {
  if (operation.kind !== 'read' || query.shape.form !== 'one') return operation
  return { ...operation, expect: { min: 1, max: 1, error: 'not-single' } }
}

function readOperation(sent: unknown, ids: readonly (string | null)[]): { readonly id: string | null; readonly request: RestRequest } {
  if (!isObject(sent)) throw malformed('An operation is an object.')
  const stranger = Object.keys(sent).find((key) => !MEMBERS.includes(key))
  if (stranger !== undefined) throw malformed(`An operation has no "${stranger.slice(0, 100)}", only ${MEMBERS.join(', ')}.`)
  const { id = null, method, path, body } = sent
  if (id !== null && (typeof id !== 'string' || !ID.test(id)))
    throw malformed('An operation\'s id is 1 to 64 letters, digits, "-" and "_".')
  if (id !== null && ids.includes(id)) throw malformed(`Two operations have the id "${id}".`)
  if (typeof method !== 'string' || !METHODS.includes(method)) throw malformed(`An operation's method is one of ${METHODS.join(', ')}.`)
  if (typeof path !== 'string' || !path.startsWith('/')) throw malformed('An operation\'s path begins with "/", as in "/trips?select=id".')
  const headers = readHeaders(sent['headers'])
  const writes = method === 'POST' || method === 'PATCH' || method === 'PUT'
  return {
    id,
    request: { method, ...readPath(path), header: (name) => headers.get(name) ?? null, body: writes ? bytesOf(body, headers) : null },
  }
}

/** `/trips?select=id`, with or without `/rest/v1` before it. */
function readPath(path: string): { readonly table: string; readonly search: string } {
  const mark = path.indexOf('?')
  const search = mark < 0 ? '' : path.slice(mark + 1)
  const name = (mark < 0 ? path : path.slice(0, mark)).replace(/^\/rest\/v1(?=\/)/u, '').slice(1)
  if (name.startsWith('rpc/')) throw notImplemented('Calling a function in a batch')
  let table: string
  try {
    table = decodeURIComponent(name)
  } catch {
    throw malformed("An operation's path is not percent-encoded as it should be.")
  }
  if (table === '' || name.includes('/')) throw new AppError(restErrors.rest_unknown_path)
  return { table, search }
}

/** What belongs to the batch as a whole. */
const OF_THE_BATCH: readonly string[] = ['idempotency-key', 'authorization', 'apikey']

function readHeaders(sent: unknown): ReadonlyMap<string, string> {
  if (sent === undefined) return new Map()
  if (!isObject(sent)) throw malformed("An operation's headers are an object of texts.")
  const headers = new Map<string, string>()
  for (const [name, value] of Object.entries(sent)) {
    if (typeof value !== 'string') throw malformed(`The header "${name.slice(0, 100)}" is not a text.`)
    if (OF_THE_BATCH.includes(name.toLowerCase())) throw malformed(`The header "${name}" belongs to the batch, not to an operation.`)
    headers.set(name.toLowerCase(), value)
  }
  if (parsePrefer(headers.get('prefer') ?? null).tx !== null) throw malformed('"Prefer: tx" belongs to the batch, not to an operation.')
  return headers
}

/** The bytes that the single request would have sent: text of another type as it is, everything else as JSON. */
function bytesOf(body: unknown, headers: ReadonlyMap<string, string>): Uint8Array {
  if (body === undefined) return new Uint8Array()
  const isJson = (headers.get('content-type') ?? 'application/json').toLowerCase().startsWith('application/json')
  return utf8(typeof body === 'string' && !isJson ? body : JSON.stringify(body))
}

/** What a batch is refused for as a whole: its key, its session, its size, and the database's own troubles. */
const OF_ALL: readonly string[] = ['22023', '40001', '54000', 'PGRST303', 'PGRST000']

/** The refusal of a batch; of one operation alone it is that one's. */
export function batchError({ plans }: BatchPlan, error: unknown): unknown {
  const alone = plans.length === 1 && error instanceof AppError && !OF_ALL.includes(error.definition.postgrest ?? 'PGRST000')
  return alone ? ofOperation(error, 0) : error
}

/** One result each, in order. A page past its end is told in its own result: by then all is done. */
export function answerBatch({ plans, ids, preferences }: BatchPlan, outcomes: readonly Result[], role: string): RestAnswer {
  const results = plans.map((plan, i) => {
    const { status, headers, body } = answered(plan, outcomes[i]!, role)
    const isText = body !== null && !(headers['content-type'] ?? '').includes('json')
    const id = ids[i] === null ? '' : `"id":${JSON.stringify(ids[i])},`
    return `{${id}"status":${status},"headers":${JSON.stringify(headers)},"body":${isText ? JSON.stringify(body) : (body ?? 'null')}}`
  })
  return {
    status: 200,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      ...(preferences.tx === null ? {} : { 'preference-applied': `tx=${preferences.tx}` }),
    },
    body: `{"results":[${results.join(',')}]}`,
  }
}

function answered(plan: Plan, outcome: Result, role: string): RestAnswer {
  try {
    return answerOf(plan, outcome)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const { status, headers, body } = renderRestError(error, role)
    return { status, headers, body: JSON.stringify(body) }
  }
}
