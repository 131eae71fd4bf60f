// What a function gave to status, headers and body: bare values, one object, or rows laid out as a table's.
import { AppError } from '../core'
import { dataErrors, notSingle, type Result } from '../data'
import { DEFAULT_SCHEMA } from '../define'
import { answerOf, type RestAnswer } from './answer'
import { contentLocation } from './content-location'
import { csvOf } from './csv'
import { restErrors } from './errors'
import { parseRows, stripNulls } from './json'
import { preferenceApplied } from './prefer'
import type { Plan } from './request'
import type { RpcPlan } from './rpc'

/** The answer of rows. Errors: PGRST103, 124. */
export function answerRows(plan: RpcPlan, rows: Plan, outcome: Result): RestAnswer {
  checkAffected(plan, outcome.rows)
  const answer = answerOf(rows, outcome)
  const missing = rows.media.form === 'object' && outcome.rows === 0
  return finished(plan, answer.status, answer.headers, missing && answer.body !== null ? 'null' : answer.body)
}

function checkAffected({ preferences: { maxAffected } }: RpcPlan, rows: number): void {
  if (maxAffected !== null && rows > maxAffected) throw new AppError(dataErrors.max_affected, { details: `The query affects ${rows} rows` })
}

/** The answer of a function that gives nothing. */
export function answerNothing(plan: RpcPlan): RestAnswer {
  return finished(plan, 204, headersOf(plan), null)
}

/** The answer of values, as JSON texts. Errors: PGRST116 unless one of a list was asked for and there, 103, 124. */
export function answerValues(plan: RpcPlan, values: readonly string[], many: boolean): RestAnswer {
  const { selection, media, preferences, range } = plan
  const first = Math.max(selection.offset ?? 0, range?.first ?? 0)
  const end = Math.min(selection.limit === undefined ? Infinity : (selection.offset ?? 0) + selection.limit, (range?.last ?? Infinity) + 1)
  const page = many ? values.slice(first, Math.max(first, end)) : values
  checkAffected(plan, page.length)
  const total = preferences.count === null ? null : values.length
  if (many && total !== null && first > total)
    throw new AppError(restErrors.rest_bad_range, {
      details: `An offset of ${first} was requested, but there are only ${total} rows.`,
      headers: { 'content-range': `*/${total}` },
    })
  if (many && media.form === 'object' && page.length !== 1) throw notSingle(page.length)
  const from = many ? first : 0
  const span = page.length === 0 ? '*' : `${from}-${from + page.length - 1}`
  const headers = { ...headersOf(plan), 'content-range': `${span}/${total ?? '*'}` }
  return finished(plan, total !== null && total > page.length ? 206 : 200, headers, bodyOf(plan, page, many))
}

function bodyOf({ media }: RpcPlan, page: readonly string[], many: boolean): string {
  // PostgREST's name of the one column.
  if (media.form === 'csv')
    return csvOf(parseRows(`[${page.map((text) => `{"pgrst_scalar":${text}}`).join(',')}]`), [{ name: 'pgrst_scalar', kind: 'other' }])
  const text = many && media.form !== 'object' ? `[${page.join(',')}]` : page[0]!
  return media.stripNulls ? stripNulls(text) : text
}

function headersOf({ media, profiled }: RpcPlan): Record<string, string> {
  return {
    'range-unit': 'items',
    vary: 'Accept, Prefer, Range',
    'content-type': media.contentType,
    ...(profiled ? { 'content-profile': DEFAULT_SCHEMA } : {}),
  }
}

/** With what applied of the preferences, a call's own address, and no body where none is wanted. */
function finished(plan: RpcPlan, status: number, headers: Readonly<Record<string, string>>, body: string | null): RestAnswer {
  const { 'content-location': _, 'preference-applied': __, 'content-type': contentType = '', etag, 'cache-control': ___, ...kept } = headers
  const { preferences, method } = plan
  const minimal = method === 'POST' && preferences.return === 'minimal'
  const applied = [
    preferenceApplied({ ...preferences, retry: null, resolution: null, missing: null, maxAffected: null }, minimal ? 'POST' : 'GET'),
    preferences.maxAffected === null ? null : `max-affected=${preferences.maxAffected}`,
  ].filter((one) => one !== null)
  const all = {
    ...kept,
    // What a POST answers is nobody's to keep.
    ...(method === 'POST' ? {} : { ...(etag === undefined ? {} : { etag }), 'cache-control': 'private, no-cache' }),
    ...(method === 'POST' ? {} : contentLocation(`/rpc/${plan.fn.name}`, plan.search)),
    ...(applied.length > 0 ? { 'preference-applied': applied.join(', ') } : {}),
  }
  if (minimal || body === null)
    return {
      status: minimal ? 204 : status,
      headers: status === 204 || minimal ? all : { ...all, 'content-type': contentType },
      body: null,
    }
  return { status, headers: { ...all, 'content-type': contentType }, body: method === 'HEAD' ? null : body }
}
