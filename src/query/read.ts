// A read as one statement: whether the caller's session lives, the page as JSON, how many rows match.
import type { TableModel } from '../define'
import type { CompiledStatement } from './compiled'
import type { CompileContext } from './context'
import { tooComplex, unsupported } from './errors'
import { groupCount, groupedRows, isGrouped, isSingle } from './group'
import { findsOneRow, pageOf, policyOf, totalOf, type From } from './page'
import { placeSql } from './place'
import type { Read, SelectItem } from './query'
import { keepRows, valuesOf } from './reference-keep'
import { revisionOf } from './revision'
import { rowsOf, tableOf } from './row-source'
import { cut, levelFilter, levelOf, levelOrder, partsOf, rowText, type Level } from './select'
import { sessionLives } from './session'
import { and, EMPTY, identifier, isTrue, NULL, render, sql, type Sql } from './sql'
import { expectCount } from './write-guard'

/** Beyond so many rows a page comes as a text a row: one text for all could pass the 2 MB that D1 allows. */
export const LARGE_PAGE = 200
/** Rows that a list of related rows is taken for, when it has no smaller limit. */
const RELATED_ROWS = 20

/** Beyond so many repeated rows a read is refused: one request could hold the database for minutes. */
export const MAX_REPEATED_ROWS = 2_000_000

/**
 * How many rows the lists of a page may come to that stand in it more than once. Children of different rows are different rows, however deep
 * the tree; but whoever goes up to one row from many, and down again, meets the same rows each time, and each time there are more.
 */
function repeatedRows(select: readonly SelectItem[], rows: number, distinct: boolean): number {
  return select.reduce((most, item) => {
    if (item.kind !== 'embed' || item.silent) return most
    const { kind } = item.relationship
    const here = isSingle(item) || distinct ? rows : rows * Math.min(item.limit ?? RELATED_ROWS, RELATED_ROWS)
    return Math.max(most, repeatedRows(item.select, here, distinct && kind !== 'to-one' && kind !== 'many-to-many'))
  }, rows)
}

/** How many rows, embedded ones too, the page may come to. */
function expectedRows(table: TableModel, select: readonly SelectItem[], limit: number | undefined): number {
  const embeds = select.flatMap((item) => (item.kind === 'embed' && !item.silent ? [item] : []))
  const related = embeds.map((embed) =>
    expectedRows(table, embed.select, isSingle(embed) ? 1 : Math.min(embed.limit ?? RELATED_ROWS, RELATED_ROWS)),
  )
  return Math.min(limit ?? table.maxRows, table.maxRows) * related.reduce((sum, count) => sum + count, 1)
}

/** How a page comes back: by its expected size, or a text a row whatever its size, when one text turned out too long. */
export type Layout = 'fitting' | 'rows'

/** Compiles one read. Throws the errors of what it names and holds. */
export function compileRead(context: CompileContext, read: Read, operation: number, layout: Layout = 'fitting'): CompiledStatement {
  const { table, level, rows, total } = openRead(context, read)
  const limit = rows.whole && findsOneRow(table, read.where) ? 1 : read.limit
  const small = layout === 'fitting' && !read.places && expectedRows(table, read.select, limit) <= LARGE_PAGE
  if (isGrouped(read.select) || read.countOnly || small) return { ...render(textOf(level, read, rows, total)), role: 'read', operation }
  const live = sessionLives(context)
  const row = rowText(level, read.select)
  if (read.places) return compilePlaces(level, read, rows, operation, row, live, total)
  const { from, reverse } = pageOf(level, read, rows, [row])
  const alias = identifier(level.rows.alias)
  // `limit -1` keeps SQLite from merging the page into the outer query and building JSON for rows that the page cuts off.
  const records = sql`select ${row} as d from (${from}) as ${alias} where (select live from sys_live)${reverse ? sql` order by \`#\` desc` : EMPTY} limit -1`
  const statement = sql`with sys_live(live) as materialized (select ${live}) select live, case when live then ${total} end as total, null as d from sys_live union all select null, null, d from (${records})`
  return { ...render(statement), role: 'read-rows', operation }
}

/** The read as one row `{ live, body, rows, total }`, and `revision` when it asks for a row by its key. */
export function readText(context: CompileContext, read: Read): Sql {
  if (read.places) throw unsupported('cursors in a request that is done once, or undone')
  const { level, rows, total } = openRead(context, read)
  return textOf(level, read, rows, total)
}

/** Whether that has a `revision`. */
export const isRevised = (table: TableModel, read: Read): boolean =>
  read.from === undefined && !table.view && !isGrouped(read.select) && !read.countOnly && findsOneRow(table, read.where)

interface Opened {
  readonly table: TableModel
  readonly level: Level
  readonly rows: From
  readonly total: Sql
}

function openRead(context: CompileContext, read: Read): Opened {
  const table = tableOf(context, read)
  const level = levelOf(context, table, context.alias('t'), read.select)
  const rows = rowsOf(level, read)
  if (repeatedRows(read.select, Math.min(read.limit ?? table.maxRows, table.maxRows), true) > MAX_REPEATED_ROWS)
    throw tooComplex('its lists repeat the same rows over and over. Embed fewer inside one another, or give them and the page a `limit`.')
  const grouped = isGrouped(read.select)
  if (grouped && read.places) throw unsupported('cursors over groups')
  return { table, level, rows, total: read.total === undefined || grouped ? NULL : totalOf(level, read, rows) }
}

function textOf(level: Level, read: Read, rows: From, total: Sql): Sql {
  const live = sessionLives(level.rows.context)
  if (isGrouped(read.select)) return groupedRead(level, read, rows, live)
  // Also when nothing of it is answered: what is selected must be there.
  const row = rowText(level, read.select)
  if (read.countOnly) return answer(live, total, sql`select '[]' as body, count(*) as rows from (${pageOf(level, read, rows, []).from})`)
  // What a write can be held to later, for a row that was asked for by its key.
  const revision = isRevised(level.rows.table, read) ? revisionOf(level.rows.alias) : null
  const { from, reverse } = pageOf(level, read, rows, revision ? [row, revision] : [row])
  const concat = reverse ? sql`group_concat(${row}, ',' order by \`#\` desc)` : sql`group_concat(${row}, ',')`
  const revised = revision ? sql`, max(${revision}) as revision` : EMPTY
  const page = sql`select '[' || coalesce(${concat}, '') || ']' as body, count(*) as rows${revised} from (${from}) as ${identifier(level.rows.alias)}`
  return answer(live, total, page, revision !== null)
}

