// How an operation of a batch names values of earlier ones: `{"$ref": "trip.id"}` as the whole value of a column that isn't JSON, and
// `{trip.id}` as the whole value of a filter. A filter's text that names no earlier operation is text.
import { AppError } from '../core'
import type { TableModel } from '../define'
import type { Condition, Delete, Input, Insert, Operation, Reference, Returning, SelectItem, Update } from '../query'
import { restErrors } from './errors'

/** `trip.id`, of several rows `trip.2.id` (counted from 0), in a list of a filter also all of them, `trip.*.id`. */
const PLACE = /^([A-Za-z0-9_-]{1,64})\.(?:(\d{1,6}|\*)\.)?(.+)$/su

type Ids = readonly (string | null)[]

function find(place: string, ids: Ids): Reference | null {
  const [, id, row, column] = PLACE.exec(place) ?? []
  const operation = id === undefined ? -1 : ids.indexOf(id)
  if (operation < 0 || column === undefined) return null
  return { operation, column, ...(row === undefined ? {} : { row: row === '*' ? ('every' as const) : Number(row) }) }
}

/** The text in `{"$ref": text}`; null for anything else. */
export function referenceText(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null
  const { $ref, ...others } = value as { readonly $ref?: unknown }
  return typeof $ref === 'string' && Object.keys(others).length === 0 ? $ref : null
}

/** The operation with its references; `ids` are those of the operations before it. Errors: PGRST102 for a value that refers to none. */
export function withReferences(operation: Operation, table: TableModel, ids: Ids): Operation {
  const row = (given: Readonly<Record<string, unknown>>) => rowOf(given, table, ids)
  switch (operation.kind) {
    case 'insert':
      return { ...operation, rows: operation.rows.map(row), ...returning(operation, ids) }
    case 'update':
      return { ...operation, set: row(operation.set), ...where(operation, ids), ...returning(operation, ids) }
    case 'delete':
      return { ...operation, ...where(operation, ids), ...returning(operation, ids) }
    case 'enqueue':
    case 'cancel':
      return operation
    case 'read':
      return { ...operation, ...where(operation, ids), select: selectOf(operation.select, ids) }
  }
}

function rowOf(row: Readonly<Record<string, unknown>>, table: TableModel, ids: Ids): Readonly<Record<string, unknown>> {
  let out: Record<string, unknown> | null = null
  for (const name in row) {
    const place = referenceText(row[name])
    if (place === null || table.columns.get(name)?.type === 'json') continue
    const reference = find(place, ids)
    if (reference === null || reference.row === 'every')
      throw new AppError(restErrors.rest_bad_body, {
        message: 'The reference leads nowhere',
        details: `"${place.slice(0, 200)}" is not "id.column" or "id.row.column" of an operation before this one.`,
      })
    out ??= { ...row }
    out[name] = { reference }
  }
  return out ?? row
}

function where({ where: condition }: { readonly where?: Condition }, ids: Ids): { where?: Condition } {
  return condition ? { where: conditionOf(condition, ids) } : {}
}

function returning(operation: Insert | Update | Delete, ids: Ids): { returning?: Returning } {
  return operation.returning ? { returning: { ...operation.returning, select: selectOf(operation.returning.select, ids) } } : {}
}

function selectOf(select: readonly SelectItem[], ids: Ids): readonly SelectItem[] {
  return select.map((item) => (item.kind === 'embed' ? { ...item, ...where(item, ids), select: selectOf(item.select, ids) } : item))
}

function inputOf(value: Input, ids: Ids): Input {
  const place = typeof value === 'string' && value.startsWith('{') && value.endsWith('}') ? find(value.slice(1, -1), ids) : null
  return place === null ? value : { reference: place }
}

function conditionOf(condition: Condition, ids: Ids): Condition {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return { ...condition, terms: condition.terms.map((term) => conditionOf(term, ids)) }
    case 'not':
      return { ...condition, term: conditionOf(condition.term, ids) }
    case 'compare':
      return { ...condition, value: inputOf(condition.value, ids) }
    case 'in':
      return { ...condition, values: condition.values.map((value) => inputOf(value, ids)) }
    default:
      return condition
  }
}
