// Comparisons of JSON in a row with a filter's value: by type first, as `jsonb` compares. Scalars by two plain values, lists and
// objects member by member.
import { jsonRank } from './column'
import type { CompileContext } from './context'
import { tooComplex } from './errors'
import { jsonSign, type JsonPlace } from './json-order'
import { parseJsonValue, type JsonValue } from './json-value'
import { bind, FALSE, NULL, or, sql, TRUE, type Sql } from './sql'

/** Lists and objects that an `in` list may have. */
export const MOST_CONTAINERS = 100

/** Operators are the compiler's own text. NULL compares with nothing. */
export function compareJson(context: CompileContext, place: JsonPlace, operator: string, input: string | null): Sql {
  if (input === null) return sql`json_type(${place.value}, ${place.path})${{ chunks: [` ${operator} `] }}${NULL}`
  const value = parseJsonValue(input)
  const scalar = scalarOf(value)
  if (scalar === null) return sql`(${jsonSign(context, place, value)})${{ chunks: [` ${operator} 0`] }}`
  return sql`${scalarAt(place)}${{ chunks: [` ${operator} `] }}(${scalar[0]}, ${scalar[1]})`
}

/** Rank and value of what stands there; both NULL where there is nothing, so that no part of the pair decides. */
const scalarAt = ({ value, path }: JsonPlace): Sql =>
  sql`(${jsonRank(value, path)}, iif(json_type(${value}, ${path}) = 'null', 0, json_extract(${value}, ${path})))`

/** Rank and value of a scalar; null for a list or an object. */
function scalarOf(value: JsonValue): [Sql, Sql] | null {
  switch (value.kind) {
    case 'text':
      return [sql`1`, bind(value.value)]
    case 'number':
      return [sql`2`, jsonNumber(value.text)]
    case 'boolean':
      return [sql`3`, value.value ? TRUE : FALSE]
    case 'null':
      return [sql`0`, FALSE]
    default:
      return null
  }
}

/** As SQLite reads the same number out of JSON: integers of 64 bits to the last digit, beyond a double infinite, which D1 binds as NULL. */
function jsonNumber(text: string): Sql {
  if (/^-?\d{1,18}$/.test(text)) return sql`cast(${bind(text)} as integer)`
  const value = Number(text)
  if (Number.isFinite(value)) return bind(value)
  return { chunks: [value > 0 ? '9e999' : '-9e999'] }
}

/** Whether the place equals one of the values; NULL among them is none. Scalars travel as one parameter. */
export function inJson(context: CompileContext, place: JsonPlace, inputs: readonly (string | null)[]): Sql {
  const values = inputs.flatMap((input) => (input === null ? [] : [parseJsonValue(input)]))
  const unknown = values.length < inputs.length
  const scalars = values.filter((value) => scalarOf(value) !== null)
  const containers = values.filter((value) => scalarOf(value) === null)
  if (containers.length > MOST_CONTAINERS) throw tooComplex(`a list has more than ${MOST_CONTAINERS} JSON lists or objects.`)
  const parts = containers.map((value) => sql`(${jsonSign(context, place, value)} = 0)`)
  if (scalars.length > 0) {
    const items = bind(`[${scalars.map(scalarText).join(',')}]`)
    const rank = sql`case type when 'null' then 0 when 'text' then 1 when 'true' then 3 when 'false' then 3 else 2 end`
    parts.push(sql`${scalarAt(place)} in (select ${rank}, coalesce(value, 0) from json_each(${items}))`)
  }
  return or(unknown ? [...parts, NULL] : parts)
}

function scalarText(value: JsonValue): string {
  switch (value.kind) {
    case 'text':
      return JSON.stringify(value.value)
    case 'number':
      return value.text
    case 'boolean':
      return String(value.value)
    default:
      return 'null'
  }
}
