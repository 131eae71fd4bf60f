// Where a row stands in an order: the values that it is sorted by, as they are stored, out of the database and back again. They are
// values that the caller sees, or NULL.
import { AppError } from '../core'
import { isTimed } from '../define'
import { queryErrors, unsupported } from './errors'
import type { SortKey } from './order'
import type { StoredValue } from './query'
import { bind, column, join, sql, type Sql } from './sql'
import type { Rows } from './column'
import { storable } from './value'

/**
 * JSON list of a row's sort values, each a text or null. Throws PGRST127 for an order that leads to no certain place: by related rows or
 * JSON, or of a table whose key the caller can't read.
 */
export function placeSql(rows: Rows, keys: readonly SortKey[]): Sql {
  const { table, alias } = rows
  for (const name of table.primaryKey) {
    const key = keys.find(({ model }) => model?.name === name)
    const [plain] = column(alias, name).chunks
    const bare = key?.value.chunks.length === 1 && key.value.chunks[0] === plain
    if (!bare || key.model?.hidden !== false) throw unsupported('cursors over a table whose primary key the caller cannot read')
  }
  return sql`json_array(${join(
    keys.map(({ model, value }) => {
      if (model?.computed && isTimed(model.computed)) throw unsupported('cursors over a column that is computed from the time')
      switch (model?.type) {
        case undefined:
        case 'json':
          throw unsupported('cursors over a related or a JSON value')
        case 'range':
          throw unsupported('cursors over a range')
        case 'real':
        case 'numeric':
          // Every digit that tells one number from the next.
          return sql`case when ${value} is not null then printf('%!.17g', ${value}) end`
        case 'blob':
          return sql`case when ${value} is not null then hex(${value}) end`
        default:
          return sql`cast(${value} as text)`
      }
    }),
    ', ',
  )})`
}

const DIGITS = /^-?\d{1,19}$/
const NUMBER = /^-?(?:\d{1,400}(?:\.\d{1,40})?(?:e[+-]?\d{1,4})?|Inf)$/
const BYTES = /^(?:[\dA-F]{2})*$/

/** A value of a place, in the type of what it is compared with; null for NULL. Throws `bad_cursor` for what can't be one. */
export function storedSql({ model }: SortKey, { stored }: StoredValue): Sql | null {
  if (stored === null) return null
  switch (model?.type) {
    case 'integer':
    case 'bigint':
    case 'boolean':
    case 'timestamp':
    case 'timestamp_ms':
      if (!DIGITS.test(stored)) break
      return model.bare ? sql`cast(${bind(stored)} as numeric)` : bind(stored)
    case 'real':
    case 'numeric':
      if (!NUMBER.test(stored)) break
      // A bound number is a REAL, to the last bit.
      return bind(Number(stored.replace('Inf', 'Infinity')))
    case 'blob':
      if (!BYTES.test(stored)) break
      return sql`unhex(${bind(stored)})`
    default:
      if (!storable(stored)) break
      return bind(stored)
  }
  throw new AppError(queryErrors.bad_cursor)
}
