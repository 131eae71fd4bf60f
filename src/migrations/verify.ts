// Whether a database is the one that the declaration implies. Pure: it compares rows that somebody else read.
import { createIndex, createTable } from './ddl'
import { normalize, parseTable } from './parse'
import { type DatabaseSchema, type TableSchema, type ViewSchema } from './schema'
import { createView } from './views'

/** A row of `SCHEMA_QUERY`. */
export interface SchemaRow {
  readonly type: string
  readonly name: string
  readonly tbl_name: string
  readonly sql: string | null
}

/** Reads what `verifySchema` compares. */
export const SCHEMA_QUERY =
  "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%' AND " +
  // What FTS5 makes beside its tables is its own.
  "NOT (type = 'table' AND name LIKE 'sys_fts_%' AND sql NOT LIKE 'CREATE VIRTUAL TABLE%')"

export interface Difference {
  readonly table: string
  readonly kind: 'table' | 'column' | 'constraint' | 'strict' | 'index' | 'trigger' | 'search' | 'view'
  /** What is missing, changed or too much. */
  readonly message: string
}

/**
 * Compares the tables that are expected with those that are there; other tables are nobody's business. Empty when all agree.
 * A column or trigger too many counts: a rebuild would lose it.
 */
export function verifySchema(actual: readonly SchemaRow[], expected: DatabaseSchema): Difference[] {
  const tables = expected.tables.flatMap((table) => {
    const row = actual.find(({ type, name }) => type === 'table' && name.toLowerCase() === table.name.toLowerCase())
    if (!row?.sql) return [{ table: table.name, kind: 'table' as const, message: `table "${table.name}" is missing` }]
    const own = actual.filter(({ tbl_name: owner, sql }) => owner.toLowerCase() === table.name.toLowerCase() && sql !== null)
    return [
      ...compareTable(table, row.sql),
      ...compareObjects(table, own, 'index'),
      ...compareObjects(table, own, 'trigger'),
      ...compareSearch(table, actual),
    ]
  })
  return [...tables, ...(expected.views ?? []).flatMap((view) => compareView(actual, view))]
}

function compareView(actual: readonly SchemaRow[], view: ViewSchema): Difference[] {
  const there = actual.find(({ type, name }) => type === 'view' && name.toLowerCase() === view.name.toLowerCase())
  const say = (what: string): Difference[] => [{ table: view.name, kind: 'view', message: `view "${view.name}" ${what}` }]
  if (!there?.sql) return say('is missing')
  return normalize(there.sql) === normalize(createView(view)) ? [] : say("isn't what the model implies")
}

function compareTable(table: TableSchema, sql: string): Difference[] {
  const found = parseTable(sql)
  const wanted = parseTable(createTable(table))!
  const say = (kind: Difference['kind'], message: string): Difference => ({ table: table.name, kind, message })
  if (!found) return [say('table', `"${table.name}" is no plain table`)]
  const differences: Difference[] = []
  if (!found.strict) differences.push(say('strict', `table "${table.name}" isn't STRICT`))
  for (const [name, definition] of wanted.columns) {
    const there = found.columns.get(name)
    if (there === undefined) differences.push(say('column', `column "${table.name}.${name}" is missing`))
    else if (there !== definition) differences.push(say('column', `column "${table.name}.${name}" is \`${there}\`, not \`${definition}\``))
  }
  for (const name of found.columns.keys())
    if (!wanted.columns.has(name)) differences.push(say('column', `column "${table.name}.${name}" isn't declared`))
  for (const constraint of wanted.constraints)
    if (!found.constraints.has(constraint)) differences.push(say('constraint', `table "${table.name}" lacks \`${constraint}\``))
  for (const constraint of found.constraints)
    if (!wanted.constraints.has(constraint))
      differences.push(say('constraint', `table "${table.name}" has \`${constraint}\`, which isn't declared`))
  return differences
}

function compareObjects(table: TableSchema, rows: readonly SchemaRow[], kind: 'index' | 'trigger'): Difference[] {
  const wanted =
    kind === 'trigger'
      ? new Map(table.triggers.map(({ name, sql }) => [name, sql]))
      : new Map(table.indexes.map((index) => [index.name, createIndex(table.name, index)]))
  const found = new Map(rows.filter((row) => row.type === kind).map((row) => [row.name, row.sql!]))
  const differences: Difference[] = []
  const say = (name: string, what: string) =>
    differences.push({ table: table.name, kind, message: `${kind} "${name}" on "${table.name}" ${what}` })
  for (const [name, sql] of wanted) {
    const there = found.get(name)
    if (there === undefined) say(name, 'is missing')
    else if (normalize(there) !== normalize(sql)) say(name, "isn't what the model implies")
  }
  for (const name of found.keys()) if (!wanted.has(name)) say(name, "isn't declared")
  return differences
}

function compareSearch(table: TableSchema, rows: readonly SchemaRow[]): Difference[] {
  return (table.search ?? []).flatMap((index): Difference[] => {
    const there = rows.find(({ type, name }) => type === 'table' && name.toLowerCase() === index.name.toLowerCase())
    if (there?.sql && normalize(there.sql) === normalize(index.sql)) return []
    const what = there ? "isn't what the model implies" : 'is missing'
    return [{ table: table.name, kind: 'search', message: `full-text index "${index.name}" of "${table.name}" ${what}` }]
  })
}
