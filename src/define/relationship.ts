// The ways between tables that foreign keys open, as PostgREST finds them: both ends of each key, and junctions.
import type { ForeignKey, Relationship, TableModel } from './model'

/**
 * Every relationship that starts at `table`. Ends that aren't served, or live in another partition scheme, give none; nor do keys
 * with a hidden column, which would tell what the column holds. `viewKeys` are those of views, which the database doesn't know.
 */
export function relationshipsOf(
  table: TableModel,
  tables: ReadonlyMap<string, TableModel>,
  viewKeys: ReadonlyMap<string, readonly ForeignKey[]>,
): Relationship[] {
  if (!table.served) return []
  const reachable = (name: string): TableModel | null => {
    const other = tables.get(name)
    return other?.served && (other.partition === null) === (table.partition === null) ? other : null
  }
  const keysOf = ({ name, foreignKeys }: TableModel) => viewKeys.get(name) ?? foreignKeys
  const out: Relationship[] = []
  for (const key of keysOf(table)) {
    if (!reachable(key.foreignTable) || !known(table, key, tables)) continue
    out.push({ kind: 'to-one', from: table.name, to: key.foreignTable, columns: pairs(key), constraint: key.name })
  }
  for (const other of tables.values()) {
    if (!reachable(other.name)) continue
    for (const key of keysOf(other)) {
      if (key.foreignTable !== table.name || !known(other, key, tables)) continue
      const kind = isKey(other, key.columns) ? 'one-to-one' : 'to-many'
      out.push({ kind, from: table.name, to: other.name, columns: flipped(key), constraint: key.name })
      out.push(...throughJunction(table, other, key, (far) => reachable(far.foreignTable) !== null && known(other, far, tables)))
    }
  }
  return out
}

/** Many-to-many: both keys of the junction are part of its primary key. */
function throughJunction(
  table: TableModel,
  junction: TableModel,
  near: ForeignKey,
  reachable: (far: ForeignKey) => boolean,
): Relationship[] {
  const inKey = (key: ForeignKey) => key.columns.every((column) => junction.primaryKey.includes(column))
  if (!inKey(near)) return []
  return junction.foreignKeys
    .filter((far) => far !== near && inKey(far) && reachable(far))
    .map((far) => ({
      kind: 'many-to-many' as const,
      from: table.name,
      to: far.foreignTable,
      columns: flipped(near),
      constraint: near.name,
      junction: { table: junction.name, columns: pairs(far), constraint: far.name },
    }))
}

function known(table: TableModel, key: ForeignKey, tables: ReadonlyMap<string, TableModel>): boolean {
  const hidden = (end: TableModel | undefined) => (name: string) => end?.columns.get(name)?.hidden === true
  return !key.columns.some(hidden(table)) && !key.foreignColumns.some(hidden(tables.get(key.foreignTable)))
}

const pairs = (key: ForeignKey): [string, string][] => key.columns.map((column, i) => [column, key.foreignColumns[i] ?? ''])
const flipped = (key: ForeignKey): [string, string][] => key.columns.map((column, i) => [key.foreignColumns[i] ?? '', column])

function isKey(table: TableModel, columns: readonly string[]): boolean {
  const same = (other: readonly string[]) => other.length === columns.length && other.every((column) => columns.includes(column))
  return same(table.primaryKey) || table.uniques.some((unique) => same(unique.columns))
}
