// JSON as a function's code gets it: numbers that a double can't hold are text, so that no digit is lost on the way.

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown

/** Parses rows that the database wrote. */
export function parseRows(text: string): Record<string, unknown>[] {
  const exact: Reviver = (_, value, { source }) =>
    typeof value === 'number' && source !== undefined && Number.isInteger(value) && !Number.isSafeInteger(value) ? source : value
  return (/\d{16}/.test(text) ? parse(text, exact) : JSON.parse(text)) as Record<string, unknown>[]
}

/** A value of the app's own code as JSON text; null when JSON can't hold it. */
export function jsonOf(value: unknown): string | null {
  try {
    return (
      JSON.stringify(value, (_, member: unknown) =>
        typeof member === 'bigint' ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(member)) : member,
      ) ?? null
    )
  } catch {
    return null
  }
}
