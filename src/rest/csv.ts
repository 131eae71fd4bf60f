// Rows as CSV (RFC 4180), the way Postgres writes it: NULL is empty, booleans are t and f, JSON is its text.
import { rawText } from './json'

/** The header is the first row's keys; without rows there is none. */
export function csvOf(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const columns = Object.keys(rows[0] ?? {})
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
