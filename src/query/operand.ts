// How values of the app's own code, and of JSON, become values that SQLite compares as their type means. Knows no client input.
import { classOf, type ColumnType, type Literal, type ValueClass } from '../define'
import { bind, literal, NULL, number, sql, type Sql } from './sql'

/**
 * A literal as SQL, in the unit and type of the column it meets; `type` null when it meets none. Null when the literal can't be
 * of that type, so that the comparison is NULL and admits nobody. What isn't the app's own code is `bound`.
 */
export function encodeLiteral(type: ColumnType | null, value: Literal, bound = false): Sql | null {
  if (value === null) return NULL
  const text = bound ? bind : literal
  if (value instanceof Date) {
    const ms = value.getTime()
    if (Number.isNaN(ms)) return null
    // Where a time meets a number it is its milliseconds.
    if (type === null || type === 'timestamp_ms' || (type !== 'timestamp' && classOf(type) === 'number')) return bind(ms)
    if (type === 'timestamp') return bind(ms / 1000)
    return type === 'text' ? bind(value.toISOString()) : type === 'date' ? bind(value.toISOString().slice(0, 10)) : null
  }
  switch (type) {
    case null:
      return typeof value === 'string' ? text(value) : numeric(Number(value), bound)
    case 'boolean':
      return typeof value === 'boolean' ? numeric(Number(value), false) : null
    case 'integer':
    case 'bigint':
    case 'real':
    case 'numeric':
      return numberOf(value, bound)
    case 'timestamp':
    case 'timestamp_ms':
      // A bare number is in the column's own unit, a text is ISO 8601.
      if (typeof value === 'string') return Number.isNaN(Date.parse(value)) ? null : encodeLiteral(type, new Date(value))
      return numberOf(value, bound)
    case 'range':
      return null
    case 'uuid':
      return typeof value === 'string' ? text(value.toLowerCase()) : null
    default:
      return typeof value === 'string' ? text(value) : typeof value === 'number' ? text(String(value)) : null
  }
}

function numeric(value: number, bound: boolean): Sql | null {
  if (!Number.isFinite(value)) return null
  return bound ? bind(value) : number(value)
}

function numberOf(value: Literal, bound: boolean): Sql | null {
  if (typeof value === 'number') return numeric(value, bound)
  if (typeof value !== 'string' || !/^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) return null
  // Exact beyond 2^53.
  return /^-?\d{1,18}$/.test(value) ? sql`cast(${bind(value)} as integer)` : numeric(Number(value), bound)
}

/** SQLite's path for steps into a JSON value: keys quoted as JSON, negative numbers counted from the end. */
export function jsonPath(steps: readonly (string | number)[]): string {
  return `$${steps.map((step) => (typeof step === 'number' ? (step < 0 ? `[#${step}]` : `[${step}]`) : `.${JSON.stringify(step)}`)).join('')}`
}

/** A place in a JSON value as a value of one class, NULL where another type stands there. */
export function jsonOperand(of: Sql, path: Sql, as: ValueClass): Sql {
  const types = { text: "('text')", number: "('integer', 'real')", boolean: "('true', 'false')" }[as]
  return sql`case when json_type(${of}, ${path}) in ${{ chunks: [types] }} then json_extract(${of}, ${path}) end`
}

/** `->>`: texts as they are, everything else in JSON's spelling, NULL for null and for nothing. `||` takes JSON's mark off. */
export function jsonText(value: Sql, path: Sql): Sql {
  return sql`case json_type(${value}, ${path}) when 'text' then json_extract(${value}, ${path}) when 'null' then null else (${value} -> ${path}) || '' end`
}
