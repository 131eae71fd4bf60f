// What a database refused, in Postgres' codes and words: one line a fault, none guessed from words in a text.
import { AppError, defineErrors } from '../core'
import type { Model, TableModel } from '../define'
import type { DatabaseFault } from '../platform'

export const dataErrors = defineErrors({
  unique_violation: { status: 409, title: 'The row already exists.', retry: false, postgrest: '23505' },
  foreign_key_violation: {
    status: 409,
    title: 'The row refers to one that is not there, or is referred to.',
    retry: false,
    postgrest: '23503',
  },
  not_null_violation: { status: 400, title: 'A value is missing.', retry: false, postgrest: '23502' },
  check_violation: { status: 400, title: 'The row violates a check.', retry: false, postgrest: '23514' },
  wrong_datatype: { status: 400, title: 'A value is not of the type of its column.', retry: false, postgrest: '22P02' },
  cast_text: { status: 400, title: 'A text is not a value of the type it is cast to.', retry: false, postgrest: '22P02' },
  cast_range: { status: 400, title: 'A number is out of the range of its type.', retry: false, postgrest: '22003' },
  cast_time: { status: 400, title: 'A text is not a date or time.', retry: false, postgrest: '22007' },
  cast_field: { status: 400, title: 'A date or time is out of range.', retry: false, postgrest: '22008' },
  cast_json: { status: 400, title: 'A JSON value cannot be cast to the type.', retry: false, postgrest: '22023' },
  trigger_refused: { status: 400, title: 'A trigger refused the change.', retry: false, postgrest: 'P0001' },
  policy_violation: { status: 403, title: 'The row violates a policy.', retry: false, postgrest: '42501' },
  session_revoked: { status: 401, title: 'JWT session revoked', retry: false, postgrest: 'PGRST303' },
  not_single: { status: 406, title: 'Cannot coerce the result to a single JSON object', retry: false, postgrest: 'PGRST116' },
  max_affected: { status: 400, title: 'Query result exceeds max-affected preference constraint', retry: false, postgrest: 'PGRST124' },
  repeated_row: { status: 400, title: 'ON CONFLICT DO UPDATE command cannot affect row a second time', retry: false, postgrest: '21000' },
  reference_rows: {
    status: 409,
    title: 'A reference must be to rows that are there, and without a number to one.',
    retry: false,
    postgrest: '21000',
  },
  reference_too_long: { status: 400, title: 'The value that is referred to is too long for the column.', retry: false, postgrest: '22001' },
  answer_too_large: { status: 400, title: 'A row is larger than an answer can hold.', retry: false, postgrest: '54000' },
  answer_not_kept: {
    status: 400,
    title: 'The answer is larger than what is kept for an Idempotency-Key, or told of a change that is undone. Ask for less of it.',
    retry: false,
    postgrest: '54000',
  },
  statement_too_complex: { status: 400, title: 'The request is too complex to be run.', retry: false, postgrest: '54001' },
  database_overloaded: {
    status: 503,
    title: 'The database has too much to do. Try again in a moment.',
    retry: true,
    postgrest: 'PGRST000',
  },
  database_unavailable: {
    status: 503,
    title: 'The database cannot be reached. Try again in a moment.',
    retry: true,
    postgrest: 'PGRST000',
  },
  several_stores: {
    status: 400,
    title: 'The tables live in different databases, and one request reaches one of them.',
    retry: false,
    postgrest: 'PGRST127',
  },
  version_conflict: {
    status: 412,
    title: 'The row is not as the request says it must be. Read it again.',
    retry: false,
    postgrest: 'PT412',
  },
  stale_write: {
    status: 409,
    title: 'Another has done this work meanwhile. Nothing was written.',
    retry: false,
    postgrest: '40001',
  },
  cursor_expired: {
    status: 410,
    title: 'The cursor is of another time or place of the database. Start anew with an empty one.',
    retry: false,
    postgrest: 'PT410',
  },
  cursor_too_long: {
    status: 400,
    title: 'A value that the rows are sorted by is too long for a cursor.',
    retry: false,
    postgrest: '54000',
  },
  lease_lost: {
    status: 409,
    title: 'The attempt at the job has lost its lease: another has begun, or the job was called off.',
    retry: false,
    postgrest: '40001',
  },
  payload_too_large: { status: 400, title: 'The payload of the job is too large.', retry: false, postgrest: '54000' },
  idempotency_key_reused: {
    status: 422,
    title: 'The Idempotency-Key was sent before, with another request.',
    retry: false,
    postgrest: '22023',
  },
  idempotency_expired: {
    status: 409,
    title: 'The Idempotency-Key has just expired. Send the request again.',
    retry: true,
    postgrest: '40001',
  },
})

const RETRY_AFTER = { 'retry-after': '1' }

