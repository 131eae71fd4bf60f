// Values of one type as another, as Postgres casts them: what it can't cast is refused before, what a row's value doesn't allow
// fails with Postgres' code when the row is met.
import { AppError } from '../core'
import type { ColumnType } from '../define'
import { jsonText, type Place } from './column'
import { queryErrors } from './errors'
import type { Cast } from './query'
import { raise } from './raise'
import { sql, type Sql } from './sql'

/** What a value is; a column's type, or a time without a zone (ms, as if it were UTC). */
export type ValueType = ColumnType | 'timestamp_local'

/** A value in the form in which a column of its type holds it. */
export interface Typed {
  readonly type: ValueType
  readonly value: Sql
}

/** The value of a target. */
export function typedPlace(place: Place): Typed {
  if (place.kind === 'column') return { type: place.model.type, value: place.value }
  if (place.kind === 'text') return { type: 'text', value: jsonText(place.value, place.path) }
  return { type: 'json', value: sql`(${place.value} -> ${place.path})` }
}

const fixed = (text: string): Sql => ({ chunks: [text] })
const V = fixed('v')

/** `body` speaks of the value as `v`, so that it is computed once however often it is named. */
function over(value: Sql, body: Sql): Sql {
  return sql`(select ${body} from (select ${value} as v))`
}

/** The value as another type. Throws 42846 for a cast that Postgres hasn't. */
export function castTo(from: Typed, cast: Cast): Typed {
  switch (cast) {
    case 'text':
      return { type: 'text', value: textOf(from) }
    case 'json':
      return { type: 'json', value: jsonOf(from) }
    case 'smallint':
    case 'integer':
    case 'bigint':
      return { type: 'bigint', value: wholeOf(from, cast) }
    case 'real':
    case 'numeric':
      return { type: cast, value: decimalOf(from, cast) }
    case 'boolean':
      return { type: 'boolean', value: booleanOf(from) }
    case 'uuid':
      return { type: 'uuid', value: uuidOf(from) }
    case 'date':
      return { type: 'date', value: dateOf(from) }
    case 'timestamp':
    case 'timestamptz':
      return timeOf(from, cast)
  }
}

/** Postgres' names. */
const NAMES: Readonly<Record<Cast | ValueType, string>> = {
  text: 'text',
  uuid: 'uuid',
  date: 'date',
  smallint: 'smallint',
  integer: 'integer',
  bigint: 'bigint',
  real: 'double precision',
  numeric: 'numeric',
  boolean: 'boolean',
  timestamp: 'timestamp with time zone',
  timestamp_ms: 'timestamp with time zone',
  timestamp_local: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
  json: 'jsonb',
  blob: 'bytea',
  range: 'range',
}

const targetName = (cast: Cast): string => (cast === 'timestamp' ? NAMES.timestamp_local : NAMES[cast])

function cannot({ type }: Typed, cast: Cast): AppError {
  return new AppError(queryErrors.cannot_cast, { message: `cannot cast type ${NAMES[type]} to ${targetName(cast)}` })
}

const TRIMMED = sql`trim(v, char(9, 10, 11, 12, 13, 32))`

/** A text's sign and what follows it: `t` the text, `neg`, `u` without the sign. */
function unsigned(value: Sql, body: Sql): Sql {
  const sign = fixed("substr(t, 1, 1) in ('+', '-')")
  return sql`(select ${body} from (select t, substr(t, 1, 1) = '-' as neg, substr(t, 1 + (${sign})) as u from (select ${TRIMMED} as t from (select ${value} as v))))`
}

const LIMITS = { smallint: '-32768 and 32767', integer: '-2147483648 and 2147483647', bigint: null } as const

/** `value` if the type holds it. */
function within(value: Sql, cast: 'smallint' | 'integer' | 'bigint'): Sql {
  const limits = LIMITS[cast]
  if (limits === null) return value
  return sql`case when ${value} not between ${fixed(limits)} then ${raise('cast-range', cast)} else ${value} end`
}

