// Turns an app's declaration into the model, or says everything that is wrong with it. Touches no database.
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { AppDefinition } from './app'
import { columnModel, columnType, engineColumns, rangeKind } from './column'
import { computedColumns } from './computed'
import { consumerModels } from './consumer-model'
import { getTableName, type SQLiteTableLike } from './drizzle'
import { functionModels } from './function-model'
import { jobModels } from './job-model'
import { buildExpression, type Expression } from './expression'
import {
  DEFAULT_MAX_ROWS,
  DEFAULT_SCHEMA,
  UPDATED_AT_COLUMN,
  VERSION_COLUMN,
  type ColumnModel,
  type ColumnType,
  type ForeignKey,
  type Index,
  type Model,
  type Problem,
  type RangeKind,
  type TableModel,
  type Unique,
} from './model'
import { declaredRelations } from './relation'
import { relationshipsOf } from './relationship'
import { checkSearchNames, searchModel } from './searchable'
import { resolveExpression, type Known } from './resolve'
import type { Policy, TableDeclaration, TableRules } from './table'
import { fieldNames, viewFields, viewKeys, type ViewDeclaration, type ViewField } from './view'

/** The declaration can't work; every problem is listed. */
export class ModelError extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ table, of, file, message }) => `${file ? `${file}: ` : ''}${of ?? 'table'} "${table}": ${message}`).join('\n'))
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
  const names = new Map<string, ReadonlyMap<string, string>>()
  const types = new Map<string, ReadonlyMap<string, ColumnType>>()
  const ranges = new Map<string, ReadonlyMap<string, RangeKind>>()
  const declare = (name: string, file: string | null, properties: ReadonlyMap<string, string>) => {
    const report = (message: string) => problems.push({ table: name, file, message })
    if (names.has(name)) report('it is declared twice. Keep one of the two in `tables`, `views` or `internal`.')
    if (/^(auth|sys|sqlite)_/.test(name)) report('names that begin with auth_, sys_ or sqlite_ belong to the engine. Rename it.')
    names.set(name, properties)
  }
  for (const { table, rules, file } of sources) {
    const { columns } = getTableConfig(table as SQLiteTable)
    const property = ({ name }: { name: string }) => propertyOf(table, name)
    declare(getTableName(table), file, new Map(columns.map((column) => [property(column), column.name])))
    const silent = () => undefined
    const rule = (column: { name: string }) =>
      rules?.columns?.[property(column) as never] as { format?: 'uuid' | 'date' | RangeKind } | undefined
    ranges.set(
      getTableName(table),
      new Map(
        columns.flatMap((column) => {
          const kind = rangeKind(rule(column)?.format)
          return kind ? [[column.name, kind] as const] : []
        }),
      ),
    )
    types.set(getTableName(table), new Map(columns.map((column) => [column.name, columnType(column, rule(column), silent)])))
  }
  const typeOf = (table: string, column: string) => types.get(table)?.get(column)
  const rangeOf = (table: string, column: string) => ranges.get(table)?.get(column)
  const views = (app.views ?? []).map((declaration): ViewSource => {
    const name = getTableName(declaration.view)
    const report = (message: string) => problems.push({ table: name, file: declaration.file, message })
    declare(name, declaration.file, fieldNames(declaration.view))
    const fields = viewFields(
      declaration,
      sources.map(({ table }) => table),
      typeOf,
      rangeOf,
      report,
    )
    types.set(name, new Map(fields.map((field) => [field.name, field.type])))
    ranges.set(name, new Map(fields.flatMap((field) => (field.range ? [[field.name, field.range] as const] : []))))
    return { declaration, name, fields, keys: viewKeys(declaration, fields, report), report }
  })
  const known: Known = { names, typeOf, views: new Set(views.map(({ name }) => name)) }

  const drafts = new Map<string, TableModel>()
  for (const source of sources) drafts.set(getTableName(source.table), tableModel(source, known, problems))
  for (const source of views) drafts.set(source.name, viewModel(source, known))
  const keys = new Map(views.map(({ name, keys: own }) => [name, own]))
  const tables = new Map<string, TableModel>()
  for (const [name, draft] of drafts) {
    const declared =
      views.find((one) => one.name === name)?.declaration.rules ?? sources.find((one) => getTableName(one.table) === name)?.rules
    const report = (message: string) => problems.push({ table: name, file: draft.file, message })
    const relations = declaredRelations(draft, declared?.relations, drafts, report)
    tables.set(name, { ...draft, relationships: [...relationshipsOf(draft, drafts, keys), ...relations] })
  }
  for (const table of tables.values()) checkPartition(table, tables, problems)
  checkSearchNames(tables.values(), problems)
  checkExposed(
    [...tables.values()].filter(({ served }) => served),
    problems,
  )
  const functions = functionModels(app.functions ?? [], tables, problems)
  const consumers = consumerModels(app.consumers ?? [], tables, problems)
  const jobs = jobModels(app.jobs ?? [], problems)
  return { model: { name: app.name, description: app.description ?? '', tables, functions, jobs, consumers }, problems }
}

