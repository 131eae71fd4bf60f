// Values that an operation takes from the row an earlier operation of the same query inserts. Resolved before compiling, for
// values that are known then: what the client sent, and ids that the engine makes. What only the database knows is refused.
import { AppError, uuidv7 } from '../core'
import type { Model, TableModel } from '../define'
import type { Condition, Input, Insert, Operation, Query, Reference } from './query'
import { writeErrors } from './write-errors'

/** The same query without references. Throws `reference_unknown`. */
export function resolveReferences(model: Model, query: Query, now: number): Query {
  if (query.operations.length < 2 || !JSON.stringify(query.operations, bigintSafe).includes('"reference"')) return query
  const done: Operation[] = []
  const look = (reference: Reference): unknown => {
    const source = done[reference.operation]
    const [row, ...others] = source?.kind === 'insert' ? source.rows : []
    if (source?.kind !== 'insert' || row === undefined || others.length > 0)
      throw unknown(reference, 'It must be an earlier insert of one row.')
    if (Object.hasOwn(row, reference.column)) return row[reference.column]
    if (model.tables.get(source.table)?.columns.get(reference.column)?.default?.kind !== 'uuid')
      throw unknown(reference, 'Send the value with the insert.')
    const id = uuidv7(now)
    done[reference.operation] = withValue(source, reference.column, id)
    return id
  }
  for (const operation of query.operations) done.push(resolve(model, operation, look))
  return { ...query, operations: done }
}

const bigintSafe = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

function unknown({ operation, column }: Reference, hint: string): AppError {
  return new AppError(writeErrors.reference_unknown, {
    message: `The value of "${column}" of operation ${operation} is known to the database only.`,
    hint,
  })
}

/** The insert with an id made for it; were another row named it would be the same one. */
function withValue(insert: Insert, column: string, value: unknown): Insert {
  const rows = insert.rows.map((row) => ({ ...row, [column]: value }))
  return insert.columns ? { ...insert, rows, columns: [...insert.columns, column] } : { ...insert, rows }
}

type Look = (reference: Reference) => unknown

const isReference = (value: unknown): value is { readonly reference: Reference } =>
  typeof value === 'object' && value !== null && 'reference' in value && typeof (value as { reference: unknown }).reference === 'object'

function resolve(model: Model, operation: Operation, look: Look): Operation {
  const table = model.tables.get(operation.table)
  const where = 'where' in operation && operation.where ? { where: resolveCondition(operation.where, look) } : {}
  switch (operation.kind) {
    case 'insert':
      return { ...operation, rows: operation.rows.map((row) => resolveRow(table, row, look)) }
    case 'update':
      return { ...operation, ...where, set: resolveRow(table, operation.set, look) }
    default:
      return { ...operation, ...where }
  }
}

/** In a JSON column whatever looks like a reference is the client's own JSON. */
function resolveRow(table: TableModel | undefined, row: Readonly<Record<string, unknown>>, look: Look): Readonly<Record<string, unknown>> {
  const resolved = ([name, value]: [string, unknown]) => [
    name,
    isReference(value) && table?.columns.get(name)?.type !== 'json' ? look(value.reference) : value,
  ]
  return Object.fromEntries(Object.entries(row).map(resolved)) as Record<string, unknown>
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
