// Makes tables anew over their rows. All copies are complete, and counted, before anything old is dropped; the copies refer to
// one another, so what a dropped table's CASCADE deletes is only ever old. Foreign keys stay enforced throughout.
import { createIndex, createTable, parentsFirst } from './ddl'
import { findTable, type ColumnSchema, type DatabaseSchema, type TableSchema } from './schema'
import { assertion, identifier, identifiers, text } from './sql'

const copyName = (table: string) => `${table}__new`

/** What references must name while the tables are rebuilt; SQLite exchanges it when the copies get their names. */
export function referenceDuring(rebuilt: ReadonlySet<string>): (table: string) => string {
  return (table) => (rebuilt.has(table) ? copyName(table) : table)
}

/** The tables to rebuild together with all that refer to them, directly or not, and stay. */
export function withReferrers(names: ReadonlySet<string>, before: DatabaseSchema, after: DatabaseSchema): Set<string> {
  const all = new Set(names)
  for (let grown = true; grown;) {
    grown = false
    for (const table of before.tables) {
      if (all.has(table.name) || !findTable(after, table.name)) continue
      if (!table.foreignKeys.some((key) => all.has(key.foreignTable))) continue
      all.add(table.name)
      grown = true
    }
  }
  return all
}

export interface Rebuild {
  /** Versions before and after, under the same name. */
  readonly before: TableSchema
  readonly after: TableSchema
}

/** `dropped` are tables that go away in the same migration, as they were. The old indexes must be gone, for the copies take their names. */
export function rebuildStatements(rebuilds: readonly Rebuild[], dropped: readonly TableSchema[]): string[] {
  const reference = referenceDuring(new Set(rebuilds.map(({ after }) => after.name)))
  const ordered = parentsFirst(rebuilds.map(({ after }) => after)).map((after) => rebuilds.find((one) => one.after === after)!)
  const old = parentsFirst([...rebuilds.map(({ before }) => before), ...dropped])
  const cyclic = isCyclic(old) || isCyclic(ordered.map(({ after }) => after))
  const uniques = (unique: boolean) =>
    ordered.flatMap(({ after }) =>
      after.indexes.filter((index) => index.unique === unique).map((index) => createIndex(copyName(after.name), index)),
    )
  return [
    ...(cyclic ? ['PRAGMA defer_foreign_keys = ON'] : []),
    ...ordered.map(({ after }) => createTable(after, { name: copyName(after.name), reference })),
    // Before the rows, because a reference to a column needs the column's unique index.
    ...uniques(true),
    ...ordered.flatMap(copyRows),
    ...uniques(false),
    ...old.flatMap((table) => restricting(table, old).map((column) => `UPDATE ${identifier(table.name)} SET ${identifier(column)} = NULL`)),
    ...(cyclic ? dropCycle(old) : old.toReversed().map(dropTable)),
    ...ordered.map(({ after }) => `ALTER TABLE ${identifier(copyName(after.name))} RENAME TO ${identifier(after.name)}`),
  ]
}

const dropTable = (table: TableSchema) => `DROP TABLE ${identifier(table.name)}`

/**
 * Drops tables that refer to each other in a circle. SQLite follows the actions of references while a table goes and fails where
 * one leads to a table that went before, so each leaves an empty one without references, until all are gone.
 */
function dropCycle(tables: readonly TableSchema[]): string[] {
  const stand = (table: TableSchema) => {
    const keys = [
      table.primaryKey,
      ...tables.flatMap((other) => other.foreignKeys.filter((key) => key.foreignTable === table.name).map((key) => key.foreignColumns)),
    ]
    const distinct = [...new Set(keys.map((key) => identifiers(key)))]
    const columns = table.columns
      .filter(({ name }) => keys.some((key) => key.includes(name)))
      .map(({ name, type }) => `${identifier(name)} ${type}`)
    return `CREATE TABLE ${identifier(table.name)} (${[...columns, ...distinct.map((key) => `UNIQUE (${key})`)].join(', ')}) STRICT`
  }
  return [...tables.toReversed().flatMap((table) => [dropTable(table), stand(table)]), ...tables.map(dropTable)]
}

function copyRows({ before, after }: Rebuild): string[] {
  const old = new Map(before.columns.map((column) => [column.name, column]))
  const kept = after.columns.filter((column) => old.has(column.name) && column.generated === null)
  const from = identifier(after.name)
  const to = identifier(copyName(after.name))
  const statements = [
    `INSERT INTO ${to} (${identifiers(kept.map((column) => column.name))}) SELECT ${kept.map((column) => copied(column, old.get(column.name)!)).join(', ')} FROM ${from}`,
  ]
  if (after.autoIncrement) statements.push(...keepSequence(after.name))
  statements.push(assertion(`(SELECT count(*) FROM ${from}) = (SELECT count(*) FROM ${to})`, 'count', after.name))
  return statements
}

/** A column that may be NULL no longer takes its default instead. */
function copied(column: ColumnSchema, old: ColumnSchema): string {
  const name = identifier(column.name)
  return column.notNull && !old.notNull && column.default !== null ? `coalesce(${name}, ${column.default})` : name
}

/** Numbers once given are never given again, even if their rows are gone. */
function keepSequence(table: string): string[] {
  const copy = text(copyName(table))
  return [
    `INSERT INTO \`sqlite_sequence\` (\`name\`, \`seq\`) SELECT ${copy}, 0 WHERE NOT EXISTS (SELECT 1 FROM \`sqlite_sequence\` WHERE \`name\` = ${copy})`,
    `UPDATE \`sqlite_sequence\` SET \`seq\` = max(\`seq\`, coalesce((SELECT o.\`seq\` FROM \`sqlite_sequence\` AS o WHERE o.\`name\` = ${text(table)}), 0)) WHERE \`name\` = ${copy}`,
  ]
}

/** Whether tables refer to each other in a circle; a table that refers to itself is none. */
function isCyclic(tables: readonly TableSchema[]): boolean {
  const position = new Map(parentsFirst(tables).map((table, i) => [table.name, i]))
  return tables.some((table) => table.foreignKeys.some((key) => (position.get(key.foreignTable) ?? -1) > position.get(table.name)!))
}

/**
 * Columns that would forbid to drop the tables, the last first: RESTRICT is checked row by row, even while a table goes. The rows
 * have been copied by then, so the old ones can let go.
 */
function restricting(table: TableSchema, ordered: readonly TableSchema[]): string[] {
  const own = ordered.indexOf(table)
  return table.foreignKeys
    .filter((key) => key.onDelete === 'restrict' && ordered.findIndex(({ name }) => name === key.foreignTable) >= own)
    .map((key) => key.columns.find((name) => !table.columns.find((column) => column.name === name)?.notNull) ?? key.columns[0]!)
}

/** Why a table can't be rebuilt; null when it can. */
export function cannotRebuild(before: TableSchema, after: TableSchema): string | null {
  const kept = after.columns.some((column) => column.generated === null && before.columns.some(({ name }) => name === column.name))
  return kept ? null : 'it would keep none of its columns. Drop the table and declare another.'
}
