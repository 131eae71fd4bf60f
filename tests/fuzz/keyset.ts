// Random cursors: the order's values of a row that is there, or of none, to start a page behind or to end it before.
import { isTimed, type ColumnModel, type TableModel } from '../../src/define'
import type { Input, OrderTerm, Read } from '../../src/query/query'
import type { Kind } from './apps'
import type { Draw } from './draw'
import type { Stored } from './logic'
import type { State } from './policy-oracle'
import { clientValue } from './rows'

/** What the rows are sorted by, so that no two are equal: each column once, then what the key lacks. */
export function keysOf(table: TableModel, order: readonly OrderTerm[]): OrderTerm[] {
  const keys = order.filter(
    ({ target, embed }, i) => order.findIndex((other) => other.target.column === target.column && other.embed === embed) === i,
  )
  for (const column of table.primaryKey) {
    if (!keys.some(({ target, embed }) => embed === undefined && target.column === column))
      keys.push({ target: { column }, descending: keys.at(-1)?.descending ?? false })
  }
  return keys
}

/** A cursor for the order, on either side or both. No cursor goes over an embed. */
export function drawCursor(choose: Draw, table: TableModel, state: State, order: readonly OrderTerm[]): Pick<Read, 'after' | 'before'> {
  if (order.some(({ embed, target }) => embed !== undefined || table.columns.get(target.column)?.type === 'range')) return {}
  const keys = keysOf(table, order)
  // Refused: the value is another a moment later.
  if (keys.some(({ target: { column } }) => isTimed(table.computed.get(column)?.computed ?? { kind: 'literal', literal: null }))) return {}
  const side = choose.pick(['after', 'after', 'before', 'before', 'both'] as const)
  const cursor = () => drawValues(choose, table, state, keys)
  return { ...(side === 'before' ? {} : { after: cursor() }), ...(side === 'after' ? {} : { before: cursor() }) }
}

function drawValues(choose: Draw, table: TableModel, state: State, keys: readonly OrderTerm[]): Input[] {
  const rows = state.get(table.name) ?? []
  const row = rows.length > 0 && choose.chance(85) ? choose.pick(rows) : {}
  return keys.map(({ target: { column } }) => {
    const model = (table.columns.get(column) ?? table.computed.get(column))!
    const value = row[column]
    if (value !== undefined && !choose.chance(10)) return asSent(model, value)
    const made = clientValue(choose, model.type as Kind)
    return choose.chance(20) ? null : typeof made === 'object' ? null : (made as Input)
  })
}

/** How a client has a stored value, and sends it back. */
function asSent({ type }: ColumnModel, value: Stored): Input {
  if (value === null) return null
  if (type === 'boolean') return value === 1
  if (type === 'timestamp') return new Date(Number(value) * 1000).toISOString()
  if (type === 'timestamp_ms') return new Date(Number(value)).toISOString()
  return value as string | number
}
