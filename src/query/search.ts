// Full-text search as SQL: the query becomes one of FTS5's, every word quoted and bound, that finds row numbers by the index. What FTS5
// can't say, such as a bare NOT, is made of such sets. A column that the caller can't read finds nothing.
import { AppError } from '../core'
import { searchIndexName, SEARCH_LANGUAGES, type SearchLanguage, type SearchModel } from '../define'
import { clientColumn, columnSql, type Rows } from './column'
import type { CompileContext } from './context'
import { queryErrors, tooComplex, unsupported, valueError } from './errors'
import type { Condition } from './query'
import { and, bind, column, FALSE, identifier, isFalse, isTrue, or, sql, type Sql } from './sql'
import { parseSearch, type SearchTree, type Words } from './tsquery'
import { storable } from './value'

export type Search = Extract<Condition, { kind: 'search' }>

/**
 * The search as a predicate. `positive` where only TRUE matters; elsewhere a column without text gives NULL, as in Postgres. Throws 42703,
 * 42704 and 42601, and `not_searchable` for what isn't declared.
 */
export function searchSql(rows: Rows, search: Search, positive: boolean): Sql {
  const { model, index, rowid, tree } = understood(rows, search)
  const value = columnSql(rows, model)
  const present = sql`${value} is not null`
  const guarded = (found: Sql): Sql => sql`case when ${present} then ${found} end`
  if (tree === null) return positive ? FALSE : guarded(FALSE)
  const matches = setsOf(tree, (query) => {
    const text = `{${quoted(model.name)}} : (${query})`
    countSet(rows.context)
    return sql`${column(rows.alias, rowid)} in (select rowid from ${identifier(index)} where ${identifier(index)} match ${bind(text)})`
  })
  if (!positive || ftsQuery(tree) === null) return guarded(matches)
  return model.read === null || rows.context.service ? matches : sql`${matches} and ${present}`
}

/** Sets of rows that the searches of one statement may come to: each is a program, and D1 has room for so many. */
export const MAX_SETS = 60

const counted = new WeakMap<CompileContext, number>()

function countSet(context: CompileContext): void {
  const sets = (counted.get(context) ?? 0) + 1
  counted.set(context, sets)
  if (sets > MAX_SETS) throw tooComplex(`its filters come to more than ${MAX_SETS} full-text searches, those for a count among them.`)
}

/** Whether the index finds the rows that pass: those are few, and no other index should be asked for them. */
export function findsRows(rows: Rows, condition: Condition | undefined): boolean {
  if (condition === undefined) return false
  if (condition.kind === 'and') return condition.terms.some((term) => findsRows(rows, term))
  if (condition.kind === 'or') return condition.terms.length > 0 && condition.terms.every((term) => findsRows(rows, term))
  if (condition.kind !== 'search') return false
  const { tree } = understood(rows, condition)
  return tree === null || ftsQuery(tree) !== null
}

/** The same predicate, which no index is asked for. */
export function unsought(predicate: Sql): Sql {
  return isTrue(predicate) || isFalse(predicate) ? predicate : sql`+(${predicate})`
}

function understood({ table }: Rows, search: Search) {
  const model = clientColumn(table, search.target.column)
  if (search.target.path) throw unsupported('full-text search inside JSON')
  if (!storable(search.text)) throw valueError(queryErrors.invalid_encoding, 'invalid byte sequence for encoding "UTF8"')
  const asked = search.config === null ? null : languageOf(search.config)
  const declared = table.search
  if (!declared?.columns.includes(model.name))
    throw notSearchable(`column ${table.name}.${model.name} is not searchable`, [model.property], asked === null ? [] : [asked])
  const language = asked ?? declared.languages[0]!
  if (!declared.languages.includes(language)) {
    const message = `table ${table.name} is not searchable in the text search configuration "${language}"`
    const properties = declared.columns.map((name) => table.columns.get(name)!.property)
    throw notSearchable(message, properties, [...declared.languages, language])
  }
  const { rowid }: SearchModel = declared
  return { model, rowid, index: searchIndexName(table.name, language), tree: parseSearch(search.mode, search.text, language) }
}

