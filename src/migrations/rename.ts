// Renames that the developer asked for, applied to a schema: nothing is ever taken for renamed because it looks alike.
import type { DatabaseSchema, ForeignKeySchema, TableSchema } from './schema'
import { findTable } from './schema'
import { identifier, renameIn } from './sql'

/** `column` null renames the table itself. */
export interface Rename {
  readonly table: string
  readonly column: string | null
  readonly to: string
}

/** Reads `table.column:new` or `table:new`; null when it is neither. */
export function parseRename(argument: string): Rename | null {
  const [, table, column, to] = /^([^.:]+)(?:\.([^.:]+))?:([^.:]+)$/.exec(argument) ?? []
  return table === undefined || to === undefined ? null : { table, column: column ?? null, to }
}

export interface Renamed {
  readonly schema: DatabaseSchema
  readonly statements: readonly string[]
  /** Tables that were renamed or have a renamed column, by their new names. */
  readonly touched: ReadonlySet<string>
  readonly problems: readonly string[]
}

/** Applies renames in order: columns first by the table's old name, then tables. */
export function applyRenames(before: DatabaseSchema, after: DatabaseSchema, renames: readonly Rename[]): Renamed {
  let schema = before
  const statements: string[] = []
  const touched = new Set<string>()
  const problems: string[] = []
  const newName = (table: string) => renames.find((rename) => rename.column === null && rename.table === table)?.to ?? table

  for (const { table, column, to } of renames.filter((rename) => rename.column !== null)) {
    const found = findTable(schema, table)
    const target = findTable(after, newName(table))
    if (!found?.columns.some(({ name }) => name === column))
      problems.push(`--rename ${table}.${column}:${to}: migrations/ know no such column.`)
    else if (!target?.columns.some(({ name }) => name === to))
      problems.push(`--rename ${table}.${column}:${to}: app/ declares no column "${to}" there.`)
    else if (found.columns.some(({ name }) => name === to))
      problems.push(`--rename ${table}.${column}:${to}: the table has a column "${to}" already.`)
    else {
      schema = renameColumn(schema, table, column!, to)
      statements.push(`ALTER TABLE ${identifier(table)} RENAME COLUMN ${identifier(column!)} TO ${identifier(to)}`)
      touched.add(newName(table))
    }
  }
  for (const { table, column, to } of renames.filter((rename) => rename.column === null)) {
    if (!findTable(schema, table)) problems.push(`--rename ${table}:${to}: migrations/ know no table "${table}".`)
    else if (!findTable(after, to)) problems.push(`--rename ${table}:${to}: app/ declares no table "${to}".`)
    else if (findTable(schema, to)) problems.push(`--rename ${table}:${to}: there is a table "${to}" already.`)
    else if (column === null) {
      schema = renameTable(schema, table, to)
      statements.push(`ALTER TABLE ${identifier(table)} RENAME TO ${identifier(to)}`)
      touched.add(to)
    }
  }
  return { schema, statements, touched, problems }
}

const swap = (names: readonly string[], from: string, to: string) => names.map((name) => (name === from ? to : name))

function renameColumn(schema: DatabaseSchema, table: string, from: string, to: string): DatabaseSchema {
  const key = (owner: string, foreign: ForeignKeySchema): ForeignKeySchema => ({
    ...foreign,
    columns: owner === table ? swap(foreign.columns, from, to) : foreign.columns,
    foreignColumns: foreign.foreignTable === table ? swap(foreign.foreignColumns, from, to) : foreign.foreignColumns,
  })
  const own = (one: TableSchema): TableSchema => ({
    ...one,
    columns: one.columns.map((column) => ({
      ...column,
      name: column.name === from ? to : column.name,
      generated: column.generated && { ...column.generated, as: renameIn(column.generated.as, from, to) },
    })),
    primaryKey: swap(one.primaryKey, from, to),
    checks: one.checks.map((check) => ({ ...check, sql: renameIn(check.sql, from, to) })),
    indexes: one.indexes.map((index) => ({
      ...index,
      terms: index.terms.map((term) => renameIn(term, from, to)),
      where: index.where === null ? null : renameIn(index.where, from, to),
    })),
  })
  return {
    ...schema,
    tables: schema.tables.map((one) => {
      const renamed = one.name === table ? own(one) : one
      return { ...renamed, foreignKeys: one.foreignKeys.map((foreign) => key(one.name, foreign)) }
    }),
  }
}

function renameTable(schema: DatabaseSchema, from: string, to: string): DatabaseSchema {
  return {
    ...schema,
    tables: schema.tables.map((one) => ({
      ...one,
      name: one.name === from ? to : one.name,
      foreignKeys: one.foreignKeys.map((key) => ({ ...key, foreignTable: key.foreignTable === from ? to : key.foreignTable })),
    })),
  }
}
