// A read as one statement: whether the caller's session lives, the page as JSON, how many rows match.
import type { Expression, TableModel } from '../define'
import { branchesOf } from './branch'
import type { CompiledStatement } from './compiled'
import { leaves } from './condition'
import { servedTable, type CompileContext } from './context'
import { columnsRead } from './correlation'
import { tooComplex, unsupported } from './errors'
import { foldPolicy } from './fold'
import { groupCount, groupedRows, isGrouped, isSingle } from './group'
import { behind, orderBy, pageNumber, reversed, type SortKey } from './order'
import { compileFolded } from './policy'
import { placeSql } from './place'
import type { Condition, Read, SelectItem } from './query'
import { keepRows, valuesOf } from './reference-keep'
import { revisionOf } from './revision'
import { sessionLives } from './session'
import { findsRows, unsought } from './search'
import { columnsFor, cut, levelFilter, levelOf, levelOrder, partsOf, rowText, type Level } from './select'
import { waysOf } from './steer'
import { and, EMPTY, identifier, isFalse, isTrue, join, NULL, number, render, sql, TRUE, type Sql } from './sql'
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
  const table = servedTable(context, read.table)
  const level = levelOf(context, table, context.alias('t'), read.select)
  if (repeatedRows(read.select, Math.min(read.limit ?? table.maxRows, table.maxRows), true) > MAX_REPEATED_ROWS)
    throw tooComplex('its lists repeat the same rows over and over. Embed fewer inside one another, or give them and the page a `limit`.')
  const live = sessionLives(context)
  if (isGrouped(read.select) && read.places) throw unsupported('cursors over groups')
  if (isGrouped(read.select)) return { ...render(groupedRead(level, read, live)), role: 'read', operation }
  const total = read.total === undefined ? NULL : totalOf(level, read)
  // Also when nothing of it is answered: what is selected must be there.
  const row = rowText(level, read.select)
  if (read.countOnly) {
    const { from, reverse: _ } = pageOf(level, read, [])
    return { ...render(answer(live, total, sql`select '[]' as body, count(*) as rows from (${from})`)), role: 'read', operation }
  }
  // What a write can be held to later, for a row that was asked for by its key.
  const one = findsOneRow(table, read.where)
  const revision = one && !table.view && layout === 'fitting' ? revisionOf(level.rows.alias) : null
  const alias = identifier(level.rows.alias)
  if (read.places) return compilePlaces(level, read, operation, row, live, total)
  const { from, reverse } = pageOf(level, read, revision ? [row, revision] : [row])
  if (layout === 'fitting' && expectedRows(table, read.select, one ? 1 : read.limit) <= LARGE_PAGE) {
    const concat = reverse ? sql`group_concat(${row}, ',' order by \`#\` desc)` : sql`group_concat(${row}, ',')`
    return {
      ...render(
        answer(
          live,
          total,
          sql`select '[' || coalesce(${concat}, '') || ']' as body, count(*) as rows${revision ? sql`, max(${revision}) as revision` : EMPTY} from (${from}) as ${alias}`,
          revision !== null,
        ),
      ),
      role: 'read',
      operation,
    }
  }
  // `limit -1` keeps SQLite from merging the page into the outer query and building JSON for rows that the page cuts off.
  const records = sql`select ${row} as d from (${from}) as ${alias} where (select live from sys_live)${reverse ? sql` order by \`#\` desc` : EMPTY} limit -1`
  const statement = sql`with sys_live(live) as materialized (select ${live}) select live, case when live then ${total} end as total, null as d from sys_live union all select null, null, d from (${records})`
  return { ...render(statement), role: 'read-rows', operation }
}

/** The same with each row's place, and one row more than the page has, to know whether there are more. */
function compilePlaces(level: Level, read: Read, operation: number, row: Sql, live: Sql, total: Sql): CompiledStatement {
  const { maxRows } = level.rows.table
  const size = Math.min(read.limit ?? maxRows, maxRows)
  const place = placeSql(level.rows, levelOrder(level, read.order, true))
  const beyond: Level = { ...level, rows: { ...level.rows, table: { ...level.rows.table, maxRows: size + 1 } } }
  const { from, reverse } = pageOf(beyond, { ...read, limit: size + 1, offset: 0 }, [row, place])
  const records = sql`select ${row} as d, ${place} as p from (${from}) as ${identifier(level.rows.alias)} where (select live from sys_live)${reverse ? sql` order by \`#\` desc` : EMPTY} limit -1`
  const statement = sql`with sys_live(live) as materialized (select ${live}) select live, case when live then ${total} end as total, null as d, (select \`epoch\` from \`sys_store\` where \`id\` = 1) as p from sys_live union all select null, null, d, p from (${records})`
  return { ...render(statement), role: 'read-rows', operation, page: { size, reverse } }
}

