// Cursors as clients see them: one opaque text that says which store and time line it is of, and where in which order it stands.
import { fromBase64Url, toBase64Url, utf8 } from './encoding'

export interface Cursor {
  readonly store: string
  readonly epoch: string
  /** Of the order that the values are of; another order's cursor is none. */
  readonly order: string
  /** Whether the page goes on behind the row, or ends before it. */
  readonly side: 'after' | 'before'
  /** The row's values in that order, as they are stored. */
  readonly values: readonly (string | null)[]
}

/** The longest cursor, in characters: an answer carries a few of them in its headers. */
export const MAX_CURSOR_LENGTH = 2_000

export function encodeCursor({ store, epoch, order, side, values }: Cursor): string {
  return toBase64Url(utf8(JSON.stringify([store, epoch, order, side === 'after' ? 1 : 0, ...values])))
}

/** Null when the text is no cursor. */
export function decodeCursor(text: string): Cursor | null {
  const bytes = text.length > MAX_CURSOR_LENGTH ? null : fromBase64Url(text)
  if (bytes === null) return null
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
    if (!Array.isArray(parsed)) return null
    const [store, epoch, order, side, ...values] = parsed as unknown[]
    if (typeof store !== 'string' || typeof epoch !== 'string' || typeof order !== 'string' || (side !== 0 && side !== 1)) return null
    if (!values.every((value) => value === null || typeof value === 'string')) return null
    return { store, epoch, order, side: side === 1 ? 'after' : 'before', values }
  } catch {
    return null
  }
}
