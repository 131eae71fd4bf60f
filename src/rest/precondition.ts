// If-Match and If-None-Match of writes (RFC 9110 section 13): a row is changed as it was read, or not at all. Takes the ETag that a
// read or a write of the row gave, and a version alone; what else it holds than a version is passed over.
import { AppError } from '../core'
import type { TableModel } from '../define'
import type { Precondition } from '../query'
import { restErrors } from './errors'

/** `"version.stamp-hash"`, `"version"`, `version`; weak too, since what compresses an answer on its way makes its ETag weak. */
const ROW_TAG = /^(?:W\/)?(?:"(\d{1,15})(?:\.(\d{1,7}))?(?:-[\w-]*)?"|(\d{1,15}))$/
const ANY_TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\uffff]*"$/
/** Rows begin at 1. */
const NO_VERSION = 0

export interface Writes {
  /** Whether the request can concern no more than one row. */
  readonly one: boolean
  /** Whether a row that is there may be changed. */
  readonly changes: boolean
  /** The key by which the new row could be there already; null when nothing is made. */
  readonly makes: readonly string[] | null
}

/**
 * What the request demands of the row. Errors: `rest_bad_precondition` (PGRST100) for a header that the request can't be held to.
 */
export function preconditionOf(
  header: (name: string) => string | null,
  { one, changes, makes }: Writes,
): Precondition & { readonly ifAbsent?: readonly string[] } {
  const match = header('if-match')
  const noneMatch = header('if-none-match')
  if (match === null && noneMatch === null) return {}
  if (match !== null && noneMatch !== null) throw refused('If-Match and If-None-Match exclude each other in a write.')
  if (noneMatch !== null) {
    if (noneMatch.trim() !== '*') throw refused('In a write If-None-Match is `*`: the row must not be there yet.')
    if (makes === null) throw refused('If-None-Match is for requests that make a row: POST and PUT.')
    if (!one) throw refused('If-None-Match needs a request of one row.')
    return { ifAbsent: makes }
  }
  if (!one) throw refused('If-Match needs a request of one row: filter by its key with `eq`, or send one row.')
  if (!changes) throw refused('If-Match needs a request that changes a row: a POST needs `Prefer: resolution=merge-duplicates`.')
  return versionOf(match!.trim())
}

function versionOf(text: string): Precondition {
  if (text === '*') return { ifVersion: 'any' }
  const found = ROW_TAG.exec(text)
  if (found) {
    const version = Number(found[1] ?? found[3])
    return found[2] === undefined ? { ifVersion: version } : { ifVersion: version, ifStamp: Number(found[2]) }
  }
  // A list's ETag, or another server's: the row can't be what it names.
  if (ANY_TAG.test(text)) return { ifVersion: NO_VERSION }
  throw refused('If-Match takes one ETag, as the answer with the row gave it, or `*`.')
}

/** The key that a POST's row is looked for by. */
export const keyOf = (table: TableModel, conflict: readonly string[] | null): readonly string[] => conflict ?? table.primaryKey

function refused(details: string): AppError {
  return new AppError(restErrors.rest_bad_precondition, { details })
}
