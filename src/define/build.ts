// Turns an app's declaration into the model, or says everything that is wrong with it. Touches no database.
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { AppDefinition } from './app'
import { checkAuthRules } from './auth-problems'
import { providerProblems } from './auth-providers'
import { columnType, rangeKind } from './column'
import { consumerModels } from './consumer-model'
import { getTableName } from './drizzle'
import { functionModels } from './function-model'
import { jobModels } from './job-model'
import type { ColumnType, Model, Problem, RangeKind, TableModel } from './model'
import { checkPasskeys } from './passkey-rules'
import { roleProblems } from './role-problems'
import { declaredRelations } from './relation'
import { relationshipsOf } from './relationship'
import type { Known } from './resolve'
import { checkSearchNames } from './searchable'
import type { TableDeclaration } from './table'
import { propertyOf, tableModel, type TableSource } from './table-model'
import { fieldNames, viewFields, viewKeys } from './view'
import { viewModel, type ViewSource } from './view-model'

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

function build(app: AppDefinition): { model: Model; problems: Problem[] } {
  const problems: Problem[] = []
  const sources: TableSource[] = [
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
  problems.push(...checkAuthRules(app.auth ?? {}))
  problems.push(...roleProblems(app.auth?.roles, tables.values(), functions.values()))
  checkPasskeys(app.auth?.passkeys ?? {}, (message) => problems.push({ table: 'passkeys', of: 'sign-in', file: null, message }))
  for (const { name, message } of providerProblems(app.auth?.providers ?? []))
    problems.push({ table: name, of: 'provider', file: null, message })
  return { model: { name: app.name, description: app.description ?? '', tables, functions, jobs, consumers }, problems }
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
