// What a write can be refused for before it reaches the database, in Postgres' codes and words.
import { AppError, defineErrors } from '../core'
import type { TableModel } from '../define'

export const writeErrors = defineErrors({
  unknown_payload_column: { status: 400, title: 'The payload names a column that does not exist.', retry: false, postgrest: 'PGRST204' },
  column_denied: { status: 403, title: 'The column is not for clients to write.', retry: false, postgrest: '42501' },
  column_computed: { status: 400, title: 'The column is computed.', retry: false, postgrest: '428C9' },
  // Postgres' words for a view that isn't updatable; the method is what is wrong with the request.
  view_written: { status: 405, title: 'The view is read only.', retry: false, postgrest: '55000' },
  null_value: { status: 400, title: 'A value is missing.', retry: false, postgrest: '23502' },
  conflict_target: {
    status: 400,
    title: 'there is no unique or exclusion constraint matching the ON CONFLICT specification',
    retry: false,
    postgrest: '42P10',
  },
  repeated_key: {
    // PostgREST says 500, and yet nobody but the client can mend it.
    status: 400,
    title: 'ON CONFLICT DO UPDATE command cannot affect row a second time',
    retry: false,
    postgrest: '21000',
  },
  row_too_large: { status: 400, title: 'The row is larger than a database can hold.', retry: false, postgrest: '54000' },
  partition_fixed: { status: 400, title: 'A row never moves to another partition.', retry: false, postgrest: '0A000' },
  reference_unknown: {
    status: 400,
    title: 'A reference must be to a value of an earlier operation.',
    retry: false,
    postgrest: 'PGRST102',
  },
  reference_type: { status: 400, title: 'The value that is referred to is of another type.', retry: false, postgrest: '42804' },
})

/** PostgREST's words for a column that isn't there, or that the caller mustn't know of. */
export function unknownPayloadColumn(table: string, column: string): AppError {
  return new AppError(writeErrors.unknown_payload_column, {
    message: `Could not find the '${column}' column of '${table}' in the schema cache`,
  })
}

/** Throws 55000 for a view, which nobody writes. */
export function refuseView({ view, exposed }: TableModel, kind: 'insert' | 'update' | 'delete'): void {
  if (!view) return
  const doing = { insert: 'insert into', update: 'update', delete: 'delete from' }[kind]
  throw new AppError(writeErrors.view_written, {
    message: `cannot ${doing} view "${exposed.name}"`,
    hint: 'Write to the tables that it reads.',
    headers: { allow: 'OPTIONS,GET,HEAD' },
  })
}
