// A request on a function: which one, what is its argument and what a filter of its rows, and how its answer is laid out. Runs nothing.
import { AppError } from '../core'
import { DEFAULT_SCHEMA, type FunctionModel, type Model, type TableModel } from '../define'
import type { Given } from '../functions'
import type { Condition, Query } from '../query'
import { negotiate, type Media } from './accept'
import { namesSchema, schemaOf } from './catalog'
import { notImplemented, restErrors } from './errors'
import { fieldsOf } from './fields'
import { missingGeometry } from './geojson'
import { parsePairs, parseParameters, refuseLongUrl, type Pair, type Parameters } from './parameters'
import { parsePrefer, type Preferences } from './prefer'
import { parseRange } from './range'
import { readOperation, type Plan, type RestRequest } from './request'
import { resolveSelection, type Selection } from './resolve'
import { readArguments } from './rpc-body'
import { nearestName } from './similarity'

/** What is called, and what to do with what it gives. */
export interface RpcPlan {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly fn: FunctionModel
  readonly raw: Readonly<Record<string, unknown>>
  /** The arguments stood in an address or a form. */
  readonly texts: boolean
  readonly media: Media
  readonly preferences: Preferences
  readonly search: string
  readonly profiled: boolean
  /** What the rows are rows of; null when the function gives none. */
  readonly table: TableModel | null
  readonly selection: Selection
  /** The Range header's window. */
  readonly range: { readonly first: number; readonly last: number | null } | null
}

/** Errors: PGRST106, 202, 101, 100, 102, 107, 122, 124, 128 and those of a selection. */
export function planRpc(model: Model, name: string, request: RestRequest): RpcPlan {
  const { method } = request
  refuseLongUrl(request.search)
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST')
    throw new AppError(restErrors.rest_rpc_verb, { message: `Cannot use the ${method.slice(0, 20)} method on RPC` })
  const profile = request.header(method === 'POST' ? 'content-profile' : 'accept-profile')
  const schema = schemaOf(model, profile)
  const fn = schema === DEFAULT_SCHEMA ? model.functions.get(name) : undefined
  const pairs = parsePairs(request.search)
  const table = fn ? tableOf(model, fn) : null
  const split = method === 'POST' ? { raw: {}, rest: pairs } : splitPairs(fn, table, pairs)
  const parameters = parseParameters(split.rest)
  const body = method === 'POST' ? readArguments(request, parameters.columns) : null
  const raw = body?.kind === 'arguments' ? body.raw : split.raw
  if (body?.kind === 'unnamed') throw unknownFunction(model, schema, name, body)
  if (fn === undefined || !fits(fn, raw)) throw unknownFunction(model, schema, name, { raw, json: body !== null && !body.texts })
  if (fn.writes && method !== 'POST')
    throw new AppError(restErrors.rest_rpc_verb, {
      message: `Cannot use the ${method} method on RPC`,
      details: `The function ${name} may write.`,
      hint: 'Call it with POST.',
    })
  const selection =
    table === null
      ? pageOnly(fn, parameters)
      : resolveSelection(model, table, parameters, { ignoreLimits: false, ignoreRootFilters: false })
  const accepted = negotiate(request.header('accept'))
  if (accepted.plan && (table === null || fn.writes))
    throw new AppError(restErrors.rest_not_acceptable, { message: 'There is a plan only of a function that reads rows.' })
  const preferences = parsePrefer(request.header('prefer'))
  checkMaxAffected(fn, preferences)
  if (fn.writes) refuseConditions(request, preferences)
  if (accepted.form === 'geojson' && (table === null || !fieldsOf(model, table, selection.select).some(({ kind }) => kind === 'json')))
    throw missingGeometry()
  return {
    method,
    fn,
    raw,
    texts: body === null || body.texts,
    media: { ...accepted, stripNulls: accepted.stripNulls || preferences.stripNulls },
    preferences,
    search: request.search,
    profiled: profile !== null || namesSchema(model),
    table,
    selection,
    range: method === 'GET' ? parseRange(request.header('range')) : null,
  }
}

function tableOf(model: Model, { result }: FunctionModel): TableModel | null {
  if (result.kind === 'rows') return result.table
  return result.kind === 'table' ? (model.tables.get(result.table) ?? null) : null
}

