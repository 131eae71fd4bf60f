// Aggregates: the columns that are selected beside them become the groups. Embeds can't stand among them.
import { AppError } from '../core'
import type { ColumnModel } from '../define'
import { columnSql, placeOf, visibleColumns, type Rows } from './column'
import { comparable } from './condition'
import { queryErrors, unsupported } from './errors'
import { orderBy, sortValues, type SortKey } from './order'
import { writeColumn, writePlace, type Output } from './output'
import type { OrderTerm, SelectItem } from './query'
import { bind, identifier, join, jsonObject, literal, sql, type Pair, type Sql } from './sql'

type Aggregate = Extract<SelectItem, { kind: 'aggregate' }>

export function isGrouped(select: readonly SelectItem[]): boolean {
  return select.some((item) => item.kind === 'aggregate')
}

/** `select … as d from (rows) group by … order by …`: a JSON object a group. Throws 42803 for an order by what isn't grouped. */
export function groupedRow(rows: Rows, inner: Sql, select: readonly SelectItem[], order: readonly OrderTerm[]): Sql {
  const grouped: Sql[] = []
  const pairs = select.flatMap((item): Pair[] => {
    switch (item.kind) {
      case 'all':
        return visibleColumns(rows.table).map((model) => {
          const value = columnSql(rows, model)
          grouped.push(value)
          return [literal(model.name), writeColumn(model.type, value).value]
        })
      case 'column': {
        const { value } = writePlace(placeOf(rows, item.target), item.cast)
        grouped.push(...sortValues(placeOf(rows, item.target)))
        return [[bind(item.as), value]]
      }
      case 'aggregate':
        return [[bind(item.as), aggregate(rows, item).value]]
      case 'embed':
        throw unsupported('embeds beside aggregates')
    }
  })
  const texts = new Set(grouped.map((value) => JSON.stringify(value)))
  const keys = order.flatMap((term): SortKey[] => {
    if (term.embed !== undefined) throw unsupported('ordering groups by an embed')
    return sortValues(placeOf(rows, term.target)).map((value) => {
      if (!texts.has(JSON.stringify(value))) {
        throw new AppError(queryErrors.not_grouped, {
          message: `column "${rows.table.name}.${term.target.column}" must appear in the GROUP BY clause or be used in an aggregate function`,
        })
      }
      return { value, descending: term.descending, nulls: term.nulls ?? (term.descending ? 'first' : 'last'), nullable: true, model: null }
    })
  })
  const groupBy = grouped.length > 0 ? sql` group by ${join(grouped, ', ')}` : sql``
  return sql`select ${jsonObject(pairs)} as d from (${inner}) as ${identifier(rows.alias)}${groupBy}${orderBy(keys)}`
}

const NUMBERS = new Set<ColumnModel['type']>(['integer', 'bigint', 'real', 'numeric'])

function aggregate(rows: Rows, item: Aggregate): Output {
  if (item.cast !== undefined && item.cast !== 'text') throw unsupported('casting the result of an aggregate')
  if (item.castInput !== undefined) throw unsupported('casting the input of an aggregate')
  const output = result(rows, item)
  return item.cast === 'text' ? { value: sql`cast(${output.value} as text)`, json: false } : output
}

function result(rows: Rows, item: Aggregate): Output {
  if (!item.target) {
    if (item.function !== 'count') throw unsupported(`${item.function}() without a column`)
    return { value: sql`count(*)`, json: false }
  }
  const place = placeOf(rows, item.target)
  if (place.kind !== 'column') throw unsupported('aggregates over JSON')
  const { model } = place
  const value = comparable(model, place.value)
  switch (item.function) {
    case 'count':
      return { value: sql`count(${value})`, json: false }
    case 'sum':
    case 'avg':
      if (!NUMBERS.has(model.type)) throw missing(item.function, model)
      return { value: item.function === 'sum' ? sql`sum(${value})` : sql`avg(${value})`, json: false }
    case 'min':
    case 'max': {
      if (model.type === 'boolean' || model.type === 'json' || model.type === 'blob') throw missing(item.function, model)
      const extreme = item.function === 'min' ? sql`min(${value})` : sql`max(${value})`
      return model.type === 'numeric' ? { value: extreme, json: false } : writeColumn(model.type, extreme)
    }
  }
}

function missing(name: string, model: ColumnModel): AppError {
  return new AppError(queryErrors.undefined_operator, { message: `function ${name}(${model.type}) does not exist` })
}
