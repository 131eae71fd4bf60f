// Turns an app's declaration into the model, or says everything that is wrong with it. Touches no database.
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { AppDefinition } from './app'
import { columnModel, engineColumns } from './column'
import { getTableName, type SQLiteTableLike } from './drizzle'
import { buildExpression, type Expression } from './expression'
import {
  DEFAULT_MAX_ROWS,
  DEFAULT_SCHEMA,
  UPDATED_AT_COLUMN,
  VERSION_COLUMN,
  type ColumnModel,
  type ForeignKey,
  type Index,
  type Model,
  type Problem,
  type TableModel,
  type Unique,
} from './model'
import { relationshipsOf } from './relationship'
import { resolveExpression, type TableNames } from './resolve'
import { checkSearchNames, searchModel } from './searchable'
import type { Policy, TableDeclaration, TableRules } from './table'

/** The declaration can't work; every problem is listed. */
export class ModelError extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ table, file, message }) => `${file ? `${file}: ` : ''}table "${table}": ${message}`).join('\n'))
    this.name = 'ModelError'
    this.problems = problems
  }
}

/** Everything wrong with a declaration; empty when `buildModel` would succeed. */
export function checkApp(app: AppDefinition): readonly Problem[] {
  return build(app).problems
}

/** Builds the model. Throws `ModelError` with all problems at once. */
export function buildModel(app: AppDefinition): Model {
  const { model, problems } = build(app)
  if (problems.length > 0) throw new ModelError(problems)
  return model
}

const NEVER: Expression = { kind: 'constant', value: false }

interface Source {
  readonly table: SQLiteTableLike
  readonly rules: TableRules<SQLiteTableLike> | null
  readonly file: string | null
}

function build(app: AppDefinition): { model: Model; problems: Problem[] } {
  const problems: Problem[] = []
  const sources: Source[] = [
    ...app.tables.map(({ table, rules, file }: TableDeclaration) => ({ table, rules, file })),
    ...(app.internal ?? []).map((table) => ({ table, rules: null, file: null })),
  ]
  const names: Map<string, ReadonlyMap<string, string>> = new Map()
  for (const { table, file } of sources) {
    const name = getTableName(table)
    const report = (message: string) => problems.push({ table: name, file, message })
    if (names.has(name)) report('it is declared twice. Keep one of the two in `tables` or `internal`.')
    if (/^(auth|sys|sqlite)_/.test(name)) report('names that begin with auth_, sys_ or sqlite_ belong to the engine. Rename the table.')
    names.set(name, new Map(getTableConfig(table as SQLiteTable).columns.map((column) => [propertyOf(table, column.name), column.name])))
  }

  const drafts = new Map<string, TableModel>()
  for (const source of sources) drafts.set(getTableName(source.table), tableModel(source, names, problems))
  const tables = new Map<string, TableModel>()
  for (const [name, draft] of drafts) tables.set(name, { ...draft, relationships: relationshipsOf(draft, drafts) })
  for (const table of tables.values()) checkPartition(table, tables, problems)
  checkSearchNames(tables.values(), problems)
  checkExposed(
    [...tables.values()].filter(({ served }) => served),
    problems,
  )
  return { model: { name: app.name, description: app.description ?? '', tables }, problems }
}

/** The property under which a Drizzle table holds the column with this database name. */
function propertyOf(table: SQLiteTableLike, name: string): string {
  for (const [property, column] of Object.entries(table)) {
    if (typeof column === 'object' && column !== null && (column as { name?: unknown }).name === name) return property
  }
  return name
}

function tableModel(source: Source, names: TableNames, problems: Problem[]): TableModel {
  const { table, rules, file } = source
  const name = getTableName(table)
  const config = getTableConfig(table as SQLiteTable)
  const report = (message: string) => problems.push({ table: name, file, message })

  const policy = (which: string, declared: Policy | undefined): Expression => {
    if (declared === undefined) return NEVER
    try {
      return resolveExpression(buildExpression(table, declared), names, (message) => report(`policy \`${which}\`: ${message}`))
    } catch (error) {
      report(
        `policy \`${which}\` throws while it is built: ${error instanceof Error ? error.message : String(error)}. A policy only combines the operators it is given.`,
      )
      return NEVER
    }
  }

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
    columns,
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
    audit: rules?.audit ?? false,
    sync: rules?.sync ?? false,
    file,
  }
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

/** Clients find one table under a name, and a name is one that no client has to quote. */
function checkExposed(tables: readonly TableModel[], problems: Problem[]): void {
  const taken = new Set<string>()
  for (const { name: table, file, exposed } of tables) {
    const { schema, name } = exposed
    const report = (message: string) => problems.push({ table, file, message })
    if (taken.has(`${schema}.${name}`))
      report(`clients would find another table as "${schema}.${name}" too. Give one of them another name.`)
    taken.add(`${schema}.${name}`)
    if (!/^[a-z_][a-z0-9_]*$/i.test(schema)) report(`"${schema}" can't be the name of a schema. Use letters, digits and underscores.`)
    if (name !== table && !/^[a-z_][a-z0-9_]*$/i.test(name))
      report(`"${name}" can't be the name of a table. Use letters, digits and underscores.`)
  }
}

/** A partition's rows live in one database, where a statement can't see the others. */
function checkPartition(table: TableModel, tables: ReadonlyMap<string, TableModel>, problems: Problem[]): void {
  if (table.partition === null) return
  const report = (message: string) => problems.push({ table: table.name, file: table.file, message })
  for (const key of table.foreignKeys) {
    if (tables.get(key.foreignTable)?.partition === null) {
      report(
        `the foreign key ${key.name} leaves the partition: "${key.foreignTable}" lives in another database. Keep the column, drop the reference.`,
      )
    }
  }
  for (const unique of table.uniques) {
    if (!unique.columns.includes(table.partition))
      report(`the unique ${unique.name} can't hold over several databases. Add "${table.partition}" to its columns.`)
  }
}
