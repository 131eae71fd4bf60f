// What a read answers with: rows as JSON, built by SQLite, with the rows that are embedded in them. Each table, junctions too,
// is read under its own policy, and joined by what the caller sees of the keys.
import { AppError } from '../core'
import { VERSION_COLUMN, type ColumnModel, type TableModel } from '../define'
import { aggregated, aggregateInput, aggregateType } from './aggregate'
import { castTo, typedPlace, type Typed } from './cast'
import { columnSql, placeOf, visibleColumns, type Rows } from './column'
import { checkSize, comparable, compileCondition } from './condition'
import { servedTable, type CompileContext } from './context'
import { queryErrors, tooComplex, unsupported } from './errors'
import { groupedRows, isGrouped, isSingle, sourceName, type Part } from './group'
import { orderBy, pageNumber, sortKeys, sortValues, type SortKey } from './order'
import { writeColumn, writePlace, type Output } from './output'
import { compilePolicy } from './policy'
import type { Condition, Embed, OrderTerm, SelectItem, Target } from './query'
import { and, bind, column, identifier, join, jsonObject, jsonObjectText, literal, sql, TRUE, type Pair, type Sql } from './sql'

/** How deep embeds nest: SQLite's parser allows little more. */
export const MAX_EMBED_DEPTH = 10

/**
 * From this level on an embed's object is made in a derived table, where it doesn't add to the depth of the expression around it:
 * SQLite sums the depths of nested subqueries. It is parsed once more on its way out, so the usual levels don't.
 */
const DEEP = 3

/** Rows together with what is embedded in them. */
export interface Level {
  readonly rows: Rows
  readonly embeds: ReadonlyMap<string, Embed>
  readonly depth: number
}

/** Rows of `table` known as `alias`. Throws `too_complex` beyond ten levels of embeds. */
export function levelOf(context: CompileContext, table: TableModel, alias: string, select: readonly SelectItem[], depth = 0): Level {
  if (depth > MAX_EMBED_DEPTH) throw tooComplex(`embeds nest more than ${MAX_EMBED_DEPTH} deep.`)
  const embeds = select.flatMap((item) => (item.kind === 'embed' ? [[item.as, item] as const] : []))
  return { rows: { context, table, alias }, embeds: new Map(embeds), depth }
}

/** The level's filter: the client's condition, and inner embeds. */
export function levelFilter(level: Level, where: Condition | undefined): Sql {
  if (where) checkSize(where)
  const inner = [...level.embeds.values()].filter((embed) => embed.join === 'inner').map((embed) => found(level, embed))
  return and([...(where ? [relatedFilter(level, where)] : []), ...inner])
}

/** The client's condition alone, which may ask whether the level's embeds have rows. */
export function relatedFilter(level: Level, where: Condition): Sql {
  return compileCondition(level.rows, where, (name) => found(level, embedNamed(level, name)))
}

/** The level's order. */
export function levelOrder(level: Level, order: readonly OrderTerm[] | undefined, tiebreak: boolean): SortKey[] {
  return sortKeys(level.rows, order ?? [], (term) => relatedValue(level, term), tiebreak)
}

function embedNamed(level: Level, name: string): Embed {
  const embed = level.embeds.get(name)
  if (!embed)
    throw new AppError(queryErrors.not_embedded, {
      message: `'${name}' is not an embedded resource in this request`,
      hint: `Verify that '${name}' is included in the 'select' query parameter.`,
    })
  return embed
}

/** A row's JSON object. */
export function rowObject(level: Level, select: readonly SelectItem[]): Sql {
  return jsonObject(members(level, select).map(([key, { value }]): Pair => [key, value]))
}

/** The same as text without JSON's mark, for where it is only put between others. */
export function rowText(level: Level, select: readonly SelectItem[]): Sql {
  return jsonObjectText(members(level, select).map(([key, { value }]): Pair => [key, value]))
}

type Member = readonly [Sql, Output]

function members(level: Level, select: readonly SelectItem[]): Member[] {
  const { rows } = level
  return select.flatMap((item): Member[] => {
    switch (item.kind) {
      case 'all':
        return visibleColumns(rows.table).map((model) => [literal(model.name), writeColumn(model.type, columnSql(rows, model))])
      case 'column':
        return [[keyOf(rows.table, item.as), writePlace(placeOf(rows, item.target), item.cast)]]
      case 'version':
        return [[bind(item.as), { value: column(rows.alias, VERSION_COLUMN), json: false }]]
      case 'aggregate':
        throw new Error('grouped rows are written by groupedRows')
      case 'embed':
        return embedMembers(level, item)
    }
  })
}

