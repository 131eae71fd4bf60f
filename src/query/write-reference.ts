// Values that an operation takes from the row an earlier operation of the same query inserts, and that are known before: what the client
// sent, and ids that the engine makes. They cost nothing, and may tell which database a row belongs to. The rest is reference.ts's.
import { uuidv7 } from '../core'
import type { ColumnModel, Model, TableModel } from '../define'
import type { Condition, Enqueue, Input, Insert, Operation, PayloadReference, Query, Reference } from './query'
import { isReference, sourcesOf } from './reference'
import { encodeValue } from './value'

/** The same query without the references that can be resolved now. Throws `reference_unknown` for one to what isn't earlier. */
export function resolveReferences(model: Model, query: Query, now: number): Query {
  if (query.operations.length < 2 || sourcesOf(model.tables, query.operations).size === 0) return query
  const done: Operation[] = []
  const look = (reference: Reference): unknown => {
    const source = done[reference.operation]
    const [row, ...others] = source?.kind === 'insert' && !source.conflict ? source.rows : []
    const column = source && model.tables.get(source.table)?.columns.get(reference.column)
    if (source?.kind !== 'insert' || !row || others.length > 0 || !column || column.hidden || (reference.row ?? 0) !== 0)
      return { reference }
    const named = source.columns?.includes(column.name) ?? true
    if (named && Object.hasOwn(row, column.name)) return sent(column, row[column.name]) ?? { reference }
    if (column.default?.kind !== 'uuid' || (named && source.columns !== undefined)) return { reference }
    const id = uuidv7(now)
    done[reference.operation] = withValue(source, column.name, id)
    return id
  }
  // A payload is JSON, where a whole number is one.
  const member = (reference: Reference): unknown => {
    const value = look(reference)
    const type = model.tables.get(done[reference.operation]?.table ?? '')?.columns.get(reference.column)?.type
    return type === 'integer' && typeof value === 'string' ? Number(value) : value
  }
  for (const operation of query.operations)
    done.push(operation.kind === 'enqueue' ? resolvePayload(operation, member) : resolve(model, operation, look))
  return { ...query, operations: done }
}

/** Types whose values, as they are stored, are values of the wire too. */
const PLAIN: readonly ColumnModel['type'][] = ['text', 'uuid', 'date', 'integer', 'bigint']

/** What the client sent, as it will be stored; null when the database has to tell. */
function sent(column: ColumnModel, value: unknown): unknown {
  if (value === null || isReference(value) || !PLAIN.includes(column.type)) return null
  try {
    return encodeValue(column, value, 'write')
  } catch {
    // The insert says so itself.
    return value
  }
}

/** The insert with an id made for it; were another row named it would be the same one. */
function withValue(insert: Insert, column: string, value: unknown): Insert {
  const rows = insert.rows.map((row) => ({ ...row, [column]: value }))
  return insert.columns ? { ...insert, rows, columns: [...insert.columns, column] } : { ...insert, rows }
}

type Look = (reference: Reference) => unknown

function resolve(model: Model, operation: Operation, look: Look): Operation {
  const table = model.tables.get(operation.table)
  const where = 'where' in operation && operation.where ? { where: resolveCondition(operation.where, look) } : {}
  switch (operation.kind) {
    case 'enqueue':
    case 'cancel':
      return operation
    case 'insert':
      return { ...operation, rows: operation.rows.map((row) => resolveRow(table, row, look)) }
    case 'update':
      return { ...operation, ...where, set: resolveRow(table, operation.set, look) }
    default:
      return { ...operation, ...where }
  }
}

/** The job with what is known put into its payload. */
function resolvePayload(enqueue: Enqueue, look: Look): Enqueue {
  const left: PayloadReference[] = []
  let { payload } = enqueue
  for (const { path, reference } of enqueue.references ?? []) {
    const value = look(reference)
    if (isReference(value)) left.push({ path, reference })
    else payload = withMember(payload, path, value)
  }
  return { ...enqueue, payload, references: left }
}

function withMember(of: unknown, [key, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (key === undefined) return value
  if (Array.isArray(of)) return of.map((member, i) => (i === key ? withMember(member, rest, value) : (member as unknown)))
  const members = of as Readonly<Record<string, unknown>>
  return { ...members, [key]: withMember(members[key], rest, value) }
}

/** In a JSON column whatever looks like a reference is the client's own JSON. */
function resolveRow(table: TableModel | undefined, row: Readonly<Record<string, unknown>>, look: Look): Readonly<Record<string, unknown>> {
  const found = Object.entries(row).filter(([name, value]) => isReference(value) && table?.columns.get(name)?.type !== 'json')
  if (found.length === 0) return row
  return { ...row, ...Object.fromEntries(found.map(([name, value]) => [name, look((value as { reference: Reference }).reference)])) }
}

function resolveCondition(condition: Condition, look: Look): Condition {
  const input = (value: Input): Input => (isReference(value) ? (look(value.reference) as Input) : value)
  switch (condition.kind) {
    case 'and':
    case 'or':
      return { ...condition, terms: condition.terms.map((term) => resolveCondition(term, look)) }
    case 'not':
      return { ...condition, term: resolveCondition(condition.term, look) }
    case 'compare':
      return { ...condition, value: input(condition.value) }
    case 'in':
      return { ...condition, values: condition.values.map(input) }
    default:
      return condition
  }
}
