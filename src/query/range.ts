// Comparisons of ranges, both sides as they are stored (see range-value.ts). A missing bound is beyond every value; the empty range has
// no place, so that it is left and right of nothing.
import type { ColumnModel } from '../define'
import { unsupported } from './errors'
import { encodeRange, looksLikeRange } from './range-value'
import { bind, number, sql, type Sql } from './sql'
import { boundReader, encodeValue } from './value'

export type RangeOperator = 'sl' | 'sr' | 'nxl' | 'nxr' | 'adj'

const part = (range: Sql, index: number): Sql => sql`(${range} ->> ${number(index)})`
const isEmpty = (range: Sql): Sql => sql`(json_array_length(${range}) = 1)`

/** NULL where the column is; both sides are named once. */
function over(column: Sql, other: Sql, body: (a: Sql, b: Sql) => Sql): Sql {
  const [a, b]: [Sql, Sql] = [{ chunks: ['a'] }, { chunks: ['b'] }]
  return sql`(select case when a is not null then ${body(a, b)} end from (select ${column} as a, ${other} as b))`
}

const difference = (left: Sql, right: Sql): Sql => sql`((${left} > ${right}) - (${left} < ${right}))`

/** The sign of the difference of two lower bounds, or of two upper ones. */
function sameSide(a: Sql, b: Sql, side: 'lower' | 'upper'): Sql {
  const [at, included] = side === 'lower' ? [1, 2] : [3, 4]
  const [x, y] = [part(a, at), part(b, at)]
  const none = side === 'lower' ? -1 : 1
  // At one value a lower bound that belongs comes before one that doesn't, an upper one after.
  const tie = side === 'lower' ? difference(part(b, included), part(a, included)) : difference(part(a, included), part(b, included))
  return sql`case when ${x} is null then iif(${y} is null, 0, ${number(none)}) when ${y} is null then ${number(-none)} when ${x} = ${y} then ${tie} else ${difference(x, y)} end`
}

/** Whether all of `a` is before all of `b`. */
const before = (a: Sql, b: Sql): Sql =>
  sql`coalesce(${part(a, 3)} < ${part(b, 1)} or (${part(a, 3)} = ${part(b, 1)} and not (${part(a, 4)} and ${part(b, 2)})), 0)`

/** Whether one ends where the other begins, and just one of them has the value between. */
const touches = (a: Sql, b: Sql): Sql => sql`coalesce(${part(a, 3)} = ${part(b, 1)} and ${part(a, 4)} <> ${part(b, 2)}, 0)`

const within = (a: Sql, b: Sql): Sql => sql`(${sameSide(a, b, 'lower')} >= 0 and ${sameSide(a, b, 'upper')} <= 0)`

/** `<<`, `>>`, `&<`, `&>` and `-|-` with a range of the column's type. Throws 22P02 and 22000. */
export function rangeSql(model: ColumnModel, value: Sql, operator: RangeOperator, text: string): Sql {
  return over(value, bind(encodeValue(model, text, 'filter')), (a, b) => {
    const truth = {
      sl: () => before(a, b),
      sr: () => before(b, a),
      nxr: () => sql`(${sameSide(a, b, 'upper')} <= 0)`,
      nxl: () => sql`(${sameSide(a, b, 'lower')} >= 0)`,
      adj: () => sql`(${touches(a, b)} or ${touches(b, a)})`,
    }[operator]()
    return sql`iif(${isEmpty(a)} or ${isEmpty(b)}, 0, ${truth})`
  })
}

/** `@>` with a range or one value, `<@` and `&&`. Throws 22P02, 22000 and what the value's type throws. */
export function containRangeSql(model: ColumnModel, value: Sql, operator: 'contains' | 'containedBy' | 'overlaps', text: string): Sql {
  if (text.trimStart().startsWith('{')) throw unsupported('multiranges')
  const other = operator === 'contains' && !looksLikeRange(text) ? only(model, text) : encodeValue(model, text, 'filter')
  return over(value, bind(other), (a, b) => {
    switch (operator) {
      case 'contains':
        return sql`case when ${isEmpty(b)} then 1 when ${isEmpty(a)} then 0 else ${within(b, a)} end`
      case 'containedBy':
        return sql`case when ${isEmpty(a)} then 1 when ${isEmpty(b)} then 0 else ${within(a, b)} end`
      case 'overlaps':
        return sql`iif(${isEmpty(a)} or ${isEmpty(b)}, 0, not (${before(a, b)} or ${before(b, a)}))`
    }
  })
}

/** The range of one value. */
function only(model: ColumnModel, text: string): string {
  const escaped = text.replaceAll(/["\\]/g, '\\$&')
  return encodeRange(model.range!, `["${escaped}","${escaped}"]`, boundReader(model))
}

/** -1, 0 or 1 as the column is less than the range: by lower bound, then by upper; the empty range is the least. */
export function rangeSign(value: Sql, other: Sql): Sql {
  return over(
    value,
    other,
    (a, b) =>
      sql`case when b is null then null when ${isEmpty(a)} or ${isEmpty(b)} then ${isEmpty(b)} - ${isEmpty(a)} else coalesce(nullif(${sameSide(a, b, 'lower')}, 0), ${sameSide(a, b, 'upper')}) end`,
  )
}

/** What ranges are sorted by, one after the other; NULL first of all decides where there is no range. */
export function rangeSortValues(value: Sql): Sql[] {
  // NULL throughout where there is no range, so that none of a row is grouped with none for want of a row.
  const known = (test: Sql): Sql => sql`case when ${value} is not null then ${test} end`
  return [
    sql`json_array_length(${value}) > 1`,
    known(sql`${part(value, 1)} is not null`),
    part(value, 1),
    sql`1 - ${part(value, 2)}`,
    known(sql`${part(value, 3)} is null`),
    part(value, 3),
    part(value, 4),
  ]
}
