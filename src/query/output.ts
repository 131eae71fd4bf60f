// How a value is written in JSON, by its column's type: as mobile SDKs decode it, exact beyond 2^53, times with their offset.
import { AppError } from '../core'
import type { ColumnModel, ColumnType } from '../define'
import { jsonText, type Place } from './column'
import { queryErrors } from './errors'
import type { Cast } from './query'
import { sql, type Sql } from './sql'

/** An expression for one member of an object. `json` when its value is JSON: the mark is lost on the way out of a subquery. */
export interface Output {
  readonly value: Sql
  readonly json: boolean
}

const plain = (value: Sql): Output => ({ value, json: false })
const asJson = (value: Sql): Output => ({ value, json: true })

/** The value of a column, written out. */
export function writeColumn(type: ColumnType, value: Sql): Output {
  switch (type) {
    case 'boolean':
      return asJson(sql`json(${booleanText(value)})`)
    case 'timestamp':
    case 'timestamp_ms':
      return plain(isoTime(type, value))
    case 'json':
    case 'numeric':
      return asJson(sql`json(${value})`)
    case 'blob':
      return plain(hex(value))
    default:
      return plain(value)
  }
}

/** The value of a target, cast if asked. Throws 42846 for a cast that Postgres hasn't or that could fail on some row. */
export function writePlace(place: Place, cast?: Cast): Output {
  if (cast !== undefined) return castPlace(place, cast)
  if (place.kind === 'column') return writeColumn(place.model.type, place.value)
  return place.kind === 'text' ? plain(jsonText(place.value, place.path)) : asJson(sql`${place.value} -> ${place.path}`)
}

const booleanText = (value: Sql): Sql => sql`case when ${value} then 'true' when not ${value} then 'false' end`
const hex = (value: Sql): Sql => sql`case when ${value} is not null then '\\x' || lower(hex(${value})) end`

function isoTime(type: 'timestamp' | 'timestamp_ms', value: Sql): Sql {
  return type === 'timestamp'
    ? sql`strftime('%Y-%m-%dT%H:%M:%S+00:00', ${value}, 'unixepoch')`
    : sql`strftime('%Y-%m-%dT%H:%M:%f+00:00', ${value} / 1000.0, 'unixepoch')`
}

function castPlace(place: Place, cast: Cast): Output {
  const type = place.kind === 'column' ? place.model.type : place.kind
  if (cast === 'text') return plain(place.kind === 'column' ? textOf(place.model, place.value) : jsonText(place.value, place.path))
  if (cast === 'json') return asJson(place.kind === 'json' ? sql`${place.value} -> ${place.path}` : jsonOf(place))
  const value = place.value
  const isNumber = type === 'integer' || type === 'bigint' || type === 'real' || type === 'numeric'
  if (cast === 'integer') {
    if (type === 'integer' || type === 'bigint' || type === 'boolean') return plain(value)
    if (isNumber) return plain(sql`cast(round(${value}) as integer)`)
  }
  if (cast === 'real' && isNumber) return plain(sql`cast(${value} as real)`)
  if (cast === 'boolean') {
    if (type === 'boolean') return writeColumn('boolean', value)
    if (type === 'integer') return writeColumn('boolean', sql`(${value} <> 0)`)
  }
  if (cast === 'timestamp' && (type === 'timestamp' || type === 'timestamp_ms')) return plain(isoTime(type, value))
  if (cast === 'date') {
    if (type === 'date') return plain(value)
    if (type === 'timestamp') return plain(sql`strftime('%Y-%m-%d', ${value}, 'unixepoch')`)
    if (type === 'timestamp_ms') return plain(sql`strftime('%Y-%m-%d', ${value} / 1000.0, 'unixepoch')`)
  }
  throw new AppError(queryErrors.cannot_cast, { message: `cannot cast type ${type} to ${cast}` })
}

/** The value as the text that stands in its JSON. */
function textOf(model: ColumnModel, value: Sql): Sql {
  switch (model.type) {
    case 'boolean':
      return booleanText(value)
    case 'timestamp':
    case 'timestamp_ms':
      return isoTime(model.type, value)
    case 'blob':
      return hex(value)
    default:
      return sql`cast(${value} as text)`
  }
}

function jsonOf(place: Exclude<Place, { kind: 'json' }>): Sql {
  if (place.kind === 'text')
    throw new AppError(queryErrors.cannot_cast, { message: 'cannot cast type text to json', hint: 'Use -> for JSON.' })
  const { type } = place.model
  if (type === 'json') return sql`json(${place.value})`
  if (type === 'text' || type === 'uuid' || type === 'date' || type === 'blob')
    throw new AppError(queryErrors.cannot_cast, { message: `cannot cast type ${type} to json` })
  const { value, json } = writeColumn(type, place.value)
  return json ? value : sql`json_quote(${value})`
}
