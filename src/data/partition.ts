// Which database a query goes to. A query that could concern several is refused with the column that would tell.
import { AppError } from '../core'
import type { Model, TableModel } from '../define'
import type { Store, Stores } from '../platform'
import { encodeValue, queryErrors, type Cancel, type Condition, type Enqueue, type Insert, type Operation, type Query } from '../query'
import { dataErrors } from './errors'

/** The one store that all operations concern. Throws `partition_required` or `several_stores`. */
export function storeOf(model: Model, stores: Stores, query: Query): Store {
  let found: Store | null = null
  for (const operation of query.operations) {
    // A job lies where the rest of its batch does.
    if (operation.kind === 'enqueue' || operation.kind === 'cancel') continue
    const table = model.tables.get(operation.table)
    // The compiler says that there is no such table.
    if (!table) return stores.primary
    const store = stores.forPartition(table, table.partition === null ? null : keyOf(table, table.partition, operation))
    if (found !== null && found !== store) throw new AppError(dataErrors.several_stores)
    found = store
  }
  return found ?? stores.primary
}

/** The partition's key as it is stored. */
function keyOf(table: TableModel, name: string, operation: Exclude<Operation, Enqueue | Cancel>): string {
  const keys = operation.kind === 'insert' ? insertKeys(name, operation) : filterKeys(operation.where, name)
  const column = table.columns.get(name)!
  const distinct = new Set(keys.map((key) => (isScalar(key) ? encodeValue(column, key, 'filter') : null)))
  const [key] = distinct
  if (distinct.size === 1 && key !== null && key !== undefined) return String(key)
  const need =
    operation.kind === 'insert' ? `Give every row the same "${name}".` : `Filter on one value of "${name}", for example ${name}=eq.…`
  throw new AppError(queryErrors.partition_required, {
    message: `The rows of "${table.name}" are spread over several databases by "${name}".`,
    hint: need,
  })
}

function insertKeys(name: string, insert: Insert): readonly unknown[] {
  if (insert.columns && !insert.columns.includes(name)) return []
  return insert.rows.map((row) => row[name] ?? null)
}

/** Values that the filter's conjunction compares the column with. */
function filterKeys(condition: Condition | undefined, name: string): readonly unknown[] {
  if (condition === undefined) return []
  if (condition.kind === 'and') return condition.terms.flatMap((term) => filterKeys(term, name))
  const mine = 'target' in condition && condition.target.column === name && condition.target.path === undefined
  if (mine && condition.kind === 'compare' && condition.operator === 'eq') return [condition.value]
  if (mine && condition.kind === 'in' && condition.values.length === 1) return [condition.values[0]]
  return []
}

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
