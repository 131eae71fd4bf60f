// The triggers that feed the change log: AFTER, one a table and operation. They write to sys_changes only, never to their
// own table. Values stand in the log as they are stored: booleans 0 or 1, times as numbers, JSON as its text; BLOBs never.
import { UPDATED_AT_COLUMN, VERSION_COLUMN } from '../define'
import { TRIGGER_PREFIX, type ColumnSchema, type TableSchema, type TriggerSchema } from './schema'
import { balanced, identifier, text } from './sql'

/** Bytes of text over which a row isn't copied to the log: `new` is NULL then, and `old` holds the key alone. */
export const LOGGED_ROW_BYTES = 32_768

/** Pairs one json_object takes, well under the documented limit of 32 arguments. */
const PAIRS = 15

/** What the log keeps of a table's rows. */
export interface LogRule {
  /** Columns that somebody downstream needs of the row as it was; the key and foreign keys are always kept. */
  readonly needed: ReadonlySet<string>
  /** Whether who, which request and which origin are kept. */
  readonly context: boolean
}

/** The three triggers of a table. */
export function logTriggers(table: TableSchema, rule: LogRule): TriggerSchema[] {
  const plain = table.columns.filter((column) => column.type !== 'BLOB' && column.type !== 'ANY')
  const foreign = new Set(table.foreignKeys.flatMap((key) => key.columns))
  const isKey = (column: ColumnSchema) => table.primaryKey.includes(column.name)
  const key = table.columns.filter(isKey)
  const kept = plain.filter((column) => isKey(column) || foreign.has(column.name) || rule.needed.has(column.name))
  const old = capped('old', kept, object('old', key))
  const now = capped('new', plain, 'NULL')
  const context = rule.context ? '(SELECT `context` FROM `sys_statement` WHERE `id` = 1)' : 'NULL'
  const trigger = (event: string, op: string, row: 'old' | 'new', columns: string, before: string, after: string): TriggerSchema => {
    const name = `${TRIGGER_PREFIX}${table.name}_${event.toLowerCase()}`
    const values = [text(table.name), text(op), list(row, table.primaryKey), columns, before, after, context, CLOCK]
    return {
      name,
      sql:
        `CREATE TRIGGER ${identifier(name)} AFTER ${event} ON ${identifier(table.name)} BEGIN\n` +
        `  INSERT INTO \`sys_changes\` (\`tbl\`, \`op\`, \`key\`, \`columns\`, \`old\`, \`new\`, \`context\`, \`at\`)\n` +
        `  VALUES (${values.join(',\n    ')});\nEND`,
    }
  }
  return [
    trigger('INSERT', 'I', 'new', 'NULL', 'NULL', now),
    trigger('UPDATE', 'U', 'new', changed(table), old, now),
    trigger('DELETE', 'D', 'old', 'NULL', old, 'NULL'),
  ]
}

const CLOCK = "cast(round(unixepoch('subsec') * 1000) as integer)"

function list(row: string, columns: readonly string[]): string {
  return `json_array(${columns.map((column) => `${row}.${identifier(column)}`).join(', ')})`
}

/** A JSON object of the columns. Chunks are joined as text, because json_patch would drop the nulls. */
function object(row: string, columns: readonly ColumnSchema[]): string {
  const chunks: string[] = []
  for (let i = 0; i < columns.length; i += PAIRS) {
    const pairs = columns.slice(i, i + PAIRS).map((column) => `${text(column.name)}, ${row}.${identifier(column.name)}`)
    chunks.push(`json_object(${pairs.join(', ')})`)
  }
  // A chunk ends in one brace of its own: whatever stands before it is a quoted text, a number or null.
  const open = chunks.map((chunk, i) => (i === 0 ? chunk : `substr(${chunk}, 2)`))
  return open.map((chunk, i) => (i === open.length - 1 ? chunk : `rtrim(${chunk}, '}')`)).join(" || ',' || ")
}

/** The object, or `instead` when the texts in it are too long together. */
function capped(row: string, columns: readonly ColumnSchema[], instead: string): string {
  const sizes = columns
    .filter((column) => column.type === 'TEXT')
    .map((column) => `coalesce(octet_length(${row}.${identifier(column.name)}), 0)`)
  if (sizes.length === 0) return object(row, columns)
  return `iif(${balanced('+', sizes, '0')} <= ${LOGGED_ROW_BYTES}, ${object(row, columns)}, ${instead})`
}

/** A JSON list of the names of columns whose values differ; the engine's own change always, so they aren't listed. */
function changed(table: TableSchema): string {
  const names = table.columns
    .filter((column) => column.name !== VERSION_COLUMN && column.name !== UPDATED_AT_COLUMN)
    .map((column) => {
      const name = identifier(column.name)
      return `iif(old.${name} IS NOT new.${name}, ${text(`,${JSON.stringify(column.name)}`)}, '')`
    })
  return `'[' || substr(${balanced('||', names, "''")}, 2) || ']'`
}
