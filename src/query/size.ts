// About how many rows a table has, without counting them: what `count=planned` and `count=estimated` ask for.
import { VERSION_COLUMN, type TableModel } from '../define'
import { identifier, number, sql, type Sql } from './sql'

/** So many rows are always counted. */
const COUNTED = 1_000

/** Whether SQLite numbers the rows in the order they are made: not where clients do, in an INTEGER PRIMARY KEY, nor in a view. */
export function numbersRows({ columns, primaryKey, view }: TableModel): boolean {
  const key = primaryKey.length === 1 ? columns.get(primaryKey[0]!)?.type : undefined
  return !view && columns.has(VERSION_COLUMN) && !columns.has('rowid') && key !== 'integer' && key !== 'bigint'
}

/** Exact for few rows, else the span of their numbers, gaps counted too: never less than there are, and two steps down the tree. */
export function estimatedSize(table: TableModel): Sql {
  const name = identifier(table.name)
  const [most, counted] = [number(COUNTED), sql`select count(*) as n from (select 1 from ${name} limit ${number(COUNTED + 1)})`]
  const span = sql`(select max(rowid) from ${name}) - (select min(rowid) from ${name}) + 1`
  return sql`(select iif(n <= ${most}, n, max(n, ${span})) from (${counted}))`
}
