// The database's own clock.
import { sql, type Sql } from './sql'

/** UTC ms. */
export const CLOCK: Sql = sql`cast(round(unixepoch('subsec') * 1000) as integer)`
