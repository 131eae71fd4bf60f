// Statements that find out after a refusal what SQLite doesn't say: which foreign key was broken, and whether a policy would have
// refused the write anyway, which Postgres asks before any constraint, so that nobody learns of rows by rows they may not write.
import type { ForeignKey, Model, TableModel } from '../define'
import type { CompiledStatement, Execution } from './compiled'
import { compileContext, type CompileContext } from './context'
import { compilePolicy } from './policy'
import type { Delete, Insert, Operation, Update } from './query'
import { and, bind, column, FALSE, identifier, isTrue, join, render, sql, type Sql } from './sql'
import { encodeValue } from './value'
import { chunks, payloadOf, proposedRows } from './write-payload'
import { resolveReferences } from './write-reference'
import { storedSql } from './write-value'
import { affected, assignments } from './write-update'

/** A foreign key that a write may have broken, and the table whose key it is. */
export interface Candidate {
  readonly table: TableModel
  readonly key: ForeignKey
  /** `own`: the written row refers to nothing; `referring`: others refer to the written row. */
  readonly side: 'own' | 'referring'
}

/** Each statement gives one row with a column `k0`, `k1`, … for each candidate, 1 where it is broken. */
export interface ForeignKeyProbe {
  readonly candidates: readonly Candidate[]
  /** Empty when there is one candidate only. Whatever the last says first, counts. */
  readonly statements: readonly CompiledStatement[]
}

/** The insert or update number `index` with its table; null for other operations. */
function written(
  model: Model,
  operations: readonly Operation[],
  index: number,
  execution: Execution,
): { readonly table: TableModel; readonly operation: Insert | Update | Delete } | null {
  const operation = resolveReferences(model, { operations, shape: { form: 'list' } }, execution.now).operations[index]!
  const table = model.tables.get(operation.table)
  return table && operation.kind !== 'read' ? { table, operation } : null
}

/**
 * Statements that each give one row with `refused`, 1 when a policy refuses a row that operation number `index` proposes. The database
 * is as it was before. None where no policy can.
 */
export function policyProbe(model: Model, operations: readonly Operation[], index: number, execution: Execution): CompiledStatement[] {
  const context = compileContext(model, execution)
  const found = written(model, operations, index, execution)
  if (!found || found.operation.kind === 'delete') return []
  const { table, operation } = found
  const policy = operation.kind === 'insert' ? table.policies.insert : table.policies.update.check
  const predicate = compilePolicy(context, table, policy, 'n')
  if (isTrue(predicate)) return []
  const sources = operation.kind === 'insert' ? insertSources(context, table, operation) : [updatedRows(context, table, operation)]
  return sources.map((source) => ({
    ...render(sql`select exists(select 1 from (${source}) as n where not coalesce(${predicate}, 0)) as refused`),
    role: 'read',
    operation: index,
  }))
}

/** The rows that an update changes, as they would become. */
function updatedRows(context: CompileContext, table: TableModel, update: Update): Sql {
  const sets = new Map(assignments(context, table, update))
  const items = [...table.columns.keys()].map((name) => sql`${sets.get(name) ?? column(table.name, name)} as ${identifier(name)}`)
  return sql`select ${join(items, ', ')} from ${identifier(table.name)} where ${affected(context, table, table.policies.update.using, update)}`
}

/** The foreign keys that operation number `index` may have broken, and how to tell which. */
export function foreignKeyProbe(model: Model, operations: readonly Operation[], index: number, execution: Execution): ForeignKeyProbe {
  const context = compileContext(model, execution)
  const found = written(model, operations, index, execution)
  if (!found) return { candidates: [], statements: [] }
  const { table, operation: resolved } = found
  const own: Candidate[] =
    resolved.kind === 'delete'
      ? []
      : table.foreignKeys.filter((key) => touches(resolved, key.columns)).map((key) => ({ table, key, side: 'own' }))
  const referring: Candidate[] = resolved.kind === 'insert' ? [] : referringKeys(model, table, resolved)
  const candidates = [...own, ...referring]
  if (candidates.length <= 1) return { candidates, statements: [] }
  const sources = resolved.kind === 'insert' ? insertSources(context, table, resolved) : [null]
  return {
    candidates,
    statements: sources.map((source) => {
      const items = candidates.map(
        (candidate, i) =>
          sql`${source ? brokenByRows(candidate, source) : brokenByChange(context, table, candidate, resolved)} as ${identifier(`k${i}`)}`,
      )
      return { ...render(sql`select ${join(items, ', ')}`), role: 'read', operation: index }
    }),
  }
}

const touches = (operation: Insert | Update, columns: readonly string[]): boolean =>
  operation.kind === 'insert' || columns.some((name) => Object.hasOwn(operation.set, name))

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
  operation: Insert | Update | Delete,
): Sql {
  if (operation.kind === 'insert') return FALSE
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
  const same = values.map(([name, value], i) => {
    const model = table.columns.get(name)!
    return sql`${column('f', key.foreignColumns[i]!)} = ${storedSql(model, encodeValue(model, value, 'write'))}`
  })
  return sql`not exists(select 1 from ${identifier(key.foreignTable)} as f where ${and(same)})`
}