/** What is asked of a page apart from its answer: how many rows it may have, and values that later operations take from it. */
export function compilePageChecks(context: CompileContext, read: Read, operation: number): CompiledStatement[] {
  if (!read.expect && !context.sources.has(operation)) return []
  const table = servedTable(context, read.table)
  const level = levelOf(context, table, context.alias('t'), read.select)
  if (isGrouped(read.select)) {
    if (context.sources.has(operation)) throw unsupported('references to aggregates')
    return read.expect ? [expectCount(read.expect, table.name, operation, sql`(select count(*) from (${groupsOf(level, read).rows}))`)] : []
  }
  const counted = sql`(select count(*) from (${pageOf(level, read, []).from}))`
  const checks = read.expect ? [expectCount(read.expect, table.name, operation, counted)] : []
  if (!context.sources.has(operation)) return checks
  const values = valuesOf(context, table, level.rows.alias, operation)
  const { from, reverse } = pageOf(level, read, [values])
  const order = reverse ? sql` order by \`#\` desc` : EMPTY
  return [
    ...checks,
    ...keepRows(context, table, operation, sql`select ${values} as v from (${from}) as ${identifier(level.rows.alias)}${order}`),
  ]
}

/** Groups as rows, and how many there are in all. */
function groupsOf(level: Level, read: Read): { readonly rows: Sql; readonly count: Sql } {
  if (read.after || read.before) throw unsupported('cursors over groups')
  const { table } = level.rows
  const order = read.order ?? []
  const from = sql`${source(level)} where ${and([policyOf(level, read), levelFilter(level, read.where)])}`
  const parts = partsOf(level, read.select, order)
  return { rows: groupedRows({ table, parts, from, order, cut: cut(table, read) }), count: groupCount({ parts, from }) }
}

function groupedRead(level: Level, read: Read, live: Sql): Sql {
  const { rows, count } = groupsOf(level, read)
  const body = read.countOnly ? sql`'[]'` : sql`'[' || coalesce(group_concat(d, ','), '') || ']'`
  const total = read.total === undefined ? NULL : count
  return answer(live, total, sql`select ${body} as body, count(*) as rows from (${rows})`)
}

function answer(live: Sql, total: Sql, page: Sql, revised = false): Sql {
  if (isTrue(live)) return sql`select 1 as live, body, rows, ${total} as total${revised ? sql`, revision` : EMPTY} from (${page})`
  return sql`select live, case when live then body end as body, case when live then rows else 0 end as rows, case when live then ${total} end as total${revised ? sql`, case when live then revision end as revision` : EMPTY} from (select ${live} as live), (${page})`
}

function source(level: Level): Sql {
  const { table, alias } = level.rows
  return sql`from ${identifier(table.name)} as ${identifier(alias)}`
}

/** The row policy as SQL, for any order. */
function policyOf(level: Level, read: Read): Sql {
  const { context, table } = level.rows
  if (context.service) return TRUE
  const policy = foldPolicy(context, table.policies.read)
  const hints = (branchesOf(policy) ?? [policy]).flatMap((branch) =>
    waysOf(context, table, branch, []).flatMap(({ unindexed }) => [...unindexed]),
  )
  const predicate = compileFolded(context, table, policy, level.rows.alias, { pinned: pinnedBy(read.where), unindexed: new Set(hints) })
  return findsRows(level.rows, read.where) ? unsought(predicate) : predicate
}

function totalOf(level: Level, read: Read): Sql {
  const where = and([policyOf(level, read), levelFilter(level, read.where)])
  return isFalse(where) ? sql`0` : sql`(select count(*) ${source(level)} where ${where})`
}

/**
 * The page's rows with the columns that `parts` speak of, cut before anything is made of them. With `reverse` they come backwards,
 * numbered by `#` in the order they come.
 */
function pageOf(level: Level, read: Read, parts: readonly Sql[]): { readonly from: Sql; readonly reverse: boolean } {
  const { context, table, alias } = level.rows
  const cursor = read.after !== undefined || read.before !== undefined
  // `limit` alone asks for any rows; whoever pages, or says an order, gets the same rows each time.
  const paged = read.offset !== undefined || cursor || (read.order !== undefined && read.limit !== undefined)
  const keys = levelOrder(level, read.order, paged)
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
        sql`select * from (select ${columns} ${source(level)} where ${and([judged, ...filters])}${orderBy(sorted)} limit ${gate ? sql`case when ${gate} then ${limit} else 0 end` : limit})`,
    )
    from = sql`select ${columns} from (${united(first)}) as ${identifier(alias)}${orderBy(sorted)}${cut(table, read)}`
  } else {
    from = sql`select ${columns} ${source(level)} where ${and([ways[0]?.judged ?? policyOf(level, read), ...filters])}${orderBy(sorted)}${cut(table, read)}`
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
