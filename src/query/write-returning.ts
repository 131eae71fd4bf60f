// What a write answers with. RETURNING tells it where a row alone decides; with embeds, an order, or column rules that read what
// is being written, the rows are read in the same batch: after the write, or before it when the write removes them.
import { tablesRead, type ColumnModel, type TableModel } from '../define'
import type { CompiledStatement } from './compiled'
import type { CompileContext } from './context'
import { groupedRows, isGrouped } from './group'
import { orderBy } from './order'
import type { Returning } from './query'
import { revisionOf } from './revision'
import { levelFilter, levelOf, levelOrder, partsOf, rowObject, type Level } from './select'
import { and, EMPTY, identifier, render, sql, type Sql } from './sql'
import { namedRows, writtenRows } from './write-guard'
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
  const computed = returning.select.flatMap((item) => (item.kind === 'column' ? (table.computed.get(item.target.column) ?? []) : []))
  const reads = ({ read, computed: value }: ColumnModel): boolean =>
    (read !== null && readsWritten(context, read, written)) || (value !== null && [...tablesRead(value)].some((name) => written.has(name)))
  const several = isGrouped(returning.select) || returning.select.some((item) => item.kind === 'embed')
  const after = apart || several || [...table.columns.values(), ...computed].some(reads) || (returning.order?.length ?? 0) > 0
  if (after) return { inline: null, after }
  return { inline: rowObject(levelOf(context, table, table.name, returning.select), returning.select), after }
}

/** The rows that the operation wrote, or that `sent` have the keys of, as JSON, `d` each, with `revised` the row's revision as `v`, in the order asked for, else that of writing. */
export function rowsAfter(
  context: CompileContext,
  table: TableModel,
  returning: Returning,
  { sent = null, revised = false }: { readonly sent?: readonly Sql[] | null; readonly revised?: boolean } = {},
): Sql {
  const alias = context.alias('t')
  const level = levelOf(context, table, alias, returning.select)
  const { from, where, order } = sent ? namedRows(context, table, alias, sent) : writtenRows(context, table, alias, null)
  if (isGrouped(returning.select)) return grouped(level, returning, sql`from ${from} where ${and([where, levelFilter(level, undefined)])}`)
  const keys = levelOrder(level, returning.order, false)
  const ordered = keys.length > 0 ? orderBy(keys) : sql` order by ${order}`
  const revision = revised ? sql`, ${revisionOf(alias)} as v` : EMPTY
  return sql`select ${rowObject(level, returning.select)} as d${revision} from ${from} where ${and([where, levelFilter(level, undefined)])}${ordered}`
}

/** The same of rows that the operation is about to remove. `where` speaks of the table by its name. */
export function rowsBefore(context: CompileContext, table: TableModel, returning: Returning, where: Sql): Sql {
  const level = levelOf(context, table, table.name, returning.select)
  const from = sql`from ${identifier(table.name)} where ${and([where, levelFilter(level, undefined)])}`
  if (isGrouped(returning.select)) return grouped(level, returning, from)
  return sql`select ${rowObject(level, returning.select)} as d ${from}${orderBy(levelOrder(level, returning.order, false))}`
}

/** Groups of the rows of a write. */
function grouped(level: Level, { select, order = [] }: Returning, from: Sql): Sql {
  return groupedRows({ table: level.rows.table, parts: partsOf(level, select, order), from, order, cut: EMPTY })
}

/** Answers with rows of either kind. */
export function answerRows(rows: Sql, operation: number): CompiledStatement {
  return { ...render(rows), role: 'returned', operation }
}
