// A request on a table to the query it asks and the way its answer is to be laid out. Touches no database and no clock.
import { AppError } from '../core'
import type { Model, TableModel } from '../define'
import {
  findsOneRow,
  refuseView,
  type Condition,
  type Embed,
  type Expectation,
  type Insert,
  type Operation,
  type Query,
  type Read,
  type Returning,
  type SelectItem,
  type Update,
} from '../query'
import { negotiate, type Media } from './accept'
import { readRows, type Body, type Row } from './body'
import { findTable, namesSchema, schemaOf } from './catalog'
import { restErrors } from './errors'
import { fieldsOf, type Field } from './fields'
import { missingGeometry } from './geojson'
import { parsePairs, parseParameters, refuseLongUrl, type Parameters } from './parameters'
import { keyOf, preconditionOf } from './precondition'
import { pagingOf, placesOf, takeCursor, type Paging } from './paging'
import { parsePrefer, type Preferences } from './prefer'
import { rowToPut } from './put'
import { parseRange } from './range'
import { resolveSelection, type Selection } from './resolve'

export interface RestRequest {
  readonly method: string
  readonly table: string
  /** Behind the question mark, as it was sent. */
  readonly search: string
  /** A header by lower-case name; null when absent. */
  readonly header: (name: string) => string | null
  readonly body: Uint8Array | null
}

/** The query, and what laying out its answer needs to know. */
export interface Plan {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly table: TableModel
  readonly query: Query
  readonly media: Media
  readonly preferences: Preferences
  readonly search: string
  /** What stands in a row of the answer, where laying it out needs to know. */
  readonly fields: readonly Field[]
  /** The window that was asked for; where the answer begins. */
  readonly offset: number
  /** Whether the answer names its schema: when the client did, or there are several. */
  readonly profiled: boolean
  /** Nothing is written: the body named no row, or no column. */
  readonly empty: boolean
  /** Whether the answer says where the pages around are. */
  readonly paging?: Paging
}

/** How many plans of reads are remembered, and the longest request among them: in a batch a header may be as long as its body. */
const PLANS = 200
const LONGEST = 3_000
/** Every header that the plan of a read depends on. */
export const HEADERS = ['accept-profile', 'accept', 'prefer', 'range'] as const

const remembered = new WeakMap<Model, Map<string, Plan>>()

/**
 * What the request asks. The plan of a read depends on nothing but the model and the request's text, and the phones of one app send the
 * same texts, so it is remembered; the least lately used is forgotten first. Errors: those of `plan`.
 */
export function planRequest(model: Model, request: RestRequest): Plan {
  const reads = request.method === 'GET' || request.method === 'HEAD'
  const key = reads ? [request.method, request.table, request.search, ...HEADERS.map((name) => request.header(name))].join('\n') : ''
  if (!reads || key.length > LONGEST) return plan(model, request)
  const plans = remembered.get(model) ?? new Map<string, Plan>()
  remembered.set(model, plans)
  const known = plans.get(key)
  if (known !== undefined) plans.delete(key)
  const made = known ?? plan(model, request)
  plans.set(key, made)
  const oldest = plans.keys().next().value
  if (plans.size > PLANS && oldest !== undefined) plans.delete(oldest)
  return made
}

/** Errors, in PostgREST's order of checks: schema, table, parameters and embeds, media type, preferences, body. */
function plan(model: Model, request: RestRequest): Plan {
  const { method } = request
  refuseLongUrl(request.search)
  const reads = method === 'GET' || method === 'HEAD'
  const profile = request.header(reads ? 'accept-profile' : 'content-profile')
  const table = findTable(model, schemaOf(model, profile), request.table)
  const inserts = method === 'POST' || method === 'PUT'
  if (!reads && !inserts && method !== 'PATCH' && method !== 'DELETE') {
    throw new AppError(restErrors.rest_unsupported_method, { message: `Unsupported HTTP method: ${method}` })
  }
  if (!reads) refuseView(table, inserts ? 'insert' : method === 'PATCH' ? 'update' : 'delete')
  const pairs = parsePairs(request.search)
  const cursor = reads ? takeCursor(table, pairs) : { text: null, others: pairs }
  const parameters = parseParameters(cursor.others)
  const selection = resolveSelection(model, table, parameters, { ignoreLimits: !reads, ignoreRootFilters: inserts })
  const accepted = negotiate(request.header('accept'))
  const preferences = parsePrefer(request.header('prefer'))
  const media = { ...accepted, stripNulls: accepted.stripNulls || preferences.stripNulls }
  const named = media.form === 'csv' || media.form === 'geojson' || preferences.timezone !== null
  const fields = named ? fieldsOf(model, table, selection.select) : []
  const shown = reads || preferences.return === 'representation'
  if (media.form === 'geojson' && shown && !fields.some(({ kind }) => kind === 'json')) throw missingGeometry()
  const common = { table, media, preferences, fields, search: request.search, profiled: profile !== null || namesSchema(model) }
  const shape = { form: media.form === 'object' ? ('one' as const) : ('list' as const), ...(media.stripNulls ? { stripNulls: true } : {}) }
  const undo = !reads && preferences.tx === 'rollback' ? { undo: true } : {}
  const asking = (operation: Operation, offset: number, empty: boolean): Plan => ({
    ...common,
    method: method as Plan['method'],
    query: { operations: [operation], shape, ...undo },
    offset,
    empty,
  })

  if (reads) {
    const read = readOperation(table, selection, preferences, method === 'GET' ? parseRange(request.header('range')) : null)
    const asked = method === 'HEAD' ? { ...read, countOnly: true } : read
    if (cursor.text === null) return asking(asked, read.offset ?? 0, false)
    const paging = pagingOf(table, selection, cursor.text)
    const { places, ...side } = placesOf(paging, read)
    return { ...asking({ ...asked, ...side, ...(method === 'HEAD' || !places ? {} : { places }) }, 0, false), paging }
  }
  const body: Body = { bytes: request.body ?? new Uint8Array(), contentType: request.header('content-type') }
  const write = { table: table.name, ...returningOf(table, selection, media, preferences), ...expectation(media, preferences) }
  const where = selection.where ? { where: selection.where, ...relatedTo(selection.where, selection.select) } : {}
  const held = (one: boolean, changes: boolean, makes: readonly string[] | null) => preconditionOf(request.header, { one, changes, makes })
  const changing = () => held(findsOneRow(table, selection.where), true, null)
  if (method === 'DELETE') return asking({ kind: 'delete', ...write, ...where, ...changing() }, 0, false)
  const rows = readRows(body, parameters.columns, table)
  if (method === 'PATCH') {
    const changes = changesOf(rows, parameters, preferences)
    if (Object.keys(changes.set).length === 0 && !changes.defaults) return asking(nothing(table, selection), 0, true)
    return asking({ kind: 'update', ...write, ...where, ...changing(), ...changes }, 0, false)
  }
  const columns = parameters.columns === null ? {} : { columns: parameters.columns }
  const missing = preferences.missing ?? 'null'
  if (method === 'PUT') {
    const row = rowToPut(table, parameters, rows)
    const demand = held(true, true, table.primaryKey)
    const merge = demand.ifAbsent ? {} : { conflict: { action: 'merge' as const, columns: table.primaryKey } }
    return asking({ kind: 'insert', ...write, rows: [row], ...columns, missing, ...merge, ...demand }, 0, false)
  }
  if (rows.length === 0) return asking(nothing(table, selection), 0, true)
  const demand = held(rows.length === 1, preferences.resolution === 'merge-duplicates', keyOf(table, parameters.conflict))
  const merge = demand.ifAbsent ? {} : conflict(parameters, preferences)
  return asking({ kind: 'insert', ...write, rows, ...columns, missing, ...merge, ...demand }, 0, false)
}

