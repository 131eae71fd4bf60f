// The body of a write: JSON or a form, to rows. Names and values are judged by the compiler, against the table's columns.
import { AppError } from '../core'
import { notImplemented, restErrors } from './errors'
import { parseJson, rawText, refuseUnstorable } from './json'
import { parsePairs } from './parameters'

export type Row = Readonly<Record<string, unknown>>

export interface Body {
  readonly bytes: Uint8Array
  readonly contentType: string | null
}

/**
 * Reads the rows of a body; one object is one row.
 * Errors: PGRST102 for what isn't JSON objects with equal keys (they may differ when `columns` are given).
 */
export function readRows(body: Body, columns: readonly string[] | null): Row[] {
  const rows = parseRowsOf(body)
  if (columns !== null)
    return rows.map((row) => Object.fromEntries(columns.flatMap((column) => (Object.hasOwn(row, column) ? [[column, row[column]]] : []))))
  const keys = Object.keys(rows[0] ?? {})
  for (const row of rows) {
    const own = Object.keys(row)
    if (own.length !== keys.length || !keys.every((key) => Object.hasOwn(row, key))) {
      throw new AppError(restErrors.rest_bad_body, { message: 'All object keys must match' })
    }
  }
  return rows
}

function parseRowsOf({ bytes, contentType }: Body): Row[] {
  const type = (contentType ?? 'application/json').split(';')[0]!.trim().toLowerCase()
  if (type === 'text/csv') throw notImplemented('A CSV body')
  if (type !== 'application/json' && type !== 'application/x-www-form-urlencoded') {
    throw new AppError(restErrors.rest_bad_body, { message: `Content-Type not acceptable: ${type.slice(0, 100)}` })
  }
  const text = decodeBody(bytes)
  if (type !== 'application/json') return [Object.fromEntries(parsePairs(text))]
  const parsed = parseJson(text)
  const rows: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed]
  return rows.map((row) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row) || rawText(row) !== null) {
      throw new AppError(restErrors.rest_bad_body, { details: 'Send one object, or an array of objects.' })
    }
    if (Object.hasOwn(row, '__proto__')) throw new AppError(restErrors.rest_bad_body, { details: 'A row has no column "__proto__".' })
    refuseUnstorable(row)
    return row as Row
  })
}

/** A body as text. Errors: PGRST102 for bytes that aren't UTF-8. */
export function decodeBody(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch (cause) {
    throw new AppError(restErrors.rest_bad_body, { details: 'The body is not valid UTF-8.', cause })
  }
}
