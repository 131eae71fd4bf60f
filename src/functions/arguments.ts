// What a call sends to what the function's schema takes: texts of an address or a form become the values that the schema means, as
// Postgres would cast them. Then the schema judges.
import type * as z from 'zod'
import { AppError } from '../core'
import { unwrap, type FunctionModel } from '../define'
import { parseArrayLiteral } from '../query'
import { functionErrors } from './errors'

/** A call's arguments by name; a repeated key of an address is a list of texts. */
export type RawArguments = Readonly<Record<string, unknown>>

const MAX_ISSUES = 5

/** The arguments as the schema gives them. `texts` says that lists of texts are keys that were repeated. Errors: 22P02. */
export async function parseArguments(fn: FunctionModel, raw: RawArguments, texts: boolean): Promise<unknown> {
  if (fn.schema === null) return {}
  const read = Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, readArgument(fn, name, value, texts)]))
  const parsed = await fn.schema.safeParseAsync(read)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues
    .slice(0, MAX_ISSUES)
    .map(({ path, message }) => `${path.map(String).join('.') || 'arguments'}: ${message}`)
  throw new AppError(functionErrors.function_bad_argument, {
    message: `invalid input for function ${fn.name}: ${issues[0] ?? 'the arguments do not fit'}`.slice(0, 500),
    details: issues.join('\n').slice(0, 2_000),
  })
}

function readArgument(fn: FunctionModel, name: string, value: unknown, texts: boolean): unknown {
  const schema = fn.arguments.get(name)?.schema
  if (schema === undefined) return value
  if (texts && Array.isArray(value))
    return kindOf(schema) === 'array' ? value.map((item) => castText(itemOf(schema), item, true)) : castText(schema, value.at(-1), true)
  return castText(schema, value, texts)
}

function kindOf(schema: z.ZodType): string {
  const { type } = unwrap(schema).inner.def
  return type
}

const itemOf = (schema: z.ZodType): z.ZodType => (unwrap(schema).inner.def as unknown as { element: z.ZodType }).element

const NUMBER = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i

/** What JSON says for itself: in an address it stands as text. */
const JSON_KINDS: ReadonlySet<string> = new Set(['object', 'record', 'tuple', 'map', 'any', 'unknown', 'custom', 'lazy', 'null', 'union'])

/**
 * A text as the value that the schema means; anything else, and a text that isn't one, stays for the schema to judge. `texts` says that
 * the input stood in an address or a form, where all is text.
 */
export function castText(schema: z.ZodType, input: unknown, texts: boolean): unknown {
  const { inner } = unwrap(schema)
  const def = inner.def as unknown as Readonly<Record<string, unknown>> & { type: string }
  if (typeof input !== 'string') {
    if (Array.isArray(input) && def.type === 'array') return input.map((item) => castText(def['element'] as z.ZodType, item, texts))
    if (typeof input === 'number' && def.type === 'bigint' && Number.isSafeInteger(input)) return BigInt(input)
    if (isRecord(input) && def.type === 'object') return castMembers(def['shape'] as Record<string, z.ZodType>, input, texts)
    return input
  }
  if (!texts && JSON_KINDS.has(def.type)) return input
  switch (def.type) {
    case 'number':
      return NUMBER.test(input) ? Number(input) : input
    case 'bigint':
      return /^\s*[+-]?\d{1,400}\s*$/.test(input) ? BigInt(input.trim()) : input
    case 'boolean':
      return /^(?:true|t|1|yes|on)$/i.test(input) ? true : /^(?:false|f|0|no|off)$/i.test(input) ? false : input
    case 'date': {
      // JavaScript takes almost anything for a date.
      if (!/^\s*\d{4}-\d\d-\d\d(?:[T ]|\s*$)/.test(input)) return input
      const moment = new Date(input)
      return Number.isNaN(moment.getTime()) ? input : moment
    }
    case 'array': {
      const items = input.startsWith('{') ? parseArrayLiteral(input) : parsedJson(input)
      return Array.isArray(items) ? items.map((item) => castText(def['element'] as z.ZodType, item, texts)) : input
    }
    case 'object':
      return castMembers(def['shape'] as Record<string, z.ZodType>, parsedJson(input), false)
    case 'record':
    case 'tuple':
    case 'map':
    case 'any':
    case 'unknown':
    case 'custom':
    case 'lazy':
      return parsedJson(input)
    case 'null':
      return input === 'null' ? null : input
    case 'union':
      return castUnion(def['options'] as readonly z.ZodType[], input)
    case 'literal':
      return (def['values'] as readonly unknown[]).find((one) => String(one) === input) ?? input
    case 'enum':
      return Object.values(def['entries'] as Record<string, unknown>).find((one) => String(one) === input) ?? input
    case 'pipe':
      return castText(def['in'] as z.ZodType, input, texts)
    default:
      return input
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

function castMembers(shape: Record<string, z.ZodType>, value: unknown, texts: boolean): unknown {
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, Object.hasOwn(shape, key) ? castText(shape[key]!, member, texts) : member]),
  )
}

/** A text that one of the schemas takes as it is stays a text. */
function castUnion(options: readonly z.ZodType[], input: string): unknown {
  if (options.some((option) => kindOf(option) === 'string' && option.safeParse(input).success)) return input
  for (const option of options) {
    const value = castText(option, input, true)
    if (option.safeParse(value).success) return value
  }
  return input
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
