// What a write answers with. RETURNING tells it where a row alone decides; with embeds, an order, or column rules that read what
// is being written, the rows are read in the same batch: after the write, or before it when the write removes them.
import type { TableModel } from '../define'
import type { CompiledStatement } from './compiled'
import type { CompileContext } from './context'
import { unsupported } from './errors'
import { isGrouped } from './group'
import { orderBy } from './order'
import type { Returning } from './query'
import { levelFilter, levelOf, levelOrder, rowObject } from './select'
import { and, identifier, render, sql, type Sql } from './sql'
import { writtenRows } from './write-guard'
import { readsWritten } from './write-reach'

export interface ReturningPlan {
  /** The row's JSON, to stand in RETURNING; null when there is none to give or another statement gives it. */
  readonly inline: Sql | null
  /** Whether another statement gives the rows. */
  readonly after: boolean
}

export function returningOf(
  context: CompileContext,
  table: TableModel,
  returning: Returning | undefined,
  written: ReadonlySet<string>,
  /** Whether RETURNING can't be asked, for reasons of the caller's own. */
  apart: boolean,
): ReturningPlan {
  if (!returning) return { inline: null, after: false }
  if (isGrouped(returning.select)) throw unsupported('aggregates of the rows of a write')
  const masked = [...table.columns.values()].some((column) => column.read !== null && readsWritten(context, column.read, written))
  const after = apart || masked || (returning.order?.length ?? 0) > 0 || returning.select.some((item) => item.kind === 'embed')
  if (after) return { inline: null, after }
  return { inline: rowObject(levelOf(context, table, table.name, returning.select), returning.select), after }
}

/** The rows that the operation wrote as JSON, `d` each, in the order asked for, else that of writing. */
export function rowsAfter(context: CompileContext, table: TableModel, returning: Returning): Sql {
  const alias = context.alias('t')
  const level = levelOf(context, table, alias, returning.select)
  const { from, where, order } = writtenRows(context, table, alias, null)
  const keys = levelOrder(level, returning.order, false)
  const ordered = keys.length > 0 ? orderBy(keys) : sql` order by ${order}`
  return sql`select ${rowObject(level, returning.select)} as d from ${from} where ${and([where, levelFilter(level, undefined)])}${ordered}`
}

/** The same of rows that the operation is about to remove. `where` speaks of the table by its name. */
export function rowsBefore(context: CompileContext, table: TableModel, returning: Returning, where: Sql): Sql {
  const level = levelOf(context, table, table.name, returning.select)
  const order = orderBy(levelOrder(level, returning.order, false))
  return sql`select ${rowObject(level, returning.select)} as d from ${identifier(table.name)} where ${and([where, levelFilter(level, undefined)])}${order}`
}

/** Answers with rows of either kind. */
export function answerRows(rows: Sql, operation: number): CompiledStatement {
  return { ...render(rows), role: 'returned', operation }
}
