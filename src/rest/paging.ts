// Pages by cursor: `cursor=` begins, and each answer says where the next page and the one before are. A cursor holds the values that
// the caller saw its row sorted by; whoever makes one up asks nothing that a filter couldn't.
import { createHash } from 'node:crypto'
import { AppError, decodeCursor, encodeCursor, MAX_CURSOR_LENGTH, type Cursor } from '../core'
import { dataErrors, type Page } from '../data'
import { knownColumn, type TableModel } from '../define'
import { queryErrors, type Read } from '../query'
import { restErrors } from './errors'
import { parsePairs, type Pair } from './parameters'
import type { Selection } from './resolve'

export interface Paging {
  /** Name of the parameter. */
  readonly parameter: string
  /** Which table in which order. */
  readonly order: string
  readonly from: Cursor | null
}

/** The parameter of a read that asks for cursors; another one where the table has a column of that name, which is a filter. */
export function cursorParameter(table: TableModel): string {
  return knownColumn(table, 'cursor') ? '_cursor' : 'cursor'
}

/** Takes the parameter out of the others; null when it isn't there. */
export function takeCursor(table: TableModel, pairs: readonly Pair[]): { readonly text: string | null; readonly others: readonly Pair[] } {
  const name = cursorParameter(table)
  const found = pairs.find(([key]) => key === name)
  return found ? { text: found[1], others: pairs.filter(([key]) => key !== name) } : { text: null, others: pairs }
}

/** Reads a cursor; an empty one asks for the first page. Errors: `bad_cursor` (PGRST103) for what is none, or one of another table or order. */
export function pagingOf(table: TableModel, { order = [] }: Selection, text: string): Paging {
  const terms = order.map(({ target, descending, nulls, embed }) => [
    target.column,
    target.path ?? null,
    descending,
    nulls ?? (descending ? 'first' : 'last'),
    embed ?? null,
  ])
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([table.name, terms]))
    .digest('base64url')
    .slice(0, 10)
  const paging = { parameter: cursorParameter(table), order: fingerprint }
  if (text === '') return { ...paging, from: null }
  const from = decodeCursor(text)
  if (from === null) throw new AppError(queryErrors.bad_cursor, { message: 'The text is no cursor.', hint: BEGIN })
  if (from.order !== fingerprint)
    throw new AppError(queryErrors.bad_cursor, { message: 'The cursor is of another table or order.', hint: BEGIN })
  return { ...paging, from }
}

const BEGIN = 'Begin with an empty cursor, and take the next from the answer.'

/** The part of a read that the cursor says. Errors: PGRST100 beside an offset. */
export function placesOf({ from }: Paging, read: Read): Pick<Read, 'after' | 'before' | 'places'> {
  if (read.offset !== undefined)
    throw new AppError(restErrors.rest_unparsable, {
      message: 'A cursor and an offset exclude each other',
      details: 'The cursor says where the page begins; `limit` says how long it is.',
    })
  if (from === null) return { places: {} }
  const values = from.values.map((stored) => ({ stored }))
  return { [from.side]: values, places: { from: { store: from.store, epoch: from.epoch } } }
}

/** The name in `name=value`, however it was escaped. */
function decodedKey(part: string): string | undefined {
  return parsePairs(part)[0]?.[0]
}

/** A list of links that long would crowd the other headers out. */
const MAX_LINK = 6_000

/**
 * Where to go on, as `X-Next-Cursor`, `X-Prev-Cursor` and `Link` (RFC 8288). `search` is the query string that was sent.
 * Errors: `cursor_too_long`.
 */
export function pageHeaders({ parameter, order, from }: Paging, search: string, page: Page): Record<string, string> {
  const { store, epoch, first, last, more } = page
  const backwards = from?.side === 'before'
  const cursor = (side: Cursor['side'], values: Page['first']): string | null => {
    if (values === null) return null
    const text = encodeCursor({ store, epoch, order, side, values })
    if (text.length > MAX_CURSOR_LENGTH) throw new AppError(dataErrors.cursor_too_long, { hint: 'Order by another column.' })
    return text
  }
  const next = backwards || more ? cursor('after', last) : null
  const prev = from !== null && (!backwards || more) ? cursor('before', first) : null
  const others = search.split('&').filter((part) => part !== '' && part.split('=')[0] !== 'apikey' && decodedKey(part) !== parameter)
  const link = [
    ...(next === null ? [] : [`<?${[...others, `${parameter}=${next}`].join('&')}>; rel="next"`]),
    ...(prev === null ? [] : [`<?${[...others, `${parameter}=${prev}`].join('&')}>; rel="prev"`]),
  ].join(', ')
  return {
    ...(next === null ? {} : { 'x-next-cursor': next }),
    ...(prev === null ? {} : { 'x-prev-cursor': prev }),
    ...(link === '' || link.length > MAX_LINK || /[^\x20-\x7e]/.test(link) ? {} : { link }),
  }
}
