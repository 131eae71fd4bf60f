// Which columns of a table full-text search reads, in which languages, and the names of the tables that index them.
import type { ColumnModel, Problem, TableModel } from './model'

/** `english` finds words by their stem and passes over stop words; `simple` takes every word as it stands. */
export type SearchLanguage = 'english' | 'simple'

export const SEARCH_LANGUAGES: readonly SearchLanguage[] = ['english', 'simple']

/** Columns by their names in the declaration; English unless told. Each language is an index of its own; a query that names none uses the first. */
export type Searchable<C extends string = string> =
  | readonly C[]
  | { readonly columns: readonly C[]; readonly language?: SearchLanguage | readonly SearchLanguage[] }

/** What the model knows of it. */
export interface SearchModel {
  /** Wire names, in the order of declaration. */
  readonly columns: readonly string[]
  readonly languages: readonly SearchLanguage[]
  /** A name of the row number that no column has taken. */
  readonly rowid: string
}

/** The table that indexes one language; FTS5 makes shadow tables beside it, whose names begin with its own. */
export function searchIndexName(table: string, language: SearchLanguage): string {
  return language === 'english' ? `sys_fts_${table}` : `sys_fts_${table}_${language}`
}

/** The table that says where each word of an index stands. */
export function searchTermsName(table: string, language: SearchLanguage): string {
  return `${searchIndexName(table, language)}_terms`
}

interface Source {
  readonly columns: ReadonlyMap<string, ColumnModel>
  readonly report: (message: string) => void
}

/** Reads a declaration; null when there is none, or nothing of it can be kept. */
export function searchModel(declared: Searchable | undefined, { columns, report }: Source): SearchModel | null {
  if (declared === undefined) return null
  const options: Exclude<Searchable, readonly string[]> = isList(declared) ? { columns: declared } : declared
  const given = options.language ?? 'english'
  const languages = [...new Set(typeof given === 'string' ? [given] : given)]
  for (const language of languages) {
    if (!SEARCH_LANGUAGES.includes(language))
      report(`\`searchable\` names a language "${language}" that there isn't. There are: ${SEARCH_LANGUAGES.join(', ')}.`)
  }
  const all = [...columns.values()]
  const found = [...new Set(options.columns)].flatMap((property) => {
    const column = all.find((candidate) => candidate.property === property && !candidate.engine)
    const why = column ? unsearchable(column) : `names a column "${property}" that it hasn't. Name a text column of the table.`
    if (why !== null) report(`\`searchable\` ${why}`)
    return column && why === null ? [column.name] : []
  })
  if (options.columns.length === 0) report('`searchable` names no column. Name one, or leave it out.')
  if (languages.length === 0) report('`searchable` names no language. Name one, or leave `language` out.')
  const taken = new Set([...columns.keys()].map((name) => name.toLowerCase()))
  const rowid = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name))
  if (rowid === undefined)
    report('`searchable` needs the row number, and columns have taken all its names. Rename "rowid", "_rowid_" or "oid".')
  return found.length === 0 || languages.length === 0 || rowid === undefined ? null : { columns: found, languages, rowid }
}

const isList = (declared: Searchable): declared is readonly string[] => Array.isArray(declared)

/** Why full-text search can't read a column; null when it can. */
function unsearchable({ property, name, type, hidden }: ColumnModel): string | null {
  if (hidden) return `names the hidden column "${property}", which no client may search. Leave one of the two out.`
  if (type !== 'text') return `names the column "${property}", which holds ${type} and not text. Only plain text can be searched.`
  if (/^(rank|rowid)$/i.test(name))
    return `names the column "${name}", a name that full-text tables keep for themselves. Rename the column.`
  return null
}

const SHADOWS = ['terms', 'data', 'idx', 'content', 'docsize', 'config']

/** Index tables whose names, or whose shadow tables' names, would meet. */
export function checkSearchNames(tables: Iterable<TableModel>, problems: Problem[]): void {
  const owners = new Map<string, string>()
  for (const { name: table, file, search } of tables) {
    for (const language of search?.languages ?? []) {
      const name = searchIndexName(table, language)
      for (const taken of [name, ...SHADOWS.map((shadow) => `${name}_${shadow}`)]) {
        const owner = owners.get(taken.toLowerCase())
        if (owner !== undefined && owner !== table)
          problems.push({
            table,
            file,
            message: `its full-text index would be called like one of "${owner}". Rename one of the two tables.`,
          })
        owners.set(taken.toLowerCase(), table)
      }
    }
  }
}
