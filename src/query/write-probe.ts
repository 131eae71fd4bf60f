// Questions that find out after a refusal what SQLite doesn't say: which foreign key was broken, and whether a policy would have
// refused the write anyway, which Postgres asks before any constraint, so that nobody learns of rows by rows they may not write.
import type { ForeignKey, Model, TableModel } from '../define'
import { columnSql } from './column'
import type { CompileContext } from './context'
import { compilePolicy } from './policy'
import type { Delete, Insert, Update } from './query'
import { and, bind, column, FALSE, identifier, isTrue, join, NULL, number, or, sql, TRUE, type Sql } from './sql'
import { chunks, payloadOf, proposedRows } from './write-payload'
import { affected, assignments, writtenValue } from './write-update'

/** A foreign key that a write may have broken, and the table whose key it is. */
export interface Candidate {
  readonly table: TableModel
  readonly key: ForeignKey
  /** `own`: the written row refers to nothing; `referring`: others refer to the written row. */
  readonly side: 'own' | 'referring'
}

/** The insert, update or delete number `index` with its table; null for other operations. */
function written(
  { model, operations }: CompileContext,
  index: number,
): { readonly table: TableModel; readonly operation: Insert | Update | Delete } | null {
  const operation = operations[index]
  const table = operation && model.tables.get(operation.table)
  if (!table || operation.kind === 'read' || operation.kind === 'enqueue' || operation.kind === 'cancel') return null
  return { table, operation }
}

/** Asks whether a policy refuses a row that the operation proposes: 1 or 0. Null where no policy can. */
export function policyQuestion(context: CompileContext, index: number): Sql | null {
  const found = written(context, index)
  if (!found || found.operation.kind === 'delete') return null
  const { table, operation } = found
  const policy = operation.kind === 'insert' ? table.policies.insert : table.policies.update.check
  const predicate = compilePolicy(context, table, policy, 'n')
  if (isTrue(predicate)) return null
  const sources = operation.kind === 'insert' ? insertSources(context, table, operation) : [updatedRows(context, table, operation)]
  return or(sources.map((source) => sql`exists(select 1 from (${source}) as n where not coalesce(${predicate}, 0))`))
}

/** The rows that an update changes, as they would become. */
function updatedRows(context: CompileContext, table: TableModel, update: Update): Sql {
  const sets = new Map(assignments(context, table, update))
  const items = [...table.columns.keys()].map((name) => sql`${sets.get(name) ?? column(table.name, name)} as ${identifier(name)}`)
  return sql`select ${join(items, ', ')} from ${identifier(table.name)} where ${affected(context, table, table.policies.update.using, update)}`
}

/** The foreign keys that the operation may have broken. */
export function foreignKeyCandidates(context: CompileContext, index: number): Candidate[] {
  const found = written(context, index)
  if (!found) return []
  const { table, operation } = found
  const own: Candidate[] =
    operation.kind === 'delete'
      ? []
      : table.foreignKeys.filter((key) => touches(operation, key.columns)).map((key) => ({ table, key, side: 'own' }))
  return [...own, ...(operation.kind === 'insert' ? [] : referringKeys(context.model, table, operation))]
}

/** Asks which of the candidates is broken: its number, -1 when none seems so. */
export function foreignKeyQuestion(context: CompileContext, index: number): Sql | null {
  const found = written(context, index)
  const candidates = foreignKeyCandidates(context, index)
  if (!found || candidates.length === 0) return null
  const { table, operation } = found
  const sources = operation.kind === 'insert' ? insertSources(context, table, operation) : []
  const cases = candidates.map((candidate, i) => {
    const broken =
      operation.kind === 'insert'
        ? or(sources.map((source) => brokenByRows(candidate, source)))
        : brokenByChange(context, table, candidate, operation)
    return sql`when ${broken} then ${number(i)}`
  })
  return sql`case ${join(cases, ' ')} else -1 end`
}

/**
 * Asks for the values of a key that is taken, as a JSON list of texts: one that stands twice among the proposed rows, or that a row has which
 * the caller may read. NULL when there is neither.
 */
