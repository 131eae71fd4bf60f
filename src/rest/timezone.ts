// `Prefer: timezone=…`: the times of an answer in a zone of the client's choice. SQLite knows no zones, so the answer is gone
// through once more, where the selection says that a time stands.
import type { Field } from './fields'
import { parseRows } from './json'

/** Minutes east of UTC at a moment (UTC ms); a fraction where a zone once had seconds. */
export type Zone = (moment: number) => number

/** As Postgres reads a zone; null when it is none. */
export function parseZone(text: string): Zone | null {
  const fixed = fixedOffset(text)
  if (fixed !== null) {
    return Math.abs(fixed) > MOST_OFFSET ? null : () => fixed
  }
  if (!/^[a-z]/i.test(text)) return null
  try {
    return namedZone(new Intl.DateTimeFormat('en-US', { timeZone: text, hourCycle: 'h23', ...PARTS }))
  } catch {
    return null
  }
}

const PARTS = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const
/** Of any zone, with room. */
const MOST_OFFSET = 16 * 60

/**
 * A bare number is hours east, as SQL has it. With minutes, or behind letters, it is POSIX', which counts to the west:
 * `+05:30` and `XYZ+5:30` are both behind UTC.
 */
function fixedOffset(text: string): number | null {
  if (/^[+-]?\d{1,2}(?:\.\d+)?$/.test(text)) return Number(text) * 60
  const posix = /^(?:[a-z]{3,10}|(?=[+-]?\d+:))([+-]?)(\d{1,2})(?::(\d{2}))?$/i.exec(text)
  if (!posix || Number(posix[3] ?? 0) > 59) return null
  return (Number(posix[2]) * 60 + Number(posix[3] ?? 0)) * (posix[1] === '-' ? 1 : -1)
}

/** Zones change their offset at quarters of an hour. */
const QUARTER = 900_000

function namedZone(format: Intl.DateTimeFormat): Zone {
  const known = new Map<number, number>()
  return (moment) => {
    const quarter = Math.floor(moment / QUARTER)
    const found = known.get(quarter) ?? offsetAt(format, quarter * QUARTER)
    if (known.size < 10_000) known.set(quarter, found)
    return found
  }
}

function offsetAt(format: Intl.DateTimeFormat, moment: number): number {
  const parts = new Map(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]))
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
  const local = new Date(0)
  local.setUTCFullYear(part('year'), part('month') - 1, part('day'))
  local.setUTCHours(part('hour'), part('minute'), part('second'))
  return (local.getTime() - moment) / 60_000
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$/

/** A time as answers have it, in UTC, in the zone; anything else as it is. */
export function zoned(text: string, zone: Zone): string {
  const fraction = TIME.exec(text)
  const moment = Date.parse(text)
  if (!fraction || Number.isNaN(moment)) return text
  const minutes = zone(moment)
  const local = new Date(moment + minutes * 60_000)
  const year = local.getUTCFullYear()
  if (year < 1 || year > 9999) return text
  return `${local.toISOString().slice(0, 19)}${fraction[1] ?? ''}${written(minutes)}`
}

function written(minutes: number): string {
  const seconds = Math.round(Math.abs(minutes) * 60)
  const pieces = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, ...(seconds % 60 === 0 ? [] : [seconds % 60])]
  return `${minutes < 0 ? '-' : '+'}${pieces.map((piece) => String(piece).padStart(2, '0')).join(':')}`
}

/** The JSON text of rows with the times that `fields` tell of in the zone. */
export function inZone(body: string, fields: readonly Field[], zone: Zone): string {
  if (!fields.some(holdsTime)) return body
  return JSON.stringify(parseRows(body).map((row) => moved(row, fields, zone)))
}

const holdsTime = ({ kind, inner }: Field): boolean => kind === 'time' || (inner?.some(holdsTime) ?? false)

function moved(row: Readonly<Record<string, unknown>>, fields: readonly Field[], zone: Zone): Record<string, unknown> {
  const out: Record<string, unknown> = { ...row }
  for (const field of fields) if (holdsTime(field) && Object.hasOwn(out, field.name)) out[field.name] = value(out[field.name], field, zone)
  return out
}

function value(of: unknown, field: Field, zone: Zone): unknown {
  if (Array.isArray(of)) return of.map((item: unknown) => value(item, field, zone))
  if (typeof of === 'string' && field.kind === 'time') return zoned(of, zone)
  if (typeof of === 'object' && of !== null && field.inner) return moved(of as Record<string, unknown>, field.inner, zone)
  return of
}
