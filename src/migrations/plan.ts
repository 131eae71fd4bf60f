// The statements that lead from one schema to the next.
import { createIndex, createTable, engineRows, parentsFirst } from './ddl'
import type { DatabaseSchema } from './schema'

/** Everything from nothing. */
export function createAll(schema: DatabaseSchema): string[] {
  const tables = parentsFirst(schema.tables)
  return [
    ...tables.map((table) => createTable(table)),
    ...tables.flatMap((table) => table.indexes.map((index) => createIndex(table.name, index))),
    ...tables.flatMap((table) => table.triggers.map((trigger) => trigger.sql)),
    ...engineRows(),
  ]
}