/** Keys of an address that PostgREST reads for itself. */
const RESERVED: ReadonlySet<string> = new Set(['select', 'columns', 'on_conflict', 'apikey'])
const OPERATOR =
  /^(?:not\.)?(?:eq|neq|gte?|lte?|i?like|i?match|in|is|isdistinct|cs|cd|ov|s[lr]|nx[lr]|adj|(?:pl|ph|w)?fts)(?:\([^()]*\))?\./

/**
 * Arguments and what stands beside them. An argument's own name is the argument, also when its text looks like a filter, unless the rows have
 * a column of that name; what looks like no filter is an argument too, so that a misspelt one is told.
 */
function splitPairs(
  fn: FunctionModel | undefined,
  table: TableModel | null,
  pairs: readonly Pair[],
): { raw: Record<string, unknown>; rest: Pair[] } {
  const raw = new Map<string, string[]>()
  const rest: Pair[] = []
  for (const [key, value] of pairs) {
    const last = key.slice(key.lastIndexOf('.') + 1)
    const clause = RESERVED.has(key) || ['order', 'limit', 'offset', 'and', 'or'].includes(last)
    const filters = OPERATOR.test(value) || key.includes('.') || key.includes('->')
    const named = fn?.arguments.has(key) === true && !(OPERATOR.test(value) && table?.columns.get(key)?.hidden === false)
    if (clause || (filters && !named)) rest.push([key, value])
    else raw.set(key, [...(raw.get(key) ?? []), value])
  }
  return { raw: Object.fromEntries([...raw].map(([key, values]) => [key, values.length === 1 ? values[0] : values])), rest }
}

/** Whether these are the function's arguments: all that it needs, and none that it hasn't. */
function fits(fn: FunctionModel, raw: Readonly<Record<string, unknown>>): boolean {
  const needed = [...fn.arguments].every(([name, { required }]) => !required || Object.hasOwn(raw, name))
  return needed && Object.keys(raw).every((name) => fn.arguments.has(name))
}

type Unmatched =
  | { readonly raw: Readonly<Record<string, unknown>>; readonly json: boolean }
  | { readonly kind: 'unnamed'; readonly type: string }

/** PostgREST's words; the hint names only functions that the reference lists anyway. */
function unknownFunction(model: Model, schema: string, name: string, given: Unmatched): AppError {
  const called = `${schema}.${name.slice(0, 100)}`
  const searched = (how: string) => `Searched for the function ${called} ${how}, but no matches were found in the schema cache.`
  if (!('raw' in given)) {
    return new AppError(restErrors.rest_unknown_function, {
      message: `Could not find the function ${called} in the schema cache`,
      details: searched(`with a single unnamed ${given.type} parameter`),
    })
  }
  const names = Object.keys(given.raw).slice(0, 50).toSorted()
  const shown = names.map((one) => one.slice(0, 100)).join(', ')
  const parameters = names.length === 0 ? 'without parameters' : `with parameter${names.length > 1 ? 's' : ''} ${shown}`
  const near = nearestFunction(model, schema, name, names)
  return new AppError(restErrors.rest_unknown_function, {
    message: `Could not find the function ${called}${names.length > 0 ? `(${shown})` : ` ${parameters}`} in the schema cache`,
    details: searched(`${parameters}${given.json ? ' or with a single unnamed json/jsonb parameter' : ''}`),
    ...(near === null ? {} : { hint: `Perhaps you meant to call the function ${schema}.${near}` }),
  })
}

/** How alike the lists of parameters must be for a hint; PostgREST asks no more. */
const ALIKE = 0.33

function nearestFunction(model: Model, schema: string, name: string, given: readonly string[]): string | null {
  if (schema !== DEFAULT_SCHEMA) return null
  const fn = model.functions.get(name)
  if (fn === undefined) return nearestName(name, model.functions.keys())
  if (given.length === 0) return null
  const parameters = `(${[...fn.arguments.keys()].toSorted().join(', ')})`
  return nearestName(`(${given.join(', ')})`, [parameters], ALIKE) === null ? null : `${name}${parameters}`
}

/** Values have no columns: they are paged, and nothing else. */
function pageOnly(fn: FunctionModel, parameters: Parameters): Selection {
  const filter = parameters.filters[0]
  const column = filter ? columnOf(filter.value) : parameters.orders[0]?.value[0]?.target.column
  if (column !== undefined)
    throw new AppError(restErrors.rest_no_rows, {
      message: `column ${fn.name}.${column} does not exist`,
      hint: 'The function gives no rows to filter or order.',
    })
  const at = (list: Parameters['limits']) => list.find(({ path }) => path.length === 0)?.value
  const [limit, offset] = [at(parameters.limits), at(parameters.offsets)]
  if ((limit ?? 0) < 0 || (offset ?? 0) < 0)
    throw new AppError(restErrors.rest_bad_range, {
      details: `${(limit ?? 0) < 0 ? 'Limit' : 'Offset'} should be greater than or equal to zero.`,
    })
  return { select: [], ...(limit === undefined ? {} : { limit }), ...(offset === undefined ? {} : { offset }) }
}

