// A row of the log as the app's code gets it: by properties, with the values of the wire. What is `hidden` isn't in it.
import type { Change } from '../data'
import type { ColumnModel, RowChange, TableModel } from '../define'
import { parseRows } from '../functions'

const OPS = { I: 'insert', U: 'update', D: 'delete' } as const

/** `store` and `epoch` are those of the log. */
export function rowChange(
  table: TableModel,
  change: Change,
  { store, epoch }: { readonly store: string; readonly epoch: string },
): RowChange {
  const key = parse(`{"key":${change.key}}`)['key'] as readonly unknown[]
  const keyed = Object.fromEntries(table.primaryKey.map((name, i) => [name, key[i]]))
  return {
    id: changeId(store, epoch, change.seq),
    op: OPS[change.op],
    key: wireRow(table, keyed),
    row: change.new === null ? null : wireRow(table, parse(change.new)),
    old: change.old === null ? null : wireRow(table, parse(change.old)),
    columns: change.columns === null ? null : change.columns.flatMap((name) => visible(table, name)?.property ?? []),
    by: change.context === null ? null : parse(change.context),
    at: new Date(change.at),
  } as unknown as RowChange
}

/** The name of a change among all stores and time lines. */
export const changeId = (store: string, epoch: string, seq: number): string => `${store}/${epoch}/${seq}`

const parse = (text: string): Record<string, unknown> => parseRows(`[${text}]`)[0]!

function visible(table: TableModel, name: string): ColumnModel | undefined {
  const column = table.columns.get(name)
  return column?.hidden ? undefined : column
}

/** Columns that a migration took away since are in it no more. */
function wireRow(table: TableModel, stored: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(stored).flatMap(([name, value]) => {
      const column = visible(table, name)
      return column ? [[column.property, wireValue(column, value)]] : []
    }),
  )
}

/** As query/output.ts writes it in SQL. */
function wireValue({ type }: ColumnModel, value: unknown): unknown {
  if (value === null || value === undefined) return null
  switch (type) {
    case 'boolean':
      return value !== 0
    case 'timestamp':
      return isoTime(new Date(Number(value) * 1000).toISOString().replace(/\.\d+Z$/, 'Z'))
    case 'timestamp_ms':
      return isoTime(new Date(Number(value)).toISOString())
    case 'json':
      return parse(`{"value":${String(value)}}`)['value']
    case 'numeric':
      return parse(`{"value":${String(value)}}`)['value']
    case 'range':
      return (JSON.parse(String(value)) as readonly unknown[])[0] ?? 'empty'
    default:
      return value
  }
}

const isoTime = (text: string): string => text.replace(/Z$/, '+00:00')
