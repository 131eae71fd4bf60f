// Leaves in `sys_statement` what later operations of the running batch ask of an earlier one's rows, and takes it away at the end.
import type { TableModel } from '../define'
import { columnSql } from './column'
import type { CompiledStatement } from './compiled'
import type { CompileContext } from './context'
import { tooComplex } from './errors'
import { compilePolicy } from './policy'
import { raise } from './raise'
import { FIRST_ID, knownColumn } from './reference'
import { and, identifier, isTrue, join, number, render, sql, TRUE, type Sql } from './sql'
import { namedRows, writtenRows } from './write-guard'

/** Keeps what later operations ask of the rows that this one wrote; they must be the caller's to read. */
export function keepWritten(
  context: CompileContext,
  table: TableModel,
  operation: number,
  sent: readonly Sql[] | null = null,
): CompiledStatement[] {
  if (!context.sources.has(operation)) return []
  const alias = context.alias('t')
  const { from, where, order } = sent ? namedRows(context, table, alias, sent) : writtenRows(context, table, alias, null)
  const admitted = and([where, compilePolicy(context, table, table.policies.read, alias)])
  return keepRows(
    context,
    table,
    operation,
    sql`select ${valuesOf(context, table, alias, operation)} as v from ${from} where ${admitted} order by ${order}`,
  )
}

/** The same of rows that the operation is about to remove; `where` speaks of the table by its name. */
export function keepRemoved(context: CompileContext, table: TableModel, operation: number, where: Sql): CompiledStatement[] {
  if (!context.sources.has(operation)) return []
  const admitted = and([where, compilePolicy(context, table, table.policies.read, table.name)])
  return keepRows(
    context,
    table,
    operation,
    sql`select ${valuesOf(context, table, table.name, operation)} as v from ${identifier(table.name)} where ${admitted}`,
  )
}

/** The asked columns of a row as a JSON list, as they are stored, where the caller may read them. */
export function valuesOf(context: CompileContext, table: TableModel, alias: string, operation: number): Sql {
  const { columns } = context.sources.get(operation)!
  if (columns.length > 50) throw tooComplex('later operations refer to more than 50 columns of an earlier one.')
  const values = columns.map((name) => {
    const model = knownColumn(context, table, name)
    const value = columnSql({ context, table, alias }, model)
    return model.type === 'blob' ? sql`case when ${value} is not null then hex(${value}) end` : value
  })
  return sql`json_array(${join(values, ', ')})`
}

/** `rows` gives `v` for each row. Fails when there are fewer than the references need, or several where one is meant. */
export function keepRows(context: CompileContext, table: TableModel, operation: number, rows: Sql): CompiledStatement[] {
  const { single, rows: least } = context.sources.get(operation)!
  const id = number(FIRST_ID + operation)
  const list = sql`(select '[' || coalesce(group_concat(v, ','), '') || ']' from (${rows}))`
  const keep = sql`insert into \`sys_statement\` (\`id\`, \`start_seq\`, \`context\`) values (${id}, 0, ${list}) on conflict (\`id\`) do update set \`context\` = excluded.\`context\``
  const enough = and([single ? sql`n = 1` : TRUE, least > 0 ? sql`n >= ${number(least)}` : TRUE])
  const count = sql`select json_array_length(\`context\`) as n from \`sys_statement\` where \`id\` = ${id}`
  const check = sql`select iif(${enough}, null, ${raise('reference', table.name, sql`n`)}) as ok from (${count})`
  return [
    { ...render(keep), role: 'check', operation },
    ...(isTrue(enough) ? [] : [{ ...render(check), role: 'check' as const, operation }]),
  ]
}

/** Forgets what was kept, once nobody can ask for it any more. */
export function forgetSources(context: CompileContext): CompiledStatement[] {
  if (context.sources.size === 0) return []
  const last = context.operations.length - 1
  return [{ ...render(sql`delete from \`sys_statement\` where \`id\` >= ${number(FIRST_ID)}`), role: 'check', operation: last }]
}
