// A read as one statement: whether the caller's session lives, the page as JSON, how many rows match.
import { POSITION_COLUMN, type Expression, type TableModel } from '../define'
import { branchesOf } from './branch'
import type { CompiledStatement } from './compiled'
import { leaves } from './condition'
import { servedTable, type CompileContext } from './context'
import { STORAGE } from './column'
import { columnsRead } from './correlation'
import { tooComplex, unsupported } from './errors'
import { foldPolicy } from './fold'
import { groupCount, groupedRows, isGrouped, isSingle } from './group'
import { behind, orderBy, pageNumber, reversed, type SortKey } from './order'
import { compileFolded } from './policy'
import { placeSql } from './place'
import type { Condition, Read, RowSource, SelectItem } from './query'
import { keepRows, valuesOf } from './reference-keep'
import { revisionOf } from './revision'
import { sessionLives } from './session'
import { findsRows, unsought } from './search'
import { columnsFor, cut, levelFilter, levelOf, levelOrder, partsOf, rowText, type Level } from './select'
import { estimatedSize, numbersRows } from './size'
import { waysOf } from './steer'
import { and, bind, column, EMPTY, identifier, isFalse, isTrue, join, NULL, number, render, sql, TRUE, type Sql } from './sql'
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

/** FROM, and what else is known of the rows there. */
interface From {
  readonly from: Sql
  /** Whether the row policy has still to be asked. */
  readonly judged: boolean
  /** The order they stand in. */
  readonly order: readonly SortKey[]
  /** Whether they are all rows of the table, so that its indexes lead to them. */
  readonly whole: boolean
}

const tableOf = (context: CompileContext, { from, table }: Read): TableModel =>
  from?.kind === 'values' ? from.table : servedTable(context, table)

function rowsOf(level: Level, { from, after, before }: Read): From {
  const { context, table, alias } = level.rows
  if (from === undefined)
    return { from: sql`from ${identifier(table.name)} as ${identifier(alias)}`, judged: false, order: [], whole: true }
  if (after !== undefined || before !== undefined) throw unsupported('cursors over the rows of a function')
  if (table.primaryKey.length === 0) throw unsupported('rows of a function over a view without a key')
  switch (from.kind) {
    case 'keys':
      return keyedRows(level, from.keys)
    case 'values':
      return { from: sql`from (${valueRows(from)}) as ${identifier(alias)}`, judged: true, order: [positionOf(alias)], whole: false }
    case 'subset': {
      const { kind: _, ...clauses } = from
      const inner = levelOf(context, table, context.alias('s'), [])
      const read: Read = { kind: 'read', table: table.name, select: [], ...clauses }
      // Their keys, and then the rows themselves: what finds rows by their number finds them here too.
      const keys = pageOf(inner, read, rowsOf(inner, read), []).from
      const joined = table.primaryKey.map((name) => sql`${column(alias, name)} = ${column(inner.rows.alias, name)}`)
      const rows = sql`from (${keys}) as ${identifier(inner.rows.alias)} cross join ${identifier(table.name)} as ${identifier(alias)} on ${and(joined)}`
      return { from: rows, judged: true, order: levelOrder(level, from.order, false), whole: false }
    }
  }
}

/** The rows of a list of keys, one each time that a key stands there. */
function keyedRows({ rows: { context, table, alias } }: Level, keys: readonly (readonly (string | number | null)[])[]): From {
  const list = context.alias('k')
  const joined = table.primaryKey.map((name, i) => sql`${column(alias, name)} = (${column(list, 'value')} ->> ${number(i)})`)
  const from = sql`from json_each(${bind(JSON.stringify(keys))}) as ${identifier(list)} cross join ${identifier(table.name)} as ${identifier(alias)} on ${and(joined)}`
  const order = { value: column(list, 'key'), descending: false, nulls: 'last', nullable: false, model: null } as const
  return { from, judged: false, order: [order], whole: false }
}

