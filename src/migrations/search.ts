// Full-text indexes: FTS5 tables that hold no text of their own (`content=`), kept by triggers beside the change log's. Rows are known
// by their row number, which a rebuilt table gives anew, so that its index is filled anew with it.
import { searchIndexName, searchTermsName, type SearchLanguage, type TableModel } from '../define'
import type { SearchSchema, TableSchema, TriggerSchema } from './schema'
import { balanced, identifier, identifiers, text } from './sql'

/** Words are letters and digits; case and accents don't count. `porter` reduces English words to their stems. */
const TOKENIZERS: Readonly<Record<SearchLanguage, string>> = {
  english: 'porter unicode61 remove_diacritics 2',
  simple: 'unicode61 remove_diacritics 2',
}

type Declared = Pick<TableModel, 'name' | 'search'>

/** The indexes of a table, one a language, each with the table that says where its words stand. */
export function searchSchemas({ name: table, search }: Declared): SearchSchema[] {
  return (search?.languages ?? []).flatMap((language) => {
    const name = searchIndexName(table, language)
    const options = [
      `content=${text(table)}`,
      `content_rowid=${text(search!.rowid)}`,
      // The sizes of texts serve ranking alone.
      'columnsize=0',
      `tokenize=${text(TOKENIZERS[language])}`,
    ]
    const terms = searchTermsName(table, language)
    return [
      { name, sql: `CREATE VIRTUAL TABLE ${identifier(name)} USING fts5(${[identifiers(search!.columns), ...options].join(', ')})` },
      { name: terms, sql: `CREATE VIRTUAL TABLE ${identifier(terms)} USING fts5vocab(${identifier(name)}, 'instance')` },
    ]
  })
}

/** The triggers that keep them. An update that changes none of the texts leaves the indexes alone. */
export function searchTriggers({ name: table, search }: Declared): TriggerSchema[] {
  if (!search) return []
  const columns = ['rowid', ...search.columns]
  const names = search.languages.map((language) => searchIndexName(table, language))
  const row = (which: 'old' | 'new') => [search.rowid, ...search.columns].map((column) => `${which}.${identifier(column)}`).join(', ')
  const added = names.map((name) => `INSERT INTO ${identifier(name)} (${identifiers(columns)}) VALUES (${row('new')})`)
  const removed = names.map(
    (name) => `INSERT INTO ${identifier(name)} (${identifiers([name, ...columns])}) VALUES ('delete', ${row('old')})`,
  )
  const differs = [search.rowid, ...search.columns].map((column) => `old.${identifier(column)} IS NOT new.${identifier(column)}`)
  const trigger = (event: string, when: string, statements: readonly string[]): TriggerSchema => {
    const name = `sys_fts_${table}_${event.toLowerCase()}`
    const body = statements.map((statement) => `  ${statement};`).join('\n')
    return { name, sql: `CREATE TRIGGER ${identifier(name)} AFTER ${event} ON ${identifier(table)}${when} BEGIN\n${body}\nEND` }
  }
  return [
    trigger('INSERT', '', added),
    trigger('UPDATE', ` WHEN ${balanced('OR', differs, '0')}`, [...removed, ...added]),
    trigger('DELETE', '', removed),
  ]
}

/** Fills indexes from their tables, whatever they held. */
function filled(indexes: readonly SearchSchema[]): string[] {
  return indexes
    .filter(({ sql }) => sql.includes(' USING fts5('))
    .map(({ name }) => `INSERT INTO ${identifier(name)} (${identifier(name)}) VALUES ('rebuild')`)
}

/** The statements around a change of tables that concern indexes. `rebuilt` are tables whose rows were copied. */
export interface SearchPlan {
  readonly drops: readonly string[]
  readonly creates: readonly string[]
  /** Tables whose indexes change, and so their triggers. */
  readonly touched: ReadonlySet<string>
  readonly summary: readonly string[]
}

interface Pair {
  readonly before: TableSchema
  readonly after: TableSchema
}

/** What leads from the indexes there were to those there are to be. An index that changes is dropped and made again: it holds nothing of its own. */
export function planSearch(
  pairs: readonly Pair[],
  created: readonly TableSchema[],
  dropped: readonly TableSchema[],
  rebuilt: ReadonlySet<string>,
): SearchPlan {
  const of = (table: TableSchema) => table.search ?? []
  const isIn = (list: readonly SearchSchema[], { name, sql }: SearchSchema) =>
    list.some((other) => other.name === name && other.sql === sql)
  const changes = pairs.map(({ before, after }) => ({
    table: after.name,
    gone: of(before).filter((index) => !isIn(of(after), index)),
    made: of(after).filter((index) => !isIn(of(before), index)),
    kept: of(after).filter((index) => isIn(of(before), index)),
  }))
  const changed = changes.filter(({ gone, made }) => gone.length + made.length > 0)
  const drop = ({ name }: SearchSchema) => `DROP TABLE IF EXISTS ${identifier(name)}`
  return {
    // What looks into an index goes before it.
    drops: [...changes.flatMap(({ gone }) => gone), ...dropped.flatMap(of)].toReversed().map(drop),
    creates: [
      ...created.flatMap(of).map(({ sql }) => sql),
      ...changes.flatMap(({ made }) => [...made.map(({ sql }) => sql), ...filled(made)]),
      ...changes.filter(({ table }) => rebuilt.has(table)).flatMap(({ kept }) => filled(kept)),
    ],
    touched: new Set(changed.map(({ table }) => table)),
    summary: changed.map(({ table, made }) =>
      made.length > 0 ? `index ${table} for full-text search` : `drop the full-text index of ${table}`,
    ),
  }
}
