// Groups rows held in JavaScript, and aggregates them.
import type { ColumnType, TableModel } from '../../src/define'
import type { Embed, JsonStep, OrderTerm, SelectItem, Target } from '../../src/query/query'
import { castValue } from './casts'
import { order as jsonbOrder } from './jsonb'
import { order as orderOf, type Stored } from './logic'
import type { Row, World } from './policy-oracle'
import { sortable } from './ranges'

type Aggregate = Extract<SelectItem, { kind: 'aggregate' }>

/** The oracle of reads, which groups are a part of. */
export interface Reading {
  readonly embedded: (world: World, row: Row, embed: Embed) => Record<string, unknown>
  readonly onWire: (type: ColumnType, value: Stored) => unknown
  readonly related: (world: World, row: Row, embed: Embed) => Row[]
  readonly selected: (table: TableModel, row: Row, target: Target) => unknown
  readonly stepInto: (value: Stored, path: readonly JsonStep[]) => Stored
  readonly tableOf: (world: World, name: string) => TableModel
}

/** A member of a group: what tells groups apart by its `id`, or what an aggregate takes in of a row. */
type Cell =
  | { readonly as: string; readonly id: string; readonly shown: unknown; readonly sort: Stored; readonly json: boolean }
  | { readonly as: string; readonly of: Aggregate; readonly type: string; readonly input: Stored }

const single = ({ relationship }: Embed): boolean => relationship.kind === 'to-one' || relationship.kind === 'one-to-one'

export function isGrouped(select: readonly SelectItem[]): boolean {
  return select.some(
    (item) => item.kind === 'aggregate' || (item.kind === 'embed' && item.spread && single(item) && isGrouped(item.select)),
  )
}

/** The groups' objects, in order where there is one. */
export function groups(
  reading: Reading,
  world: World,
  table: TableModel,
  rows: readonly Row[],
  select: readonly SelectItem[],
  order: readonly OrderTerm[] = [],
): unknown[] {
  const found = new Map<string, Cell[][]>()
  for (const row of rows) {
    const cells = cellsOf(reading, world, table, row, select)
    const key = JSON.stringify(cells.flatMap((cell) => ('id' in cell ? [cell.id] : [])))
    found.set(key, [...(found.get(key) ?? []), cells])
  }
  // Without anything to group by there is always one.
  const template = cellsOf(reading, world, table, null, select)
  if (found.size === 0 && !template.some((cell) => 'id' in cell)) return [written(reading, [], template)]
  const columns = select.flatMap((item) => (item.kind === 'column' ? [item] : []))
  const sorted = [...found.values()].toSorted((a, b) => {
    for (const term of order) {
      const as = columns.find(({ target }) => target.column === term.target.column)?.as
      const [left, right] = [a, b].map(
        ([cells]) => cells!.find((cell) => cell.as === as && 'id' in cell) as Cell & { sort: Stored; json: boolean },
      )
      const sign = byNulls(left!.sort, right!.sort, term.descending, left!.json ? jsonOrder : orderOf)
      if (sign !== 0) return sign
    }
    return 0
  })
  return sorted.map((members) => written(reading, members, members[0]!))
}

function byNulls(left: Stored, right: Stored, descending: boolean, compare: typeof orderOf): number {
  if (left === null || right === null) return left === right ? 0 : (left === null) === descending ? -1 : 1
  return compare(left, right) * (descending ? -1 : 1)
}

/** Lists and objects of one size go by their text, everything else as in jsonb. */
function jsonOrder(left: Exclude<Stored, null>, right: Exclude<Stored, null>): number {
  const [a, b] = [left, right].map((text) => JSON.parse(String(text)) as unknown)
  const size = (value: unknown) => (typeof value === 'object' && value !== null ? Object.keys(value).length : null)
  const same = size(a) !== null && size(a) === size(b) && Array.isArray(a) === Array.isArray(b)
  return same ? orderOf(left, right) : jsonbOrder(a, b)
}

