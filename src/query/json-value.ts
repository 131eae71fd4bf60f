// The JSON that a filter compares with, as a tree that keeps every digit. An array literal of Postgres becomes a list of words,
// each read by the type of what it meets in a row.
import { parseArrayLiteral, type ArrayItem } from './array-literal'
import { queryErrors, tooComplex, valueError } from './errors'
import { storable } from './value'

export type JsonValue =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'text'; readonly value: string }
  /** `text` is the number in JSON's spelling, every digit. */
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly JsonValue[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, JsonValue])[] }
  | JsonWords
  /** `{}` is an object in JSON, and an array without elements in Postgres. */
  | { readonly kind: 'braces' }

/** An array literal; NULL is an element that equals nothing but NULL. */
export interface JsonWords {
  readonly kind: 'words'
  readonly items: readonly (JsonWords | { readonly kind: 'word'; readonly text: string } | { readonly kind: 'null' })[]
}

/** Values, also those inside others, that one filter compares with. */
export const MAX_JSON_VALUES = 1000
/** How deep they may nest. */
export const MAX_JSON_DEPTH = 50

/** Parses what stands behind an operator of a JSON column. Throws 22P02, 22021 and `too_complex`. */
export function parseJsonValue(text: string): JsonValue {
  if (!storable(text)) throw valueError(queryErrors.invalid_encoding, 'invalid byte sequence for encoding "UTF8"')
  if (deepest(text) > MAX_JSON_DEPTH) throw tooComplex(`JSON in a filter nests more than ${MAX_JSON_DEPTH} deep.`)
  if (/^\s*\{\s*\}\s*$/.test(text)) return { kind: 'braces' }
  const value = jsonOf(text) ?? wordsOf(text)
  if (value === null) {
    throw valueError(
      queryErrors.invalid_text,
      'invalid input syntax for type json',
      'Compare text inside JSON with ->>, or quote it as JSON.',
    )
  }
  if (size(value) > MAX_JSON_VALUES) throw tooComplex(`JSON in a filter has more than ${MAX_JSON_VALUES} values.`)
  return value
}

/** How many braces and brackets are open at once, those in texts aside. */
function deepest(text: string): number {
  let [depth, most] = [0, 0]
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gsu)) {
    if (token === '[' || token === '{') most = Math.max(most, ++depth)
    else if (token === ']' || token === '}') depth--
  }
  return most
}

/** "JSON.parse source text access" (ECMAScript proposal, in V8), which the type library lacks. */
const parse = JSON.parse as (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown

function jsonOf(text: string): JsonValue | null {
  try {
    const value = parse(text, (_key, value, { source }): JsonValue => nodeOf(value, source)) as JsonValue
    return hasHalves(value) ? null : value
  } catch {
    return null
  }
}

/** Members of lists and objects have become nodes already. */
function nodeOf(value: unknown, source: string | undefined): JsonValue {
  if (value === null) return { kind: 'null' }
  if (typeof value === 'boolean') return { kind: 'boolean', value }
  if (typeof value === 'string') return { kind: 'text', value }
  if (typeof value === 'number') return { kind: 'number', text: source ?? String(value) }
  if (Array.isArray(value)) return { kind: 'list', items: value as JsonValue[] }
  return { kind: 'object', members: Object.entries(value as Record<string, JsonValue>) }
}

/** Whether an escape stands for what no text holds: NUL, or half of a surrogate pair. */
function hasHalves(value: JsonValue): boolean {
  if (value.kind === 'text') return !storable(value.value)
  if (value.kind === 'list') return value.items.some(hasHalves)
  return value.kind === 'object' && value.members.some(([key, member]) => !storable(key) || hasHalves(member))
}

function wordsOf(text: string): JsonWords | null {
  const items = parseArrayLiteral(text)
  return items && words(items)
}

function words(items: readonly ArrayItem[]): JsonWords {
  return {
    kind: 'words',
    items: items.map((item) => (item === null ? { kind: 'null' } : typeof item === 'string' ? { kind: 'word', text: item } : words(item))),
  }
}

function size(value: JsonValue | JsonWords['items'][number]): number {
  if (value.kind === 'list' || value.kind === 'words') {
    const items: readonly (JsonValue | JsonWords['items'][number])[] = value.items
    return items.reduce((sum, item) => sum + size(item), 1)
  }
  return value.kind === 'object' ? value.members.reduce((sum, [, member]) => sum + size(member), 1) : 1
}

/** A word as each type reads it: null where it isn't of the type. */
export function readWord(text: string): { readonly number: string | null; readonly boolean: boolean | null } {
  const number = /^\s*[+]?(-?)0*(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*$/.exec(text)
  const digits = number && `${number[1]}${number[2]}`
  const word = text.trim().toLowerCase()
  return {
    number: digits,
    boolean: /^(t|true|y|yes|on)$/.test(word) ? true : /^(f|false|n|no|off)$/.test(word) ? false : null,
  }
}
