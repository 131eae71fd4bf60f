// Statements that make tables, columns and indexes. STRICT always; a column's own constraints stand with the column, so that
// a table grown by ADD COLUMN reads like one made at once.
import type { ColumnSchema, DatabaseSchema, ForeignKeySchema, IndexSchema, TableSchema } from './schema'
import { identifier, identifiers } from './sql'

/** `rename` maps a referenced table to the name it has while the migration runs. */
export interface TableNaming {
  readonly name?: string
  readonly reference?: (table: string) => string
}

export function createTable(table: TableSchema, naming: TableNaming = {}): string {
  const parts = table.columns.map((column) => columnDefinition(table, column, naming))
  if (table.primaryKey.length > 1) parts.push(`PRIMARY KEY (${identifiers(table.primaryKey)})`)
  for (const key of table.foreignKeys) {
    if (key.columns.length > 1) parts.push(`FOREIGN KEY (${identifiers(key.columns)}) ${references(key, naming)}`)
  }
  for (const check of table.checks) parts.push(`CONSTRAINT ${identifier(check.name)} CHECK (${check.sql})`)
  return `CREATE TABLE ${identifier(naming.name ?? table.name)} (\n  ${parts.join(',\n  ')}\n) STRICT`
}

/** One column as it stands in CREATE TABLE and behind ADD COLUMN. */
export function columnDefinition(table: TableSchema, column: ColumnSchema, naming: TableNaming = {}): string {
  const parts = [identifier(column.name), column.type]
  const soleKey = table.primaryKey.length === 1 && table.primaryKey[0] === column.name
  const rowid = soleKey && column.type === 'INTEGER'
  if (soleKey) parts.push(table.autoIncrement ? 'PRIMARY KEY AUTOINCREMENT' : 'PRIMARY KEY')
  if (column.notNull && !rowid) parts.push('NOT NULL')
  if (column.default !== null) parts.push(`DEFAULT ${column.default}`)
  if (column.generated) parts.push(`GENERATED ALWAYS AS (${column.generated.as}) ${column.generated.stored ? 'STORED' : 'VIRTUAL'}`)
  if (column.check) parts.push(`CONSTRAINT ${identifier(`${table.name}_${column.name}_check`)} CHECK (${columnCheck(column)})`)
  for (const key of table.foreignKeys) {
    if (key.columns.length === 1 && key.columns[0] === column.name) parts.push(references(key, naming))
  }
  return parts.join(' ')
}

function columnCheck(column: ColumnSchema): string {
  return column.check === 'json' ? `json_valid(${identifier(column.name)})` : `${identifier(column.name)} IN (0, 1)`
}

function references(key: ForeignKeySchema, naming: TableNaming): string {
  const table = naming.reference?.(key.foreignTable) ?? key.foreignTable
  const actions = `${action('DELETE', key.onDelete)}${action('UPDATE', key.onUpdate)}`
  return `REFERENCES ${identifier(table)} (${identifiers(key.foreignColumns)})${actions}`
}

function action(event: 'DELETE' | 'UPDATE', does: string): string {
  return does === 'no action' ? '' : ` ON ${event} ${does.toUpperCase()}`
}

export function createIndex(table: string, index: IndexSchema): string {
  const where = index.where === null ? '' : ` WHERE ${index.where}`
  return `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX ${identifier(index.name)} ON ${identifier(table)} (${index.terms.join(', ')})${where}`
}

/** The rows that every store begins with: its identity, and the one that batches write to. */
export function engineRows(): string[] {
  return [
    `INSERT INTO \`sys_store\` (\`id\`, \`epoch\`, \`created_at\`) VALUES (1, lower(hex(randomblob(16))), cast(unixepoch('subsec') * 1000 as integer)) ON CONFLICT DO NOTHING`,
    `INSERT INTO \`sys_statement\` (\`id\`) VALUES (1) ON CONFLICT DO NOTHING`,
  ]
}

/** Tables ordered so that each follows those it refers to; a cycle is broken anywhere. */
export function parentsFirst(tables: readonly TableSchema[]): TableSchema[] {
  const schema: DatabaseSchema = { tables }
  const ordered: TableSchema[] = []
  const seen = new Set<string>()
  const visit = (table: TableSchema) => {
    if (seen.has(table.name)) return
    seen.add(table.name)
    for (const key of table.foreignKeys) {
      const parent = schema.tables.find((candidate) => candidate.name === key.foreignTable)
      if (parent) visit(parent)
    }
    ordered.push(table)
  }
  for (const table of tables) visit(table)
  return ordered
}

/** The text of a migration file. Both of wrangler's readers split it at the semicolons outside quotes and triggers. */
export function migrationFile(title: string, statements: readonly string[]): string {
  return `-- ${title}\n${statements.map((statement) => `${statement};`).join('\n\n')}\n`
}
