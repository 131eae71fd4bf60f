// Where a read's rows come from: a table, keys, a part of a table, or values that a function gave.
import { POSITION_COLUMN, type TableModel } from '../define'
import { STORAGE } from './column'
import { servedTable, type CompileContext } from './context'
import { unsupported } from './errors'
import type { SortKey } from './order'
import { pageOf, type From } from './page'
import type { Read, RowSource } from './query'
import { levelOf, levelOrder, type Level } from './select'
import { and, bind, column, identifier, join, number, sql, type Sql } from './sql'

/** The table that is read, or the shape of values. */
export const tableOf = (context: CompileContext, { from, table }: Read): TableModel =>
  from?.kind === 'values' ? from.table : servedTable(context, table)

/** Where they come from, and whether the row policy has still to be asked. */
export function rowsOf(level: Level, { from, after, before }: Read): From {
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
