// Filters: `not.op.value`, and trees of them in `and(…)` and `or(…)`, to conditions. Knows no table; names are checked later.
import { AppError } from '../core'
import { parseFlatArrayLiteral, type Comparison, type Condition, type Target } from '../query'
import { restErrors } from './errors'
import { accepts, atEnd, cursor, expects, expectsEnd, fail, jsonPath, matches, name, quoted, sees, type Cursor } from './scan'

/** How deep `and`/`or` may stand inside one another. */
export const MAX_LOGIC_DEPTH = 50

/** Reads `[not.]op.value` of a filter parameter, whose value is raw to its end. PGRST100 when it isn't one. */
export function parseFilter(target: Target, text: string): Condition {
  const c = cursor(text, 'filter')
  const condition = operation(c, target, false)
  expectsEnd(c)
  return condition
}

/** Reads the value `(a.eq.1,or(…))` of an `and`/`or` parameter. */
export function parseLogic(kind: 'and' | 'or', negated: boolean, text: string): Condition {
  const c = cursor(text, 'logic tree')
  const tree: Condition = { kind, terms: terms(c, 1) }
  // PostgREST reads no further than the tree, and its own examples close one parenthesis too many.
  matches(c, /[)\s]+/uy)
  expectsEnd(c)
  return negated ? { kind: 'not', term: tree } : tree
}

function terms(c: Cursor, depth: number): Condition[] {
  if (depth > MAX_LOGIC_DEPTH) {
    throw new AppError(restErrors.rest_too_complex, { message: `Filters are nested more than ${MAX_LOGIC_DEPTH} levels deep` })
  }
  blanks(c)
  expects(c, '(')
  const out: Condition[] = []
  do {
    blanks(c)
    out.push(term(c, depth))
    blanks(c)
  } while (accepts(c, ','))
  expects(c, ')')
  return out
}

const blanks = (c: Cursor): void => void matches(c, /\s+/uy)

const LOGIC = /(?:not\.)?(?:and|or)(?=\s*\()/uy

function term(c: Cursor, depth: number): Condition {
  const logic = matches(c, LOGIC)
  if (logic !== null) {
    const kind = logic.endsWith('and') ? 'and' : 'or'
    const tree: Condition = { kind, terms: terms(c, depth + 1) }
    return logic.startsWith('not.') ? { kind: 'not', term: tree } : tree
  }
  const column = name(c)
  const path = jsonPath(c)
  expects(c, '.')
  return operation(c, path ? { column, path } : { column }, true)
}

const COMPARISONS: readonly string[] = ['eq', 'neq', 'gt', 'gte', 'lt', 'lte', 'isdistinct'] satisfies Comparison[]
const QUANTIFIABLE: readonly string[] = ['eq', 'gt', 'gte', 'lt', 'lte', 'like', 'ilike', 'match', 'imatch']
const CONTAINMENT = new Map([
  ['cs', 'contains'],
  ['cd', 'containedBy'],
  ['ov', 'overlaps'],
] as const)
const RANGES: readonly string[] = ['sl', 'sr', 'nxl', 'nxr', 'adj']
const SEARCHES = new Map([
  ['fts', 'raw'],
  ['plfts', 'plain'],
  ['phfts', 'phrase'],
  ['wfts', 'web'],
] as const)
const EXPECTED = '"not" or operator (eq, gt, ...)'

/** `inTree`: the value ends at a comma or parenthesis and may be quoted. */
function operation(c: Cursor, target: Target, inTree: boolean): Condition {
  if (accepts(c, 'not.')) return { kind: 'not', term: positive(c, target, inTree) }
  return positive(c, target, inTree)
}

function positive(c: Cursor, target: Target, inTree: boolean): Condition {
  const start = c.at
  const word = matches(c, /[a-z]+(?=[.(])/uy)
  if (word === null) return fail(c, EXPECTED)
  const argument = matches(c, /\([^()]*\)(?=\.)/uy)?.slice(1, -1) ?? null
  const search = SEARCHES.get(word as 'fts')
  const containment = CONTAINMENT.get(word as 'cs')
  const quantifies = (argument === 'any' || argument === 'all') && QUANTIFIABLE.includes(word)
  const known = search ?? containment ?? [...COMPARISONS, ...QUANTIFIABLE, ...RANGES, 'in', 'is'].includes(word)
  if (known === false || (argument !== null && !search && !quantifies)) {
    c.at = start
    return fail(c, EXPECTED)
  }
  expects(c, '.')
  const value = () => (inTree ? treeValue(c) : rest(c))
  if (quantifies) return quantified(c, target, word, argument, value())
  if (word === 'in') return { kind: 'in', target, values: list(c) }
  if (word === 'is') return { kind: 'is', target, value: truth(c) }
  if (word === 'like' || word === 'ilike')
    return { kind: 'like', target, pattern: value().replaceAll('*', '%'), ignoreCase: word === 'ilike' }
  if (word === 'match' || word === 'imatch') return { kind: 'match', target, pattern: value(), ignoreCase: word === 'imatch' }
  if (containment) return { kind: 'contain', target, operator: containment, value: value() }
  if (search) return { kind: 'search', target, mode: search, config: argument, text: value() }
  if (RANGES.includes(word)) return { kind: 'range', target, operator: word as 'sl', value: value() }
  return { kind: 'compare', target, operator: word as Comparison, value: value() }
}

function quantified(c: Cursor, target: Target, word: string, quantifier: 'any' | 'all', text: string): Condition {
  const values = parseFlatArrayLiteral(text) ?? fail(c, 'a list in braces, {a,"b c"}')
  const patterns = word === 'like' || word === 'ilike' ? values.map((value) => value?.replaceAll('*', '%') ?? null) : values
  return { kind: 'quantified', target, operator: word as 'eq', quantifier, values: patterns }
}

function rest(c: Cursor): string {
  const text = c.text.slice(c.at)
  c.at = c.text.length
  return text
}

const endsValue = (c: Cursor): boolean => atEnd(c) || sees(c, ',') || sees(c, ')')

/** A quoted text if what follows its closing quote ends the value, else raw text up to a comma or parenthesis. */
function element(c: Cursor): string {
  const start = c.at
  const text = quoted(c)
  if (text !== null && endsValue(c)) return text
  c.at = start
  return matches(c, /[^,)]+/uy) ?? ''
}

function treeValue(c: Cursor): string {
  const start = c.at
  const braces = matches(c, /\{[^{}]*\}/uy)
  if (braces !== null && endsValue(c)) return braces
  c.at = start
  return element(c)
}

/** `(a,"b,c")`; `()` is the empty list, also with blanks in it. */
function list(c: Cursor): string[] {
  expects(c, '(')
  blanks(c)
  if (accepts(c, ')')) return []
  const out: string[] = []
  do out.push(element(c))
  while (accepts(c, ','))
  expects(c, ')')
  return out
}

const TRUTHS = ['null', 'not_null', 'true', 'false', 'unknown'] as const

function truth(c: Cursor): (typeof TRUTHS)[number] {
  const start = c.at
  const word = matches(c, /\w+/uy)?.toLowerCase()
  const found = TRUTHS.find((candidate) => candidate === word)
  if (found !== undefined) return found
  c.at = start
  return fail(c, 'null, not_null, true, false or unknown')
}
