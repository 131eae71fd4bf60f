// The Accept header: an array, one object, CSV or GeoJSON, and with nulls or without.
import { AppError } from '../core'
import { restErrors } from './errors'
import { parsePlanMedia, type PlanMedia } from './plan-media'

export interface Media {
  readonly form: 'array' | 'object' | 'csv' | 'geojson'
  readonly stripNulls: boolean
  /** Of the answer. */
  readonly contentType: string
  /** How the query would run is asked, instead of its rows. */
  readonly plan?: PlanMedia
}

const JSON_ARRAY: Media = { form: 'array', stripNulls: false, contentType: 'application/json; charset=utf-8' }

/** The first type that can be served, by weight, then by order. Errors: PGRST107. */
export function negotiate(header: string | null): Media {
  return first(header, JSON_ARRAY, ({ text, type, parameters }) => {
    const plan = parsePlanMedia(text)
    if (plan === null) return mediaOf(type, parameters.includes('nulls=stripped'))
    const [inner = '', ...rest] = plan.for.split(';').map((part) => part.trim())
    const media = mediaOf(inner, rest.includes('nulls=stripped'))
    return media && { ...media, plan: { ...plan, for: media.contentType.replace('; charset=utf-8', '') } }
  })
}

/** The `Content-Type` of the document at the root. Errors: PGRST107. */
export function rootMedia(header: string | null): string {
  const openapi = 'application/openapi+json; charset=utf-8'
  return first(header, openapi, ({ type }) => {
    if (type === 'application/json') return JSON_ARRAY.contentType
    return ['application/openapi+json', '*/*', 'application/*'].includes(type) ? openapi : null
  })
}

interface Range {
  /** All of it, as it was sent. */
  readonly text: string
  readonly type: string
  readonly parameters: readonly string[]
}

function first<T>(header: string | null, otherwise: T, choose: (range: Range) => T | null): T {
  if (header === null || header.trim() === '') return otherwise
  const ranges = splitOutsideQuotes(header).map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1')
    return { text: range, type, parameters, weight: Number.isFinite(weight) ? weight : 0 }
  })
  for (const range of ranges.toSorted((a, b) => b.weight - a.weight)) {
    const chosen = range.weight > 0 ? choose(range) : null
    if (chosen !== null) return chosen
  }
  throw new AppError(restErrors.rest_not_acceptable, { message: `None of these media types are available: ${header.slice(0, 200)}` })
}

function mediaOf(type: string, stripNulls: boolean): Media | null {
  const suffix = `${stripNulls ? ';nulls=stripped' : ''}; charset=utf-8`
  switch (type) {
    case '*/*':
    case 'application/*':
      return JSON_ARRAY
    // supabase-flutter asks to strip nulls of plain JSON, which PostgREST passes over.
    case 'application/json':
      return { ...JSON_ARRAY, stripNulls }
    case 'application/vnd.pgrst.array':
    case 'application/vnd.pgrst.array+json':
      if (!stripNulls) return JSON_ARRAY
      return { form: 'array', stripNulls, contentType: `application/vnd.pgrst.array+json${suffix}` }
    case 'application/vnd.pgrst.object':
    case 'application/vnd.pgrst.object+json':
      return { form: 'object', stripNulls, contentType: `application/vnd.pgrst.object+json${suffix}` }
    case 'text/csv':
      return { form: 'csv', stripNulls: false, contentType: 'text/csv; charset=utf-8' }
    case 'application/geo+json':
      return { form: 'geojson', stripNulls: false, contentType: 'application/geo+json; charset=utf-8' }
    default:
      return null
  }
}

/** A parameter of `vnd.pgrst.plan` quotes another media type. */
function splitOutsideQuotes(header: string): string[] {
  return header.match(/(?:"[^"]*"|[^",])+/g) ?? []
}
