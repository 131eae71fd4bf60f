// Updates and deletes. A row that the caller may not change is not there for them: it is skipped, as Postgres does. An update
// whose result the caller may not make fails.
import { AppError, uuidv7 } from '../core'
import { UPDATED_AT_COLUMN, VERSION_COLUMN, type ColumnModel, type TableModel } from '../define'
import { CLOCK } from './clock'
import type { CompiledStatement } from './compiled'
import { checkSize } from './condition'
import { servedTable, type CompileContext } from './context'
import { unsupported } from './errors'
import { foldOperand } from './fold'
import { orderBy, pageNumber, sortKeys } from './order'
import { isGrouped } from './group'
import { compilePolicy } from './policy'
import type { Delete, Update } from './query'
import { isReference, referenceSql } from './reference'
import { keepRemoved, keepWritten } from './reference-keep'
import { revisionOf } from './revision'
import { findsRows, unsought } from './search'
import { levelOf, relatedFilter } from './select'
import { and, bind, column, identifier, join, NULL, number, render, sql, TRUE, type Sql } from './sql'
import { encodeValue } from './value'
import { writeErrors } from './write-errors'
import { require } from './raise'
import { checkWritten, closeWrite, expectCount, expectLogged, openWrite, type Opening } from './write-guard'
import { countRemoved, keepAnswer, type Keep } from './write-keep'
import { updateDefault } from './write-insert'
import { writableColumn } from './write-payload'
import { deletesReachItself, keepsContext, readsWritten, tablesWritten } from './write-reach'
import { answerRows, returningOf, rowsAfter, rowsBefore } from './write-returning'
import { encodeDeclared, storedSql } from './write-value'
import { expectPresent, ifVersion } from './write-version'

export function compileUpdate(context: CompileContext, update: Update, operation: number, keep: Keep | null): CompiledStatement[] {
  const table = servedTable(context, update.table)
  const sets = assignments(context, table, update)
  const written = tablesWritten(
    context.model,
    table,
    'update',
    sets.map(([name]) => name),
  )
  const { policies } = table
  const deferred = {
    check: readsWritten(context, policies.update.check, written),
    read: update.returning !== undefined && readsWritten(context, policies.read, written),
  }
  const returning = returningOf(context, table, update.returning, written, keep !== null)
  const marksLog = deferred.check || deferred.read || returning.after || keep !== null || context.sources.has(operation)
  const opening: Opening = { marksLog, context: keepsContext(context.model, written) }
  const where = affected(context, table, policies.update.using, update)
  const statements = openWrite(context, table, opening, operation)
  // A body without columns changes nothing, and counts nothing.
  if (sets.length === 0) {
    statements.push(...keepWritten(context, table, operation))
    if (keep) statements.push(keepAnswer(keep, { table, kind: 'update', rows: null }, operation))
    return [...statements, ...closeWrite(opening, operation)]
  }
  const engine: [string, Sql][] = [
    [VERSION_COLUMN, ifVersion(table, update, sql`${column(table.name, VERSION_COLUMN)} + 1`)],
    [UPDATED_AT_COLUMN, CLOCK],
  ]
  const list = join(
    [...sets, ...engine].map(([name, value]) => sql`${identifier(name)} = ${value}`),
    ', ',
  )
  const checked = require(deferred.check ? TRUE : compilePolicy(context, table, policies.update.check, table.name), number(
    0,
  ), 'rls', table.name)
  const shown =
    !update.returning || deferred.read
      ? checked
      : require(compilePolicy(context, table, policies.read, table.name), checked, 'visible', table.name)
  const revision = update.returning && !keep ? [sql`${revisionOf(table.name)} as v`] : []
  const items = [...(returning.inline ? [sql`${returning.inline} as d`] : []), ...revision, sql`${shown} as g`]
  statements.push({
    ...render(sql`update ${identifier(table.name)} set ${list} where ${where} returning ${join(items, ', ')}`),
    role: 'write',
    operation,
  })
  statements.push(...expectPresent(table, update, operation))
  if (update.expect) statements.push(expectCount(update.expect, table.name, operation))
  if (opening.marksLog) statements.push(expectLogged(context, table, operation))
  const checks = [
    deferred.check ? checkWritten(context, table, policies.update.check, 'U', 'rls', operation) : null,
    deferred.read ? checkWritten(context, table, policies.read, 'U', 'visible', operation) : null,
  ]
  statements.push(...checks.filter((statement) => statement !== null))
  const revised = keep !== null && !isGrouped(update.returning?.select ?? [])
  const rows = returning.after ? rowsAfter(context, table, update.returning!, { revised }) : null
  if (rows && !keep) statements.push(answerRows(rows, operation))
  statements.push(...keepWritten(context, table, operation))
  if (keep) statements.push(keepAnswer(keep, { table, kind: 'update', rows, revised }, operation))
  return [...statements, ...closeWrite(opening, operation)]
}

