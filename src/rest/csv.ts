// Rows as CSV (RFC 4180). Out the way Postgres writes it: NULL is empty, booleans are t and f, JSON is its text. In the way PostgREST reads
// it: the word NULL is null, whether quoted or not, and empty is the empty text.
import { AppError } from '../core'
import { restErrors } from './errors'
import type { Field } from './fields'
import { rawText } from './json'

/** The header is of the fields' names, also without rows. Embeds are their JSON. */
export function csvOf(rows: readonly Readonly<Record<string, unknown>>[], fields: readonly Field[]): string {
  const columns = [...new Set(fields.map(({ name }) => name))]
  if (rows.length === 0) return `${columns.map((column) => quote(column)).join(',')}\n`
  return [columns.map((column) => quote(column)), ...rows.map((row) => columns.map((column) => cell(row[column])))]
    .map((line) => line.join(','))
    .join('\n')
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'boolean') return value ? 't' : 'f'
  return quote(typeof value === 'string' ? value : (rawText(value) ?? JSON.stringify(value)))
}

function quote(text: string): string {
  // An empty text differs from NULL by its quotes.
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** One row of a CSV body, and the line that it begins on, counted from 1. */
export interface CsvRecord {
  readonly line: number
  readonly fields: readonly string[]
}

/** Ends in a quote, a comma, a line's end or nothing. */
const PLAIN = /[^",\r\n]*/uy

/**
 * Reads a CSV text; lines count from 1.
 * Errors: PGRST102 with the line, for quotes that don't fit.
 */
export function parseCsv(text: string): CsvRecord[] {
  const records: CsvRecord[] = []
  let at = 0
  let line = 1
  while (at < text.length) {
    const begins = line
    const fields: string[] = []
    for (;;) {
      let field: string
      if (text[at] === '"') {
        const closing = closingQuote(text, at, begins)
        const raw = text.slice(at + 1, closing)
        line += raw.split('\n').length - 1
        field = raw.replaceAll('""', '"')
        at = closing + 1
      } else {
        PLAIN.lastIndex = at
        field = PLAIN.exec(text)![0]
        at += field.length
      }
      fields.push(field)
      if (text[at] !== ',') break
      at++
    }
    if (at < text.length && text[at] !== '\r' && text[at] !== '\n')
      throw malformed(line, 'A quote stands inside a field. Quote the field, and write the quote twice.')
    if (text.startsWith('\r\n', at)) at += 2
    else at++
    line++
    records.push({ line: begins, fields })
  }
  return records
}

function closingQuote(text: string, opening: number, line: number): number {
  for (let at = text.indexOf('"', opening + 1); at >= 0; at = text.indexOf('"', at + 2)) if (text[at + 1] !== '"') return at
  throw malformed(line, 'A quoted field has no end.')
}

function malformed(line: number, details: string): AppError {
  return new AppError(restErrors.rest_bad_body, { message: 'The CSV could not be read', details: `Line ${line}: ${details}` })
}

/**
 * The rows of a CSV body by its header. `isJson` tells whose text is JSON; everything else is text for its column to read.
 * Errors: PGRST102 with the line.
 */
export function rowsOfCsv(text: string, isJson: (column: string) => boolean, parse: (json: string) => unknown): Record<string, unknown>[] {
  const [header, ...records] = parseCsv(text)
  if (!header) return []
  const columns = header.fields
  if (new Set(columns).size < columns.length) throw malformed(1, 'A column stands twice in the header.')
  if (columns.some((column) => column === '' || column === '__proto__')) throw malformed(1, 'A column of the header has no name.')
  const json = columns.map(isJson)
  const rows: Record<string, unknown>[] = []
  for (const { line, fields } of records) {
    if (fields.length === 1 && fields[0] === '') continue
    if (fields.length !== columns.length)
      throw new AppError(restErrors.rest_bad_body, {
        message: 'All lines must have same number of fields',
        details: `Line ${line} has ${fields.length} fields, the header ${columns.length}.`,
      })
    const value = (field: string, i: number): unknown => {
      if (field === 'NULL') return null
      if (!json[i]) return field
      try {
        return parse(field)
      } catch (cause) {
        throw new AppError(restErrors.rest_csv_json, {
          message: 'invalid input syntax for type json',
          details: `Line ${line}, column "${columns[i]}".`,
          cause,
        })
      }
    }
    rows.push(Object.fromEntries(fields.map((field, i) => [columns[i]!, value(field, i)])))
  }
  return rows
}
