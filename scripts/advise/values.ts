// Puts values of the scratch database in the place of those that a query was asked with, which exist in another database or in none.
import type { ColumnModel, Model } from '../../src/define'
import type { Condition, Input, Operation, Query, SelectItem } from '../../src/query'
import type { Scratch } from './scratch'

/** The same question about rows that are there. A keyset begins anew; writes become the read that finds their rows. */
export async function withValues(model: Model, query: Query, scratch: Scratch): Promise<Query> {
  const operations: Operation[] = []
  for (const operation of query.operations) {
    if (operation.kind === 'insert' || operation.kind === 'enqueue' || operation.kind === 'cancel') continue
    const where = operation.where === undefined ? undefined : await conditionWith(model, operation.table, operation.where, scratch)
    if (operation.kind === 'read') {
      const { after: _after, before: _before, where: _where, ...rest } = operation
      const select = await Promise.all(operation.select.map((item) => itemWith(model, item, scratch)))
      operations.push({ ...rest, select, ...(where ? { where } : {}) })
    } else {
      operations.push({ kind: 'read', table: operation.table, select: [{ kind: 'all' }], ...(where ? { where } : {}) })
    }
  }
  return { operations, shape: { form: 'list' } }
}

async function itemWith(model: Model, item: SelectItem, scratch: Scratch): Promise<SelectItem> {
  if (item.kind !== 'embed') return item
  const select = await Promise.all(item.select.map((one) => itemWith(model, one, scratch)))
  const where = item.where === undefined ? undefined : await conditionWith(model, item.relationship.to, item.where, scratch)
  return { ...item, select, ...(where ? { where } : {}) }
}

async function conditionWith(model: Model, table: string, condition: Condition, scratch: Scratch): Promise<Condition> {
  const column =
    'target' in condition && condition.target.path === undefined ? model.tables.get(table)?.columns.get(condition.target.column) : undefined
  const sample = async (count: number): Promise<Input[]> =>
    column === undefined ? [] : (await scratch.sample(table, column.name, count)).map((value) => onTheWire(column, value))
  switch (condition.kind) {
    case 'and':
    case 'or':
      return { ...condition, terms: await Promise.all(condition.terms.map((term) => conditionWith(model, table, term, scratch))) }
    case 'not':
      return { ...condition, term: await conditionWith(model, table, condition.term, scratch) }
    case 'compare': {
      const [value] = await sample(1)
      return value === undefined ? condition : { ...condition, value }
    }
    case 'in': {
      const values = await sample(condition.values.length)
      return values.length === 0 ? condition : { ...condition, values }
    }
    default:
      return condition
  }
}

/** A stored value as a client writes it. */
function onTheWire({ type }: ColumnModel, value: unknown): Input {
  if (type === 'boolean') return value === 1
  if (type === 'timestamp') return new Date(Number(value) * 1000).toISOString()
  if (type === 'timestamp_ms') return new Date(Number(value)).toISOString()
  return typeof value === 'number' ? value : String(value)
}
