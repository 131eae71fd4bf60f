// Full-text search in a filter: what is declared, who may read it, and what a text that isn't there comes to. A column that the caller
// can't read finds nothing.
import { AppError } from '../core'
import { searchIndexName, SEARCH_LANGUAGES, searchTermsName, type SearchLanguage } from '../define'
import { clientColumn, columnSql, type Rows } from './column'
import type { CompileContext } from './context'
import { queryErrors, tooComplex, unsupported, valueError } from './errors'
import type { Condition } from './query'
import { isFound, setsOf } from './search-sets'
import { column, FALSE, isFalse, isTrue, sql, type Sql } from './sql'
import { parseSearch } from './tsquery'
import { storable } from './value'

export type Search = Extract<Condition, { kind: 'search' }>

/**
 * The search as a predicate. `positive` where only TRUE matters; elsewhere a column without text gives NULL, as in Postgres. Throws 42703,
 * 42704 and 42601, and `not_searchable` for what isn't declared.
 */
export function searchSql(rows: Rows, search: Search, positive: boolean): Sql {
  const { model, rowid, language, tree } = understood(rows, search)
  const value = columnSql(rows, model)
  const present = sql`${value} is not null`
  const guarded = (found: Sql): Sql => sql`case when ${present} then ${found} end`
  if (tree === null) return positive ? FALSE : guarded(FALSE)
  const matches = setsOf(tree, {
    column: model.name,
    index: searchIndexName(rows.table.name, language),
    terms: searchTermsName(rows.table.name, language),
    language,
    rowid: () => {
      countSet(rows.context)
      return column(rows.alias, rowid)
    },
  })
  if (!positive || !isFound(tree)) return guarded(matches)
  return model.read === null || rows.context.service ? matches : sql`${matches} and ${present}`
}

/** Each operation has as many. */
export function countSearchesAnew(context: CompileContext): void {
  counted.delete(context)
}

/** Sets of rows that the searches of one operation may come to: each is a program, and D1 has room for so many. */
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
  return tree === null || isFound(tree)
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
  return { model, rowid: declared.rowid, language, tree: parseSearch(search.mode, search.text, language) }
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
