// Batches that are done whole or not at all, although a statement that finds nothing to change is no failure to SQLite.
import { readFault, run, type Statement } from '../platform'

/** Undoes the batch unless the statement before it changed one row. */
export const MUST_CHANGE: Statement = {
  sql: "select iif(changes() = 1, null, json_extract('{}', 'PERIGEE|refused||0')) as ok",
  params: [],
}

/** The answers of a batch, or null when `MUST_CHANGE` undid it. */
export async function runWhole(db: D1Database, statements: readonly Statement[]): Promise<D1Result<Record<string, unknown>>[] | null> {
  try {
    return await run(db, statements)
  } catch (error) {
    const fault = readFault(error)
    if (fault.kind === 'raise' && fault.code === 'refused') return null
    throw error
  }
}
