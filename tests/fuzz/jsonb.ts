// What Postgres' manual says of jsonb (8.14.3, 8.14.4) in plain JavaScript: containment, and the order of values. Shares nothing with src/query.
import type { Condition } from '../../src/query/query'
import { and, or, type Truth } from './logic'

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !isList(value)

/** `left @> right`. A list also contains a value that is none, at the top alone. */
export function contains(left: unknown, right: unknown): boolean {
  if (isList(left) && !isList(right) && !isObject(right)) return left.includes(right)
  return holds(left, right)
}

function holds(left: unknown, right: unknown): boolean {
  if (isList(right)) return isList(left) && right.every((item) => left.some((one) => holds(one, item)))
  if (isObject(right))
    return isObject(left) && Object.entries(right).every(([key, value]) => Object.hasOwn(left, key) && holds(left[key], value))
  return left === right
}

/** `&&` of arrays. */
export function overlaps(left: unknown, right: unknown): boolean {
  return isList(left) && isList(right) && left.some((one) => right.some((other) => order(one, other) === 0))
}

const rank = (value: unknown): number =>
  value === null
    ? 0
    : typeof value === 'string'
      ? 1
      : typeof value === 'number'
        ? 2
        : typeof value === 'boolean'
          ? 3
          : isList(value)
            ? 4
            : 5

/** By UTF-8 bytes. */
const bytes = (left: string, right: string): number => Math.sign(Buffer.compare(Buffer.from(left), Buffer.from(right)))

/** The sign of the difference: by type, by size, then member by member, shorter keys first. */
export function order(left: unknown, right: unknown): number {
  const ranks = Math.sign(rank(left) - rank(right))
  if (ranks !== 0) return ranks
  if (typeof left === 'string') return bytes(left, String(right))
  if (isList(left) && isList(right)) {
    return Math.sign(left.length - right.length) || (left.map((one, i) => order(one, right[i])).find((sign) => sign !== 0) ?? 0)
  }
  if (isObject(left) && isObject(right)) {
    const [a, b] = [left, right].map((object) =>
      Object.entries(object).sort(([x], [y]) => Buffer.byteLength(x) - Buffer.byteLength(y) || bytes(x, y)),
    )
    if (a!.length !== b!.length) return Math.sign(a!.length - b!.length)
    for (const [i, [key, value]] of a!.entries()) {
      const sign = bytes(key, b![i]![0]) || order(value, b![i]![1])
      if (sign !== 0) return sign
    }
    return 0
  }
  return left === null ? 0 : Math.sign(Number(left) - Number(right))
}

/** A filter's text as JSON, or as an array literal's words. */
function parsed(text: string): { readonly json: unknown } | { readonly words: readonly (string | null)[] } {
  try {
    return { json: JSON.parse(text) as unknown }
  } catch {
    return {
      words: text
        .slice(1, -1)
        .split(',')
        .map((word) => (word === 'NULL' ? null : word)),
    }
  }
}

/** Whether an element is what a word means in its type; null is nothing's equal. */
function isWord(element: unknown, word: string | null): boolean {
  if (typeof element === 'string') return element === word
  if (typeof element === 'number') return word !== null && element === Number(word)
  return typeof element === 'boolean' && String(element) === word
}

/** The sign of the difference to a filter's text; null where the row has nothing. */
function signOf(value: unknown, text: string): number | null {
  if (value === undefined) return null
  const other = parsed(text)
  if ('json' in other) return order(value, text === '{}' && isList(value) ? [] : other.json)
  if (!isList(value)) return rank(value) < 4 ? -1 : 1
  for (const [i, word] of other.words.entries()) {
    const element = value[i]
    if (i >= value.length || isWord(element, word) || (element === null && word === null)) continue
    if (word === null) return -1
    return typeof element === 'string'
      ? bytes(element, word)
      : typeof element === 'number' && !Number.isNaN(Number(word))
        ? Math.sign(element - Number(word))
        : 1
  }
  return Math.sign(value.length - other.words.length)
}

function compared(operator: string, value: unknown, text: string | null): boolean | null {
  const sign = text === null ? null : signOf(value, text)
  if (operator === 'isdistinct') return sign !== 0
  if (sign === null) return null
  const truths: Readonly<Record<string, boolean>> = {
    eq: sign === 0,
    neq: sign !== 0,
    gt: sign > 0,
    gte: sign >= 0,
    lt: sign < 0,
    lte: sign <= 0,
  }
  return truths[operator]!
}

function contained(operator: string, value: unknown, text: string): boolean | null {
  if (value === undefined) return null
  const other = parsed(text)
  if (text === '{}') {
    const empty = isList(value) || isObject(value) ? Object.keys(value).length === 0 : null
    return operator === 'overlaps' ? false : operator === 'contains' ? empty !== null : empty === true
  }
  if ('json' in other) {
    if (operator === 'overlaps') return overlaps(value, other.json)
    return operator === 'contains' ? contains(value, other.json) : contains(other.json, value)
  }
  if (!isList(value)) return false
  if (operator === 'contains') return other.words.every((word) => value.some((element) => isWord(element, word)))
  const among = (element: unknown) => other.words.some((word) => isWord(element, word))
  return operator === 'overlaps' ? value.some(among) : value.every(among)
}

/** What a filter on JSON says of a value; undefined stands for none. */
export function jsonTruth(condition: Condition, value: unknown): Truth {
  switch (condition.kind) {
    case 'compare':
      return compared(condition.operator, value, condition.value === null ? null : String(condition.value))
    case 'in':
      return condition.values.length === 0
        ? false
        : or(condition.values.map((item) => compared('eq', value, item === null ? null : String(item))))
    case 'quantified': {
      const truths = condition.values.map((item) => compared(condition.operator, value, item))
      return condition.quantifier === 'any' ? or(truths) : and(truths)
    }
    case 'contain':
      return contained(condition.operator, value, condition.value)
    case 'is':
      return (value === undefined) === (condition.value === 'null')
    default:
      throw new Error(`The oracle doesn't speak ${condition.kind} of JSON.`)
  }
}
