// Failures that a statement raises itself, which undo the whole batch. SQLite tells of them in a text that platform/d1-errors.ts reads back.
import { isTrue, literal, render, sql, type Rendered, type Sql } from './sql'

/** Codes that platform/d1-errors.ts reads back. */
export type RaiseCode =
  | 'rls'
  | 'session'
  | 'max'
  | 'single'
  | 'visible'
  | 'log'
  | 'replay'
  | 'reference'
  | 'length'
  | 'kept'
  | 'duplicate'
  | 'repeated'
  | 'version'
  | 'lease'
  /** What the batch goes on from was done by another meanwhile (changes/cursor.ts). */
  | 'stale'
  /** Of casts, the type's name in the place of the table's: the text isn't one, */
  | 'cast-text'
  /** the value is beyond the type, */
  | 'cast-range'
  /** the text isn't a time, */
  | 'cast-time'
  /** or one that doesn't exist, */
  | 'cast-field'
  /** the JSON is of another type. */
  | 'cast-json'

/**
 * An expression that fails with `PERIGEE|code|table|n`. It must stand in a branch of `iif` or `case`: SQLite computes a constant elsewhere
 * before it looks at any row.
 */
export function raise(code: RaiseCode, table: string, n: Sql = { chunks: ["'0'"] }): Sql {
  return sql`json_extract('{}', ${literal(`PERIGEE|${code}|${table}|`)} || ${n})`
}

/** `then` where the predicate is TRUE, else the failure. */
export function require(predicate: Sql, then: Sql, code: RaiseCode, table: string): Sql {
  return isTrue(predicate) ? then : sql`iif(${predicate}, ${then}, ${raise(code, table)})`
}

/** A statement that undoes all before it and tells the answer, as JSON, in its failure: a question about a state that must not last. */
export function tellAndUndo(answer: Sql): Rendered {
  return render(sql`select iif(1, json_extract('{}', 'PERIGEE|told|' || json_quote(a)), null) as ok from (select ${answer} as a)`)
}
