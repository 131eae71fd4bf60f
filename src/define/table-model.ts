// The model of one table: what its rules say, over what Drizzle declares.
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import { columnModel, engineColumns } from './column'
import { computedColumns } from './computed'
import { policies } from './declared-policy'
import { getTableName, type SQLiteTableLike } from './drizzle'
import {
  DEFAULT_MAX_ROWS,
  DEFAULT_SCHEMA,
  UPDATED_AT_COLUMN,
  VERSION_COLUMN,
  type ColumnModel,
  type ForeignKey,
  type Index,
  type Problem,
  type TableModel,
  type Unique,
} from './model'
import { searchModel } from './searchable'
import type { Known } from './resolve'
import type { TableRules } from './table'

/** A table with its rules; without them it is the app's own and never served. */
export interface TableSource {
  readonly table: SQLiteTableLike
  readonly rules: TableRules<SQLiteTableLike> | null
  readonly file: string | null
}

/** The property under which a Drizzle table holds the column with this database name. */
export function propertyOf(table: SQLiteTableLike, name: string): string {
  for (const [property, column] of Object.entries(table)) {
    if (typeof column === 'object' && column !== null && (column as { name?: unknown }).name === name) return property
  }
  return name
}

/** The table without the relationships that other tables give it. What is wrong goes to `problems`. */
export function tableModel(source: TableSource, known: Known, problems: Problem[]): TableModel {
  const { table, rules, file } = source
  const name = getTableName(table)
  const { names } = known
  const config = getTableConfig(table as SQLiteTable)
  const report = (message: string) => problems.push({ table: name, file, message })
  const policy = policies(name, known, report)

  const primaryKey = primaryKeyOf(config)
  const columns = new Map<string, ColumnModel>()
  for (const column of config.columns) {
    if (column.name === VERSION_COLUMN || column.name === UPDATED_AT_COLUMN) {
      report(`the column "${column.name}" is the engine's. Rename yours.`)
      continue
    }
    const property = propertyOf(table, column.name)
    const rule = rules?.columns?.[property as never] as Parameters<typeof columnModel>[0]['rule']
    columns.set(column.name, columnModel({ column, property, rule, primaryKey, policy, report }))
  }
  for (const property of Object.keys(rules?.columns ?? {})) {
    if (!names.get(name)?.has(property))
      report(`rules are given for a column "${property}" that it hasn't. Remove them or name a column of the table.`)
  }
  if (rules) for (const column of engineColumns()) columns.set(column.name, column)
  if (primaryKey.length === 0) report('it has no primary key. Give it one: `id: text("id").primaryKey()`.')

  const update = rules?.update
  const sides = typeof update === 'function' ? { using: update, check: update } : update
  return {
    name,
    description: rules?.description ?? null,
    exposed: { schema: rules?.exposed?.schema ?? DEFAULT_SCHEMA, name: rules?.exposed?.name ?? name },
    served: rules !== null,
    view: false,
    columns,
    computed: computedColumns({ table: name, rules: rules?.computed, columns, known, policy, report }),
    primaryKey,
    uniques: uniquesOf(config),
    indexes: indexesOf(config),
    foreignKeys: foreignKeysOf(name, config),
    checks: config.checks.map((check) => check.name),
    relationships: [],
    policies: {
      read: policy('read', rules?.read),
      insert: policy('insert', rules?.insert),
      update: { using: policy('update', sides?.using), check: policy('update', sides?.check) },
      delete: policy('delete', rules?.delete),
    },
    search: searchModel(rules?.searchable, { columns, report }),
    partition: rules?.partition === undefined ? null : (names.get(name)?.get(rules.partition) ?? null),
    maxRows: rules?.maxRows ?? DEFAULT_MAX_ROWS,
    replicas: rules?.replicas ?? false,
    cacheSeconds: cacheSecondsOf(rules?.cache, report),
    audit: rules?.audit ?? false,
    sync: rules?.sync ?? false,
    file,
  }
}

const MAX_CACHE_SECONDS = 86_400

function cacheSecondsOf(cache: { readonly maxAge: number } | undefined, report: (message: string) => void): number | null {
  if (cache === undefined) return null
  const { maxAge } = cache
  if (Number.isInteger(maxAge) && maxAge >= 1 && maxAge <= MAX_CACHE_SECONDS) return maxAge
  report(`\`cache.maxAge\` is ${maxAge}. Give whole seconds from 1 to ${MAX_CACHE_SECONDS}.`)
  return null
}

type Config = ReturnType<typeof getTableConfig>

function primaryKeyOf(config: Config): string[] {
  const composite = config.primaryKeys[0]
  if (composite) return composite.columns.map((column) => column.name)
  return config.columns.filter((column) => column.primary).map((column) => column.name)
}

const nameOf = (column: unknown): string => String((column as { name?: unknown }).name ?? '')

function uniquesOf(config: Config): Unique[] {
  const byColumn = config.columns
    .filter((column) => column.isUnique)
    .map((column) => ({ name: column.uniqueName ?? `${config.name}_${column.name}_key`, columns: [column.name] }))
  const constraints = config.uniqueConstraints.map((unique) => ({
    name: unique.getName() ?? `${config.name}_key`,
    columns: unique.columns.map(nameOf),
  }))
  // A partial unique index doesn't make its columns a key.
  const indexes = config.indexes
    .filter((index) => index.config.unique && !index.config.where)
    .map((index) => ({ name: index.config.name, columns: index.config.columns.map(nameOf) }))
  return [...byColumn, ...constraints, ...indexes]
}

function indexesOf(config: Config): Index[] {
  return config.indexes.map(({ config: index }) => ({ name: index.name, columns: index.columns.map(nameOf), unique: index.unique }))
}

function foreignKeysOf(table: string, config: Config): ForeignKey[] {
  return config.foreignKeys.map((key) => {
    const reference = key.reference()
    const columns = reference.columns.map((column) => column.name)
    return {
      name: reference.name ?? `${table}_${columns.join('_')}_fkey`,
      columns,
      foreignTable: getTableName(reference.foreignTable as unknown as SQLiteTableLike),
      foreignColumns: reference.foreignColumns.map((column) => column.name),
      onDelete: key.onDelete ?? 'no action',
      onUpdate: key.onUpdate ?? 'no action',
    }
  })
}
