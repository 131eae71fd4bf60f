// Aggregates: what is selected beside them becomes the groups, embeds too. Rows are read in a first step, grouped in a second and
// written as JSON in a third, so that what is written of a group is computed once a group.
import { AppError } from '../core'
import { knownColumn, type TableModel } from '../define'
import { clientColumn } from './column'
import { queryErrors } from './errors'
import { orderBy, type SortKey } from './order'
import type { Output } from './output'
import type { Embed, OrderTerm, SelectItem } from './query'
import { identifier, join, jsonObject, sql, type Sql } from './sql'

/** Whether the embed is an object or NULL, not a list. */
export const isSingle = (embed: Embed): boolean => embed.relationship.kind === 'to-one' || embed.relationship.kind === 'one-to-one'

/** Whether rows are grouped: an aggregate, or one in a to-one spread, whose aggregates are those of the row around it. */
export function isGrouped(select: readonly SelectItem[]): boolean {
  return select.some(
    (item) =>
      item.kind === 'aggregate' || (item.kind === 'embed' && item.spread && !item.silent && isSingle(item) && isGrouped(item.select)),
  )
}

/** A member of a group's object. */
export interface Part {
  /** NULL for what only an order needs. */
  readonly key: Sql | null
  /** Its name, and what an order may call it by: the column it is of, within which embed. */
  readonly as: string
  readonly source: string | null
  /** Over a row: the value to show, and what tells one group from another; of an aggregate only what goes in, NULL for all rows. */
  readonly value: Sql | null
  readonly by: readonly Sql[] | null
  /** Of an aggregate: the function over the input. */
  readonly fold: ((input: Sql | null) => Sql) | null
  readonly write: (value: Sql) => Output
}

/** What an order term may name: a column or a place in one, of the rows or of an embed. */
export function sourceName(term: Pick<OrderTerm, 'target' | 'embed'>): string {
  return JSON.stringify([term.embed ?? null, term.target.column, (term.target.path ?? []).map(({ key, asText }) => [key, asText])])
}

export interface Grouping {
  readonly table: TableModel
  readonly parts: readonly Part[]
  /** `from … where …` of the rows. */
  readonly from: Sql
  readonly order: readonly OrderTerm[]
  /** `limit … offset …`. */
  readonly cut: Sql
}

/** `g` the value of a part, `k` what its groups differ by. */
const name = (letter: string, i: number): Sql => identifier(`${letter}${i}`)

/** A JSON object a group, as `d`, in order. Throws 42803 for an order by what isn't grouped. */
export function groupedRows({ table, parts, from, order, cut }: Grouping): Sql {
  const plan = columnsOf(parts)
  const keys = order.flatMap((term) => groupKeys(table, parts, plan, term))
  const shown = parts.map((part, i) => (part.fold ? sql`${part.fold(plan.input(i))} as ${name('g', i)}` : name('g', i)))
  const pairs = parts.flatMap(({ key, write }, i) => (key ? [[key, write(name('g', i)).value] as const] : []))
  return sql`select ${jsonObject(pairs)} as d from (select ${join(shown, ', ')} from (select ${plan.list} ${from})${plan.groupBy}${orderBy(keys)}${cut})`
}

/** How many groups there are. */
export function groupCount({ parts, from }: Pick<Grouping, 'parts' | 'from'>): Sql {
  const { list, groupBy } = columnsOf(parts)
  return groupBy.chunks.length === 0 ? sql`1` : sql`(select count(*) from (select 1 from (select ${list} ${from})${groupBy}))`
}

interface Columns {
  /** What is read of a row. */
  readonly list: Sql
  readonly groupBy: Sql
  readonly input: (part: number) => Sql | null
  readonly keysOf: (part: number) => readonly Sql[]
}

function columnsOf(parts: readonly Part[]): Columns {
  const columns: Sql[] = []
  const keys = parts.map(({ by }, i) => (by ?? []).map((_, j) => name(`k${i}_`, j)))
  parts.forEach(({ value, by }, i) => {
    if (value) columns.push(sql`${value} as ${name('g', i)}`)
    by?.forEach((key, j) => columns.push(sql`${key} as ${keys[i]![j]!}`))
  })
  const all = keys.flat()
  return {
    list: columns.length === 0 ? sql`1` : join(columns, ', '),
    groupBy: all.length === 0 ? { chunks: [] } : sql` group by ${join(all, ', ')}`,
    input: (i) => (parts[i]!.value === null ? null : name('g', i)),
    keysOf: (i) => keys[i]!,
  }
}

function groupKeys(table: TableModel, parts: readonly Part[], plan: Columns, term: OrderTerm): SortKey[] {
  const wanted = sourceName(term)
  const plain = term.embed === undefined && !term.target.path
  const exact = parts.findIndex(({ source }) => source === wanted)
  // A column's name wins over what the client calls a member.
  const taken = knownColumn(table, term.target.column) !== undefined
  const i = exact >= 0 || !plain || taken ? exact : parts.findIndex(({ as }) => as === term.target.column)
  const part = parts[i]
  if (!part) {
    if (term.embed === undefined) clientColumn(table, term.target.column)
    const column = term.embed === undefined ? `${table.name}.${term.target.column}` : `${term.embed}.${term.target.column}`
    throw new AppError(queryErrors.not_grouped, {
      message: `column "${column}" must appear in the GROUP BY clause or be used in an aggregate function`,
    })
  }
  const values = part.fold ? [name('g', i)] : plan.keysOf(i)
  const direction = { descending: term.descending, nulls: term.nulls ?? (term.descending ? 'first' : 'last') } as const
  return values.map((value) => ({ ...direction, value, nullable: true, model: null }))
}
