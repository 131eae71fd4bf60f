// Values of the app's own code, from `$defaultFn`, `default` and `onUpdate`: they have Drizzle's types rather than the wire's.
import type { ColumnModel } from '../define'
import { bind, sql, type Sql } from './sql'
import { encodeValue } from './value'

/** The value as `encodeValue` would give it. Throws what a client's would throw when the app's code makes a wrong one. */
export function encodeDeclared(column: ColumnModel, value: unknown): string | number | null {
  if (value === null || value === undefined) return null
  if (column.type === 'timestamp' || column.type === 'timestamp_ms') {
    if (value instanceof Date) return String(Math.floor(column.type === 'timestamp' ? value.getTime() / 1000 : value.getTime()))
    // A bare number is in the column's own unit.
    if (typeof value === 'number') return String(Math.floor(value))
  }
  if (value instanceof Date)
    return encodeValue(column, column.type === 'date' ? value.toISOString().slice(0, 10) : value.toISOString(), 'write')
  if (value instanceof Uint8Array) return Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return encodeValue(column, value, 'write')
}

/** An encoded value as SQL. */
export function storedSql(column: ColumnModel, value: string | number | null): Sql {
  return column.type === 'blob' && value !== null ? sql`unhex(${bind(value)})` : bind(value)
}
