// The four ways in which Postgres reads a search text (textsearch-controls.html §12.3.2), to one tree. Knows no table and makes no SQL.
import { AppError } from '../core'
import type { SearchLanguage } from '../define'
import { queryErrors, tooComplex, unsupported } from './errors'
import { isStopWord } from './stop-words'

/** A word and its place among the words of its phrase, stop words counted. */
export interface Step {
  readonly word: string
  /** Whether any word that begins so will do. */
  readonly prefix: boolean
  readonly at: number
}

/** Words that follow each other at their distances; a single word is the usual case. */
export interface Words {
  readonly kind: 'words'
  readonly steps: readonly Step[]
  /** The last place, also when a stop word stood there. */
  readonly span: number
}

export type SearchTree =
  | Words
  | { readonly kind: 'and' | 'or'; readonly terms: readonly SearchTree[] }
  | { readonly kind: 'not'; readonly term: SearchTree }

export type SearchMode = 'raw' | 'plain' | 'phrase' | 'web'

/** Characters and words that one search may have, parentheses that may stand inside one another, and places that `<N>` may span. */
export const MAX_CHARACTERS = 20_000
export const MAX_WORDS = 200
export const MAX_PARENTHESES = 20
export const MAX_DISTANCE = 16_384

/**
 * Reads a search text. Null when nothing is left to look for: no word, or stop words alone. Only `raw` can be malformed: 42601, or
 * 22023 for a distance. Throws `too_complex` for too many characters, words or parentheses.
 */
export function parseSearch(mode: SearchMode, text: string, language: SearchLanguage): SearchTree | null {
  if (text.length > MAX_CHARACTERS) throw tooComplex(`it searches for a text of more than ${MAX_CHARACTERS} characters.`)
  const reader = new Reader(text, language)
  const tree = mode === 'raw' ? raw(reader) : mode === 'web' ? web(reader) : mode === 'phrase' ? reader.words(text, false) : plain(reader)
  return tree && cleaned(tree)
}

