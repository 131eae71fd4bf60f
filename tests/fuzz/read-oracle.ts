// Answers a `Read` over rows held in JavaScript: what the caller may see, filtered, embedded, ordered, counted and cut.
import type { ColumnType, Relationship, TableModel } from '../../src/define'
import type { Condition, Embed, JsonStep, OrderTerm, Read, SelectItem, Target } from '../../src/query/query'
import { jsonTruth } from './jsonb'
import { castValue } from './casts'
import { groups, isGrouped, type Reading } from './group-oracle'
import { keysOf } from './keyset'
import { and, at, compare, isIn, like, match, not, or, order as orderOf, type Stored, type Truth } from './logic'
import { visible, type Row, type World } from './policy-oracle'
import type { Kind } from './apps'
import { rangeTruth, shownRange, sortable } from './ranges'
import { stored } from './rows'

export interface Answer {
  readonly rows: readonly unknown[]
  /** Rows that match, before limit and offset. */
  readonly total: number
}

/** A list whose order the query leaves open. */
export class Unordered {
  readonly items: readonly unknown[]

  constructor(items: readonly unknown[]) {
    this.items = items
  }
}

/** What the caller gets. */
export function answer(world: World, read: Read): Answer {
  const table = tableOf(world, read.table)
  const seen = visible(world, read.table).map((one) => one.seen)
  const matching = seen.filter((row) => admitted(world, table, row, read.where, read.select))
  const limit = Math.min(read.limit ?? table.maxRows, table.maxRows)
  if (isGrouped(read.select)) {
    const all = groups(reading, world, table, matching, read.select, read.order)
    return { rows: all.slice(read.offset ?? 0, (read.offset ?? 0) + limit), total: all.length }
  }
  const page =
    read.after || read.before
      ? keyset(world, table, matching, read, limit)
      : cut(world, table, matching, read.order, read.select, read.offset, limit)
  return { rows: page.map((row) => shape(world, table, row, read.select)), total: matching.length }
}

const reading: Reading = { embedded, onWire, related, selected, stepInto, tableOf }

function tableOf(world: World, name: string): TableModel {
  const table = world.model.tables.get(name)
  if (!table) throw new Error(`No table ${name}.`)
  return table
}

/** Whether the filter and the inner embeds keep a row that the caller sees so. */
export function admitted(world: World, table: TableModel, row: Row, where: Condition | undefined, select: readonly SelectItem[]): boolean {
  const embeds = select.filter((item): item is Embed => item.kind === 'embed')
  if (embeds.some((embed) => embed.join === 'inner' && related(world, row, embed).length === 0)) return false
  return where === undefined || holds(world, table, row, where, embeds) === true
}

/** What a filter says of a row as the caller sees it. */
export function holds(world: World, table: TableModel, row: Row, condition: Condition, embeds: readonly Embed[] = []): Truth {
  const held = jsonHeld(table, row, condition)
  if (held) return jsonTruth(condition, held.value)
  if (condition.kind === 'contain' || condition.kind === 'range') {
    const stored = row[condition.target.column] ?? null
    return stored === null ? null : rangeTruth(condition, String(stored))
  }
  switch (condition.kind) {
    case 'and':
      return and(condition.terms.map((term) => holds(world, table, row, term, embeds)))
    case 'or':
      return or(condition.terms.map((term) => holds(world, table, row, term, embeds)))
    case 'not':
      return not(holds(world, table, row, condition.term, embeds))
    case 'compare': {
      const { type, value } = target(table, row, condition.target)
      const other = asStored(type, condition.value)
      if (condition.operator === 'isdistinct') return value === null || other === null ? value !== other : orderOf(value, other) !== 0
      return compare(condition.operator === 'neq' ? 'ne' : condition.operator, value, other)
    }
    case 'in': {
      const { type, value } = target(table, row, condition.target)
      return isIn(
        value,
        condition.values.map((item) => asStored(type, item)),
      )
    }
    case 'is': {
      const { value } = target(table, row, condition.target)
      if (condition.value === 'null' || condition.value === 'unknown') return value === null
      if (condition.value === 'not_null') return value !== null
      return value === (condition.value === 'true' ? 1 : 0)
    }
    case 'like':
      return like(target(table, row, condition.target).value, condition.pattern, condition.ignoreCase)
    case 'match':
      return match(target(table, row, condition.target).value, condition.pattern, condition.ignoreCase)
    case 'quantified': {
      const { type, value } = target(table, row, condition.target)
      const { operator } = condition
      const terms = condition.values.map((item): Truth => {
        if (operator === 'match' || operator === 'imatch') return match(value, item, operator === 'imatch')
        if (operator === 'like' || operator === 'ilike') return like(value, item, operator === 'ilike')
        return compare(operator as 'eq', value, asStored(type, item))
      })
      return condition.quantifier === 'any' ? or(terms) : and(terms)
    }
    case 'related': {
      const embed = embeds.find((one) => one.as === condition.embed)
      if (!embed) throw new Error(`No embed ${condition.embed}.`)
      return related(world, row, embed).length > 0 === condition.present
    }
    default:
      throw new Error(`The oracle doesn't speak ${condition.kind}.`)
  }
}