/** A key of the model is written out, one that the client chose is bound. */
function keyOf(table: TableModel, as: string): Sql {
  return table.columns.has(as) && !table.columns.get(as)!.hidden ? literal(as) : bind(as)
}

function embedMembers(level: Level, embed: Embed): Member[] {
  if (embed.silent) return []
  const source = sourceOf(level, embed)
  if (embed.spread) return spreadMembers(embed, source)
  const key = level.rows.context.model.tables.has(embed.as) ? literal(embed.as) : bind(embed.as)
  if (isGrouped(embed.select)) {
    const value = isSingle(embed)
      ? sql`select json(d) from (${groups(source, embed)})`
      : sql`select json_group_array(json(d)) from (${groups(source, embed)})`
    return [[key, { json: true, value: sql`(${value})` }]]
  }
  const row = rowObject(source.level, embed.select)
  const alias = identifier(source.level.rows.alias)
  const deep = source.level.depth >= DEEP
  if (isSingle(embed)) {
    const value = deep
      ? sql`(select json(d) from (select ${row} as d ${source.from} where ${source.where} limit 1))`
      : sql`(select ${row} ${source.from} where ${source.where} limit 1)`
    return [[key, { json: true, value }]]
  }
  const rows = page(source, embed, [row])
  const value = deep
    ? sql`(select json_group_array(json(d)) from (select ${row} as d from (${rows}) as ${alias}))`
    : sql`(select json_group_array(${row}) from (${rows}) as ${alias})`
  return [[key, { json: true, value }]]
}

/** The groups of an embed, each row's JSON as `d`. */
function groups({ level, from, where }: Source, embed: Embed): Sql {
  const order = embed.order ?? []
  const rows = sql`${from} where ${where}`
  return groupedRows({
    table: level.rows.table,
    parts: partsOf(level, embed.select, order),
    from: rows,
    order,
    cut: cut(level.rows.table, embed),
  })
}

/** Takes a value of a to-one embed's row to the row that is grouped. */
type Lift = (value: Sql) => Sql

/** The members of groups. `order` may speak of what a to-one embed shows. */
export function partsOf(level: Level, select: readonly SelectItem[], order: readonly OrderTerm[]): Part[] {
  return collect(level, select, order, (value) => value, null)
}

function collect(level: Level, select: readonly SelectItem[], order: readonly OrderTerm[], lift: Lift, within: string | null): Part[] {
  const { rows } = level
  const named = (column: string, path: Target['path'], embed = within) =>
    sourceName({ target: path ? { column, path } : { column }, ...(embed === null ? {} : { embed }) })
  return select.flatMap((item): Part[] => {
    switch (item.kind) {
      case 'all':
        return visibleColumns(rows.table).map((model) => ({
          ...grouped({ type: model.type, value: columnSql(rows, model) }, lift),
          key: literal(model.name),
          as: model.name,
          source: named(model.name, undefined),
        }))
      case 'column': {
        const place = placeOf(rows, item.target)
        const typed = item.cast === undefined ? typedPlace(place) : castTo(typedPlace(place), item.cast)
        const source = named(item.target.column, item.target.path)
        return [{ ...grouped(typed, lift), key: keyOf(rows.table, item.as), as: item.as, source }]
      }
      case 'aggregate':
        return [aggregatePart(level, item, lift, within !== null)]
      case 'version':
        throw unsupported('versions beside aggregates')
      case 'embed':
        return embedParts(level, item, order, lift, within)
    }
  })
}

/** A value that tells groups apart. */
function grouped({ type, value }: Typed, lift: Lift): Pick<Part, 'value' | 'by' | 'fold' | 'write'> {
  const by =
    type === 'json' || type === 'range'
      ? sortValues({ kind: 'column', model: { type } as ColumnModel, value })
      : [type === 'numeric' ? comparable({ type } as ColumnModel, value) : value]
  return { value: lift(value), by: by.map(lift), fold: null, write: (shown) => writeColumn(type, shown) }
}

