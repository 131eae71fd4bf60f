// The body of a call: its arguments by name, out of a JSON object or a form.
import { AppError } from '../core'
import { decodeBody } from './body'
import { restErrors } from './errors'
import { parseJson, rawText, refuseUnstorable } from './json'
import { parsePairs } from './parameters'
import type { RestRequest } from './request'

export type SentArguments =
  | { readonly kind: 'arguments'; readonly raw: Readonly<Record<string, unknown>>; readonly texts: boolean }
  /** A body that would be one argument without a name, which no function here has. */
  | { readonly kind: 'unnamed'; readonly type: string; readonly texts: boolean }

const UNNAMED: Readonly<Record<string, string>> = {
  'text/plain': 'text',
  'text/xml': 'xml',
  'application/octet-stream': 'bytea',
}

/** An empty body, or `null`, which Dart's client sends, is no argument; of a list the first object counts, as PostgREST has it; `columns` says which members to take. Errors: PGRST102, 22P05. */
export function readArguments({ header, body }: RestRequest, columns: readonly string[] | null): SentArguments {
  const type = (header('content-type') ?? 'application/json').split(';')[0]!.trim().toLowerCase()
  const text = decodeBody(body ?? new Uint8Array())
  if (text.trim() === '') return { kind: 'arguments', raw: {}, texts: false }
  const unnamed = UNNAMED[type]
  if (unnamed !== undefined) return { kind: 'unnamed', type: unnamed, texts: true }
  if (type !== 'application/json' && type !== 'application/x-www-form-urlencoded')
    throw new AppError(restErrors.rest_bad_body, { message: `Content-Type not acceptable: ${type.slice(0, 100)}` })
  const texts = type !== 'application/json'
  const sent = texts ? formOf(text) : only(parseJson(text))
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent) || rawText(sent) !== null || Object.hasOwn(sent, '__proto__'))
    throw new AppError(restErrors.rest_bad_body, { details: 'Send one object, its members the arguments.' })
  refuseUnstorable(sent)
  const raw = Object.entries(sent as Record<string, unknown>).filter(([name]) => columns === null || columns.includes(name))
  return { kind: 'arguments', raw: Object.fromEntries(raw.map(([name, value]) => [name, withDigits(value)])), texts }
}

function only(sent: unknown): unknown {
  const first: unknown = Array.isArray(sent) ? sent[0] : sent
  return first === null || (Array.isArray(sent) && sent.length === 0) ? {} : first
}

function formOf(text: string): Record<string, unknown> {
  const values = new Map<string, string[]>()
  for (const [key, value] of parsePairs(text)) values.set(key, [...(values.get(key) ?? []), value])
  return Object.fromEntries([...values].map(([key, list]) => [key, list.length === 1 ? list[0] : list]))
}

/** A number that a double can't hold goes on as the text of its digits. */
function withDigits(value: unknown): unknown {
  const digits = rawText(value)
  if (digits !== null) return digits
  if (Array.isArray(value)) return value.map(withDigits)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withDigits(member)]))
}
