// A function's filter, order and rows to a query's: properties of the Drizzle declaration become columns, Dates ISO 8601 text.
import type { Place, RowsOptions, StepReference, TableModel, Where } from '../define'
import type { SQLiteTableLike } from '../define'
import type { Condition, Input, OrderTerm, Target } from '../query'

type AnyWhere = Where<SQLiteTableLike>

/** The column that a property is. Throws a `TypeError` for none, which is the app's own mistake. */
export function columnOf(table: TableModel, property: string): string {
  for (const column of [...table.columns.values(), ...table.computed.values()]) if (column.property === property) return column.name
  throw new TypeError(`the table "${table.name}" has no property "${property}"`)
}

/** A value as a client would send it. */
export function inputOf(value: unknown): Input {
  if (value === undefined) throw new TypeError('a value is undefined: leave the property out, or say null')
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `\\x${Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null || isReference(value)) return value as Input
  return JSON.stringify(value)
}

/** References that a batch gave out: data of a client that looks like one is data. */
const given = new WeakSet<object>()

export function giveReference(reference: StepReference): StepReference {
  given.add(reference)
  return reference
}

export function isReference(value: object): value is StepReference {
  return given.has(value)
}

/** The condition; undefined for none. */
export function conditionOf(table: TableModel, where: AnyWhere | 'every row' | undefined): Condition | undefined {
  if (where === undefined || where === 'every row') return undefined
  if (typeof where === 'function') return (where as unknown as (argument: unknown) => Condition)(words(table))
  const terms = Object.entries(where as Record<string, unknown>).map(([property, value]): Condition => {
    const target = { column: columnOf(table, property) }
    if (Array.isArray(value)) return { kind: 'in', target, values: value.map(inputOf) }
    return value === null ? { kind: 'is', target, value: 'null' } : { kind: 'compare', target, operator: 'eq', value: inputOf(value) }
  })
  return terms.length === 1 ? terms[0]! : { kind: 'and', terms }
}

const targetOf = (place: Place): Target => place as unknown as Target

function words(table: TableModel) {
  const compare =
    (operator: 'eq' | 'neq' | 'gt' | 'gte' | 'lt' | 'lte') =>
    (left: Place, right: unknown): Condition => {
      const value = inputOf(right)
      return { kind: 'compare', target: targetOf(left), operator, value }
    }
  const is =
    (value: 'null' | 'not_null') =>
    (of: Place): Condition => ({ kind: 'is', target: targetOf(of), value })
  const like =
    (ignoreCase: boolean) =>
    (of: Place, pattern: string): Condition => ({ kind: 'like', target: targetOf(of), pattern, ignoreCase })
  return {
    row: new Proxy({}, { get: (_, property) => ({ column: columnOf(table, String(property)) }) }),
    and: (...terms: Condition[]): Condition => ({ kind: 'and', terms }),
    or: (...terms: Condition[]): Condition => ({ kind: 'or', terms }),
    not: (term: Condition): Condition => ({ kind: 'not', term }),
    eq: compare('eq'),
    ne: compare('neq'),
    gt: compare('gt'),
    gte: compare('gte'),
    lt: compare('lt'),
    lte: compare('lte'),
    between: (of: Place, low: unknown, high: unknown): Condition => ({
      kind: 'and',
      terms: [compare('gte')(of, low), compare('lte')(of, high)],
    }),
    like: like(false),
    ilike: like(true),
    inArray: (of: Place, list: readonly unknown[]): Condition => ({ kind: 'in', target: targetOf(of), values: list.map(inputOf) }),
    isNull: is('null'),
    isNotNull: is('not_null'),
    json: (of: Place, path: string): Target => {
      const steps = path.split('.').filter((step) => step !== '')
      return {
        ...targetOf(of),
        path: steps.map((step, i) => ({ key: /^\d+$/.test(step) ? Number(step) : step, asText: i === steps.length - 1 })),
      }
    },
  }
}

/** Filter, order and page of a read. */
export function clausesOf(table: TableModel, options: RowsOptions<SQLiteTableLike>) {
  const where = conditionOf(table, options.where)
  const order = options.order?.map((term): OrderTerm => {
    const [property, direction] = (typeof term === 'string' ? [term, 'asc'] : term) as readonly [string, 'asc' | 'desc']
    return { target: { column: columnOf(table, property) }, descending: direction === 'desc' }
  })
  return {
    ...(where === undefined ? {} : { where }),
    ...(order === undefined || order.length === 0 ? {} : { order }),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    ...(options.offset === undefined ? {} : { offset: options.offset }),
  }
}

/** A row to write, by columns. JSON columns keep their value; members that are undefined are left out. */
export function payloadOf(table: TableModel, row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).flatMap(([property, value]) => {
      if (value === undefined) return []
      const column = columnOf(table, property)
      return [[column, table.columns.get(column)!.type === 'json' ? value : inputOf(value)]]
    }),
  )
}
