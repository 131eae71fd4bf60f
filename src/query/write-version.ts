// Writes that depend on a row's version: whoever changes what they read an hour ago must not undo what somebody wrote since. The
// version is compared by the statement that writes, so that nothing comes between.
import { VERSION_COLUMN, type TableModel } from '../define'
import type { CompiledStatement } from './compiled'
import type { Precondition } from './query'
import { stampOf } from './revision'
import { and, column, number, render, sql, TRUE, type Sql } from './sql'
import { raise } from './raise'

/** `then` for a row of the version asked for; fails with the row's version on another. To stand where only rows come that the caller may read. */
export function ifVersion(table: TableModel, { ifVersion: wanted, ifStamp }: Precondition, then: Sql): Sql {
  if (wanted === undefined || wanted === 'any') return then
  const version = column(table.name, VERSION_COLUMN)
  const same = and([sql`${version} = ${number(wanted)}`, ifStamp === undefined ? TRUE : sql`${stampOf(table.name)} = ${number(ifStamp)}`])
  return sql`iif(${same}, ${then}, ${raise('version', table.name, version)})`
}

/** Fails unless the statement just before found a row, when one must be there. */
export function expectPresent(table: TableModel, { ifVersion: wanted }: Precondition, operation: number): CompiledStatement[] {
  if (wanted !== 'any') return []
  const failure = raise('version', table.name)
  return [{ ...render(sql`select iif(n > 0, null, ${failure}) as ok from (select changes() as n)`), role: 'check', operation }]
}