/** A list of lists as columns. */
function valueRows({ table, rows }: Extract<RowSource, { kind: 'values' }>): Sql {
  const columns = [...table.columns.values()]
    .filter(({ name }) => name !== POSITION_COLUMN)
    .map((model, i) => {
      const place = sql`\`value\` ->> ${number(i)}`
      const value = model.type === 'blob' ? sql`unhex(${place})` : sql`cast(${place} as ${{ chunks: [STORAGE[model.type]] }})`
      return sql`${value} as ${identifier(model.name)}`
    })
  return sql`select ${join([...columns, sql`\`key\` as ${identifier(POSITION_COLUMN)}`], ', ')} from json_each(${bind(JSON.stringify(rows))})`
}

const positionOf = (alias: string): SortKey => ({
  value: column(alias, POSITION_COLUMN),
  descending: false,
  nulls: 'last',
  nullable: false,
  model: null,
})

/** The row policy as SQL, for any order. */
function policyOf(level: Level, read: Read, { judged }: From): Sql {
  const { context, table } = level.rows
  if (context.service || judged) return TRUE
  const policy = foldPolicy(context, table.policies.read)
  const hints = (branchesOf(policy) ?? [policy]).flatMap((branch) =>
    waysOf(context, table, branch, []).flatMap(({ unindexed }) => [...unindexed]),
  )
  const predicate = compileFolded(context, table, policy, level.rows.alias, { pinned: pinnedBy(read.where), unindexed: new Set(hints) })
  return findsRows(level.rows, read.where) ? unsought(predicate) : predicate
}

function totalOf(level: Level, read: Read, rows: From): Sql {
  const where = and([policyOf(level, read, rows), levelFilter(level, read.where)])
  if (read.total !== 'exact' && rows.whole && isTrue(where) && numbersRows(level.rows.table)) return estimatedSize(level.rows.table)
  return isFalse(where) ? sql`0` : sql`(select count(*) ${rows.from} where ${where})`
}

/**
 * The page's rows with the columns that `parts` speak of, cut before anything is made of them. With `reverse` they come backwards,
 * numbered by `#` in the order they come.
 */
function pageOf(level: Level, read: Read, rows: From, parts: readonly Sql[]): { readonly from: Sql; readonly reverse: boolean } {
  const { context, table, alias } = level.rows
  const cursor = read.after !== undefined || read.before !== undefined
  // `limit` alone asks for any rows; whoever pages, or says an order, gets the same rows each time.
  const paged = read.offset !== undefined || cursor || (read.order !== undefined && read.limit !== undefined)
  const keys = read.order === undefined && rows.order.length > 0 ? [...rows.order] : levelOrder(level, read.order, paged)
  const reverse = read.before !== undefined
  const sorted = reverse ? reversed(keys) : keys
  const filters = [
    levelFilter(level, read.where),
    ...(read.after ? [behind(keys, read.after)] : []),
    ...(read.before ? [behind(reversed(keys), read.before)] : []),
  ]
  const most = Math.min(read.limit ?? table.maxRows, table.maxRows) + (read.offset ?? 0)
  const columns = columnsFor(level.rows, [...parts, orderBy(keys)])
  const pinned = pinnedBy(read.where)
  const policy = context.service ? null : foldPolicy(context, table.policies.read)
  const cuts = keys.length > 0 || read.limit !== undefined
  const constant = policy !== null && [...columnsRead(policy)].every((name) => pinned.has(name))
  const searched =
    rows.whole &&
    policy !== null &&
    cuts &&
    !constant &&
    !namesOneRow(table, pinned) &&
    !findsRows(level.rows, read.where) &&
    (!read.where || leaves(read.where) <= MANY_FILTERS)
  const ways = searched ? (branchesOf(policy) ?? [policy]).flatMap((branch) => waysTo(level, branch, sorted, pinned)) : []
  let from: Sql
  if (ways.length > 1) {
    const limit = pageNumber(most, 'limit')
    // SQLite asks a condition that reads no row of the table once a row; in the limit it is asked once, before any.
    const first = ways.map(
      ({ judged, gate }) =>
        sql`select * from (select ${columns} ${rows.from} where ${and([judged, ...filters])}${orderBy(sorted)} limit ${gate ? sql`case when ${gate} then ${limit} else 0 end` : limit})`,
    )
    from = sql`select ${columns} from (${united(first)}) as ${identifier(alias)}${orderBy(sorted)}${cut(table, read)}`
  } else {
    from = sql`select ${columns} ${rows.from} where ${and([ways[0]?.judged ?? policyOf(level, read, rows), ...filters])}${orderBy(sorted)}${cut(table, read)}`
  }
  return { from: reverse ? numbered(columns, level, from, sorted) : from, reverse }
}

