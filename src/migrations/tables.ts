// Reads a Drizzle table into the schema that its DDL is made of. What STRICT tables can't hold is reported, never guessed.
import { is, SQL, type Column } from 'drizzle-orm'
import { getTableConfig, type SQLiteColumn, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import { UPDATED_AT_COLUMN, VERSION_COLUMN, type Problem, type SQLiteTableLike } from '../define'
import type { ColumnSchema, ForeignKeySchema, IndexSchema, StrictType, TableSchema } from './schema'
import { identifier, text } from './sql'

type Report = (problem: Problem) => void

/** The columns that `table()` adds. */
const ENGINE_COLUMNS: readonly ColumnSchema[] = [
  { name: VERSION_COLUMN, type: 'INTEGER', notNull: true, default: '1', check: null, generated: null },
  {
    name: UPDATED_AT_COLUMN,
    type: 'INTEGER',
    notNull: true,
    default: "(cast(unixepoch('subsec') * 1000 as integer))",
    check: null,
    generated: null,
  },
]

/** Reads one table; `served` adds the engine's columns. Triggers come from triggers.ts. */
export function readTable(table: SQLiteTableLike, served: boolean, report: Report): TableSchema {
  const config = getTableConfig(table as SQLiteTable)
  const say = (message: string) => report({ table: config.name, file: null, message })
  const primaryKey =
    config.primaryKeys[0]?.columns.map((column) => column.name) ??
    config.columns.filter((column) => column.primary).map((column) => column.name)
  const columns = config.columns.map((column) => readColumn(column, primaryKey, say))
  const foreignKeys = config.foreignKeys.map((key): ForeignKeySchema => {
    const reference = key.reference()
    return {
      columns: reference.columns.map((column) => column.name),
      foreignTable: getTableConfig(reference.foreignTable).name,
      foreignColumns: reference.foreignColumns.map((column) => column.name),
      onDelete: key.onDelete ?? 'no action',
      onUpdate: key.onUpdate ?? 'no action',
    }
  })
  for (const key of foreignKeys) {
    if (key.foreignTable === config.name && key.onDelete === 'cascade') {
      say(
        `the foreign key on ${key.columns.join(', ')} points at its own table and cascades, and D1 gives up at a depth of ten. ` +
          `Use onDelete: 'set null', or delete the subtree in your own code.`,
      )
    }
  }
  return {
    name: config.name,
    columns: served ? [...columns, ...ENGINE_COLUMNS] : columns,
    primaryKey,
    autoIncrement: config.columns.some((column) => (column as SQLiteColumn & { autoIncrement?: boolean }).autoIncrement === true),
    foreignKeys,
    checks: config.checks.map((check) => ({ name: check.name, sql: render(check.value) })),
    indexes: readIndexes(config),
    triggers: [],
  }
}

function readColumn(column: SQLiteColumn, primaryKey: readonly string[], say: (message: string) => void): ColumnSchema {
  const generated = column.generated
  const kind = column.columnType
  return {
    name: column.name,
    type: strictType(column, say),
    notNull: column.notNull || primaryKey.includes(column.name),
    default: generated ? null : defaultOf(column),
    check: kind === 'SQLiteBoolean' ? 'boolean' : kind === 'SQLiteTextJson' ? 'json' : null,
    generated: generated
      ? {
          as: render(typeof generated.as === 'function' ? (generated.as as () => SQL)() : (generated.as as SQL)),
          stored: (generated as { mode?: string }).mode === 'stored',
        }
      : null,
  }
}

/** SQLite's affinity rules (datatype3.html §3.1), except that a decimal is kept as text, exactly as it was written. */
function strictType(column: SQLiteColumn, say: (message: string) => void): StrictType {
  const declared = column.getSQLType().toUpperCase()
  if (declared === 'ANY') return 'ANY'
  if (declared.startsWith('NUMERIC') || declared.startsWith('DECIMAL')) return 'TEXT'
  if (declared.includes('INT')) return 'INTEGER'
  if (/CHAR|CLOB|TEXT/.test(declared)) return 'TEXT'
  if (declared.includes('BLOB')) return 'BLOB'
  if (/REAL|FLOA|DOUB/.test(declared)) return 'REAL'
  say(`the column "${column.name}" has the type ${declared}, which a STRICT table can't hold. Use text, integer, real, blob or numeric.`)
  return 'ANY'
}

function defaultOf(column: SQLiteColumn): string | null {
  const value: unknown = column.default
  if (value === undefined) return null
  if (value === null) return 'NULL'
  if (is(value, SQL)) {
    const sql = render(value)
    return isGroup(sql) || /^('[^']*'|-?\d+(\.\d+)?|null|true|false)$/i.test(sql) ? sql : `(${sql})`
  }
  return literal(column.mapToDriverValue(value as never))
}

/** Whether the first parenthesis closes at the very end. A parenthesis inside a text only costs another pair around all. */
function isGroup(sql: string): boolean {
  let depth = 0
  for (let i = 0; i < sql.length; i++) {
    if (sql[i] === '(') depth++
    if (sql[i] === ')') depth--
    if (depth === 0) return i > 0 && i === sql.length - 1
  }
  return false
}

function literal(value: unknown): string {
  if (value === null) return 'NULL'
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return `x'${Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('')}'`
  return text(typeof value === 'string' ? value : JSON.stringify(value))
}

function readIndexes(config: ReturnType<typeof getTableConfig>): IndexSchema[] {
  const unique = (name: string, columns: readonly { name: string }[]): IndexSchema => ({
    name,
    unique: true,
    terms: columns.map((column) => identifier(column.name)),
    where: null,
  })
  return [
    ...config.columns
      .filter((column) => column.isUnique)
      .map((column) => unique(column.uniqueName ?? `${config.name}_${column.name}_key`, [column])),
    ...config.uniqueConstraints.map((constraint) => unique(constraint.getName() ?? `${config.name}_key`, constraint.columns as Column[])),
    ...config.indexes.map(({ config: index }) => ({
      name: index.name,
      unique: index.unique,
      terms: index.columns.map((term) => (is(term, SQL) ? render(term) : identifier(term.name))),
      where: index.where ? render(index.where) : null,
    })),
  ]
}

/** Drizzle's SQL with columns unqualified and in backticks, and values written out. */
const render = (sql: SQL): string => written(sql, 'indexes')

/** The same of a whole SELECT, where columns stand behind their tables. */
export const renderQuery = (sql: SQL): string => written(sql, undefined)

function written(sql: SQL, invokeSource: 'indexes' | undefined): string {
  return sql.toQuery({
    casing: { getColumnCasing: (column: Column) => column.name } as never,
    escapeName: identifier,
    escapeParam: () => '?',
    escapeString: text,
    inlineParams: true,
    invokeSource,
  }).sql
}
