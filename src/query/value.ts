// Reads a client's value as its column's type means it, before SQL sees it: SQLite would silently find nothing or store
// something else. Used by filters and by writes. Messages are Postgres' own.
import type { ColumnModel } from '../define'
import { queryErrors, valueError } from './errors'
import { parseInstant } from './instant'
import { encodeRange, type ReadBound } from './range-value'

/** What a value is for: lengths bind only what is stored, and a filter may be finer than the column. */
export type ValuePurpose = 'filter' | 'write'

/** Postgres' names for the types, as they stand in messages. */
const NAMES: Readonly<Record<ColumnModel['type'], string>> = {
  text: 'text',
  uuid: 'uuid',
  date: 'date',
  integer: 'bigint',
  bigint: 'bigint',
  real: 'double precision',
  numeric: 'numeric',
  boolean: 'boolean',
  timestamp: 'timestamp with time zone',
  timestamp_ms: 'timestamp with time zone',
  json: 'json',
  blob: 'bytea',
  range: 'range',
}

/** Postgres' name of the column's type. */
export function typeName(column: ColumnModel): string {
  return column.range ?? (column.type === 'integer' ? 'integer' : NAMES[column.type])
}

/**
 * The value as SQLite is to hold it: integers, times and booleans as text of digits (the column's affinity makes them INTEGER),
 * reals as numbers, bytes as lower-case hex for `unhex`, JSON as text without spaces. `input` is text out of a URL, or any JSON
 * value. NULL stays NULL. Throws 22P02, 22003, 22007, 22008, 22001 or 22021.
 */
export function encodeValue(column: ColumnModel, input: unknown, purpose: ValuePurpose): string | number | null {
  if (column.type === 'json') return encodeJson(input, purpose)
  if (input === null || input === undefined) return null
  const text = typeof input === 'string' ? input : typeof input === 'object' ? JSON.stringify(input) : String(input)
  if (!storable(text)) throw valueError(queryErrors.invalid_encoding, 'invalid byte sequence for encoding "UTF8"')
  switch (column.type) {
    case 'text':
      return encodeText(column, text, purpose)
    case 'uuid':
      return encodeUuid(text)
    case 'date':
      return encodeDate(text)
    case 'integer':
    case 'bigint':
      return encodeInteger(column, input, text)
    case 'real':
      return encodeReal(column, text)
    case 'numeric':
      return encodeNumeric(text)
    case 'boolean':
      return encodeBoolean(text)
    case 'timestamp':
    case 'timestamp_ms':
      return encodeTimestamp(column, text, purpose)
    case 'blob':
      return encodeBytes(text)
    case 'range':
      return encodeRange(column.range!, text, boundReader(column))
  }
}

/** Reads a bound of a range column as a column of the bound's own type would. */
export function boundReader(column: ColumnModel): ReadBound {
  return (type, text) => String(encodeValue({ ...column, type, values: null, maxLength: null }, text, 'write'))
}

/** Whether SQLite keeps the text as it is: no NUL, no half of a surrogate pair. */
export function storable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

function invalid(column: Pick<ColumnModel, 'type'> & Partial<ColumnModel>, text: string) {
  const name = column.type === 'integer' ? 'integer' : NAMES[column.type]
  return valueError(queryErrors.invalid_text, `invalid input syntax for type ${name}: "${shown(text)}"`)
}

/** Long values are cut in messages. */
const shown = (text: string): string => (text.length > 100 ? `${text.slice(0, 100)}…` : text)

function encodeText(column: ColumnModel, text: string, purpose: ValuePurpose): string {
  if (column.values && !column.values.includes(text)) {
    throw valueError(queryErrors.invalid_text, `invalid input value for enum ${column.name}: "${shown(text)}"`)
  }
  if (purpose === 'write' && column.maxLength !== null && [...text].length > column.maxLength) {
    throw valueError(queryErrors.text_too_long, `value too long for type character varying(${column.maxLength})`)
  }
  return text
}

