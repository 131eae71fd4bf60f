// What tells one state of a row from another: its version, and a little of when it was written.
import { UPDATED_AT_COLUMN, VERSION_COLUMN } from '../define'
import { column, number, sql, type Sql } from './sql'

/** A prime: what is left of the time of the last write tells two rows of the same version apart, and little of the time. */
const STAMPS = 1_048_573

/** The remainder of `_updated_at`: after a restore a row comes to the same version again, at another time. */
export const stampOf = (alias: string): Sql => sql`${column(alias, UPDATED_AT_COLUMN)} % ${number(STAMPS)}`

/** `version.stamp` of a row, as text: what `ifVersion` and `ifStamp` are compared with. */
export function revisionOf(alias: string): Sql {
  return sql`${column(alias, VERSION_COLUMN)} || '.' || (${stampOf(alias)})`
}