/** The same with each row's place, and one row more than the page has, to know whether there are more. */
function compilePlaces(level: Level, read: Read, rows: From, operation: number, row: Sql, live: Sql, total: Sql): CompiledStatement {
  if (read.from) throw unsupported('cursors over the rows of a function')
  const { maxRows } = level.rows.table
  const size = Math.min(read.limit ?? maxRows, maxRows)
  const place = placeSql(level.rows, levelOrder(level, read.order, true))
  const beyond: Level = { ...level, rows: { ...level.rows, table: { ...level.rows.table, maxRows: size + 1 } } }
  const { from, reverse } = pageOf(beyond, { ...read, limit: size + 1, offset: 0 }, rows, [row, place])
  const records = sql`select ${row} as d, ${place} as p from (${from}) as ${identifier(level.rows.alias)} where (select live from sys_live)${reverse ? sql` order by \`#\` desc` : EMPTY} limit -1`
  const statement = sql`with sys_live(live) as materialized (select ${live}) select live, case when live then ${total} end as total, null as d, (select \`epoch\` from \`sys_store\` where \`id\` = 1) as p from sys_live union all select null, null, d, p from (${records})`
  return { ...render(statement), role: 'read-rows', operation, page: { size, reverse } }
}

/** What is asked of a page apart from its answer: how many rows it may have, and values that later operations take from it. */
export function compilePageChecks(context: CompileContext, read: Read, operation: number): CompiledStatement[] {
  if (!read.expect && !context.sources.has(operation)) return []
  const table = tableOf(context, read)
  const level = levelOf(context, table, context.alias('t'), read.select)
  const rows = rowsOf(level, read)
  if (isGrouped(read.select)) {
    if (context.sources.has(operation)) throw unsupported('references to aggregates')
    return read.expect
      ? [expectCount(read.expect, table.name, operation, sql`(select count(*) from (${groupsOf(level, read, rows).rows}))`)]
      : []
  }
  const counted = sql`(select count(*) from (${pageOf(level, read, rows, []).from}))`
  const checks = read.expect ? [expectCount(read.expect, table.name, operation, counted)] : []
  if (!context.sources.has(operation)) return checks
  const values = valuesOf(context, table, level.rows.alias, operation)
  const { from, reverse } = pageOf(level, read, rows, [values])
  const order = reverse ? sql` order by \`#\` desc` : EMPTY
  return [
    ...checks,
    ...keepRows(context, table, operation, sql`select ${values} as v from (${from}) as ${identifier(level.rows.alias)}${order}`),
  ]
}

/** Groups as rows, and how many there are in all. */
function groupsOf(level: Level, read: Read, source: From): { readonly rows: Sql; readonly count: Sql } {
  if (read.after || read.before) throw unsupported('cursors over groups')
  const { table } = level.rows
  const order = read.order ?? []
  const from = sql`${source.from} where ${and([policyOf(level, read, source), levelFilter(level, read.where)])}`
  const parts = partsOf(level, read.select, order)
  return { rows: groupedRows({ table, parts, from, order, cut: cut(table, read) }), count: groupCount({ parts, from }) }
}

function groupedRead(level: Level, read: Read, source: From, live: Sql): Sql {
  const { rows, count } = groupsOf(level, read, source)
  const body = read.countOnly ? sql`'[]'` : sql`'[' || coalesce(group_concat(d, ','), '') || ']'`
  const total = read.total === undefined ? NULL : count
  return answer(live, total, sql`select ${body} as body, count(*) as rows from (${rows})`)
}

function answer(live: Sql, total: Sql, page: Sql, revised = false): Sql {
  if (isTrue(live)) return sql`select 1 as live, body, rows, ${total} as total${revised ? sql`, revision` : EMPTY} from (${page})`
  return sql`select live, case when live then body end as body, case when live then rows else 0 end as rows, case when live then ${total} end as total${revised ? sql`, case when live then revision end as revision` : EMPTY} from (select ${live} as live), (${page})`
}
