// The five aggregates over values of each type, as Postgres defines them.
import type { AppError } from '../core'
import type { Typed, ValueType } from './cast'
import { undefinedOperator } from './errors'
import type { AggregateFunction } from './query'
import { sql, type Sql } from './sql'

const NUMBERS: ReadonlySet<ValueType> = new Set<ValueType>(['integer', 'bigint', 'real', 'numeric'])

/** What the function makes of a type: of which type the result is. Throws 42883 where Postgres has no such function. */
export function aggregateType(name: AggregateFunction, of: ValueType): ValueType {
  switch (name) {
    case 'count':
      return 'bigint'
    case 'avg':
    case 'sum':
      if (!NUMBERS.has(of)) throw missing(name, of)
      return name === 'avg' || of === 'real' || of === 'numeric' ? 'real' : 'bigint'
    case 'min':
    case 'max':
      if (of === 'boolean' || of === 'json' || of === 'blob' || of === 'range') throw missing(name, of)
      return of === 'numeric' ? 'real' : of
  }
}

/** The value that goes in: decimals by value, not by spelling. */
export function aggregateInput({ type, value }: Typed): Sql {
  return type === 'numeric' ? sql`cast(${value} as real)` : value
}

/** The function applied. */
export function aggregated(name: AggregateFunction, input: Sql): Sql {
  return sql`${{ chunks: [name] }}(${input})`
}

function missing(name: string, type: ValueType): AppError {
  return undefinedOperator('function', `${name}(${type})`)
}
