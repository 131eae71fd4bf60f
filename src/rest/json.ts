// JSON in and out without losing a digit: numbers that a double can't hold keep their text.
import { AppError } from '../core'
import { restErrors } from './errors'

interface RawJson {
  readonly rawJSON: string
}

/** The parts of "JSON.parse source text access" (ECMAScript proposal, in V8) that the type library lacks. */
const json = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown
  rawJSON(text: string): RawJson
  isRawJSON(value: unknown): value is RawJson
}

/** How deep a row's JSON may nest. */
const MAX_JSON_DEPTH = 50

/** A double keeps fifteen digits of any number, and exponents of two. */
const DOUBTFUL_NUMBER = /\d[\d.]{15}|\de[+-]?\d{3}/i

/**
 * Parses JSON; a number that a double can't hold becomes a raw JSON value, which `JSON.stringify` writes as it was.
 * Errors: PGRST102.
 */
export function parseJson(text: string): unknown {
  try {
    return DOUBTFUL_NUMBER.test(text) ? json.parse(text, exact) : JSON.parse(text)
  } catch (cause) {
    throw new AppError(restErrors.rest_bad_body, { cause })
  }
}

function exact(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  const { source } = context
  if (typeof value !== 'number' || source === undefined || holds(value, source)) return value
  return json.rawJSON(source)
}

/** Whether a double has all digits of the number that `source` writes. */
function holds(value: number, source: string): boolean {
  if (Number.isSafeInteger(value) && /^-?\d+$/.test(source)) return true
  const digits = (text: string) => text.replace(/e.*$/i, '').replace(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '')
  return Number.isFinite(value) && digits(String(value)) === digits(source)
}

/** The exact text of a number that `parseJson` kept raw; null for anything else. */
export function rawText(value: unknown): string | null {
  return json.isRawJSON(value) ? value.rawJSON : null
}

/**
 * Refuses what can't be kept, in one walk that goes no deeper than it allows.
 * Errors: PGRST102 for nesting beyond `MAX_JSON_DEPTH`, 22P05 for text that no column holds (null characters, half surrogate pairs).
 */
export function refuseUnstorable(value: unknown, depth = 0): void {
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed()) {
      throw new AppError(restErrors.rest_unstorable_text, { details: 'A text holds a null character or half of a surrogate pair.' })
    }
  } else if (typeof value === 'object' && value !== null && !json.isRawJSON(value)) {
    if (depth > MAX_JSON_DEPTH) {
      throw new AppError(restErrors.rest_bad_body, { details: `JSON is nested more than ${MAX_JSON_DEPTH} levels deep.` })
    }
    for (const [key, inner] of Object.entries(value)) {
      refuseUnstorable(key, depth)
      refuseUnstorable(inner, depth + 1)
    }
  }
}

/** JSON text without the members that are null, at every depth; digits stay as they were. */
export function stripNulls(text: string): string {
  return JSON.stringify(json.parse(text, exact), (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || json.isRawJSON(value)) return value
    return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null))
  })
}

/** Rows for reading on the server; numbers that a double can't hold are raw. */
export function parseRows(text: string): readonly Readonly<Record<string, unknown>>[] {
  return json.parse(text, exact) as Record<string, unknown>[]
}