function aggregatePart(level: Level, item: Extract<SelectItem, { kind: 'aggregate' }>, lift: Lift, spread: boolean): Part {
  const { function: name, target, as } = item
  const common = { key: bind(as), as, source: null, by: null }
  const written = (type: Typed['type']) => (shown: Sql) => {
    const result = item.cast === undefined ? { type, value: shown } : castTo({ type, value: shown }, item.cast)
    return writeColumn(result.type, result.value)
  }
  if (!target) {
    if (name !== 'count') throw unsupported(`${name}() without a column`)
    // Of an embed that is spread: the rows that have one.
    const value = spread ? lift(TRUE) : null
    return { ...common, value, fold: (input) => sql`count(${input ?? { chunks: ['*'] }})`, write: written('bigint') }
  }
  const place = typedPlace(placeOf(level.rows, target))
  const typed = item.castInput === undefined ? place : castTo(place, item.castInput)
  const type = aggregateType(name, typed.type)
  return { ...common, value: lift(aggregateInput(typed)), fold: (input) => aggregated(name, input!), write: written(type) }
}

function embedParts(level: Level, embed: Embed, order: readonly OrderTerm[], lift: Lift, within: string | null): Part[] {
  if (embed.silent) return []
  if (embed.spread && isSingle(embed)) {
    const { level: inner, from, where } = sourceOf(level, embed)
    const one: Lift = (value) => lift(sql`(select ${value} ${from} where ${where} limit 1)`)
    return collect(inner, embed.select, order, one, within === null ? embed.as : `${within}.${embed.as}`)
  }
  const parts = embedMembers(level, embed).map(([key, { value, json }]): Part => ({
    key,
    as: embed.as,
    source: null,
    value: lift(value),
    by: [lift(value)],
    fold: null,
    write: (shown) => ({ value: json ? sql`json(${shown})` : shown, json }),
  }))
  return [...parts, ...sortedByEmbed(level, embed, order, lift, within)]
}

/** What groups are ordered by that shows in an embed of theirs: it is the same for all rows of a group. */
function sortedByEmbed(level: Level, embed: Embed, order: readonly OrderTerm[], lift: Lift, within: string | null): Part[] {
  if (within !== null || embed.spread || !isSingle(embed) || isGrouped(embed.select)) return []
  return order.flatMap((term): Part[] => {
    const shown = embed.select.some(
      (item) =>
        (item.kind === 'all' && !term.target.path) ||
        (item.kind === 'column' && item.cast === undefined && sourceName(item) === sourceName({ target: term.target })),
    )
    if (term.embed !== embed.as || !shown) return []
    const [value, ...more] = relatedValue(level, { ...term, embed: embed.as })
    if (!value || more.length > 0) throw unsupported('ordering groups by JSON of an embed')
    const fold = (input: Sql | null) => sql`min(${input!})`
    return [
      {
        key: null,
        as: '',
        source: sourceName(term),
        value: lift(value),
        by: null,
        fold,
        write: (plain) => ({ value: plain, json: false }),
      },
    ]
  })
}

/** Lifts an embed's members into the row around: one value each, or a list each when there are many rows. */
function spreadMembers(embed: Embed, source: Source): Member[] {
  if (isGrouped(embed.select)) throw unsupported('Aggregates are not implemented for one-to-many or many-to-many spreads.')
  const deep = source.level.depth >= DEEP
  return members(source.level, embed.select).map(([key, { value, json }]): Member => {
    if (isSingle(embed)) {
      const one = sql`select ${value} as v ${source.from} where ${source.where} limit 1`
      return [key, { json, value: deep ? sql`(select ${json ? sql`json(v)` : sql`v`} from (${one}))` : sql`(${one})` }]
    }
    const rows = sql`from (${page(source, embed, [value])}) as ${identifier(source.level.rows.alias)}`
    if (!deep) return [key, { json: true, value: sql`(select json_group_array(${value}) ${rows})` }]
    return [key, { json: true, value: sql`(select json_group_array(${json ? sql`json(v)` : sql`v`}) from (select ${value} as v ${rows}))` }]
  })
}

/** The rows of an embed before order and page. */
interface Source {
  readonly level: Level
  readonly from: Sql
  readonly where: Sql
}