function columnOf(condition: Condition): string {
  if ('target' in condition) return condition.target.column
  if (condition.kind === 'not') return columnOf(condition.term)
  return condition.kind === 'related' ? condition.embed : condition.terms[0] ? columnOf(condition.terms[0]) : ''
}

/** What a function has written stays written, so the rows that it gives are no reason to fail then. */
function checkMaxAffected({ result, writes }: FunctionModel, { maxAffected }: Preferences): void {
  if (maxAffected === null) return
  if (result.kind === 'nothing' || !result.many) throw new AppError(restErrors.rest_max_affected_rpc)
  if (writes) throw notImplemented('Prefer: max-affected on a function that writes')
}

/** What a function writes is its own, in transactions of its own: what would hold or undo them can't be honoured, and passed over it would do harm. */
function refuseConditions({ header }: RestRequest, { tx }: Preferences): void {
  for (const [name, shown] of [
    ['idempotency-key', 'Idempotency-Key'],
    ['if-match', 'If-Match'],
    ['if-none-match', 'If-None-Match'],
  ] as const)
    if (header(name) !== null) throw notImplemented(`${shown} on a function that writes`)
  if (tx === 'rollback') throw notImplemented('Prefer: tx=rollback on a function that writes')
}

/** What a function that writes gives when it gives no row; null for one whose rows are read before anything is lost by an error. */
export function emptyRows({ fn: { name, writes, result } }: RpcPlan): Extract<Given, { kind: 'rows' }> | null {
  if (!writes) return null
  if (result.kind === 'table') return { kind: 'rows', many: result.many, rows: { table: result.table, from: { kind: 'keys', keys: [] } } }
  if (result.kind !== 'rows') return null
  return { kind: 'rows', many: result.many, rows: { table: `${name}()`, from: { kind: 'values', table: result.table, rows: [] } } }
}

/** The query that reads the rows which the function gave, and the plan that lays them out. */
export function planRows(model: Model, plan: RpcPlan, { rows, many }: Extract<Given, { kind: 'rows' }>): Plan {
  const { selection, preferences, media, method, table } = plan
  const read = readOperation(table!, selection, preferences, plan.range)
  const where = [...(rows.where ? [rows.where] : []), ...(selection.where ? [selection.where] : [])]
  // The function's order is of rows, and there are none in groups.
  const grouped = selection.select.some(({ kind }) => kind === 'aggregate')
  const order = selection.order ?? (grouped ? undefined : rows.order)
  const operation = {
    ...read,
    table: rows.table,
    ...(rows.from === undefined ? {} : { from: rows.from }),
    ...(where.length === 0 ? {} : { where: where.length === 1 ? where[0]! : { kind: 'and' as const, terms: where } }),
    ...(order === undefined ? {} : { order }),
    ...(method === 'HEAD' ? { countOnly: true } : {}),
  }
  const shape = { form: media.form === 'object' ? ('one' as const) : ('list' as const), ...(media.stripNulls ? { stripNulls: true } : {}) }
  const query: Query = { operations: [operation], shape }
  const named = media.form === 'csv' || media.form === 'geojson' || preferences.timezone !== null
  return {
    method: method === 'HEAD' ? 'HEAD' : 'GET',
    table: table!,
    query,
    fields: named ? fieldsOf(model, table!, selection.select) : [],
    media: many || media.form !== 'array' ? media : { ...media, form: 'object' },
    preferences,
    search: plan.search,
    offset: read.offset ?? 0,
    profiled: plan.profiled,
    empty: false,
  }
}

/** For OPTIONS of a function. Errors: PGRST106, 202. */
export function allowedRpcMethods(model: Model, name: string, profile: string | null): string {
  const schema = schemaOf(model, profile)
  const fn = schema === DEFAULT_SCHEMA ? model.functions.get(name) : undefined
  if (fn === undefined) throw unknownFunction(model, schema, name, { raw: {}, json: false })
  return fn.writes ? 'OPTIONS,POST' : 'OPTIONS,GET,HEAD,POST'
}
