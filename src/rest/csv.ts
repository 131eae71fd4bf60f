// Rows as CSV (RFC 4180), the way Postgres writes it: NULL is empty, booleans are t and f, JSON is its text.
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
