// What is sent: `{"type", "timestamp", "data"}`, made of a change as the log has it, with values as they stand on the wire. Sees what the
// service sees; what is `hidden` doesn't exist here either.
import { utf8 } from '../core'
import type { Change } from '../data'
import { DEFAULT_SCHEMA, type ColumnModel, type TableModel } from '../define'

/** The largest body, in bytes (Standard Webhooks asks for less than 20 kB). */
export const MAX_BODY_BYTES = 20_000

export interface WebhookEvent {
  readonly type: string
  readonly body: string
  /** Of those with the same key, one is sent after the other. */
  readonly key: string
}

const OPS = { I: 'inserted', U: 'updated', D: 'deleted' } as const

/** The name of a type, as Standard Webhooks has it: words and dots. */
export const TYPE = /^[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*$/
/** What an endpoint asks for: a type, all under a name, or all. */
export const PATTERN = /^(?:\*|[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*(?:\.\*)?)$/

/** `trips`, or `personal.trips` of a table in a schema of its own. */
export function eventName({ exposed: { schema, name } }: TableModel): string {
  return (schema === DEFAULT_SCHEMA ? name : `${schema}.${name}`).replaceAll(/[^A-Za-z0-9_.]/g, '_')
}

/** Whether an endpoint that asks for the pattern is told of the type. Events of the engine itself are told to who names them. */
export function matches(pattern: string, type: string): boolean {
  if (pattern === type) return true
  if (pattern === '*') return !type.startsWith('webhook.')
  return pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))
}

/** The type of a change; null for an update that changed nothing a client could see. */
export function typeOf(table: TableModel, { op, columns }: Pick<Change, 'op' | 'columns'>): string | null {
  if (op === 'U' && !(columns ?? []).some((name) => isVisible(table, name))) return null
  return `${eventName(table)}.${OPS[op]}`
}

/**
 * The event of a change. `record` is the row as it became (null after a delete), `old` what the log keeps of it as it was, `changed` the
 * columns of an update. A body that would be too large has neither row, and says so: the receiver reads the row by its key.
 */
export function eventOf(table: TableModel, change: Change): WebhookEvent | null {
  const type = typeOf(table, change)
  if (type === null) return null
  const keys = parseExact(change.key) as readonly unknown[]
  const data = {
    table: eventName(table),
    key: wireRow(table, Object.fromEntries(table.primaryKey.map((name, i) => [name, keys[i] ?? null]))),
    record: change.new === null ? null : wireRow(table, parseExact(change.new) as Row),
    old: change.old === null ? null : wireRow(table, parseExact(change.old) as Row),
    changed: change.columns === null ? null : change.columns.filter((name) => isVisible(table, name)),
  }
  const key = `${change.table} ${change.key}`
  const whole = envelope(type, change.at, data)
  const lost = change.op !== 'D' && change.new === null
  if (!lost && sizeOf(whole) < MAX_BODY_BYTES) return { type, body: whole, key }
  const cut = envelope(type, change.at, { ...data, record: null, old: null, omitted: true })
  if (sizeOf(cut) < MAX_BODY_BYTES) return { type, body: cut, key }
  return {
    type,
    body: envelope(type, change.at, { table: data.table, key: null, record: null, old: null, changed: null, omitted: true }),
    key,
  }
}

/** The body of an event. `at` is UTC ms. */
export function envelope(type: string, at: number, data: unknown): string {
  return JSON.stringify({ type, timestamp: new Date(at).toISOString(), data })
}

/** Bytes of a body. */
export const sizeOf = (body: string): number => utf8(body).length

type Row = Readonly<Record<string, unknown>>

const isVisible = (table: TableModel, name: string): boolean => table.columns.get(name)?.hidden === false

function wireRow(table: TableModel, row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => {
      const column = table.columns.get(name)
      // What a migration has taken away since is of no column any more.
      return column === undefined || column.hidden ? [] : [[name, wireValue(column, value)]]
    }),
  )
}

/** The value as the data API writes it; see query/output.ts. */
function wireValue({ type }: ColumnModel, stored: unknown): unknown {
  if (stored === null || stored === undefined) return null
  switch (type) {
    case 'boolean':
      return plain(stored) !== '0'
    case 'timestamp':
      return isoTime(Number(plain(stored)) * 1000)?.replace(/\.\d+\+/, '+') ?? null
    case 'timestamp_ms':
      return isoTime(Number(plain(stored)))
    case 'json':
      return parsed(plain(stored))
    case 'numeric':
      return parsed(plain(stored))
    case 'range':
      return (parsed(plain(stored)) as readonly unknown[] | null)?.[0] ?? null
    default:
      return stored
  }
}

/** The text of a scalar; a number's own digits. */
function plain(stored: unknown): string {
  return typeof stored === 'object' ? (stored as { rawJSON: string }).rawJSON : String(stored)
}

function isoTime(milliseconds: number): string | null {
  const date = new Date(milliseconds)
  return Number.isNaN(date.getTime()) ? null : date.toISOString().replace('Z', '+00:00')
}

function parsed(text: string): unknown {
  try {
    return parseExact(text)
  } catch {
    return null
  }
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown
const raw = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON
const reviving = JSON.parse as (text: string, reviver: Reviver) => unknown

/** JSON whose numbers keep the digits that they were written with. */
function parseExact(text: string): unknown {
  return reviving(text, (_, value, { source }) => (typeof value === 'number' && source !== undefined ? raw(source) : value))
}
