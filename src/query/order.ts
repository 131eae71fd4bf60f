// The order of rows: Postgres' place for NULLs, always said; JSON values by their type first; the key last, so that pages are
// stable. Also the conditions that start a page behind, or end it before, a row.
import { AppError } from '../core'
import { isTimed, type ColumnModel } from '../define'
import { columnSql, jsonRank, jsonText, placeOf, type Place, type Rows } from './column'
import { bindValue, comparable } from './condition'
import { queryErrors, tooComplex, unsupported } from './errors'
import { storedSql } from './place'
import { rangeSortValues } from './range'
import type { Input, OrderTerm, StoredValue } from './query'
import { and, bind, join, number, or, sql, type Sql } from './sql'

/** One thing to sort by. */
export interface SortKey {
  readonly value: Sql
  readonly descending: boolean
  readonly nulls: 'first' | 'last'
  /** Whether it can be NULL at all; if not, NULLs need no place and an index serves. */
  readonly nullable: boolean
  /** The column, when it is one of the rows' own. */
  readonly model: ColumnModel | null
}

/** Gives what a to-one embed's column sorts by; whoever knows the embeds does. */
export type EmbedValue = (term: OrderTerm & { readonly embed: string }) => readonly Sql[]

/** So many values are sorted by; D1 takes 100 terms. */
const MOST_KEYS = 64

/** The keys of an order. With `tiebreak` the primary key follows, where it isn't there yet. */
export function sortKeys(rows: Rows, order: readonly OrderTerm[], embedValue: EmbedValue, tiebreak: boolean): SortKey[] {
  const seen = new Set<string>()
  const keys = order.flatMap((term): SortKey[] => {
    const name = JSON.stringify([term.embed, term.target])
    // What stands in an order again decides nothing.
    if (seen.has(name)) return []
    seen.add(name)
    const direction = { descending: term.descending, nulls: term.nulls ?? (term.descending ? 'first' : 'last') } as const
    if (term.embed !== undefined)
      return embedValue({ ...term, embed: term.embed }).map((value) => ({ ...direction, value, nullable: true, model: null }))
    const place = placeOf(rows, term.target)
    const nullable = place.kind !== 'column' || !place.model.notNull || place.model.read !== null
    return sortValues(place).map((value) => ({ ...direction, value, nullable, model: place.kind === 'column' ? place.model : null }))
  })
  if (keys.length > MOST_KEYS) throw tooComplex(`it sorts by more than ${MOST_KEYS} values.`)
  if (!tiebreak) return keys
  for (const name of rows.table.primaryKey) {
    const model = rows.table.columns.get(name)
    if (!model || keys.some((key) => key.model === model)) continue
    const nulls = keys.at(-1)?.descending ? 'first' : 'last'
    keys.push({ value: columnSql(rows, model), descending: keys.at(-1)?.descending ?? false, nulls, nullable: false, model })
  }
  return keys
}

/** What a place sorts by. JSON by its type, lists and objects by how many members they have and then by their text, where `jsonb` goes on member by member. */
export function sortValues(place: Place): Sql[] {
  if (place.kind === 'text') return [jsonText(place.value, place.path)]
  if (place.kind === 'json' || place.model.type === 'json') {
    const path = place.kind === 'json' ? place.path : bind('$')
    const members = sql`(select count(*) from json_each(${place.value}, ${path}))`
    // NULL where there is nothing, so that nothing in a row is grouped with nothing for want of a row.
    const size = sql`case when json_type(${place.value}, ${path}) in ('array', 'object') then ${members} when json_type(${place.value}, ${path}) is not null then 0 end`
    return [jsonRank(place.value, path), size, sql`json_extract(${place.value}, ${path})`]
  }
  if (place.model.type === 'range') return rangeSortValues(place.value)
  return [comparable(place.model, place.value)]
}

/** `order by …`, or nothing. */
export function orderBy(keys: readonly SortKey[]): Sql {
  if (keys.length === 0) return { chunks: [] }
  const terms = keys.map(({ value, descending, nulls, nullable }): Sql => {
    const text = `${descending ? ' desc' : ''}${nullable ? ` nulls ${nulls}` : ''}`
    return { chunks: [...value.chunks, ...(text ? [text] : [])] }
  })
  return sql` order by ${join(terms, ', ')}`
}

/** The same order backwards. */
export function reversed(keys: readonly SortKey[]): SortKey[] {
  return keys.map((key) => ({ ...key, descending: !key.descending, nulls: key.nulls === 'first' ? 'last' : 'first' }))
}

/**
 * Rows behind the one whose sort values are `cursor`, one value a key. Throws `bad_cursor` when their number differs, and 22P02
 * and the like for a value of the wrong type.
 */
export function behind(keys: readonly SortKey[], cursor: readonly (Input | StoredValue)[]): Sql {
  if (cursor.length !== keys.length) {
    throw new AppError(queryErrors.bad_cursor, { message: `The cursor has ${cursor.length} values, and the order ${keys.length} columns.` })
  }
  const values = keys.map((key, i): Sql | null => {
    const input = cursor[i]!
    if (key.model === null || key.model.type === 'json') throw unsupported('cursors over a related or a JSON value')
    if (key.model.computed && isTimed(key.model.computed)) throw unsupported('cursors over a column that is computed from the time')
    if (key.model.type === 'range') throw unsupported('cursors over a range')
    if (typeof input === 'object' && input !== null && 'stored' in input) return storedSql(key, input)
    if (typeof input === 'object' && input !== null) throw unsupported('references to earlier results in a cursor')
    return input === null ? null : bindValue(key.model, input)
  })
  const plain =
    keys.every(({ nullable, descending }) => !nullable && descending === keys[0]!.descending) && values.every((value) => value !== null)
  if (plain && keys.length > 1) {
    const operator: Sql = { chunks: [keys[0]!.descending ? ' < ' : ' > '] }
    // Row values lose their columns' affinity on the bound side, so each value is given its type.
    return sql`(${join(
      keys.map(({ value }) => value),
      ', ',
    )})${operator}(${join(
      keys.map((key, i) => typed(key, values[i]!)),
      ', ',
    )})`
  }
  return or(
    keys.map((key, i) => {
      const equal = keys.slice(0, i).map((before, j) => (values[j] ? sql`${before.value} = ${values[j]}` : sql`${before.value} is null`))
      return and([...equal, beyond(key, values[i] ?? null)])
    }),
  )
}

function typed(key: SortKey, value: Sql): Sql {
  switch (key.model?.type) {
    case 'integer':
    case 'bigint':
    case 'boolean':
    case 'timestamp':
    case 'timestamp_ms':
      return sql`cast(${value} as numeric)`
    default:
      return value
  }
}

/** Strictly behind one value in the direction of one key. */
function beyond(key: SortKey, value: Sql | null): Sql {
  if (value === null) return key.nulls === 'first' ? sql`${key.value} is not null` : { chunks: ['0'] }
  const further = key.descending ? sql`${key.value} < ${value}` : sql`${key.value} > ${value}`
  return key.nullable && key.nulls === 'last' ? sql`(${further} or ${key.value} is null)` : further
}

/**
 * A page's size that SQL takes, written out: SQLite plans for a number that it sees, and a bound one costs three times the list. Throws
 * `bad_cursor` on what isn't a whole number from 0.
 */
export function pageNumber(value: number, what: string): Sql {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new AppError(queryErrors.bad_cursor, { message: `The ${what} is not a whole number from 0.` })
  return number(value)
}