function encodeUuid(text: string): string {
  const hex = text
    .trim()
    .toLowerCase()
    .replace(/^\{(.*)\}$/, '$1')
    .replaceAll('-', '')
  if (!/^[0-9a-f]{32}$/.test(hex)) throw invalid({ type: 'uuid' }, text)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function encodeDate(text: string): string {
  const match = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?$/.exec(text.trim())
  if (!match) throw valueError(queryErrors.invalid_datetime, `invalid input syntax for type date: "${shown(text)}"`)
  const [year, month, day] = [match[1]!, match[2]!.padStart(2, '0'), match[3]!.padStart(2, '0')]
  const moment = new Date(`${year}-${month}-${day}T00:00:00Z`)
  if (Number.isNaN(moment.getTime()) || moment.getUTCDate() !== Number(day)) {
    throw valueError(queryErrors.datetime_out_of_range, `date/time field value out of range: "${shown(text)}"`)
  }
  return `${year}-${month}-${day}`
}

const MAX_INT64 = 2n ** 63n

function encodeInteger(column: ColumnModel, input: unknown, text: string): string {
  const trimmed = text.trim()
  if (typeof input === 'number' && Number.isInteger(input) && !Number.isSafeInteger(input)) {
    throw valueError(
      queryErrors.out_of_range,
      `value "${text}" is out of range for type ${typeName(column)}`,
      'Integers beyond 2^53 must be sent as text.',
    )
  }
  if (typeof input === 'boolean' || !/^[+-]?\d+$/.test(trimmed)) throw invalid(column, text)
  const value = trimmed.length > 400 ? MAX_INT64 : BigInt(trimmed.replace('+', ''))
  if (value >= MAX_INT64 || value < -MAX_INT64)
    throw valueError(queryErrors.out_of_range, `value "${shown(trimmed)}" is out of range for type ${NAMES.bigint}`)
  return String(value)
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

function encodeReal(column: ColumnModel, text: string): number {
  if (!DECIMAL.test(text.trim())) throw invalid(column, text)
  const value = Number(text)
  if (!Number.isFinite(value)) throw valueError(queryErrors.out_of_range, `"${shown(text)}" is out of range for type double precision`)
  return value
}

/** Kept as the decimal that was sent, in JSON's spelling. */
function encodeNumeric(text: string): string {
  const match = /^([+-]?)0*(\d*)(?:\.(\d*))?([eE][+-]?\d+)?$/.exec(text.trim())
  if (!match || !DECIMAL.test(text.trim())) throw invalid({ type: 'numeric' }, text)
  if (!Number.isFinite(Number(text))) throw valueError(queryErrors.out_of_range, 'value overflows numeric format')
  const [, sign, whole, fraction, exponent] = match
  return `${sign === '-' ? '-' : ''}${whole || '0'}${fraction ? `.${fraction}` : ''}${exponent ?? ''}`
}

/** Postgres takes any unambiguous beginning of these words, in any case. */
function encodeBoolean(text: string): '0' | '1' {
  const word = text.trim().toLowerCase()
  const begins = (full: string, least: number) => word.length >= least && full.startsWith(word)
  if (word === '1' || word === 'on' || begins('true', 1) || begins('yes', 1)) return '1'
  if (word === '0' || begins('off', 2) || begins('false', 1) || begins('no', 1)) return '0'
  throw invalid({ type: 'boolean' }, text)
}

function encodeTimestamp(column: ColumnModel, text: string, purpose: ValuePurpose): string {
  const instant = parseInstant(text)
  if (instant === null)
    throw valueError(queryErrors.invalid_datetime, `invalid input syntax for type timestamp with time zone: "${shown(text)}"`)
  if (instant === 'out of range')
    throw valueError(queryErrors.datetime_out_of_range, `date/time field value out of range: "${shown(text)}"`)
  const value = column.type === 'timestamp' ? instant / 1000 : instant
  return String(purpose === 'write' ? Math.floor(value) : value)
}

function encodeBytes(text: string): string {
  if (!/^\\x([0-9a-f]{2})*$/i.test(text)) throw invalid({ type: 'blob' }, text)
  return text.slice(2).toLowerCase()
}

/** In a filter, text is JSON's own text; in a row, a text is a JSON string. A row's JSON null is NULL, as PostgREST has it. */
function encodeJson(input: unknown, purpose: ValuePurpose): string | null {
  if (input === null || input === undefined) return null
  if (purpose === 'write') {
    const text = JSON.stringify(input)
    if (!text.isWellFormed()) throw valueError(queryErrors.invalid_encoding, 'invalid byte sequence for encoding "UTF8"')
    return text
  }
  try {
    return JSON.stringify(JSON.parse(String(input)))
  } catch {
    throw invalid({ type: 'json' }, String(input))
  }
}
