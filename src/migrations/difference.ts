// What separates two versions of a table, and whether ALTER TABLE can bridge it or the table must be made anew.
import { columnDefinition } from './ddl'
import type { ColumnSchema, IndexSchema, TableSchema } from './schema'

export interface TableDifference {
  readonly added: readonly ColumnSchema[]
  readonly dropped: readonly ColumnSchema[]
  /** Why the table must be rebuilt, one reason each; empty when ALTER TABLE is enough. */
  readonly rebuild: readonly string[]
  readonly droppedIndexes: readonly IndexSchema[]
  readonly addedIndexes: readonly IndexSchema[]
  readonly triggersChanged: boolean
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/** Compares; both tables carry the new name. */
export function difference(before: TableSchema, after: TableSchema): TableDifference {
  const was = new Map(before.columns.map((column) => [column.name, column]))
  const becomes = new Map(after.columns.map((column) => [column.name, column]))
  const added = after.columns.filter((column) => !was.has(column.name))
  const dropped = before.columns.filter((column) => !becomes.has(column.name))
  const rebuild: string[] = []
  for (const column of after.columns) {
    const old = was.get(column.name)
    if (old && columnDefinition(before, old) !== columnDefinition(after, column)) rebuild.push(`${column.name} changes`)
  }
  for (const column of added) {
    const why = cannotAdd(after, column)
    if (why) rebuild.push(`${column.name} ${why}`)
  }
  for (const column of dropped) if (isBound(before, column)) rebuild.push(`${column.name} is part of a key`)
  if (!same(before.primaryKey, after.primaryKey) || before.autoIncrement !== after.autoIncrement) rebuild.push('the primary key changes')
  if (!same(compositeKeys(before), compositeKeys(after))) rebuild.push('a foreign key changes')
  if (!same(before.checks, after.checks)) rebuild.push('a check changes')
  const isIn = (list: readonly IndexSchema[]) => (index: IndexSchema) => list.some((other) => same(other, index))
  return {
    added,
    dropped,
    rebuild,
    droppedIndexes: before.indexes.filter((index) => !isIn(after.indexes)(index)),
    addedIndexes: after.indexes.filter((index) => !isIn(before.indexes)(index)),
    triggersChanged: !same(before.triggers, after.triggers),
  }
}

/** What ADD COLUMN refuses (lang_altertable.html §4). */
function cannotAdd(table: TableSchema, column: ColumnSchema): string | null {
  if (table.primaryKey.includes(column.name)) return 'joins the primary key'
  if (column.generated?.stored) return 'is computed and stored'
  if (column.default?.startsWith('(')) return 'has a computed default'
  if (column.default !== null && table.foreignKeys.some((key) => key.columns.includes(column.name)))
    return 'refers to a table and has a default'
  return null
}

function isBound(table: TableSchema, column: ColumnSchema): boolean {
  return table.primaryKey.includes(column.name) || table.foreignKeys.some((key) => key.columns.includes(column.name))
}

function compositeKeys(table: TableSchema) {
  return table.foreignKeys.filter((key) => key.columns.length > 1)
}

/** Whether rows that exist would have no value for the column. */
export function needsValue(column: ColumnSchema): boolean {
  return column.notNull && column.generated === null && (column.default === null || column.default === 'NULL')
}