function written(reading: Reading, members: readonly (readonly Cell[])[], template: readonly Cell[]): Record<string, unknown> {
  return Object.fromEntries(
    template.map((cell, i) => {
      if ('id' in cell) return [cell.as, cell.shown]
      const inputs = members.map((cells) => (cells[i] as Cell & { input: Stored }).input).filter((input) => input !== null)
      return [cell.as, result(reading, cell.of, cell.type, inputs)]
    }),
  )
}

function result(
  reading: Reading,
  { function: name, target, castInput, cast }: Aggregate,
  type: string,
  inputs: readonly Exclude<Stored, null>[],
): unknown {
  if (name === 'count') return cast === 'text' ? String(inputs.length) : inputs.length
  if (inputs.length === 0) return null
  const sum = () => inputs.reduce<number>((total, input) => total + Number(input), 0)
  if (name === 'sum') return sum()
  if (name === 'avg') return sum() / inputs.length
  const [first = 0, ...rest] = inputs
  const extreme = rest.reduce(
    (best, input) => (orderOf(input, best) < 0 === (name === 'min') && orderOf(input, best) !== 0 ? input : best),
    first,
  )
  return target?.path || castInput ? extreme : reading.onWire(type as ColumnType, extreme)
}

/** The row as members; of no row, all of it NULL. */
function cellsOf(
  reading: Reading,
  world: World,
  table: TableModel,
  row: Row | null,
  select: readonly SelectItem[],
  spread = false,
): Cell[] {
  return select.flatMap((item): Cell[] => {
    switch (item.kind) {
      case 'all':
        return [...table.columns.values()]
          .filter(({ hidden }) => !hidden)
          .map(({ name, type }) => cell(name, type, row?.[name] ?? null, reading.onWire(type, row?.[name] ?? null)))
      case 'column': {
        const type = (table.columns.get(item.target.column) ?? table.computed.get(item.target.column))?.type ?? 'text'
        const value = row?.[item.target.column] ?? null
        const shown = item.cast ? castValue(type, value, item.cast) : row ? reading.selected(table, row, item.target) : null
        return [
          cell(item.as, item.cast ? 'text' : type, shown instanceof Date ? shown.getTime() : item.cast ? (shown as Stored) : value, shown),
        ]
      }
      case 'aggregate': {
        const type = item.target
          ? ((table.columns.get(item.target.column) ?? table.computed.get(item.target.column))?.type ?? 'text')
          : 'integer'
        return [{ as: item.as, of: item, type, input: inputOf(reading, row, item, spread) }]
      }
      case 'embed':
        return embedCells(reading, world, row, item)
      case 'version':
        throw new Error('No group has a version.')
    }
  })
}

function cell(as: string, type: string, value: Stored, shown: unknown): Cell {
  return {
    as,
    id: JSON.stringify([type === 'json' && value !== null ? (JSON.parse(String(value)) as unknown) : value, value === null]),
    shown,
    sort: type === 'range' && value !== null ? sortable(String(value)) : value,
    json: type === 'json',
  }
}

function inputOf(reading: Reading, row: Row | null, { target, castInput }: Aggregate, spread: boolean): Stored {
  if (!target) return row === null && spread ? null : 1
  if (row === null) return null
  const value = row[target.column] ?? null
  const found = target.path ? reading.stepInto(value, target.path) : value
  return castInput === 'integer' && found !== null ? Number(found) : found
}

function embedCells(reading: Reading, world: World, row: Row | null, embed: Embed): Cell[] {
  const table = reading.tableOf(world, embed.relationship.to)
  if (embed.spread && single(embed))
    return cellsOf(reading, world, table, row ? (reading.related(world, row, embed)[0] ?? null) : null, embed.select, true)
  // Of no row there is nothing, whatever the embed would show of one.
  const shown = Object.entries(reading.embedded(world, row ?? {}, embed))
  return shown.map(([as, value]) => ({
    as,
    id: JSON.stringify(row === null ? null : value),
    shown: row === null ? null : value,
    sort: null,
    json: false,
  }))
}