/** A word, as FTS5's unicode61 sees it: letters, digits and private characters; marks belong to the letter before. */
const WORD = /[\p{L}\p{N}\p{Co}][\p{L}\p{N}\p{Co}\p{M}]*/gu
/** What Postgres takes for one token, such as a name with a hyphen, an address or a path. */
const TOKEN = /[\p{L}\p{N}\p{Co}\p{M}'’._@/+-]+/gu

class Reader {
  readonly text: string
  readonly #language: SearchLanguage
  #words = 0
  at = 0
  depth = 0

  constructor(text: string, language: SearchLanguage) {
    this.text = text
    this.#language = language
  }

  /** All words of a piece, one behind the other. */
  words(piece: string, prefix: boolean): Words {
    const found = [...piece.matchAll(WORD)].map(([word]) => word)
    this.#words += found.length
    if (this.#words > MAX_WORDS) throw tooComplex(`it searches for more than ${MAX_WORDS} words.`)
    const steps = found.map((word, at): Step => ({ word, prefix, at }))
    return {
      kind: 'words',
      steps: this.#language === 'english' ? steps.filter(({ word }) => !isStopWord(word)) : steps,
      span: Math.max(0, found.length - 1),
    }
  }

  /** The next match, which starts right here; null when there is none. */
  take(pattern: RegExp): string | null {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (found === null) return null
    this.at = pattern.lastIndex
    return found[0]
  }

  get ended(): boolean {
    this.take(/\s+/uy)
    return this.at >= this.text.length
  }
}

const and = (terms: readonly SearchTree[]): SearchTree => (terms.length === 1 ? terms[0]! : { kind: 'and', terms })
const or = (terms: readonly SearchTree[]): SearchTree => (terms.length === 1 ? terms[0]! : { kind: 'or', terms })

/** `plainto_tsquery`: every word. */
function plain(reader: Reader): SearchTree {
  return and([...reader.text.matchAll(TOKEN)].map(([token]) => reader.words(token, false)))
}

const WEB_OPERATOR = /[!&|():*\\<>]+/uy
/** An `or` between two things to look for. */
const WEB_OR = /or(?![\p{L}\p{N}_-])(?=\s*\S)/iuy

/** `websearch_to_tsquery`: words, "phrases", `or`, and `-` for what must be absent; nothing is ever malformed. */
function web(reader: Reader): SearchTree {
  const choices: SearchTree[][] = [[]]
  while (!reader.ended) {
    const last = choices.at(-1)!
    if (last.length > 0 && reader.take(WEB_OR) !== null) choices.push([])
    else if (reader.take(WEB_OPERATOR) === null) last.push(webTerm(reader))
  }
  return or(choices.filter((terms) => terms.length > 0).map(and))
}

function webTerm(reader: Reader): SearchTree {
  const signs = reader.take(/(?:-[\s!&|():*\\<>]*)+/uy) ?? ''
  const quoted = reader.take(/"[^"]*"?/uy)
  const term = reader.words(quoted ?? reader.take(/[^\s"!&|():*\\<>]+/uy) ?? '', false)
  return signs.replaceAll(/[^-]/g, '').length % 2 === 1 ? { kind: 'not', term } : term
}

/** `to_tsquery`. Binds tightest: `!`, then `<->`, `&`, `|`. */
function raw(reader: Reader): SearchTree | null {
  if (reader.ended) return null
  const tree = rawOr(reader)
  if (!reader.ended) throw malformed(reader)
  return tree
}

function rawOr(reader: Reader): SearchTree {
  const terms = [rawAnd(reader)]
  while (!reader.ended && reader.take(/\|/uy) !== null) terms.push(rawAnd(reader))
  return or(terms)
}

function rawAnd(reader: Reader): SearchTree {
  const terms = [rawPhrase(reader)]
  while (!reader.ended && reader.take(/&/uy) !== null) terms.push(rawPhrase(reader))
  return and(terms)
}

function rawPhrase(reader: Reader): SearchTree {
  let left = rawTerm(reader)
  while (!reader.ended) {
    const operator = reader.take(/<(?:-|\d+)>/uy)
    if (operator === null) break
    left = follow(left, rawTerm(reader), operator === '<->' ? 1 : distance(operator.slice(1, -1)))
  }
  return left
}

function distance(digits: string): number {
  const value = Number(digits)
  if (value > MAX_DISTANCE)
    throw new AppError(queryErrors.invalid_parameter, {
      message: `distance in phrase operator must be an integer value between zero and ${MAX_DISTANCE} inclusive`,
    })
  return value
}

function rawTerm(reader: Reader): SearchTree {
  if (reader.ended) throw noOperand(reader)
  const signs = reader.take(/!(?:\s*!)*/uy)?.replaceAll(/\s/g, '').length ?? 0
  if (signs > 0 && reader.ended) throw noOperand(reader)
  const term = rawOperand(reader)
  return signs % 2 === 1 ? { kind: 'not', term } : term
}

function rawOperand(reader: Reader): SearchTree {
  if (reader.take(/\(/uy) !== null) {
    if (++reader.depth > MAX_PARENTHESES) throw tooComplex(`its full-text query nests more than ${MAX_PARENTHESES} deep.`)
    const inner = rawOr(reader)
    if (reader.ended || reader.take(/\)/uy) === null) throw malformed(reader)
    reader.depth--
    return inner
  }
  // A quote inside a quoted word is written twice or behind a backslash.
  const quoted = reader.take(/'(?:[^'\\]|''|\\.)*'/suy)
  const word = quoted?.slice(1, -1).replaceAll("''", "'") ?? reader.take(/(?:[^\s'\\!&|()<:]|\\.)(?:[^\s\\!&|()<:]|\\.)*/suy)
  if (word === null) throw malformed(reader)
  const flags = reader.take(/:[a-d*]*/iuy) ?? ''
  if (/[a-d]/i.test(flags)) throw unsupported('weights in a full-text query (:A to :D); no column has any')
  return reader.words(word.replaceAll(/\\(.)/gsu, '$1'), flags.includes('*'))
}

const shown = ({ text }: Reader): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text)

function malformed(reader: Reader): AppError {
  return new AppError(queryErrors.syntax_error, {
    message: `syntax error in tsquery: "${shown(reader)}"`,
    hint: 'Words are joined by & | ! <->. The types plain, phrase and websearch take any text.',
  })
}

function noOperand(reader: Reader): AppError {
  return new AppError(queryErrors.syntax_error, { message: `no operand in tsquery: "${shown(reader)}"` })
}

/** Phrases that one phrase of choices may come to. */
const MAX_PHRASES = 100

/** `left <N> right`: the words of each choice on the left before those of each on the right. */
function follow(left: SearchTree, right: SearchTree, places: number): SearchTree {
  const phrases = choices(left).flatMap((before) =>
    choices(right).map((after): Words => {
      const shift = before.span + places
      return {
        kind: 'words',
        steps: [...before.steps, ...after.steps.map((step) => ({ ...step, at: step.at + shift }))],
        span: shift + after.span,
      }
    }),
  )
  if (phrases.length > MAX_PHRASES) throw tooComplex(`its full-text query comes to more than ${MAX_PHRASES} phrases.`)
  return or(phrases)
}

function choices(tree: SearchTree): readonly Words[] {
  if (tree.kind === 'words') return [tree]
  if (tree.kind === 'or') {
    const all = tree.terms.flatMap(choices)
    // A stop word is no choice where there is another.
    const kept = all.filter(({ steps }) => steps.length > 0)
    return kept.length > 0 ? kept : all.slice(0, 1)
  }
  throw unsupported('& and ! on a side of <-> in a full-text query')
}

/** Without what holds no word any more; null when that is all. A phrase begins at its first word. */
function cleaned(tree: SearchTree): SearchTree | null {
  switch (tree.kind) {
    case 'words':
      return tree.steps.length === 0 ? null : tree
    case 'not': {
      const term = cleaned(tree.term)
      return term && (term.kind === 'not' ? term.term : { kind: 'not', term })
    }
    default: {
      const terms = tree.terms.flatMap((term): readonly SearchTree[] => {
        const kept = cleaned(term)
        return kept === null ? [] : kept.kind === tree.kind ? kept.terms : [kept]
      })
      return terms.length === 0 ? null : tree.kind === 'and' ? and(terms) : or(terms)
    }
  }
}
