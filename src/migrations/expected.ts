// The schema that an app's declaration and the engine's own tables imply.
import { utf8 } from '../core'
import {
  buildModel,
  getTableName,
  walkExpression,
  type AppDefinition,
  type Expression,
  type Model,
  type Problem,
  type SQLiteTableLike,
} from '../define'
import * as engine from '../schema'
import type { DatabaseSchema, TableSchema } from './schema'
import { searchSchemas, searchTriggers } from './search'
import { identifier } from './sql'
import { readTable } from './tables'
import { logTriggers } from './triggers'
import { readView } from './views'

/** The declaration implies a database that can't be made; every problem is listed. */
export class SchemaError extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ table, message }) => `table "${table}": ${message}`).join('\n'))
    this.name = 'SchemaError'
    this.problems = problems
  }
}

/** The engine's tables alone, without triggers: nobody follows their changes. */
export function engineSchema(): DatabaseSchema {
  return { tables: (Object.values(engine) as unknown as SQLiteTableLike[]).map((table) => readTable(table, false, refuse)) }
}

/** The whole database. Throws `ModelError` when the app has no model, `SchemaError` when the model has no database. */
export function expectedSchema(app: AppDefinition): DatabaseSchema {
  const model = buildModel(app)
  const problems: Problem[] = []
  const report = (problem: Problem) => problems.push({ ...problem, file: model.tables.get(problem.table)?.file ?? problem.file })
  const tables = [
    ...app.tables.map(({ table }) => readTable(table, true, report)),
    ...(app.internal ?? []).map((table) => readTable(table, false, report)),
  ]
  const needed = neededColumns(model)
  const all = [...engineSchema().tables, ...tables.map((table) => withTriggers(table, model, needed))]
  checkNames(all, report)
  for (const table of all) checkTable(table, all, report)
  const views = (app.views ?? []).map((declaration) =>
    readView(declaration, model.tables.get(getTableName(declaration.view))!, model.tables.values(), report),
  )
  if (problems.length > 0) throw new SchemaError(problems)
  return { tables: all, ...(views.length > 0 ? { views } : {}) }
}

function refuse(problem: Problem): never {
  throw new SchemaError([problem])
}

function withTriggers(table: TableSchema, model: Model, needed: ReadonlyMap<string, ReadonlySet<string>>): TableSchema {
  const rules = model.tables.get(table.name)
  const columns = new Set(needed.get(table.name))
  if (rules?.partition) columns.add(rules.partition)
  const log = logTriggers(table, { needed: columns, context: rules ? rules.audit || rules.sync : false })
  if (!rules?.search) return { ...table, triggers: log }
  return { ...table, triggers: [...log, ...searchTriggers(rules)], search: searchSchemas(rules) }
}

/** Index names are one namespace in a database, and SQLite would only say so halfway through a migration. */
function checkNames(tables: readonly TableSchema[], report: (problem: Problem) => void): void {
  const owners = new Map<string, string>(tables.map((table) => [table.name.toLowerCase(), table.name]))
  for (const table of tables) {
    for (const { name } of table.indexes) {
      const owner = owners.get(name.toLowerCase())
      if (owner !== undefined)
        report({
          table: table.name,
          file: null,
          message: `the index "${name}" has a name that "${owner}" uses already. Rename one of the two.`,
        })
      owners.set(name.toLowerCase(), table.name)
    }
  }
}

/** What SQLite accepts in DDL and refuses at the first write, and D1's limits (developers.cloudflare.com/d1/platform/limits). */
function checkTable(table: TableSchema, tables: readonly TableSchema[], report: (problem: Problem) => void): void {
  const say = (message: string) => report({ table: table.name, file: null, message })
  if (table.columns.length > 100)
    say(`it has ${table.columns.length} columns with the engine's, and D1 takes 100. Move some to a table of their own.`)
  for (const { name, sql } of table.triggers) {
    if (utf8(sql).length > 100_000)
      say(`its trigger ${name} is longer than the 100,000 bytes that D1 takes. Shorten the names of its columns.`)
  }
  for (const key of table.foreignKeys) {
    const parent = tables.find(({ name }) => name === key.foreignTable)
    const terms = key.foreignColumns.map(identifier).toSorted().join()
    if (!parent)
      say(
        `its foreign key on ${key.columns.join(', ')} refers to "${key.foreignTable}", which the app doesn't list. Add that table to \`tables\` or \`internal\`.`,
      )
    else if (
      parent.primaryKey.map(identifier).toSorted().join() !== terms &&
      !parent.indexes.some((index) => index.unique && index.where === null && index.terms.toSorted().join() === terms)
    ) {
      say(
        `its foreign key on ${key.columns.join(', ')} refers to ${key.foreignTable}(${key.foreignColumns.join(', ')}), which isn't unique. Add a unique there, or refer to the primary key.`,
      )
    }
  }
}

/** By table: the columns that any policy reads, its own or another table's through `exists`. */
function neededColumns(model: Model): Map<string, Set<string>> {
  const needed = new Map<string, Set<string>>()
  const walk = (policy: Expression): void =>
    walkExpression(policy, {
      operand: (node) => {
        if (node.kind === 'column') needed.set(node.table, (needed.get(node.table) ?? new Set()).add(node.column))
      },
    })
  for (const { policies, columns } of model.tables.values()) {
    walk(policies.read)
    walk(policies.insert)
    walk(policies.update.using)
    walk(policies.update.check)
    walk(policies.delete)
    for (const column of columns.values()) if (column.read) walk(column.read)
  }
  return needed
}
