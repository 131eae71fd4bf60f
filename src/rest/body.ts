// The body of a write: JSON, CSV or a form, to rows. Names and values are judged by the compiler, against the table's columns.
import { AppError } from '../core'
import type { TableModel } from '../define'
import { isReference } from '../query'
import { rowsOfCsv } from './csv'
import { restErrors } from './errors'
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
export function readRows(body: Body, columns: readonly string[] | null, table: TableModel): Row[] {
  const rows = parseRowsOf(body, table)
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

function parseRowsOf({ bytes, contentType }: Body, table: TableModel): Row[] {
  const type = (contentType ?? 'application/json').split(';')[0]!.trim().toLowerCase()
  if (type !== 'application/json' && type !== 'text/csv' && type !== 'application/x-www-form-urlencoded') {
    throw new AppError(restErrors.rest_bad_body, { message: `Content-Type not acceptable: ${type.slice(0, 100)}` })
  }
  const text = decodeBody(bytes)
  if (type === 'text/csv') {
    const rows = rowsOfCsv(text, (column) => table.columns.get(column)?.type === 'json', parseJson)
    for (const row of rows) refuseUnstorable(row)
    return rows
  }
  if (type !== 'application/json') return [Object.fromEntries(parsePairs(text))]
  const parsed = parseJson(text)
  const rows: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed]
  return rows.map((row) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row) || rawText(row) !== null) {
      // PostgREST says of a list with anything else in it what it says of rows that differ.
      const wrong = Array.isArray(parsed)
        ? { message: 'All object keys must match' }
        : { details: 'Send one object, or an array of objects.' }
      throw new AppError(restErrors.rest_bad_body, wrong)
    }
    if (Object.hasOwn(row, '__proto__')) throw new AppError(restErrors.rest_bad_body, { details: 'A row has no column "__proto__".' })
    refuseUnstorable(row)
    return withoutReferences(row as Row, table)
  })
}

/** A client's object in a column that isn't JSON is its text, also when it looks as if it stood for a value of another operation. */
function withoutReferences(row: Row, table: TableModel): Row {
  let out: Record<string, unknown> | null = null
  for (const [name, value] of Object.entries(row)) {
    if (!isReference(value) || table.columns.get(name)?.type === 'json') continue
    out ??= { ...row }
    out[name] = JSON.stringify(value)
  }
  return out ?? row
}

/** A body as text. Errors: PGRST102 for bytes that aren't UTF-8. */
export function decodeBody(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch (cause) {
    throw new AppError(restErrors.rest_bad_body, { details: 'The body is not valid UTF-8.', cause })
  }
}