function wholeOf(from: Typed, cast: 'smallint' | 'integer' | 'bigint'): Sql {
  const bad = raise('cast-range', cast)
  switch (from.type) {
    case 'integer':
    case 'bigint':
      return cast === 'bigint' ? from.value : over(from.value, within(V, cast))
    case 'boolean':
      if (cast !== 'integer') throw cannot(from, cast)
      return from.value
    case 'real': {
      // Halves go to the even neighbour.
      const rounded = sql`case when abs(v - cast(v as integer)) = 0.5 then 2 * cast(round(v / 2.0) as integer) else cast(round(v) as integer) end`
      const whole = sql`case when abs(v) >= 9223372036854775808.0 then ${bad} else ${rounded} end`
      return over(over(from.value, whole), within(V, cast))
    }
    case 'numeric': {
      const rounded = sql`case when v glob '*[.eE]*' then cast(round(cast(v as real)) as integer) else cast(v as integer) end`
      const whole = sql`case when abs(cast(v as real)) >= 9223372036854775808.0 then ${bad} else ${rounded} end`
      return over(over(sql`(${from.value}) || ''`, whole), within(V, cast))
    }
    case 'text': {
      const most = fixed("case when neg then '9223372036854775808' else '9223372036854775807' end")
      const whole = sql`case when t is null then null when u = '' or u glob '*[^0-9]*' then ${raise('cast-text', cast)} when length(ltrim(u, '0')) > 19 or (length(ltrim(u, '0')) = 19 and ltrim(u, '0') > ${most}) then ${bad} else cast(iif(neg, '-', '') || u as integer) end`
      return over(unsigned(from.value, whole), within(V, cast))
    }
    case 'json':
      return wholeOf({ type: 'numeric', value: jsonNumber(from.value, cast) }, cast)
    default:
      throw cannot(from, cast)
  }
}

/** The number that the JSON is, NULL for null; anything else fails. */
function jsonNumber(value: Sql, cast: Cast): Sql {
  return over(
    value,
    sql`case json_type(v) when 'integer' then v when 'real' then v when 'null' then null else iif(v is null, null, ${raise('cast-json', NAMES[cast])}) end`,
  )
}

function decimalOf(from: Typed, cast: 'real' | 'numeric'): Sql {
  const name = NAMES[cast]
  switch (from.type) {
    case 'integer':
    case 'bigint':
    case 'real':
      return cast === 'real' ? sql`cast(${from.value} as real)` : from.value
    case 'numeric':
      return cast === 'numeric' ? from.value : sql`cast(${from.value} as real)`
    case 'json':
      return decimalOf({ type: 'numeric', value: jsonNumber(from.value, cast) }, cast)
    case 'text': {
      // As JSON writes it: no plus, no zeros in front, a digit before the point.
      const digits = fixed("ltrim(u, '0')")
      const c = sql`iif(neg, '-', '') || iif(substr(${digits}, 1, 1) in ('', '.', 'e', 'E'), '0', '') || ${digits} || iif(substr(u, -1) = '.', '0', '')`
      const bad = raise('cast-text', name)
      const number = sql`case when c is null then null when u not glob '*[0-9]*' or not json_valid(c) then ${bad} when json_type(c) not in ('integer', 'real') then ${bad} when abs(cast(c as real)) > 1.7976931348623157e308 then ${raise('cast-range', name)} else ${fixed(cast === 'real' ? 'cast(c as real)' : 'c')} end`
      return sql`(select ${number} from ${unsigned(from.value, sql`u, ${c} as c`)})`
    }
    default:
      throw cannot(from, cast)
  }
}

function booleanOf(from: Typed): Sql {
  switch (from.type) {
    case 'boolean':
      return from.value
    case 'integer':
      return sql`(${from.value} <> 0)`
    case 'text': {
      const text = over(from.value, sql`lower(${TRIMMED})`)
      return over(
        text,
        sql`case when v in ('t', 'tr', 'tru', 'true', 'y', 'ye', 'yes', 'on', '1') then 1 when v in ('f', 'fa', 'fal', 'fals', 'false', 'n', 'no', 'of', 'off', '0') then 0 when v is not null then ${raise('cast-text', 'boolean')} end`,
      )
    }
    case 'json':
      return over(
        from.value,
        sql`case json_type(v) when 'true' then 1 when 'false' then 0 when 'null' then null else iif(v is null, null, ${raise('cast-json', 'boolean')}) end`,
      )
    default:
      throw cannot(from, 'boolean')
  }
}

function uuidOf(from: Typed): Sql {
  if (from.type === 'uuid') return from.value
  if (from.type !== 'text') throw cannot(from, 'uuid')
  const hex = over(from.value, sql`replace(replace(replace(lower(${TRIMMED}), '-', ''), '{', ''), '}', '')`)
  return over(
    hex,
    sql`case when v is null then null when length(v) <> 32 or v glob '*[^0-9a-f]*' then ${raise('cast-text', 'uuid')} else substr(v, 1, 8) || '-' || substr(v, 9, 4) || '-' || substr(v, 13, 4) || '-' || substr(v, 17, 4) || '-' || substr(v, 21) end`,
  )
}