export function takenKeyQuestion(columns: readonly string[]): (context: CompileContext, index: number) => Sql | null {
  return (context, index) => {
    const found = written(context, index)
    if (!found || found.operation.kind === 'delete') return null
    const { table, operation } = found
    const models = columns.map((name) => table.columns.get(name))
    // What an update leaves as it was may not be the caller's to read.
    if (operation.kind === 'update' && columns.some((name) => !Object.hasOwn(operation.set, name))) return null
    if (models.some((model) => model === undefined || model.generated || (model.hidden && !context.service))) return null
    const sources = operation.kind === 'insert' ? insertSources(context, table, operation) : [updatedRows(context, table, operation)]
    const list = (alias: string) =>
      sql`json_array(${join(
        columns.map((name) => sql`cast(${column(alias, name)} as text)`),
        ', ',
      )})`
    const row = context.alias('w')
    const same = and(
      columns.map((name) => sql`${columnSql({ context, table, alias: row }, table.columns.get(name)!)} = ${column('n', name)}`),
    )
    const others = operation.kind === 'insert' ? [] : table.primaryKey.map((name) => sql`${column(row, name)} = ${column('n', name)}`)
    const other = others.length === 0 ? TRUE : sql`not (${and(others)})`
    const readable = and([compilePolicy(context, table, table.policies.read, row), same, other])
    const present = and(columns.map((name) => sql`${column('n', name)} is not null`))
    const keys = join(
      columns.map((name) => column('n', name)),
      ', ',
    )
    const asked = sources.flatMap((source) => [
      sql`(select ${list('n')} from (${source}) as n cross join ${identifier(table.name)} as ${identifier(row)} on ${readable} limit 1)`,
      sql`(select ${list('n')} from (${source}) as n where ${present} group by ${keys} having count(*) > 1 limit 1)`,
    ])
    return sql`coalesce(${join([...asked, NULL], ', ')})`
  }
}

const touches = (operation: Insert | Update, columns: readonly string[]): boolean =>
  operation.kind === 'insert' || columns.some((name) => Object.hasOwn(operation.set, name) || operation.defaults?.includes(name))

function referringKeys(model: Model, table: TableModel, operation: Update | Delete): Candidate[] {
  return [...model.tables.values()].flatMap((child) =>
    child.foreignKeys
      .filter(
        (key) =>
          key.foreignTable === table.name &&
          (operation.kind === 'delete' ? holds(key.onDelete) : touches(operation, key.foreignColumns) && holds(key.onUpdate)),
      )
      .map((key): Candidate => ({ table: child, key, side: 'referring' })),
  )
}

const holds = (action: string): boolean => ['no action', 'restrict'].includes(action.toLowerCase())

function insertSources(context: CompileContext, table: TableModel, insert: Insert): Sql[] {
  const payload = payloadOf(context, table, insert)
  return chunks(payload).map((text) => proposedRows(table, payload, bind(text)))
}

/** Whether some proposed row refers to nothing. */
function brokenByRows({ key }: Candidate, source: Sql): Sql {
  const present = key.columns.map((name) => sql`${column('n', name)} is not null`)
  const same = key.columns.map((name, i) => sql`${column('f', key.foreignColumns[i]!)} = ${column('n', name)}`)
  return sql`exists(select 1 from (${source}) as n where ${and(present)} and not exists(select 1 from ${identifier(key.foreignTable)} as f where ${and(same)}))`
}

function brokenByChange(
  context: CompileContext,
  table: TableModel,
  { table: child, key, side }: Candidate,
  operation: Update | Delete,
): Sql {
  if (side === 'referring') {
    const policy = operation.kind === 'delete' ? table.policies.delete : table.policies.update.using
    const same = key.columns.map((name, i) => sql`${column('f', name)} = ${column(table.name, key.foreignColumns[i]!)}`)
    const rows = affected(context, table, policy, operation)
    return sql`exists(select 1 from ${identifier(table.name)} where ${rows} and exists(select 1 from ${identifier(child.name)} as f where ${and(same)}))`
  }
  if (operation.kind !== 'update') return FALSE
  // A key of several columns of which some stay is told by elimination.
  const values = key.columns.map((name) => [name, operation.set[name]] as const)
  if (values.some(([name, value]) => value === null || !Object.hasOwn(operation.set, name))) return FALSE
  const same = values.map(
    ([name, value], i) => sql`${column('f', key.foreignColumns[i]!)} = ${writtenValue(context, table.columns.get(name)!, value)}`,
  )
  return sql`not exists(select 1 from ${identifier(key.foreignTable)} as f where ${and(same)})`
}
