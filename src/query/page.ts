// Which rows a read answers with: those that the policy and the filters admit, in order and cut, found by the indexes that the reasons to
// admit have. Knows nothing of what is made of them.
import type { Expression, TableModel } from '../define'
import { branchesOf } from './branch'
import { leaves } from './condition'
import { columnsRead } from './correlation'
import { foldPolicy } from './fold'
import { behind, orderBy, pageNumber, reversed, type SortKey } from './order'
import { compileFolded } from './policy'
import type { Condition, Read } from './query'
import { findsRows, unsought } from './search'
import { columnsFor, cut, levelFilter, levelOrder, type Level } from './select'
import { estimatedSize, numbersRows } from './size'
import { waysOf } from './steer'
import { and, identifier, isFalse, isTrue, join, number, sql, TRUE, type Sql } from './sql'

/** FROM, and what else is known of the rows there. */
export interface From {
  readonly from: Sql
  /** Whether the row policy has still to be asked. */
  readonly judged: boolean
  /** The order they stand in. */
  readonly order: readonly SortKey[]
  /** Whether they are all rows of the table, so that its indexes lead to them. */
  readonly whole: boolean
}

/** The row policy as SQL, for any order. */
export function policyOf(level: Level, read: Read, { judged }: From): Sql {
  const { context, table } = level.rows
  if (context.service || judged) return TRUE
  const policy = foldPolicy(context, table.policies.read)
  const hints = (branchesOf(policy) ?? [policy]).flatMap((branch) =>
    waysOf(context, table, branch, []).flatMap(({ unindexed }) => [...unindexed]),
  )
  const predicate = compileFolded(context, table, policy, level.rows.alias, { pinned: pinnedBy(read.where), unindexed: new Set(hints) })
  return findsRows(level.rows, read.where) ? unsought(predicate) : predicate
}

/** How many rows there are in all. */
export function totalOf(level: Level, read: Read, rows: From): Sql {
  const where = and([policyOf(level, read, rows), levelFilter(level, read.where)])
  if (read.total !== 'exact' && rows.whole && isTrue(where) && numbersRows(level.rows.table)) return estimatedSize(level.rows.table)
  return isFalse(where) ? sql`0` : sql`(select count(*) ${rows.from} where ${where})`
}

/**
 * The page's rows with the columns that `parts` speak of, cut before anything is made of them. With `reverse` they come backwards,
 * numbered by `#` in the order they come.
 */
export function pageOf(level: Level, read: Read, rows: From, parts: readonly Sql[]): { readonly from: Sql; readonly reverse: boolean } {
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