const DAY = "v glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'"

/** `then` if the trimmed text `v` begins with a day that exists. */
function dayFirst(cast: Cast, then: Sql): Sql {
  const name = targetName(cast)
  return sql`case when v is null then null when not ${fixed(DAY)} then ${raise('cast-time', name)} when date(substr(v, 1, 10)) is not substr(v, 1, 10) then ${raise('cast-field', name)} else ${then} end`
}

/** UTC ms of a type of time. */
function milliseconds({ type, value }: Typed): Sql {
  return type === 'timestamp' ? sql`(${value} * 1000)` : type === 'date' ? sql`(unixepoch(${value}) * 1000)` : value
}

const isTime = ({ type }: Typed): boolean => type === 'timestamp' || type === 'timestamp_ms' || type === 'timestamp_local'

function dateOf(from: Typed): Sql {
  if (from.type === 'date') return from.value
  if (isTime(from)) return sql`strftime('%Y-%m-%d', ${milliseconds(from)} / 1000.0, 'unixepoch')`
  if (from.type !== 'text') throw cannot(from, 'date')
  const ends = fixed("substr(v, 11, 1) in ('', ' ', 'T', 't')")
  const day = dayFirst('date', sql`iif(${ends}, substr(v, 1, 10), ${raise('cast-time', 'date')})`)
  return over(over(from.value, TRIMMED), day)
}

function timeOf(from: Typed, cast: 'timestamp' | 'timestamptz'): Typed {
  const type = cast === 'timestamp' ? ('timestamp_local' as const) : ('timestamp_ms' as const)
  if (from.type === 'date' || isTime(from)) return { type, value: milliseconds(from) }
  if (from.type !== 'text') throw cannot(from, cast)
  // SQLite reads offsets as ±hh:mm alone.
  const zone = fixed(
    "case when length(v) > 13 and v glob '*[+-][0-9][0-9]' then v || ':00' when length(v) > 15 and v glob '*[+-][0-9][0-9][0-9][0-9]' then substr(v, 1, length(v) - 2) || ':' || substr(v, -2) else v end",
  )
  const cut = (mark: string) => fixed(`iif(instr(substr(v, 11), '${mark}'), 9 + instr(substr(v, 11), '${mark}'), length(v))`)
  // A time without a zone passes over the one that is written.
  const plain = sql`rtrim(substr(v, 1, min(${cut('+')}, ${cut('-')}, ${cut('Z')}, ${cut('z')})))`
  const text = over(from.value, TRIMMED)
  const moment = over(
    over(text, dayFirst(cast, cast === 'timestamp' ? plain : zone)),
    sql`case when v is null then null when unixepoch(v) is null then ${raise('cast-time', targetName(cast))} else cast(round(unixepoch(v, 'subsec') * 1000) as integer) end`,
  )
  return { type, value: moment }
}

const pieces = (ms: Sql, zone: string): Sql =>
  over(
    ms,
    sql`strftime('%Y-%m-%d %H:%M:%S', (v - (v % 1000 + 1000) % 1000) / 1000, 'unixepoch') || iif(v % 1000, rtrim('.' || substr('00' || ((v % 1000 + 1000) % 1000), -3), '0'), '') || ${fixed(zone)}`,
  )

/** The value as Postgres writes it. */
function textOf(from: Typed): Sql {
  const { type, value } = from
  switch (type) {
    case 'boolean':
      return sql`case when ${value} then 'true' when not ${value} then 'false' end`
    case 'timestamp':
    case 'timestamp_ms':
      return pieces(milliseconds(from), "'+00'")
    case 'timestamp_local':
      return pieces(value, "''")
    case 'blob':
      return sql`case when ${value} is not null then '\\x' || lower(hex(${value})) end`
    case 'real':
      return over(value, sql`iif(v = cast(v as integer) and abs(v) < 1e15, cast(cast(v as integer) as text), replace(v || '', '.0e', 'e'))`)
    case 'json':
      return sql`(${value} || '')`
    case 'range':
      return sql`(${value} ->> 0)`
    default:
      return sql`cast(${value} as text)`
  }
}

/** JSON text. */
function jsonOf(from: Typed): Sql {
  const { type, value } = from
  switch (type) {
    case 'json':
    case 'numeric':
      return value
    case 'text':
      return over(value, sql`iif(json_valid(v) or v is null, v, ${raise('cast-text', 'json')})`)
    case 'boolean':
      return textOf(from)
    case 'integer':
    case 'bigint':
    case 'real':
      return sql`(${value} || '')`
    default:
      throw cannot(from, 'json')
  }
}