export function compileDelete(context: CompileContext, remove: Delete, operation: number, keep: Keep | null): CompiledStatement[] {
  const table = servedTable(context, remove.table)
  const written = tablesWritten(context.model, table, 'delete')
  const reachesItself = deletesReachItself(context.model, table)
  const returning = returningOf(context, table, remove.returning, written, keep !== null || reachesItself)
  const opening: Opening = { marksLog: keep !== null, context: keepsContext(context.model, written) }
  const where = affected(context, table, table.policies.delete, remove)
  const statements = openWrite(context, table, opening, operation)
  // What the rows embed or refer to may go with them, so it is read before.
  const rows = returning.after ? rowsBefore(context, table, remove.returning!, where) : null
  if (rows && !keep) statements.push(answerRows(rows, operation))
  statements.push(...keepRemoved(context, table, operation, where))
  if (keep) statements.push(keepAnswer(keep, { table, kind: 'delete', rows }, operation))
  if (remove.expect && reachesItself) {
    const count = sql`(select count(*) from ${identifier(table.name)} where ${where})`
    statements.push(expectCount(remove.expect, table.name, operation, count))
  }
  const items = [...(returning.inline ? [sql`${returning.inline} as d`] : []), sql`${ifVersion(table, remove, number(0))} as g`]
  statements.push({
    ...render(sql`delete from ${identifier(table.name)} where ${where} returning ${join(items, ', ')}`),
    role: 'write',
    operation,
  })
  statements.push(...expectPresent(table, remove, operation))
  if (remove.expect && !reachesItself) statements.push(expectCount(remove.expect, table.name, operation))
  if (keep) statements.push(countRemoved(keep, table, operation))
  return [...statements, ...closeWrite(opening, operation)]
}

/** What is set to what: the client's columns, and those that every update changes. */
export function assignments(context: CompileContext, table: TableModel, update: Update): (readonly [string, Sql])[] {
  const given = Object.entries(update.set).map(([name, value]) => {
    const target = changeable(context, table, name)
    return [target, () => writtenValue(context, target, value)] as const
  })
  const reset = (update.defaults ?? []).map((name) => {
    const target = changeable(context, table, name)
    return [target, () => defaultValue(context, target)] as const
  })
  const named = [...given, ...reset]
  if (named.length === 0) return []
  const touched = [...table.columns.values()].filter((candidate) => candidate.onUpdate !== null)
  return [
    ...named.filter(([target]) => target.onUpdate === null).map(([target, value]) => [target.name, value()] as const),
    ...touched.map((target) => [target.name, updateDefault(context, target)] as const),
  ]
}

function changeable(context: CompileContext, table: TableModel, name: string): ColumnModel {
  const target = writableColumn(context, table, name, 'update')
  if (name !== table.partition) return target
  throw new AppError(writeErrors.partition_fixed, {
    message: `"${name}" tells which database holds the row, so it can't be updated. Delete the row and insert it anew.`,
  })
}

/** What a new row would have in the column; one value for all rows that are changed. */
function defaultValue(context: CompileContext, target: ColumnModel): Sql {
  switch (target.default?.kind) {
    case 'sql':
      return { chunks: [`(${target.default.sql})`] }
    case 'function':
      return storedSql(target, encodeDeclared(target, target.default.make()))
    case 'operand': {
      const operand = foldOperand(context, target.default.operand)
      return storedSql(target, encodeDeclared(target, operand.kind === 'literal' ? operand.literal : null))
    }
    case 'uuid':
      return bind(uuidv7(context.execution.now))
    case 'rowid':
      throw unsupported(`giving "${target.name}" another number of its own (missing=default)`)
    default:
      return NULL
  }
}

/** A client's value for a column, or that of an earlier operation. */
export function writtenValue(context: CompileContext, target: ColumnModel, value: unknown): Sql {
  if (isReference(value) && target.type !== 'json') return referenceSql(context, value.reference, target, 'write')
  return storedSql(target, encodeValue(target, value, 'write'))
}

/**
 * The rows that are changed: those the policy and the filter admit. Whoever filters, orders or has rows answered looks at them,
 * and so needs to be able to read them.
 */
export function affected(
  context: CompileContext,
  table: TableModel,
  policy: TableModel['policies']['delete'],
  operation: Update | Delete,
): Sql {
  const { where, order, limit, returning, ifVersion: version, related = [] } = operation
  const looks = where !== undefined || returning !== undefined || limit !== undefined || version !== undefined
  const predicate = (alias: string): Sql => {
    const rows = { context, table, alias }
    if (where) checkSize(where)
    const policies = and([
      compilePolicy(context, table, policy, alias),
      looks ? compilePolicy(context, table, table.policies.read, alias) : TRUE,
    ])
    return and([
      findsRows(rows, where) ? unsought(policies) : policies,
      where ? relatedFilter(levelOf(context, table, alias, related), where) : TRUE,
    ])
  }
  if (limit === undefined) return predicate(table.name)
  const alias = context.alias('w')
  const keys = sortKeys({ context, table, alias }, order ?? [], orderedByRelated, true)
  const chosen = sql`select ${join(
    table.primaryKey.map((name) => column(alias, name)),
    ', ',
  )} from ${identifier(table.name)} as ${identifier(alias)}`
  const own = join(
    table.primaryKey.map((name) => column(table.name, name)),
    ', ',
  )
  return sql`(${own}) in (${chosen} where ${predicate(alias)}${orderBy(keys)} limit ${pageNumber(limit, 'limit')})`
}

function orderedByRelated(): never {
  throw unsupported('ordering the rows of a write by an embedded resource')
}
