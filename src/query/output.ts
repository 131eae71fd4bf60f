// How a value is written in JSON, by its column's type: as mobile SDKs decode it, exact beyond 2^53, times with their offset.
import { castTo, typedPlace, type ValueType } from './cast'
import { jsonText, type Place } from './column'
import type { Cast } from './query'
import { sql, type Sql } from './sql'

/** An expression for one member of an object. `json` when its value is JSON: the mark is lost on the way out of a subquery. */
export interface Output {
  readonly value: Sql
  readonly json: boolean
}

const plain = (value: Sql): Output => ({ value, json: false })
const asJson = (value: Sql): Output => ({ value, json: true })

/** The value of a column, or of a cast, written out. */
export function writeColumn(type: ValueType, value: Sql): Output {
  switch (type) {
    case 'boolean':
      return asJson(sql`json(${booleanText(value)})`)
    case 'timestamp':
    case 'timestamp_ms':
      return plain(isoTime(type, value))
    case 'timestamp_local':
      return plain(sql`strftime('%Y-%m-%dT%H:%M:%f', ${value} / 1000.0, 'unixepoch')`)
    case 'json':
    case 'numeric':
      return asJson(sql`json(${value})`)
    case 'range':
      return plain(sql`${value} ->> 0`)
    case 'blob':
      return plain(hex(value))
    default:
      return plain(value)
  }
}

/** The value of a target, cast if asked. Throws 42846 for a cast that Postgres hasn't. */
export function writePlace(place: Place, cast?: Cast): Output {
  if (cast !== undefined) {
    const { type, value } = castTo(typedPlace(place), cast)
    return writeColumn(type, value)
  }
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