/** The JSON that a filter on a JSON column, or on `->` of one, speaks of; null for any other filter. */
function jsonHeld(table: TableModel, row: Row, condition: Condition): { readonly value: unknown } | null {
  if (!('target' in condition)) return null
  const { column, path = [] } = condition.target
  if (table.columns.get(column)?.type !== 'json' || path.at(-1)?.asText) return null
  const text = row[column] ?? null
  if (text === null) return { value: undefined }
  const keys = path.map(({ key }) => key)
  return { value: at(JSON.parse(String(text)) as unknown, keys) }
}

function target(table: TableModel, row: Row, { column, path }: Target): { type: ColumnType; value: Stored } {
  const type = (table.columns.get(column) ?? table.computed.get(column))?.type ?? 'text'
  const value = row[column] ?? null
  if (type === 'range' && value !== null) return { type, value: sortable(String(value)) }
  if (!path || path.length === 0) return { type, value }
  return { type: 'text', value: stepInto(value, path) }
}

/** `->>`: a JSON value as text, NULL for null and where there is nothing. */
function stepInto(value: Stored, path: readonly JsonStep[]): Stored {
  const found =
    value === null
      ? undefined
      : at(
          JSON.parse(String(value)) as unknown,
          path.map(({ key }) => key),
        )
  if (found === undefined || found === null) return null
  return typeof found === 'string' ? found : JSON.stringify(found)
}

/** A filter's text, or a cursor's value, as a value of the column's type. */
function asStored(type: ColumnType, value: unknown): Stored {
  if (value === null) return null
  if (type === 'integer' || type === 'real') return Number(value)
  if (type === 'boolean') return String(value) === 'true' ? 1 : 0
  if (type === 'range') return sortable(String(stored('range', value)))
  return stored(type as Kind, value)
}

/** The rows of an embed that belong to `row`: readable, joined by what the caller sees of the keys, filtered, ordered and cut. */
function related(world: World, row: Row, embed: Embed): Row[] {
  const { relationship } = embed
  const table = tableOf(world, relationship.to)
  const joined = visible(world, relationship.to)
    .map(({ seen }) => seen)
    .filter((other) => joins(world, relationship, row, other))
  const filtered = joined.filter((other) => admitted(world, table, other, embed.where, embed.select))
  return cut(world, table, filtered, embed.order, embed.select, embed.offset, Math.min(embed.limit ?? table.maxRows, table.maxRows))
}

const equal = (left: Stored | undefined, right: Stored | undefined): boolean => compare('eq', left ?? null, right ?? null) === true

function joins(world: World, { columns, junction }: Relationship, here: Row, there: Row): boolean {
  if (!junction) return columns.every(([a, b]) => equal(here[a], there[b]))
  return visible(world, junction.table).some(
    ({ seen: link }) => columns.every(([a, b]) => equal(here[a], link[b])) && junction.columns.every(([a, b]) => equal(link[a], there[b])),
  )
}

function cut(
  world: World,
  table: TableModel,
  rows: readonly Row[],
  order: readonly OrderTerm[] | undefined,
  select: readonly SelectItem[],
  offset = 0,
  limit: number,
): Row[] {
  const sorted = [...rows].sort((a, b) => byTerms(world, table, a, b, order ?? [], select) || byKey(table, a, b))
  return sorted.slice(offset, offset + limit)
}

/** The page behind one cursor and before the other; with `before` it is counted from its end. */
function keyset(world: World, table: TableModel, rows: readonly Row[], read: Read, limit: number): Row[] {
  const keys = keysOf(table, read.order ?? [])
  const place = (cursor: readonly unknown[]): Row =>
    Object.fromEntries(
      keys.map(({ target: { column } }, i) => [
        column,
        asStored((table.columns.get(column) ?? table.computed.get(column))!.type, cursor[i]),
      ]),
    )
  const beside = (row: Row, cursor: readonly unknown[] | undefined, side: 1 | -1) =>
    cursor === undefined || Math.sign(byTerms(world, table, row, place(cursor), keys, read.select)) === side
  const sorted = rows
    .filter((row) => beside(row, read.after, 1) && beside(row, read.before, -1))
    .sort((a, b) => byTerms(world, table, a, b, keys, read.select))
  const offset = read.offset ?? 0
  if (!read.before) return sorted.slice(offset, offset + limit)
  return sorted.slice(Math.max(0, sorted.length - offset - limit), Math.max(0, sorted.length - offset))
}

function byKey(table: TableModel, a: Row, b: Row): number {
  for (const column of table.primaryKey) {
    const sign = orderOf(a[column]!, b[column]!)
    if (sign !== 0) return sign
  }
  return 0
}

