// A client's filter as SQL over the rows as the client sees them. Values are read by the column's type and bound.
import { AppError } from '../core'
import { jsonText, placeOf, type Place, type Rows } from './column'
import { containSql } from './contain'
import type { ColumnModel } from '../define'
import { queryErrors, tooComplex, undefinedOperator, unsupported, valueError } from './errors'
import { compareJson, inJson } from './json-compare'
import type { JsonPlace } from './json-order'
import { likeSql } from './like'
import type { Comparison, Condition, Input, Target } from './query'
import { containRangeSql, rangeSign, rangeSql } from './range'
import { isReference, referencedList, referenceSql } from './reference'
import { findsRows, searchSql, unsought } from './search'
import { regexSql } from './regex'
import { and, bind, balanced, FALSE, NULL, or, sql, TRUE, type Sql } from './sql'
import { encodeValue, storable, typeName } from './value'

/** Terms a filter may have in all, and how deep they may nest. */
export const MAX_TERMS = 10_000
export const MAX_NESTING = 50

/** A search by index for each of more choices than this makes a program longer than D1 allows; the sign keeps SQLite from it. */
const MANY_CHOICES = 50

/** How many conditions are joined by `and` and `or`. */
export function leaves(condition: Condition): number {
  return condition.kind === 'or' || condition.kind === 'and' ? condition.terms.reduce((sum, term) => sum + leaves(term), 0) : 1
}

/** Finds out whether an embed of the same level has a row; given by whoever knows the embeds. */
export type FindRelated = (embed: string) => Sql

/** Throws `too_complex` when the filter has more than 10,000 terms or nests more than 50 deep. */
export function checkSize(condition: Condition): void {
  let terms = 0
  const walk = (node: Condition, depth: number): void => {
    if (depth > MAX_NESTING) throw tooComplex(`filters nest more than ${MAX_NESTING} deep.`)
    if (++terms > MAX_TERMS) throw tooComplex(`it has more than ${MAX_TERMS} filters.`)
    if (node.kind === 'and' || node.kind === 'or') for (const term of node.terms) walk(term, depth + 1)
    else if (node.kind === 'not') walk(node.term, depth + 1)
  }
  walk(condition, 0)
}

/**
 * The filter as a predicate; a row passes where it is TRUE, and where that alone counts it is `positive`. Throws the errors of unknown
 * columns and malformed values.
 */
export function compileCondition(rows: Rows, condition: Condition, related: FindRelated, positive = true): Sql {
  switch (condition.kind) {
    case 'and': {
      const search = positive && findsRows(rows, condition)
      return and(
        condition.terms.map((term) => {
          const predicate = compileCondition(rows, term, related, positive)
          return search && !findsRows(rows, term) ? unsought(predicate) : predicate
        }),
      )
    }
    case 'or': {
      const choice = or(condition.terms.map((term) => compileCondition(rows, term, related, positive)))
      return leaves(condition) > MANY_CHOICES ? sql`+${choice}` : choice
    }
    case 'not':
      return sql`not (${compileCondition(rows, condition.term, related, false)})`
    case 'related':
      return condition.present ? related(condition.embed) : sql`not ${related(condition.embed)}`
    case 'compare':
      return compare(rows, condition.target, condition.operator, condition.value)
    case 'in':
      return inList(rows, condition.target, condition.values)
    case 'is':
      return is(placeOf(rows, condition.target), condition.value)
    case 'like':
      return like(rows, condition.target, condition.pattern, condition.ignoreCase)
    case 'quantified':
      return quantified(rows, condition)
    case 'match':
      return match(rows, condition.target, condition.pattern, condition.ignoreCase)
    case 'contain':
      return contain(rows, condition)
    case 'range':
      return range(rows, condition)
    case 'search':
      return searchSql(rows, condition, positive)
  }
}