function sourceOf(level: Level, embed: Embed): Source {
  const { rows } = level
  const { relationship } = embed
  const table = servedTable(rows.context, relationship.to)
  const alias = rows.context.alias('t')
  const inner = levelOf(rows.context, table, alias, embed.select, level.depth + 1)
  const policy = compilePolicy(rows.context, table, table.policies.read, alias, { few: true })
  const from = sql`from ${identifier(table.name)} as ${identifier(alias)}`
  const filter = () => levelFilter(inner, embed.where)
  if (!relationship.junction) {
    const joined = relationship.columns.map(([here, there]) => sql`${joinColumn(inner.rows, there)} = ${joinColumn(rows, here)}`)
    return { level: inner, from, where: and([...joined, policy, filter()]) }
  }
  const junction = rows.context.model.tables.get(relationship.junction.table)
  if (!junction?.served) throw noRelationship(rows.table)
  const link: Rows = { context: rows.context, table: junction, alias: rows.context.alias('j') }
  const near = relationship.columns.map(([here, there]) => sql`${joinColumn(link, there)} = ${joinColumn(rows, here)}`)
  const far = relationship.junction.columns.map(([here, there]) => sql`${joinColumn(inner.rows, there)} = ${joinColumn(link, here)}`)
  const readable = compilePolicy(rows.context, junction, junction.policies.read, link.alias, { few: true })
  return {
    level: inner,
    from: sql`from ${identifier(junction.name)} as ${identifier(link.alias)} join ${identifier(table.name)} as ${identifier(alias)}`,
    where: and([...near, ...far, readable, policy, filter()]),
  }
}

/** A key that rows are joined by, as the caller sees it: one that doesn't exist for clients joins nothing. */
function joinColumn(rows: Rows, name: string): Sql {
  const model = rows.table.columns.get(name)
  if (!model || model.hidden) throw noRelationship(rows.table)
  return columnSql(rows, model)
}

function noRelationship(table: TableModel): AppError {
  return new AppError(queryErrors.no_relationship, { message: `Could not find the relationship of '${table.name}' in the schema cache` })
}

/** The key and the columns that `parts` speak of: rows that are sorted and united carry nothing else with them. */
export function columnsFor(rows: Rows, parts: readonly Sql[]): Sql {
  const text = parts.map(textOf).join(' ')
  const { table, alias } = rows
  const needed = [...table.columns.keys()].filter((name) => table.primaryKey.includes(name) || text.includes(textOf(column(alias, name))))
  return join(
    needed.map((name) => column(alias, name)),
    ', ',
  )
}

function textOf({ chunks }: Sql): string {
  return chunks.map((chunk) => (typeof chunk === 'string' ? chunk : '?')).join('')
}

/** The rows of an embed in order and cut, with the columns that `parts` speak of. */
function page(source: Source, embed: Embed, parts: readonly Sql[]): Sql {
  const { rows } = source.level
  const paged = embed.offset !== undefined || (embed.order !== undefined && embed.limit !== undefined)
  const keys = levelOrder(source.level, embed.order, paged)
  return sql`select ${columnsFor(rows, parts)} ${source.from} where ${source.where}${orderBy(keys)}${cut(rows.table, embed)}`
}

/** `limit` and `offset`; never more than the table's `maxRows`. */
export function cut(table: TableModel, { limit, offset }: { readonly limit?: number; readonly offset?: number }): Sql {
  const most = sql` limit ${pageNumber(Math.min(limit ?? table.maxRows, table.maxRows), 'limit')}`
  return offset === undefined || offset === 0 ? most : sql`${most} offset ${pageNumber(offset, 'offset')}`
}

/** Whether the embed has a row, after its filters and its page. */
function found(level: Level, embed: Embed): Sql {
  const source = sourceOf(level, embed)
  const { limit, offset } = embed
  const paged =
    isSingle(embed) || ((limit === undefined || limit > 0) && !offset)
      ? TRUE
      : cut(source.level.rows.table, { limit: limit ?? 1, offset: offset ?? 0 })
  const rows = sql`select 1 ${source.from} where ${source.where}${paged === TRUE ? sql`` : paged}`
  return source.level.depth >= DEEP ? sql`exists(select 1 from (${rows}))` : sql`exists(${rows})`
}

/** A column of a to-one embed's row, to order by. */
function relatedValue(level: Level, term: OrderTerm & { readonly embed: string }): Sql[] {
  const embed = embedNamed(level, term.embed)
  if (!isSingle(embed)) {
    throw new AppError(queryErrors.order_not_to_one, {
      message: `A related order on '${term.embed}' is not possible`,
      details: `'${level.rows.table.name}' and '${term.embed}' do not form a many-to-one or one-to-one relationship`,
    })
  }
  const source = sourceOf(level, embed)
  return sortValues(placeOf(source.level.rows, term.target)).map(
    (value) => sql`(select ${value} ${source.from} where ${source.where} limit 1)`,
  )
}
