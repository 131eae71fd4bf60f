// Casts that no row's value fails, and what they come to, written down from Postgres' documentation.
import type { ColumnType } from '../../src/define'
import type { Cast } from '../../src/query/query'
import type { Stored } from './logic'

/** What a column of the type, or a place in JSON as text (`place`), is cast to without a value that it could fail on. */
export function safeCasts(type: ColumnType | 'place'): readonly Cast[] {
  switch (type) {
    case 'integer':
      return ['text', 'bigint', 'integer', 'real', 'numeric', 'boolean', 'json']
    case 'real':
      return ['text', 'real', 'numeric']
    case 'boolean':
      return ['text', 'integer', 'json']
    case 'timestamp':
    case 'timestamp_ms':
      return ['text', 'date', 'timestamp', 'timestamptz']
    case 'date':
      return ['text', 'date', 'timestamptz', 'timestamp']
    case 'json':
      return ['text', 'json']
    case 'text':
    case 'place':
      return ['text']
    default:
      return []
  }
}

/** The value on the wire; a moment is a Date. */
export function castValue(type: ColumnType | 'place', value: Stored, cast: Cast): unknown {
  if (value === null) return null
  if (type === 'timestamp' || type === 'timestamp_ms') return castTime(new Date(Number(value) * (type === 'timestamp' ? 1000 : 1)), cast)
  if (type === 'date' && (cast === 'timestamp' || cast === 'timestamptz')) return castTime(new Date(`${String(value)}T00:00:00Z`), cast)
  switch (cast) {
    case 'text':
      if (type === 'boolean') return value === 1 ? 'true' : 'false'
      return String(value)
    case 'boolean':
      return value !== 0
    case 'json':
      return type === 'boolean' ? value === 1 : type === 'integer' ? value : (JSON.parse(String(value)) as unknown)
    default:
      return value
  }
}

function castTime(at: Date, cast: Cast): unknown {
  const iso = at.toISOString()
  switch (cast) {
    case 'date':
      return iso.slice(0, 10)
    case 'timestamp':
      return iso.slice(0, 23)
    case 'text':
      return `${iso.slice(0, 19).replace('T', ' ')}${iso.slice(19, 23).replace(/\.?0+$/, '')}+00`
    default:
      return at
  }
}