/** The error that tells the caller of a fault; null for one that is ours alone. `cause` goes to the log. */
export function errorOf(fault: DatabaseFault, model: Model, cause: unknown): AppError | null {
  switch (fault.kind) {
    case 'unique':
      return uniqueViolation(nameOfUnique(model.tables.get(fault.table), fault.columns, fault.primaryKey), null, cause)
    case 'unique-index':
      return uniqueViolation(fault.index, null, cause)
    case 'foreign-key':
      return new AppError(dataErrors.foreign_key_violation, { message: 'insert or update violates a foreign key constraint', cause })
    case 'not-null':
      return new AppError(dataErrors.not_null_violation, {
        message: `null value in column "${fault.column}" of relation "${fault.table}" violates not-null constraint`,
        cause,
      })
    case 'check':
      return new AppError(dataErrors.check_violation, {
        message: `new row for relation "${tableOfCheck(model, fault.name)}" violates check constraint "${fault.name}"`,
        cause,
      })
    case 'datatype':
      return new AppError(dataErrors.wrong_datatype, {
        message: fault.column === null ? "a value is not of its column's type" : `a value is not of the type of column "${fault.column}"`,
        cause,
      })
    case 'trigger':
      return new AppError(dataErrors.trigger_refused, { message: fault.message, cause })
    case 'raise':
      return raised(fault.code, fault.table, fault.n, cause)
    case 'too-big':
      return new AppError(dataErrors.answer_too_large, { cause })
    case 'too-complex':
      return new AppError(dataErrors.statement_too_complex, { cause })
    case 'overflow':
      return new AppError(dataErrors.cast_range, { message: 'bigint out of range', cause })
    case 'overloaded':
      return new AppError(dataErrors.database_overloaded, { headers: RETRY_AFTER, cause })
    case 'unavailable':
      return new AppError(dataErrors.database_unavailable, { headers: RETRY_AFTER, cause })
    case 'told':
    case 'other':
      return null
  }
}

/** What query/write-guard.ts raises. */
function raised(code: string, table: string, n: number, cause: unknown): AppError | null {
  switch (code) {
    case 'rls':
    case 'visible':
      return policyViolation(table, cause)
    case 'session':
      return new AppError(dataErrors.session_revoked, { cause })
    case 'single':
      return notSingle(n, cause)
    case 'reference':
      return new AppError(dataErrors.reference_rows, { details: `The operation on "${table}" that is referred to gave ${n} rows.`, cause })
    case 'length':
      return new AppError(dataErrors.reference_too_long, { message: `value too long for type character varying(${n})`, cause })
    case 'version':
      return versionConflict(n, cause)
    case 'repeated':
      return new AppError(dataErrors.repeated_row, {
        hint: 'Ensure that no rows proposed for insertion within the same command have duplicate constrained values.',
        cause,
      })
    case 'kept':
      return new AppError(dataErrors.answer_not_kept, { details: `${n} bytes can be.`, cause })
    case 'lease':
      return new AppError(dataErrors.lease_lost, { cause })
    case 'max':
      return new AppError(dataErrors.max_affected, { details: `The query affects ${n} rows`, cause })
    case 'cast-text':
      return new AppError(dataErrors.cast_text, { message: `invalid input syntax for type ${table}`, cause })
    case 'cast-range':
      return new AppError(dataErrors.cast_range, { message: `${table} out of range`, cause })
    case 'cast-time':
      return new AppError(dataErrors.cast_time, { message: `invalid input syntax for type ${table}`, cause })
    case 'cast-field':
      return new AppError(dataErrors.cast_field, { message: `date/time field value out of range for type ${table}`, cause })
    case 'cast-json':
      return new AppError(dataErrors.cast_json, { message: `cannot cast this jsonb value to type ${table}`, cause })
    default:
      return null
  }
}

/** `version` is the row's own: 0 where there is no row and must be one, null where there is one and must be none. */
export function versionConflict(version: number | null, cause: unknown): AppError {
  if (version === null) return new AppError(dataErrors.version_conflict, { details: 'There is such a row.', cause })
  if (version === 0) return new AppError(dataErrors.version_conflict, { details: 'There is no such row.', cause })
  return new AppError(dataErrors.version_conflict, {
    details: `The row is at version ${version}.`,
    headers: { etag: `"${version}"` },
    cause,
  })
}

/** Postgres' words for a row that a policy doesn't let the caller make. */
export function policyViolation(table: string, cause: unknown): AppError {
  return new AppError(dataErrors.policy_violation, { message: `new row violates row-level security policy for table "${table}"`, cause })
}

/** The words of older PostgREST: the Dart client looks for them, and those of Swift, Kotlin and JavaScript read them as well as the newer ones. */
export function notSingle(rows: number, cause?: unknown): AppError {
  return new AppError(dataErrors.not_single, {
    details: `Results contain ${rows} rows, application/vnd.pgrst.object+json requires 1 row`,
    cause,
  })
}

/** `details` names the key, and only for somebody who can read the row that has it. */
export function uniqueViolation(constraint: string, details: string | null, cause: unknown): AppError {
  return new AppError(dataErrors.unique_violation, {
    message: `duplicate key value violates unique constraint "${constraint}"`,
    ...(details === null ? {} : { details }),
    cause,
  })
}

/** Postgres' name of a constraint: the model's, else as Postgres would make it. */
export function nameOfUnique(table: TableModel | undefined, columns: readonly string[], primaryKey: boolean): string {
  const same = (other: readonly string[]) => other.length === columns.length && other.every((name) => columns.includes(name))
  if (table && (primaryKey || same(table.primaryKey))) return `${table.name}_pkey`
  return table?.uniques.find((unique) => same(unique.columns))?.name ?? `${table?.name ?? 'relation'}_${columns.join('_')}_key`
}

function tableOfCheck(model: Model, check: string): string {
  for (const table of model.tables.values()) if (table.checks.includes(check)) return table.name
  // The migrations' own: `{table}_{column}_check`.
  for (const table of model.tables.values())
    for (const column of table.columns.keys()) if (check === `${table.name}_${column}_check`) return table.name
  return 'unknown'
}