const OPERATORS: Readonly<Record<Comparison, string>> = { eq: '=', neq: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=', isdistinct: 'is not' }

const ORDERS: ReadonlySet<Comparison> = new Set(['gt', 'gte', 'lt', 'lte'])

/** Operators are the compiler's own text. */
function binary(left: Sql, operator: string, right: Sql): Sql {
  return { chunks: [...left.chunks, ` ${operator} `, ...right.chunks] }
}

function known(value: Input): string | number | boolean | null {
  if (isReference(value)) throw unsupported('references to earlier results beside JSON')
  return value
}

function compare(rows: Rows, target: Target, operator: Comparison, input: Input): Sql {
  const place = placeOf(rows, target)
  if (isReference(input) && place.kind === 'column' && place.model.type !== 'json') {
    const referred = referenceSql(rows.context, input.reference, place.model, 'filter')
    return binary(comparable(place.model, place.value), OPERATORS[operator], comparable(place.model, referred))
  }
  const value = known(input)
  const json = jsonPlace(place)
  if (json) return compareJson(rows.context, json, OPERATORS[operator], value === null ? null : String(value))
  if (place.kind === 'text') return binary(jsonText(place.value, place.path), OPERATORS[operator], bindText(value))
  const right = bindValue(place.model, value)
  // Equal ranges are stored alike.
  if (place.model.type === 'range' && ORDERS.has(operator)) return binary(rangeSign(place.value, right), OPERATORS[operator], FALSE)
  return binary(comparable(place.model, place.value), OPERATORS[operator], right)
}

function bindText(value: string | number | boolean | null): Sql {
  if (value === null) return NULL
  if (!storable(String(value))) throw valueError(queryErrors.invalid_encoding, 'invalid byte sequence for encoding "UTF8"')
  return bind(String(value))
}

/** A column as its values compare: decimals by value, not by spelling. */
export function comparable(model: ColumnModel, value: Sql): Sql {
  return model.type === 'numeric' ? sql`cast(${value} as real)` : value
}

/** A client's value in the type of the column it is compared with. */
export function bindValue(model: ColumnModel, input: string | number | boolean | null): Sql {
  const encoded = encodeValue(model, input, 'filter')
  if (encoded === null) return NULL
  if (model.type === 'numeric') return sql`cast(${bind(encoded)} as real)`
  if (model.type === 'blob') return sql`unhex(${bind(encoded)})`
  return model.bare && NUMERALS.has(model.type) ? sql`cast(${bind(encoded)} as numeric)` : bind(encoded)
}

/** Types whose values are bound as texts of digits, which a column's affinity makes numbers of. A view's column may have none. */
const NUMERALS: ReadonlySet<ColumnModel['type']> = new Set(['integer', 'bigint', 'boolean', 'timestamp', 'timestamp_ms'])

const SYMBOLS = { contains: '@>', containedBy: '<@', overlaps: '&&' } as const

function contain(rows: Rows, { target, operator, value }: Extract<Condition, { kind: 'contain' }>): Sql {
  const place = placeOf(rows, target)
  if (place.kind === 'column' && place.model.type === 'range') return containRangeSql(place.model, place.value, operator, value)
  if (!jsonPlace(place)) throw noOperator(place, SYMBOLS[operator])
  return containSql(
    rows.context,
    place.value,
    (target.path ?? []).map(({ key }) => key),
    operator,
    value,
  )
}

const RANGE_SYMBOLS = { sl: '<<', sr: '>>', nxl: '&>', nxr: '&<', adj: '-|-' } as const

function range(rows: Rows, { target, operator, value }: Extract<Condition, { kind: 'range' }>): Sql {
  const place = placeOf(rows, target)
  if (place.kind !== 'column' || place.model.type !== 'range') throw noOperator(place, RANGE_SYMBOLS[operator])
  return rangeSql(place.model, place.value, operator, value)
}

function noOperator(place: Place, symbol: string): AppError {
  const type = place.kind === 'column' ? typeName(place.model) : place.kind
  return undefinedOperator('operator', `${type} ${symbol} unknown`)
}

function inList(rows: Rows, target: Target, values: readonly Input[]): Sql {
  const place = placeOf(rows, target)
  const json = jsonPlace(place)
  if (json)
    return inJson(
      rows.context,
      json,
      values.map((value) => textOf(known(value))),
    )
  const references = values.filter(isReference)
  if (references.length > 0) {
    if (place.kind !== 'column') throw unsupported('references to earlier results beside JSON')
    const { model, value } = place
    const lists = references.map(({ reference }) => {
      if (reference.row !== 'every') return compare(rows, target, 'eq', { reference })
      const list = referencedList(rows.context, reference, model)
      return sql`${comparable(model, value)} in (${list})`
    })
    const others = values.filter((one) => !isReference(one))
    return or([...lists, ...(others.length > 0 ? [inList(rows, target, others)] : [])])
  }
  const encoded = values.map((value) => (place.kind === 'text' ? textOf(known(value)) : encodeValue(place.model, known(value), 'filter')))
  const left = place.kind === 'text' ? jsonText(place.value, place.path) : comparable(place.model, place.value)
  const items = sql`json_each(${bind(JSON.stringify(encoded))})`
  if (place.kind === 'column' && place.model.type === 'blob') return sql`${left} in (select unhex(value) from ${items})`
  if (place.kind === 'column' && place.model.type === 'numeric') return sql`${left} in (select cast(value as real) from ${items})`
  if (place.kind === 'column' && place.model.bare && NUMERALS.has(place.model.type))
    return sql`${left} in (select cast(value as numeric) from ${items})`
  return sql`${left} in (select value from ${items})`
}

/** The place as JSON, when its values are. */
function jsonPlace(place: Place): JsonPlace | null {
  if (place.kind === 'json') return place
  return place.kind === 'column' && place.model.type === 'json' ? { value: place.value, path: bind('$') } : null
}

function textOf(value: string | number | boolean | null): string | null {
  if (value === null) return null
  const text = String(value)
  if (!storable(text)) throw valueError(queryErrors.invalid_encoding, 'invalid byte sequence for encoding "UTF8"')
  return text
}

function is(place: Place, value: 'null' | 'not_null' | 'true' | 'false' | 'unknown'): Sql {
  if (value === 'true' || value === 'false' || value === 'unknown') {
    if (place.kind !== 'column' || place.model.type !== 'boolean') {
      const type = place.kind === 'column' ? typeName(place.model) : place.kind
      throw new AppError(queryErrors.wrong_type, {
        message: `argument of IS ${value.toUpperCase()} must be type boolean, not type ${type}`,
      })
    }
    if (value !== 'unknown') return sql`${place.value} is ${value === 'true' ? TRUE : FALSE}`
  }
  // `->` gives JSON's null, which isn't NULL; `->>` gives NULL for it.
  const subject =
    place.kind === 'column'
      ? place.value
      : place.kind === 'json'
        ? sql`json_type(${place.value}, ${place.path})`
        : sql`json_extract(${place.value}, ${place.path})`
  return value === 'not_null' ? sql`${subject} is not null` : sql`${subject} is null`
}

function like(rows: Rows, target: Target, pattern: string, ignoreCase: boolean): Sql {
  if (!storable(pattern)) throw valueError(queryErrors.invalid_encoding, 'invalid byte sequence for encoding "UTF8"')
  return likeSql(textual(placeOf(rows, target), ignoreCase ? '~~*' : '~~'), pattern, ignoreCase, rows.context.preparation)
}

function match(rows: Rows, target: Target, pattern: string, ignoreCase: boolean): Sql {
  return regexSql(textual(placeOf(rows, target), ignoreCase ? '~*' : '~'), pattern, ignoreCase, rows.context.preparation)
}

function textual(place: Place, operator: string): Sql {
  if (place.kind === 'text') return jsonText(place.value, place.path)
  if (place.kind === 'column' && (place.model.type === 'text' || place.model.type === 'uuid' || place.model.type === 'date'))
    return place.value
  throw noOperator(place, operator)
}

/** Each is a condition of its own. */
const MOST_CHOICES = 500

function quantified(rows: Rows, condition: Extract<Condition, { kind: 'quantified' }>): Sql {
  const { target, operator, values } = condition
  if (operator === 'eq' && condition.quantifier === 'any') return inList(rows, target, values)
  if (values.length > MOST_CHOICES) throw tooComplex(`a list of any or all has more than ${MOST_CHOICES} values.`)
  const terms = values.map((value): Sql => {
    if (operator === 'like' || operator === 'ilike') return value === null ? NULL : like(rows, target, value, operator === 'ilike')
    if (operator === 'match' || operator === 'imatch') return value === null ? NULL : match(rows, target, value, operator === 'imatch')
    return compare(rows, target, operator, value)
  })
  if (terms.length === 0) return condition.quantifier === 'any' ? FALSE : TRUE
  return balanced(terms, condition.quantifier === 'any' ? 'or' : 'and')
}
