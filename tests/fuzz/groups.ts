// Random aggregates: of columns and places in JSON, beside columns, casts and embeds, in embeds and in spreads of one row.
import type { ColumnModel, Model, TableModel } from '../../src/define'
import type { AggregateFunction, Embed, OrderTerm, Read, SelectItem } from '../../src/query/query'
import { safeCasts } from './casts'
import type { Draw } from './draw'
import { condition, known } from './reads'

export function drawGroupedRead(choose: Draw, model: Model): Read {
  const table = choose.pick([...model.tables.values()])
  const select = drawGrouped(choose, model, table, 2)
  const order = choose.chance(50) ? groupOrder(choose, select) : null
  return {
    kind: 'read',
    table: table.name,
    select,
    ...(choose.chance(50) ? { where: condition(choose, table, [], 2) } : {}),
    ...(order ? { order } : {}),
    ...(order && choose.chance(50) ? { limit: choose.int(3), offset: choose.int(2) } : {}),
    ...(choose.chance(50) ? { total: 'exact' as const } : {}),
  }
}

/** Groups, if any, and at least one aggregate, here or in a spread of one row. */
function drawGrouped(choose: Draw, model: Model, table: TableModel, depth: number): SelectItem[] {
  const groups = choose.some(known(table), 25).map((column, i) => group(choose, column, `g${depth}${i}`))
  const aggregates = choose.times(1 + choose.int(2), (i) => aggregate(choose, table, `a${depth}${i}`))
  const ways = table.relationships.filter(({ from, to, columns, junction }) => {
    const hidden = (name: string, column: string) => model.tables.get(name)?.columns.get(column)?.hidden === true
    const far = junction?.table ?? to
    return (
      !columns.some(([a, b]) => hidden(from, a) || hidden(far, b)) && !junction?.columns.some(([a, b]) => hidden(far, a) || hidden(to, b))
    )
  })
  const embeds = depth > 0 && ways.length > 0 && choose.chance(60) ? [embed(choose, model, choose.pick(ways), depth)] : []
  return [...groups, ...aggregates, ...embeds]
}

function embed(choose: Draw, model: Model, relationship: Embed['relationship'], depth: number): Embed {
  const table = model.tables.get(relationship.to)!
  const single = relationship.kind === 'to-one' || relationship.kind === 'one-to-one'
  const columns = (): SelectItem[] => {
    const items = choose.some(known(table), 40).map((column, i) => group(choose, column, `c${depth}${i}`))
    return items.length > 0 ? items : [{ kind: 'all' }]
  }
  const spread = choose.chance(50)
  const select =
    (single && spread) || choose.chance(50) ? (spread && !single ? columns() : drawGrouped(choose, model, table, depth - 1)) : columns()
  return {
    kind: 'embed',
    relationship,
    as: `e${depth}`,
    join: 'left',
    spread,
    silent: false,
    select,
    ...(choose.chance(30) ? { where: condition(choose, table, [], 1) } : {}),
    // A list is part of a group, so its order must be one.
    ...(single || select.some(({ kind }) => kind === 'aggregate' || kind === 'embed')
      ? {}
      : { order: table.primaryKey.map((column) => ({ target: { column }, descending: false })) }),
  }
}

function group(choose: Draw, column: ColumnModel, as: string): SelectItem {
  const casts = column.computed === null ? safeCasts(column.type) : []
  const target = { column: column.name }
  return choose.chance(30) && casts.length > 0 && column.type !== 'json'
    ? { kind: 'column', target, as, cast: choose.pick(casts) }
    : { kind: 'column', target, as }
}

function aggregate(choose: Draw, table: TableModel, as: string): SelectItem {
  if (choose.chance(30)) return { kind: 'aggregate', function: 'count', as }
  const column = choose.pick(known(table))
  const place = column.type === 'json' && choose.chance(70)
  const target = place ? { column: column.name, path: [{ key: 'level', asText: true }] } : { column: column.name }
  const text = { kind: 'aggregate', function: choose.pick(['min', 'max', 'count'] as const), target, as } as const
  if (place) {
    // Every level that there is is a number, or the text of one.
    if (choose.chance(50)) return { ...text, function: choose.pick(['sum', 'max', 'avg'] as const), castInput: 'integer' }
    return text
  }
  const options: readonly AggregateFunction[] =
    column.type === 'integer'
      ? ['sum', 'avg', 'min', 'max', 'count']
      : column.type === 'boolean' || column.type === 'json' || column.type === 'range'
        ? ['count']
        : ['min', 'max', 'count']
  const name = choose.pick(options)
  return { ...text, function: name, ...(name === 'count' && choose.chance(20) ? { cast: 'text' as const } : {}) }
}

/** By all of the groups' columns, so that one order is right; null when something else tells them apart. */
function groupOrder(choose: Draw, select: readonly SelectItem[]): OrderTerm[] | null {
  if (select.some(({ kind }) => kind === 'embed')) return null
  const columns = select.flatMap((item) => (item.kind === 'column' ? [item] : []))
  if (columns.some(({ cast }) => cast !== undefined)) return null
  return columns.map(({ target }) => ({ target, descending: choose.chance(50) }))
}
