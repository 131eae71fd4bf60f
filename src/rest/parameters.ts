// The query string as PostgREST reads it: which parameter is a select, an order, a limit, a tree or a column's filter.
import { AppError } from '../core'
import type { Condition, OrderTerm, Target } from '../query'
import { restErrors } from './errors'
import { parseFilter, parseLogic } from './filter'
import { accepts, cursor, expectsEnd, fail, jsonPath, name } from './scan'
import { parseOrder, parseSelect, type SelectNode } from './select'

/** Characters of a query string, `in` lists aside: they become one parameter each, however long. */
const MAX_URL_LENGTH = 16_384
/** With them. Cloudflare's network passes URLs of 16 kB; other ways in pass more. */
export const MAX_LISTS_LENGTH = 262_144
export const MAX_FILTERS = 10_000

/** Something that applies to the root (`path` empty) or to an embed, named from the root down. */
export interface At<T> {
  readonly path: readonly string[]
  readonly value: T
}

export interface Parameters {
  readonly select: readonly SelectNode[]
  readonly filters: readonly At<Condition>[]
  readonly orders: readonly At<readonly OrderTerm[]>[]
  readonly limits: readonly At<number>[]
  readonly offsets: readonly At<number>[]
  readonly columns: readonly string[] | null
  readonly conflict: readonly string[] | null
}

/** Read elsewhere; `apikey` stands in an address where no header can be set. */
const NOT_FILTERS: readonly string[] = ['select', 'columns', 'on_conflict', 'apikey']

/** Errors: 414 for a query string that is too long. */
export function refuseLongUrl(search: string): void {
  if (search.length <= MAX_URL_LENGTH) return
  if (search.length > MAX_LISTS_LENGTH)
    throw new AppError(restErrors.rest_url_too_long, { message: `The query string is longer than ${MAX_LISTS_LENGTH} characters` })
  const rest = search.split('&').reduce((sum, part) => (/^[^=]*=(?:not\.)?in\.(?:\(|%28)/i.test(part) ? sum : sum + part.length + 1), 0)
  if (rest > MAX_URL_LENGTH)
    throw new AppError(restErrors.rest_url_too_long, { message: `The query string is longer than ${MAX_URL_LENGTH} characters` })
}

export type Pair = readonly [key: string, value: string]

/**
 * Decodes `a=b&c=d`; a `%` that begins no escape stands for itself, pairs without `=` are left out.
 * Errors: PGRST100 for bytes that aren't UTF-8, 22021 for a null byte.
 */
export function parsePairs(search: string): Pair[] {
  const pairs: Pair[] = []
  for (const part of search.split('&')) {
    const equals = part.indexOf('=')
    if (equals < 0) continue
    pairs.push([decode(part.slice(0, equals)), decode(part.slice(equals + 1))])
  }
  return pairs
}

function decode(text: string): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(text.replaceAll('+', ' ').replace(/%(?![0-9a-f]{2})/giu, '%25'))
  } catch {
    throw new AppError(restErrors.rest_unparsable, {
      message: 'The query string is not valid UTF-8',
      details: 'Percent-encode text as UTF-8, and a literal "%" as "%25".',
    })
  }
  if (decoded.includes('\0')) throw new AppError(restErrors.rest_null_byte)
  return decoded
}

/** Reads every parameter of a request on a table. */
export function parseParameters(pairs: readonly Pair[]): Parameters {
  if (pairs.length > MAX_FILTERS) throw new AppError(restErrors.rest_too_complex, { message: `More than ${MAX_FILTERS} parameters` })
  const first = (key: string): string | null => pairs.find(([candidate]) => candidate === key)?.[1] ?? null
  const filters: At<Condition>[] = []
  const orders: At<readonly OrderTerm[]>[] = []
  const limits: At<number>[] = []
  const offsets: At<number>[] = []
  for (const [key, value] of pairs) {
    if (NOT_FILTERS.includes(key)) continue
    const last = key.slice(key.lastIndexOf('.') + 1)
    if (last === 'order') orders.push({ path: parents(key), value: parseOrder(value) })
    else if (last === 'limit') pushInteger(limits, key, value)
    else if (last === 'offset') pushInteger(offsets, key, value)
    else if (last === 'and' || last === 'or') {
      // supabase-kt writes `not.rel.or`, PostgREST's documentation `rel.not.or`.
      const before = parents(key)
      filters.push({ path: before.filter((part) => part !== 'not'), value: parseLogic(last, before.includes('not'), value) })
    } else {
      const { path, target } = parseKey(key)
      filters.push({ path, value: parseFilter(target, value) })
    }
  }
  return {
    select: parseSelect(first('select') ?? ''),
    filters,
    orders,
    limits,
    offsets,
    columns: names(first('columns')),
    conflict: names(first('on_conflict')),
  }
}

/** `rel.rel2.limit` without its last part. */
function parents(key: string): string[] {
  const c = cursor(key, 'tree path')
  const parts: string[] = []
  do parts.push(name(c))
  while (accepts(c, '.'))
  expectsEnd(c)
  return parts.slice(0, -1)
}

function parseKey(key: string): { path: string[]; target: Target } {
  const c = cursor(key, 'tree path')
  const parts: string[] = []
  do parts.push(name(c))
  while (accepts(c, '.'))
  const column = parts.pop() ?? fail(c, 'a column')
  const path = jsonPath(c)
  expectsEnd(c)
  return { path: parts, target: path ? { column, path } : { column } }
}

/** Beyond any row; two of them still add up exactly. */
const FAR = 2 ** 50

/** PostgREST passes over what isn't an integer. */
function pushInteger(into: At<number>[], key: string, value: string): void {
  if (!/^-?\d+$/.test(value)) return
  into.push({ path: parents(key), value: Math.max(-1, Math.min(Number(value), FAR)) })
}

function names(text: string | null): string[] | null {
  if (text === null || text.trim() === '') return null
  const c = cursor(text, 'columns parameter')
  const out: string[] = []
  do out.push(name(c))
  while (accepts(c, ','))
  expectsEnd(c)
  return [...new Set(out)]
}