/** Errors: 42704. */
function languageOf(config: string): SearchLanguage {
  const name = config.toLowerCase().replace(/^pg_catalog\./, '')
  const found = SEARCH_LANGUAGES.find((language) => language === name)
  if (found) return found
  throw new AppError(queryErrors.undefined_object, {
    message: `text search configuration "${config.slice(0, 100)}" does not exist`,
    hint: `There are: ${SEARCH_LANGUAGES.join(', ')}.`,
  })
}

/** English alone needs no saying. */
function notSearchable(message: string, properties: readonly string[], languages: readonly SearchLanguage[]): AppError {
  const list = (names: readonly string[]) => `[${names.map((name) => `'${name}'`).join(', ')}]`
  const plain = languages.every((language) => language === 'english')
  const rule = plain ? list(properties) : `{ columns: ${list(properties)}, language: ${list(languages)} }`
  return new AppError(queryErrors.not_searchable, { message, hint: `Declare it in the rules of its table: searchable: ${rule}` })
}

/** Sets of rows, joined by SQL where FTS5 can't. */
function setsOf(tree: SearchTree, set: (query: string) => Sql): Sql {
  const whole = ftsQuery(tree)
  if (whole !== null) return set(whole)
  if (tree.kind === 'words') throw new Error('words are always a query')
  if (tree.kind === 'not') return sql`not (${setsOf(tree.term, set)})`
  // What FTS5 can say of it together is one set, and what must be absent another.
  const isAble = (term: SearchTree): boolean => ftsQuery(term) !== null
  const able = tree.terms.filter(isAble)
  const unwanted = tree.terms.flatMap((term) => (term.kind === 'not' && isAble(term.term) ? [term.term] : []))
  const rest = tree.terms.filter((term) => !isAble(term) && !(term.kind === 'not' && isAble(term.term)))
  const together = able.length === 0 ? [] : [set(ftsQuery({ kind: tree.kind, terms: able })!)]
  const absent = unwanted.length === 0 ? [] : [sql`not (${set(ftsQuery({ kind: tree.kind === 'and' ? 'or' : 'and', terms: unwanted })!)})`]
  const parts = [...together, ...absent, ...rest.map((term) => setsOf(term, set))]
  return tree.kind === 'and' ? and(parts) : or(parts)
}

/** The tree in FTS5's language (fts5.html §3); null when it needs a set of rows that none of its words find. */
function ftsQuery(tree: SearchTree): string | null {
  switch (tree.kind) {
    case 'words':
      return ftsWords(tree)
    case 'not':
      return null
    case 'or': {
      const terms = tree.terms.map(ftsQuery)
      return terms.includes(null) ? null : grouped(terms as string[], ' OR ')
    }
    case 'and': {
      const wanted = tree.terms.filter((term) => term.kind !== 'not').map(ftsQuery)
      const unwanted = tree.terms.flatMap((term) => (term.kind === 'not' ? [ftsQuery(term.term)] : []))
      if (wanted.length === 0 || wanted.includes(null) || unwanted.includes(null)) return null
      const all = grouped(wanted as string[], ' AND ')
      return unwanted.length === 0 ? all : `(${all} NOT ${grouped(unwanted as string[], ' OR ')})`
    }
  }
}

/** Nested groups stand first, where FTS5's parser needs no stack for what is before them. */
function grouped(terms: readonly string[], operator: string): string {
  if (terms.length === 1) return terms[0]!
  const nested = (term: string) => term.startsWith('(')
  return `(${[...terms.filter(nested), ...terms.filter((term) => !nested(term))].join(operator)})`
}

/**
 * A word, a phrase, or what FTS5 has for words at a distance: near each other, at most so far apart, in any order. That finds whatever
 * Postgres finds, and more.
 */
function ftsWords({ steps }: Words): string {
  const runs: string[][] = []
  let last = -1
  for (const { word, prefix, at } of steps) {
    const term = `${quoted(word)}${prefix ? ' *' : ''}`
    if (runs.length > 0 && at === last + 1) runs.at(-1)!.push(term)
    else runs.push([term])
    last = at
  }
  const phrases = runs.map((run) => run.join(' + '))
  if (phrases.length === 1) return phrases[0]!
  const between = steps.at(-1)!.at - steps[0]!.at + 1 - runs[0]!.length - runs.at(-1)!.length
  return `NEAR(${phrases.join(' ')}, ${between})`
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
