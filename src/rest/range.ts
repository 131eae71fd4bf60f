// The Range header of a GET, in items rather than bytes.
import { AppError } from '../core'
import { restErrors } from './errors'

/** Both ends count from zero and are included; `last` is null when open. */
export interface ItemRange {
  readonly first: number
  readonly last: number | null
}

/** Reads `0-9` or `5-`, with or without `items=`; what isn't such a range is passed over. Errors: PGRST103 when it ends before it begins. */
export function parseRange(header: string | null): ItemRange | null {
  const match = /^(?:items=)?(\d{1,15})-(\d{1,15})?$/.exec(header?.trim() ?? '')
  if (!match) return null
  const first = Number(match[1])
  const last = match[2] === undefined ? null : Number(match[2])
  if (last !== null && last < first) {
    throw new AppError(restErrors.rest_bad_range, {
      details: 'The lower boundary must be lower than or equal to the upper boundary in the Range header.',
    })
  }
  return { first, last }
}
