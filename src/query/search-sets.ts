// The tree of a search as sets of row numbers: as much of it as possible in one query of FTS5's language, every word quoted; a bare NOT, and
// words at a distance, in SQL around it.
import { bind, identifier, number, or, and, sql, type Sql } from './sql'
import { termOf } from './stem'
import type { SearchLanguage } from '../define'
import type { SearchTree, Words } from './tsquery'

/** What a search looks into. */
export interface Searched {
  readonly column: string
  readonly index: string
  /** Where each word of the index stands (fts5.html §8). */
  readonly terms: string
  readonly language: SearchLanguage
  /** The row number of the row that is judged; called once a set. */
  rowid(): Sql
}

/** Whether only rows that some word finds can pass, none of those without a text. */
export function isFound(tree: SearchTree): boolean {
  switch (tree.kind) {
    case 'words':
      return true
    case 'not':
      return false
    case 'and':
      return tree.terms.some(isFound)
    case 'or':
      return tree.terms.every(isFound)
  }
}

/** The tree as a predicate over a row that has a text. */
export function setsOf(tree: SearchTree, searched: Searched): Sql {
  const whole = ftsQuery(tree)
  if (whole !== null) return matching(searched, whole)
  if (tree.kind === 'words') return apart(searched, tree)
  if (tree.kind === 'not') return sql`not (${setsOf(tree.term, searched)})`
  // What FTS5 can say of it together is one set, and what must be absent another.
  const isAble = (term: SearchTree): boolean => ftsQuery(term) !== null
  const isLeftOut = (term: SearchTree): boolean => term.kind === 'not' && isAble(term.term)
  const able = tree.terms.filter(isAble)
  const leftOut = tree.terms.filter(isLeftOut)
  const rest = tree.terms.filter((term) => !isAble(term) && !isLeftOut(term)).map((term) => setsOf(term, searched))
  const parts = [...together(tree.kind, able, leftOut, searched), ...rest]
  return tree.kind === 'and' ? and(parts) : or(parts)
}

function together(kind: 'and' | 'or', able: readonly SearchTree[], leftOut: readonly SearchTree[], searched: Searched): Sql[] {
  const set = (made: 'and' | 'or', terms: readonly SearchTree[]) => matching(searched, ftsQuery({ kind: made, terms })!)
  if (kind === 'and' && able.length > 0) return [set('and', [...able, ...leftOut])]
  const inner = leftOut.flatMap((term) => (term.kind === 'not' ? [term.term] : []))
  return [
    ...(able.length > 0 ? [set(kind, able)] : []),
    ...(inner.length > 0 ? [sql`not (${set(kind === 'and' ? 'or' : 'and', inner)})`] : []),
  ]
}

function matching({ column, index, rowid }: Searched, query: string): Sql {
  const text = `{${quoted(column)}} : (${query})`
  return sql`${rowid()} in (select rowid from ${identifier(index)} where ${identifier(index)} match ${bind(text)})`
}

/**
 * Words of which some don't follow each other: FTS5 has no such phrase, but says where each word stands. Each place in a text where all
 * would begin alike holds the phrase. `:*` goes up to the last term that begins so.
 */
function apart({ column, terms, language, rowid }: Searched, { steps }: Words): Sql {
  const wanted = steps.map(({ word, prefix, at }) => {
    const term = termOf(word, language)
    return [term, prefix ? `${term}\u{10ffff}` : term, at]
  })
  const places = sql`json_each(${bind(JSON.stringify(wanted))}) as w cross join ${identifier(terms)} as v on v.term >= w.value ->> 0 and v.term <= w.value ->> 1`
  return sql`${rowid()} in (select v.doc from ${places} where v.col = ${bind(column)} group by v.doc, v.offset - (w.value ->> 2) having count(*) = ${number(steps.length)})`
}

/** The tree in FTS5's language (fts5.html §3); null when it needs rows that none of its words find, or words at a distance. */
function ftsQuery(tree: SearchTree): string | null {
  switch (tree.kind) {
    case 'words':
      return phrase(tree)
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

/** Null when some of the words don't follow each other. */
function phrase({ steps }: Words): string | null {
  if (steps.some(({ at }, i) => at !== steps[0]!.at + i)) return null
  return steps.map(({ word, prefix }) => `${quoted(word)}${prefix ? ' *' : ''}`).join(' + ')
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
