// Ranges as Postgres writes them (`[1,10)`), and as they are stored: a JSON list of the canonical text, the lower bound, whether it
// belongs, the upper bound, and whether that belongs. Ranges that Postgres holds equal are stored alike, to the letter.
import type { RangeKind } from '../define'
import { queryErrors, valueError } from './errors'

/** Reads one bound: the value as its own column would store it. Throws what that column would. */
export type ReadBound = (type: 'integer' | 'bigint' | 'numeric' | 'date' | 'timestamp_ms', text: string) => string

type Bound = { readonly value: string; readonly included: boolean } | null

const SUBTYPES = {
  int4range: 'integer',
  int8range: 'bigint',
  numrange: 'numeric',
  daterange: 'date',
  tsrange: 'timestamp_ms',
  tstzrange: 'timestamp_ms',
} as const

const EMPTY = JSON.stringify(['empty'])

const LITERAL = /^\s*([[(])((?:"(?:[^"\\]|\\.|"")*"|\\.|[^,"\\()[\]])*),((?:"(?:[^"\\]|\\.|"")*"|\\.|[^,"\\()[\]])*)([\])])\s*$/su

/** Whether the text has the form of a range rather than of one of its values. */
export function looksLikeRange(text: string): boolean {
  return /^\s*(?:[[(]|empty\s*$)/i.test(text)
}

/** The range as it is stored. Throws 22P02, 22000, 22003 and what a bound of the type throws. */
export function encodeRange(kind: RangeKind, text: string, read: ReadBound): string {
  if (/^\s*empty\s*$/i.test(text)) return EMPTY
  const match = LITERAL.exec(text)
  if (!match) throw malformed(text)
  const lower = boundOf(kind, match[2]!, match[1] === '[', read)
  const upper = boundOf(kind, match[3]!, match[4] === ']', read)
  const order = lower && upper ? compareBounds(kind, lower.value, upper.value) : -1
  if (order > 0) throw valueError(queryErrors.invalid_range, 'range lower bound must be less than or equal to range upper bound')
  if (order === 0 && !(lower?.included && upper?.included)) return EMPTY
  const [from, to] = isDiscrete(kind) ? [next(kind, lower, false), next(kind, upper, true)] : [lower, upper]
  if (isDiscrete(kind) && from && to && compareBounds(kind, from.value, to.value) === 0) return EMPTY
  return stored(kind, from, to)
}

function malformed(text: string) {
  const detail = /^\s*[[(]/.test(text) ? 'A range has two bounds between brackets, with one comma.' : 'Missing left parenthesis or bracket.'
  return valueError(queryErrors.invalid_text, `malformed range literal: "${text.length > 100 ? `${text.slice(0, 100)}…` : text}"`, detail)
}

const isDiscrete = (kind: RangeKind): boolean => kind === 'int4range' || kind === 'int8range' || kind === 'daterange'

function boundOf(kind: RangeKind, raw: string, included: boolean, read: ReadBound): Bound {
  if (raw === '') return null
  const text = raw.replaceAll(/"((?:[^"\\]|\\.|"")*)"|\\(.)/gsu, (_, quoted: string | undefined, escaped: string | undefined) =>
    quoted === undefined ? (escaped ?? '') : quoted.replaceAll(/\\(.)|""/gsu, (_pair, one: string | undefined) => one ?? '"'),
  )
  // The type's own infinity stands beyond every value, as no bound does.
  if (/^\s*[+-]?infinity\s*$/i.test(text) && !kind.startsWith('int')) return null
  const zoneless = kind === 'tsrange' ? text.replace(/(:\d\d(?:\.\d+)?)\s?(?:Z|[+-]\d{2}(?::?\d{2})?)$/i, '$1') : text
  const value = read(SUBTYPES[kind], zoneless)
  if (kind === 'int4range' && (BigInt(value) > 2147483647n || BigInt(value) < -2147483648n))
    throw valueError(queryErrors.out_of_range, `value "${value}" is out of range for type integer`)
  return { value: kind === 'numrange' ? plainDecimal(value) : value, included }
}

/** The decimal without an exponent and without zeros that say nothing. */
function plainDecimal(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text)!
  const shift = Number(exponent)
  const digits = whole + fraction
  const point = whole.length + shift
  const moved =
    point <= 0
      ? `0.${'0'.repeat(-point)}${digits}`
      : point >= digits.length
        ? digits + '0'.repeat(point - digits.length)
        : `${digits.slice(0, point)}.${digits.slice(point)}`
  const trimmed = (moved.includes('.') ? moved.replace(/\.?0+$/, '') : moved).replace(/^0+(?=\d)/, '')
  return /^0?$/.test(trimmed) ? '0' : sign + trimmed
}

function compareBounds(kind: RangeKind, left: string, right: string): number {
  if (kind === 'daterange') return left === right ? 0 : left < right ? -1 : 1
  if (kind === 'numrange') return compareDecimals(left, right)
  const difference = BigInt(left) - BigInt(right)
  return difference === 0n ? 0 : difference < 0n ? -1 : 1
}

function compareDecimals(left: string, right: string): number {
  const [[a, x], [b, y]] = [left, right].map((text): [string, string] => {
    const [whole = '', fraction = ''] = text.split('.')
    return [whole, fraction]
  }) as [[string, string], [string, string]]
  const places = Math.max(x.length, y.length)
  const difference = BigInt(a + x.padEnd(places, '0')) - BigInt(b + y.padEnd(places, '0'))
  return difference === 0n ? 0 : difference < 0n ? -1 : 1
}

/** A bound of a discrete range as `[)` has it: the lower one belongs, the upper one doesn't. */
function next(kind: RangeKind, bound: Bound, belongs: boolean): Bound {
  if (bound === null || bound.included !== belongs) return bound && { ...bound, included: !belongs }
  if (kind === 'daterange') {
    const day = new Date(`${bound.value}T00:00:00Z`)
    day.setUTCDate(day.getUTCDate() + 1)
    if (day.getUTCFullYear() > 9999) throw valueError(queryErrors.datetime_out_of_range, 'date out of range')
    return { value: day.toISOString().slice(0, 10), included: !belongs }
  }
  const value = BigInt(bound.value) + 1n
  const [most, name] = kind === 'int4range' ? [2147483647n, 'integer'] : [2n ** 63n - 1n, 'bigint']
  if (value > most) throw valueError(queryErrors.out_of_range, `${name} out of range`)
  return { value: String(value), included: !belongs }
}

function stored(kind: RangeKind, lower: Bound, upper: Bound): string {
  const text = `${lower?.included ? '[' : '('}${shown(kind, lower)},${shown(kind, upper)}${upper?.included ? ']' : ')'}`
  const bound = (one: Bound) => (one === null ? 'null' : kind === 'daterange' ? JSON.stringify(one.value) : one.value)
  return `[${JSON.stringify(text)},${bound(lower)},${lower?.included ? 1 : 0},${bound(upper)},${upper?.included ? 1 : 0}]`
}

/** As Postgres prints it: in quotes when there is a space in it. */
function shown(kind: RangeKind, bound: Bound): string {
  if (bound === null) return ''
  if (kind !== 'tsrange' && kind !== 'tstzrange') return bound.value
  const [day, time] = new Date(Number(bound.value)).toISOString().slice(0, -1).split('T')
  const text = `${day} ${time!.replace(/\.?0+$/, '')}`
  return kind === 'tstzrange' ? `"${text}+00"` : `"${text}"`
}