/** The property under which a Drizzle table holds the column with this database name. */
function propertyOf(table: SQLiteTableLike, name: string): string {
  for (const [property, column] of Object.entries(table)) {
    if (typeof column === 'object' && column !== null && (column as { name?: unknown }).name === name) return property
  }
  return name
}

type MakePolicy = (which: string, declared: Policy | undefined) => Expression

/** Builds the policies of one table or view. */
function policies(name: string, known: Known, report: (message: string) => void): MakePolicy {
  return (which, declared) => {
    if (declared === undefined) return NEVER
    try {
      return resolveExpression(buildExpression(name, declared), known, (message) => report(`policy \`${which}\`: ${message}`))
    } catch (error) {
      report(
        `policy \`${which}\` throws while it is built: ${error instanceof Error ? error.message : String(error)}. A policy only combines the operators it is given.`,
      )
      return NEVER
    }
  }
}

interface ViewSource {
  readonly declaration: ViewDeclaration
  readonly name: string
  readonly fields: readonly ViewField[]
  readonly keys: readonly ForeignKey[]
  readonly report: (message: string) => void
}

function viewModel({ declaration, name, fields, report }: ViewSource, known: Known): TableModel {
  const { rules, file } = declaration
  const policy = policies(name, known, report)
  const key = rules.key.map((property) => fields.find((field) => field.property === property)?.name ?? property)
  if (key.length === 0) report('it has no key. Name the columns by which its rows are told apart: `key: ["id"]`.')
  const has = (property: string) => fields.some((field) => field.property === property)
  for (const property of [...rules.key, ...Object.keys(rules.columns ?? {})])
    if (!has(property)) report(`it speaks of a column "${property}" that it hasn't. Name a column of the view.`)
  const columns = new Map<string, ColumnModel>()
  for (const { property, name: column, column: declared, type, range } of fields) {
    const rule = rules.columns?.[property]
    if (columns.has(column)) report(`two columns are called "${column}". Give one of them another name.`)
    if (key.includes(column) && rule?.read) report(`the column "${property}" is part of the key, which everyone who reads the row reads.`)
    columns.set(column, {
      name: column,
      property,
      type,
      ...(range ? { range } : {}),
      notNull: key.includes(column),
      primaryKey: key.includes(column),
      hidden: rule?.hidden ?? false,
      readOnly: true,
      generated: true,
      engine: false,
      default: null,
      onUpdate: null,
      read: rule?.read ? policy(`columns.${property}.read`, rule.read) : null,
      values: declared?.enumValues && declared.enumValues.length > 0 ? declared.enumValues : null,
      maxLength: null,
      computed: null,
      bare: true,
    })
  }
  return {
    name,
    description: rules.description ?? null,
    exposed: { schema: rules.exposed?.schema ?? DEFAULT_SCHEMA, name: rules.exposed?.name ?? name },
    served: true,
    view: true,
    columns,
    computed: computedColumns({ table: name, rules: rules.computed, columns, known, policy, report }),
    primaryKey: key,
    uniques: [],
    indexes: [],
    foreignKeys: [],
    checks: [],
    relationships: [],
    policies: { read: policy('read', rules.read), insert: NEVER, update: { using: NEVER, check: NEVER }, delete: NEVER },
    partition: null,
    search: null,
    maxRows: rules.maxRows ?? DEFAULT_MAX_ROWS,
    replicas: false,
    cacheSeconds: null,
    audit: false,
    sync: false,
    file,
  }
}

function tableModel(source: Source, known: Known, problems: Problem[]): TableModel {
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