function byTerms(world: World, table: TableModel, a: Row, b: Row, terms: readonly OrderTerm[], select: readonly SelectItem[]): number {
  for (const term of terms) {
    const [left, right] = [a, b].map((row) => orderValue(world, table, row, term, select))
    const nullsFirst = term.nulls === undefined ? term.descending : term.nulls === 'first'
    if (left === null || right === null) {
      if (left === right) continue
      return (left === null) === nullsFirst ? -1 : 1
    }
    const sign = orderOf(left!, right!) * (term.descending ? -1 : 1)
    if (sign !== 0) return sign
  }
  return 0
}

function orderValue(world: World, table: TableModel, row: Row, term: OrderTerm, select: readonly SelectItem[]): Stored {
  if (term.embed === undefined) return target(table, row, term.target).value
  const embed = select.find((item): item is Embed => item.kind === 'embed' && item.as === term.embed)
  if (!embed) throw new Error(`No embed ${term.embed}.`)
  const other = related(world, row, embed)[0]
  return other ? target(tableOf(world, embed.relationship.to), other, term.target).value : null
}

/** The JSON of a row. */
export function shape(world: World, table: TableModel, row: Row, select: readonly SelectItem[]): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const item of select) {
    if (item.kind === 'all') {
      for (const column of table.columns.values()) if (!column.hidden) out[column.name] = onWire(column.type, row[column.name] ?? null)
    } else if (item.kind === 'column') {
      const { column } = item.target
      out[item.as] = item.cast
        ? castValue((table.columns.get(column) ?? table.computed.get(column))!.type, row[column] ?? null, item.cast)
        : selected(table, row, item.target)
    } else if (item.kind === 'embed') {
      Object.assign(out, embedded(world, row, item))
    } else {
      throw new Error('Groups are written by group-oracle.ts.')
    }
  }
  return out
}

function selected(table: TableModel, row: Row, { column, path }: Target): unknown {
  const value = row[column] ?? null
  const last = path?.at(-1)
  if (!path || !last) return onWire((table.columns.get(column) ?? table.computed.get(column))?.type ?? 'text', value)
  if (last.asText) return stepInto(value, path)
  return value === null
    ? null
    : (at(
        JSON.parse(String(value)) as unknown,
        path.map(({ key }) => key),
      ) ?? null)
}

function embedded(world: World, row: Row, embed: Embed): Record<string, unknown> {
  if (embed.silent) return {}
  const table = tableOf(world, embed.relationship.to)
  const toOne = embed.relationship.kind === 'to-one' || embed.relationship.kind === 'one-to-one'
  if (isGrouped(embed.select)) {
    const found = groups(reading, world, table, related(world, row, embed), embed.select)
    return { [embed.as]: toOne ? (found[0] ?? null) : new Unordered(found) }
  }
  const rows = related(world, row, embed).map((other) => shape(world, table, other, embed.select))
  const listed = (items: readonly unknown[]) => (embed.order ? items : new Unordered(items))
  if (!embed.spread) return { [embed.as]: toOne ? (rows[0] ?? null) : listed(rows) }
  const names = Object.keys(shape(world, table, Object.fromEntries([...table.columns.keys()].map((name) => [name, null])), embed.select))
  return Object.fromEntries(names.map((name) => [name, toOne ? (rows[0]?.[name] ?? null) : listed(rows.map((one) => one[name]))]))
}

/** A stored value as JSON on the wire. Times are compared as instants. */
export function onWire(type: ColumnType, value: Stored): unknown {
  if (value === null) return null
  switch (type) {
    case 'boolean':
      return value === 1
    case 'timestamp':
      return new Date(Number(value) * 1000)
    case 'timestamp_ms':
      return new Date(Number(value))
    case 'json':
      return JSON.parse(String(value)) as unknown
    case 'range':
      return shownRange(String(value))
    default:
      return value
  }
}

/** Where an answer differs from what it should be, as a path and the two values; null when it doesn't. */
export function differs(expected: unknown, actual: unknown, path = '$'): string | null {
  const no = () =>
    `${path}: expected ${JSON.stringify(expected instanceof Unordered ? expected.items : expected)}, got ${JSON.stringify(actual)}`
  if (expected instanceof Date)
    return typeof actual === 'string' && /T.*(\+00:00|Z)$/.test(actual) && Date.parse(actual) === expected.getTime() ? null : no()
  if (expected instanceof Unordered) {
    if (!Array.isArray(actual) || actual.length !== expected.items.length) return no()
    const left = [...(actual as unknown[])]
    for (const item of expected.items) {
      const index = left.findIndex((candidate) => differs(item, candidate) === null)
      if (index < 0) return no()
      left.splice(index, 1)
    }
    return null
  }
  if (typeof expected !== 'object' || expected === null) return Object.is(expected, actual) || expected === actual ? null : no()
  if (typeof actual !== 'object' || actual === null || Array.isArray(expected) !== Array.isArray(actual)) return no()
  const names = Object.keys(expected)
  if (names.length !== Object.keys(actual).length) return no()
  for (const name of names) {
    if (!Object.hasOwn(actual, name)) return no()
    const found = differs((expected as Record<string, unknown>)[name], (actual as Record<string, unknown>)[name], `${path}.${name}`)
    if (found) return found
  }
  return null
}