/** The read that a selection, a count and a range ask. */
export function readOperation(
  table: TableModel,
  selection: Selection,
  preferences: Preferences,
  range: { first: number; last: number | null } | null,
): Read {
  const { offset = 0, limit } = selection
  const first = Math.max(offset, range?.first ?? 0)
  const end = Math.min(limit === undefined ? Infinity : offset + limit, (range?.last ?? Infinity) + 1)
  const size = end === Infinity ? null : Math.max(0, end - first)
  return {
    ...selection,
    kind: 'read',
    table: table.name,
    ...(first > 0 ? { offset: first } : {}),
    ...(size === null ? {} : { limit: size }),
    ...(preferences.count === null ? {} : { total: preferences.count }),
  }
}

/** The embeds of a write, if its filter asks for their rows. */
function relatedTo(where: Condition, select: readonly SelectItem[]): { related?: readonly Embed[] } {
  return asksRelated(where) ? { related: select.filter((item) => item.kind === 'embed') } : {}
}

function asksRelated(where: Condition): boolean {
  if (where.kind === 'not') return asksRelated(where.term)
  return where.kind === 'and' || where.kind === 'or' ? where.terms.some(asksRelated) : where.kind === 'related'
}

/** Reads no row, but asks like any statement whether the session lives. */
function nothing(table: TableModel, { select }: Selection): Read {
  return { kind: 'read', table: table.name, select, limit: 0 }
}

function returningOf(table: TableModel, selection: Selection, media: Media, preferences: Preferences): { returning?: Returning } {
  if (preferences.return === 'representation')
    return { returning: { select: selection.select, ...(selection.order ? { order: selection.order } : {}) } }
  if (preferences.return !== 'headers-only' || media.form !== 'array') return {}
  const visible = table.primaryKey.every((column) => table.columns.get(column)?.hidden === false)
  if (!visible) return {}
  return { returning: { select: table.primaryKey.map((column) => ({ kind: 'column', target: { column }, as: column })) } }
}

function expectation(media: Media, preferences: Preferences): { expect?: Expectation } {
  if (media.form === 'object') return { expect: { min: 1, max: 1, error: 'not-single' } }
  if (preferences.maxAffected !== null) return { expect: { max: preferences.maxAffected, error: 'max-affected' } }
  return {}
}

function changesOf(rows: readonly Row[], parameters: Parameters, preferences: Preferences): Pick<Update, 'set' | 'defaults'> {
  if (rows.length > 1) throw new AppError(restErrors.rest_bad_body, { details: 'Send one object to update with.' })
  const row = rows[0] ?? {}
  const absent = (parameters.columns ?? []).filter((column) => !Object.hasOwn(row, column))
  if (absent.length === 0) return { set: row }
  if (preferences.missing === 'default') return { set: row, defaults: absent }
  return { set: { ...row, ...Object.fromEntries(absent.map((column) => [column, null] as const)) } }
}

function conflict(parameters: Parameters, preferences: Preferences): Pick<Insert, 'conflict' | 'retry'> {
  if (preferences.resolution === null) return preferences.retry === 'same' ? { retry: true } : {}
  const action = preferences.resolution === 'merge-duplicates' ? 'merge' : 'ignore'
  return { conflict: parameters.conflict === null ? { action } : { action, columns: parameters.conflict } }
}

/** For OPTIONS of a table. Errors: PGRST106, PGRST205. */
export function allowedMethods(model: Model, name: string, profile: string | null): string {
  if (findTable(model, schemaOf(model, profile), name).view) return 'OPTIONS,GET,HEAD'
  return 'OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE'
}