/** A filter of more conditions isn't repeated for each reason to admit: the statement would grow too long. */
const MANY_FILTERS = 100

/** So many rows of a kind are sorted rather than looked for along the order. */
const FEW_OF_A_KIND = 500

/** One reason to admit, a way to find its rows each; `gate` says at run time whether the way is taken. */
function waysTo(
  level: Level,
  branch: Expression,
  keys: readonly SortKey[],
  pinned: ReadonlySet<string>,
): { readonly judged: Sql; readonly gate: Sql | null }[] {
  const { context, table, alias } = level.rows
  return waysOf(context, table, branch, keys).map(({ unindexed, sets = new Set(), when }) => {
    const judged = compileFolded(context, table, branch, alias, { pinned, unindexed, sets })
    if (!when) return { judged, gate: null }
    const probe = context.alias('k')
    const kind = compileFolded(context, when.table, when.kind, probe, { scope: when.scope })
    const counted = sql`(select count(*) from (select 1 from ${identifier(when.table.name)} as ${identifier(probe)} where ${kind} limit ${number(FEW_OF_A_KIND + 1)}))`
    return { judged, gate: when.few ? sql`${counted} <= ${number(FEW_OF_A_KIND)}` : sql`${counted} > ${number(FEW_OF_A_KIND)}` }
  })
}

function numbered(columns: Sql, level: Level, from: Sql, sorted: readonly SortKey[]): Sql {
  return sql`select ${columns}, row_number() over (${orderBy(sorted)}) as \`#\` from (${from}) as ${identifier(level.rows.alias)}`
}

/** Most terms that D1 takes in one compound. */
const COMPOUND = 5

/** Unites selects. A row that several of them found comes once. */
function united(parts: readonly Sql[]): Sql {
  if (parts.length <= COMPOUND) return join(parts, ' union ')
  const size = Math.ceil(parts.length / COMPOUND)
  const groups = Array.from({ length: Math.ceil(parts.length / size) }, (_, i) => parts.slice(i * size, (i + 1) * size))
  return join(
    groups.map((group) => (group.length === 1 ? group[0]! : sql`select * from (${united(group)})`)),
    ' union ',
  )
}

/** Columns that a filter holds to one value. */
function pinnedBy(where: Condition | undefined): ReadonlySet<string> {
  const terms = where === undefined ? [] : where.kind === 'and' ? where.terms : [where]
  return new Set(
    terms.flatMap((term) => (term.kind === 'compare' && term.operator === 'eq' && !term.target.path ? [term.target.column] : [])),
  )
}

/** Whether a filter can find no more than one row. */
export function findsOneRow(table: TableModel, where: Condition | undefined): boolean {
  return namesOneRow(table, pinnedBy(where))
}

/** Whether that is a key, so that there is nothing to search. */
function namesOneRow(table: TableModel, pinned: ReadonlySet<string>): boolean {
  return [table.primaryKey, ...table.uniques.map(({ columns }) => columns)].some(
    (key) => key.length > 0 && key.every((name) => pinned.has(name)),
  )
}
