// SQL's values and three-valued logic in plain JavaScript, from SQLite's documentation alone. Shares nothing with src/query.

/** A value as SQLite stores it. */
export type Stored = null | number | string | Uint8Array

/** TRUE, FALSE or NULL. */
export type Truth = boolean | null

export function and(terms: readonly Truth[]): Truth {
  if (terms.includes(false)) return false
  return terms.includes(null) ? null : true
}

export function or(terms: readonly Truth[]): Truth {
  if (terms.includes(true)) return true
  return terms.includes(null) ? null : false
}

export function not(term: Truth): Truth {
  return term === null ? null : !term
}

const RANK = { number: 0, string: 1, object: 2 } as Readonly<Record<string, number>>

/** Order of two values that aren't NULL: numbers, then texts by their UTF-8 bytes, then blobs (datatype3.html §4.1). */
export function order(left: Exclude<Stored, null>, right: Exclude<Stored, null>): number {
  const rank = (RANK[typeof left] ?? 3) - (RANK[typeof right] ?? 3)
  if (rank !== 0) return Math.sign(rank)
  if (typeof left === 'number' && typeof right === 'number') return Math.sign(left - right)
  return byCodePoints([...(left as string)], [...(right as string)])
}

/** The order of UTF-8 bytes is that of code points, which UTF-16 units don't keep. */
function byCodePoints(left: readonly string[], right: readonly string[]): number {
  const at = left.findIndex((character, i) => character !== right[i])
  if (at < 0) return Math.sign(left.length - right.length)
  return Math.sign((left[at]?.codePointAt(0) ?? -1) - (right[at]?.codePointAt(0) ?? -1))
}

export type Comparator = 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte'

export function compare(operator: Comparator, left: Stored, right: Stored): Truth {
  if (left === null || right === null) return null
  const sign = order(left, right)
  switch (operator) {
    case 'eq':
      return sign === 0
    case 'ne':
      return sign !== 0
    case 'gt':
      return sign > 0
    case 'gte':
      return sign >= 0
    case 'lt':
      return sign < 0
    case 'lte':
      return sign <= 0
  }
}

/** `x IN (list)`: TRUE on a hit, else NULL when a NULL could have been one; an empty list is FALSE whatever x is. */
export function isIn(value: Stored, list: readonly Stored[]): Truth {
  return list.length === 0 ? false : or(list.map((item) => compare('eq', value, item)))
}

const fold = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

export function lower(value: Stored): Stored {
  return typeof value === 'string' ? fold(value) : value === null ? null : String(value)
}

/** Each character in lower case, where that is one character of its own kind. */
const foldAll = (text: string): string =>
  Array.from(text, (one) => {
    const lower = one.toLowerCase()
    return [...lower].length === 1 && one <= '\u007f' === lower <= '\u007f' ? lower : one
  }).join('')

/** LIKE with `%`, `_` and `\` before either; every other character stands for itself. */
export function like(value: Stored, pattern: Stored, ignoreCase: boolean): Truth {
  if (value === null || pattern === null) return null
  const prepared = (text: Stored) => [...(ignoreCase ? foldAll(String(text)) : String(text))]
  return matches(prepared(value), prepared(pattern), 0, 0)
}

/** `~` and `~*`, for patterns that mean the same in JavaScript; `\w` there is of ASCII alone. */
export function match(value: Stored, pattern: string | null, ignoreCase: boolean): Truth {
  if (value === null || pattern === null) return null
  const letters = '\\wéÉ𝒳ｚ'
  const spelled = pattern.replaceAll('\\w', `[${letters}]`).replaceAll('\\W', `[^${letters}]`)
  return new RegExp(spelled, ignoreCase ? 'siv' : 'sv').test(String(value))
}

function matches(text: readonly string[], pattern: readonly string[], at: number, from: number): boolean {
  if (from === pattern.length) return at === text.length
  const token = pattern[from]
  if (token === '%') {
    for (let skip = at; skip <= text.length; skip++) if (matches(text, pattern, skip, from + 1)) return true
    return false
  }
  if (at === text.length) return false
  if (token === '_') return matches(text, pattern, at + 1, from + 1)
  const escaped = token === '\\' && from + 1 < pattern.length
  const wanted = escaped ? pattern[from + 1] : token
  return text[at] === wanted && matches(text, pattern, at + 1, from + (escaped ? 2 : 1))
}

/** The value at a path, by own properties and list positions only; undefined where there is none. */
export function at(value: unknown, path: readonly (string | number)[]): unknown {
  let found: unknown = value
  for (const step of path) {
    if (typeof found !== 'object' || found === null) return undefined
    if (Array.isArray(found)) {
      if (typeof step !== 'number') return undefined
      found = found[step < 0 ? found.length + step : step]
    } else {
      if (typeof step !== 'string' || !Object.hasOwn(found, step)) return undefined
      found = (found as Record<string, unknown>)[step]
    }
  }
  return found
}
