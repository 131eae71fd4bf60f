// The statements around a write: who writes and where the log stood, that the session lives, and the checks that must see the
// statement's whole effect. Every failure is raised inside the batch, which undoes all of it.
import type { Expression, TableModel } from '../define'
import type { CompiledStatement } from './compiled'
import type { CompileContext } from './context'
import { compilePolicy } from './policy'
import type { Expectation } from './query'
import { raise, require, type RaiseCode } from './raise'
import { askSession, sessionLives } from './session'
import { and, bind, column, identifier, isTrue, join, literal, number, render, sql, TRUE, type Sql } from './sql'

/** The log's rows of this table that the running operation wrote. */
export function ownChanges(alias: string, table: TableModel, op: 'I' | 'U' | 'D' | null): Sql {
  const c = (name: string) => column(alias, name)
  const since = sql`${c('seq')} > (select \`start_seq\` from \`sys_statement\` where \`id\` = 1)`
  return and([since, sql`${c('tbl')} = ${literal(table.name)}`, op === null ? sql`${c('op')} <> 'D'` : sql`${c('op')} = ${literal(op)}`])
}

/** FROM and WHERE of the rows that the running operation wrote, as they are now, in the order they were written; `order` is that order. */
export function writtenRows(
  context: CompileContext,
  table: TableModel,
  alias: string,
  op: 'I' | 'U' | null,
): { readonly from: Sql; readonly where: Sql; readonly order: Sql } {
  const log = context.alias('c')
  const key = table.primaryKey.map((name, i) => sql`${column(alias, name)} = (${column(log, 'key')} ->> ${number(i)})`)
  const from = sql`${identifier('sys_changes')} as ${identifier(log)} cross join ${identifier(table.name)} as ${identifier(alias)} on ${and(key)}`
  return { from, where: ownChanges(log, table, op), order: column(log, 'seq') }
}

/** The same of rows by the keys of proposed ones, whoever wrote them; `sources` are queries of those. */
export function namedRows(
  context: CompileContext,
  table: TableModel,
  alias: string,
  sources: readonly Sql[],
): { readonly from: Sql; readonly where: Sql; readonly order: Sql } {
  const proposed = context.alias('n')
  const key = and(table.primaryKey.map((name) => sql`${column(alias, name)} = ${column(proposed, name)}`))
  const keys = join(table.primaryKey.map(identifier), ', ')
  const rows = sources.map((source, i) => sql`select ${keys}, ${number(i)} as \`#\`, row_number() over () as \`##\` from (${source})`)
  const from = sql`(${unionAll(rows)}) as ${identifier(proposed)} cross join ${identifier(table.name)} as ${identifier(alias)} on ${key}`
  return { from, where: TRUE, order: sql`${column(proposed, '#')}, ${column(proposed, '##')}` }
}

/** United in pairs, because D1 takes few terms in one compound. */
export function unionAll(parts: readonly Sql[]): Sql {
  if (parts.length === 1) return parts[0]!
  const middle = Math.ceil(parts.length / 2)
  return sql`select * from (${unionAll(parts.slice(0, middle))}) union all select * from (${unionAll(parts.slice(middle))})`
}

/** Asks of every row that the operation wrote whether the policy holds now. Null when it always does. */
export function checkWritten(
  context: CompileContext,
  table: TableModel,
  policy: Expression,
  op: 'I' | 'U' | null,
  code: RaiseCode,
  operation: number,
): CompiledStatement | null {
  const alias = context.alias('w')
  const predicate = compilePolicy(context, table, policy, alias)
  if (isTrue(predicate)) return null
  const { from, where } = writtenRows(context, table, alias, op)
  return refuseWhere(sql`select 1 from ${from} where ${where} and not coalesce(${predicate}, 0)`, code, table.name, 'check', operation)
}

/** Fails when the query finds a row. */
export function refuseWhere(found: Sql, code: RaiseCode, table: string, role: 'guard' | 'check', operation: number): CompiledStatement {
  return { ...render(sql`select iif(exists(${found}), ${raise(code, table)}, null) as ok`), role, operation }
}

/** Fails unless the number of rows lies within: by default of those that the statement just before affected. */
export function expectCount(expectation: Expectation, table: string, operation: number, count: Sql = sql`changes()`): CompiledStatement {
  const { min, max, error } = expectation
  const within = and([min === undefined ? TRUE : sql`n >= ${number(min)}`, max === undefined ? TRUE : sql`n <= ${number(max)}`])
  const code = error === 'not-single' ? 'single' : 'max'
  const failure = raise(code, table, sql`n`)
  return { ...render(sql`select iif(${within}, null, ${failure}) as ok from (select ${count} as n)`), role: 'check', operation }
}

export interface Opening {
  /** Checks or answers look for what was written. */
  readonly marksLog: boolean
  /** A table that is written keeps who, which request and which origin. */
  readonly context: boolean
}

/** What stands before the operation: one row updated when something needs it, else one key probed for a session, else nothing. */
export function openWrite(context: CompileContext, table: TableModel, opening: Opening, operation: number): CompiledStatement[] {
  if (!opening.marksLog && !opening.context) return askSession(context, table.name, operation)
  const lives = sessionLives(context)
  const start = sql`coalesce((select max(\`seq\`) from \`sys_changes\`), 0)`
  const noted = opening.context ? bind(contextOf(context)) : { chunks: ['null'] }
  // An upsert, so that a store without the row can't pass for one where nothing was written.
  const statement = sql`insert into \`sys_statement\` (\`id\`, \`start_seq\`, \`context\`) values (1, ${require(lives, start, 'session', table.name)}, ${noted}) on conflict (\`id\`) do update set \`start_seq\` = excluded.\`start_seq\`, \`context\` = excluded.\`context\``
  return [{ ...render(statement), role: 'guard', operation }]
}

/** Fails when the log lacks rows that the statement just before wrote: a check that finds them there would pass unasked. */
export function expectLogged(context: CompileContext, table: TableModel, operation: number): CompiledStatement {
  const log = context.alias('c')
  const logged = sql`(select count(*) from \`sys_changes\` as ${identifier(log)} where ${ownChanges(log, table, null)})`
  return { ...render(sql`select iif(changes() <= ${logged}, null, ${raise('log', table.name)}) as ok`), role: 'check', operation }
}

/** Takes the caller's name off again, so that a later statement by another hand isn't logged under it. */
export function closeWrite(opening: Opening, operation: number): CompiledStatement[] {
  if (!opening.context) return []
  return [{ sql: 'update `sys_statement` set `context` = null where `id` = 1', params: [], role: 'check', operation }]
}

function contextOf(context: CompileContext): string {
  const { principal, asService, function: name, requestId, origin } = context.execution
  return JSON.stringify({
    uid: principal.uid,
    request: requestId ?? null,
    origin: origin ?? null,
    ...(context.service
      ? { service: asService ?? 'secret key', ...(asService !== undefined && name !== undefined ? { function: name } : {}) }
      : {}),
  })
}
