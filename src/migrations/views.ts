// Views: read off Drizzle's declarations, and made anew around every change of what they may read.
import type { SQL } from 'drizzle-orm'
import { getViewConfig } from 'drizzle-orm/sqlite-core'
import type { Problem, TableModel, ViewDeclaration } from '../define'
import type { ViewSchema } from './schema'
import { identifier, identifiers } from './sql'
import { renderQuery } from './tables'

/** Reads one view. `model` tells its columns' names, `tables` are all that there are. */
export function readView(
  { view }: ViewDeclaration,
  model: TableModel,
  tables: Iterable<TableModel>,
  report: (problem: Problem) => void,
): ViewSchema {
  const { query } = getViewConfig(view) as { query?: SQL }
  const say = (message: string) => report({ table: model.name, file: model.file, message })
  if (!query) say('it has no query. Declare it with `.as(…)`: migrations make it.')
  const text = query ? renderQuery(query).trim().replace(/;$/, '') : ''
  if (hasDoubleQuotes(text))
    say("its SQL has double quotes, in which SQLite takes a name that it doesn't know for a text. Use backticks, or `${table.column}`.")
  if (query && !/^(?:select|with|values)\b/i.test(text)) say('its SQL is no SELECT.')
  for (const { name, partition } of tables)
    if (partition !== null && mentions(text, name))
      say(`it reads "${name}", whose rows are spread over several databases. Keep what it needs in a table of its own.`)
  return { name: model.name, columns: [...model.columns.keys()], query: text }
}

/** Whether the name stands in the SQL, quoted or bare, perhaps as something else's. */
function mentions(text: string, name: string): boolean {
  const [sql, wanted] = [text.toLowerCase(), name.toLowerCase()]
  return sql.includes(identifier(wanted)) || sql.split(/[^\w$]+/).includes(wanted)
}

/** Whether a double quote stands outside texts, comments and other quotes. */
function hasDoubleQuotes(text: string): boolean {
  return text.replaceAll(/'(?:[^']|'')*'|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\//g, '').includes('"')
}

export function createView({ name, columns, query }: ViewSchema): string {
  return `CREATE VIEW ${identifier(name)} (${identifiers(columns)}) AS ${query}`
}

/** Fails where the view names what isn't there: SQLite would only say so to the first who reads it. */
const tryView = ({ name, columns }: ViewSchema): string => `SELECT ${identifiers(columns)} FROM ${identifier(name)} LIMIT 0`

export interface ViewChanges {
  /** Before any change of a table: SQLite renames and drops nothing that a view reads. */
  readonly drops: readonly string[]
  readonly creates: readonly string[]
  readonly summary: readonly string[]
}

/** What becomes of views. Where tables change, all of them are made anew. */
export function viewChanges(before: readonly ViewSchema[], after: readonly ViewSchema[], tablesChange: boolean): ViewChanges {
  const same = (a: ViewSchema | undefined, b: ViewSchema) => a !== undefined && JSON.stringify(a) === JSON.stringify(b)
  const [was, becomes] = [new Map(before.map((view) => [view.name, view])), new Map(after.map((view) => [view.name, view]))]
  const gone = before.filter((view) => tablesChange || !same(becomes.get(view.name), view))
  const made = after.filter((view) => tablesChange || !same(was.get(view.name), view))
  return {
    drops: gone.map(({ name }) => `DROP VIEW ${identifier(name)}`),
    creates: [...made.map(createView), ...made.map(tryView)],
    summary: [
      ...before.filter(({ name }) => !becomes.has(name)).map(({ name }) => `drop view ${name}`),
      ...after.filter((view) => !same(was.get(view.name), view)).map(({ name }) => `${was.has(name) ? 'change' : 'create'} view ${name}`),
    ],
  }
}
