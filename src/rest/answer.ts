// The result of a query to status, headers and body. Passes the database's JSON through as text; parses only where asked to.
import { AppError } from '../core'
import type { Result } from '../data'
import { contentLocation, MAX_ADDRESS } from './content-location'
import { restErrors } from './errors'
import { csvOf } from './csv'
import { entityTag, isKnown } from './entity-tag'
import { geoJsonOf } from './geojson'
import { parseRows, stripNulls } from './json'
import { pageHeaders } from './paging'
import { preferenceApplied } from './prefer'
import type { Plan } from './request'
import { inZone } from './timezone'

export interface RestAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Null: no body. */
  readonly body: string | null
}

/** Lays out an answer. Errors: PGRST103 for an offset past a known total, 22023 for GeoJSON of what holds none. */
export function answerOf(plan: Plan, outcome: Result): RestAnswer {
  const result = plan.empty ? { ...outcome, body: '[]', rows: 0, affected: 0, inserted: null } : outcome
  return plan.method === 'GET' || plan.method === 'HEAD' ? readAnswer(plan, result) : writeAnswer(plan, result)
}

/** The same without its body, when the client has it: 304 with what may have changed around it (RFC 9110 section 15.4.5). */
export function unlessKnown(answer: RestAnswer, ifNoneMatch: string | null): RestAnswer {
  const { etag } = answer.headers
  if (etag === undefined || answer.body === null || !isKnown(ifNoneMatch, etag)) return answer
  const { 'content-type': _, ...headers } = answer.headers
  return { status: 304, headers, body: null }
}

function readAnswer(plan: Plan, { body, rows, total, revision, page }: Result): RestAnswer {
  if (total !== null && plan.offset > total) {
    throw new AppError(restErrors.rest_bad_range, {
      details: `An offset of ${plan.offset} was requested, but there are only ${total} rows.`,
      headers: { 'content-range': `*/${total}` },
    })
  }
  const partial = total !== null && total > rows
  const text = plan.method === 'HEAD' ? null : represented(plan, body)
  return {
    status: partial ? 206 : 200,
    headers: {
      ...commonHeaders(plan),
      'content-type': plan.media.contentType,
      // How many rows stand before a cursor isn't known.
      'content-range': plan.paging?.from ? `*/${total ?? '*'}` : contentRange(plan.offset, rows, total),
      ...contentLocation(`/${encodeURIComponent(plan.table.exposed.name)}`, plan.search),
      ...(plan.paging && page ? pageHeaders(plan.paging, plan.search, page) : {}),
      // What counts the rows beyond the body is a part of what the client knows.
      ...(text === null
        ? {}
        : {
            etag: entityTag(`${plan.media.contentType}${total === null ? '' : ` ${total}`}`, revision, text),
            'cache-control': 'private, no-cache',
          }),
    },
    body: text,
  }
}

function writeAnswer(plan: Plan, outcome: Result): RestAnswer {
  const { affected, inserted } = outcome
  const { preferences, method } = plan
  // PostgREST has no planned count of a write; supabase-flutter fails without one, and it is known anyway.
  const counted = preferences.count === null ? null : affected
  const represents = preferences.return === 'representation'
  const body = represents ? represented(plan, outcome.body) : null
  const location = method === 'POST' && preferences.return === 'headers-only' ? locationOf(plan, outcome) : null
  return {
    status: writeStatus(plan, represents, inserted),
    headers: {
      ...commonHeaders(plan),
      ...(method === 'PUT' ? {} : { 'content-range': method === 'PATCH' ? contentRange(0, affected, counted) : `*/${counted ?? '*'}` }),
      ...(location === null ? {} : { location }),
      ...(represents ? { 'content-type': plan.media.contentType } : {}),
      // What removes a row leaves nothing to hold it to.
      ...(outcome.revision === null ? {} : { etag: entityTag(plan.media.contentType, outcome.revision, body) }),
    },
    body,
  }
}

function writeStatus({ method, preferences, empty }: Plan, represents: boolean, inserted: number | null): number {
  if (method === 'PUT' && represents) return inserted === 0 ? 200 : 201
  if (method !== 'POST') return represents ? 200 : 204
  return preferences.resolution === 'merge-duplicates' && (inserted === 0 || empty) ? 200 : 201
}

/** One object is what running the query made sure of. */
function represented({ method, media, fields, preferences: { timezone } }: Plan, rows: string): string {
  const body = timezone === null ? rows : inZone(rows, fields, timezone.zone)
  if (media.form === 'csv') return csvOf(parseRows(body), fields)
  if (media.form === 'geojson') return geoJsonOf(parseRows(body), fields, method !== 'GET')
  const text = media.stripNulls ? stripNulls(body) : body
  return media.form === 'object' ? text.slice(1, -1) : text
}

function contentRange(offset: number, rows: number, total: number | null): string {
  return `${rows === 0 ? '*' : `${offset}-${offset + rows - 1}`}/${total ?? '*'}`
}

function commonHeaders(plan: Plan): Record<string, string> {
  const applied = preferenceApplied(plan.preferences, plan.method)
  return {
    'range-unit': 'items',
    vary: 'Accept, Prefer, Range',
    ...(applied === null ? {} : { 'preference-applied': applied }),
    ...(plan.profiled ? { 'content-profile': plan.table.exposed.schema } : {}),
  }
}

/** The address of the one row that was made, by its primary key. */
function locationOf({ table }: Plan, { body, rows }: Result): string | null {
  if (rows !== 1) return null
  const row = parseRows(body)[0] ?? {}
  const filters = table.primaryKey.map((column) => {
    const value = row[column]
    const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null')
    return `${encodeURIComponent(column)}=eq.${encodeURIComponent(text)}`
  })
  const address = `/${encodeURIComponent(table.exposed.name)}?${filters.join('&')}`
  return address.length > MAX_ADDRESS ? null : address
}
