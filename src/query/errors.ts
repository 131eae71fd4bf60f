// What a query can be refused for before it reaches the database, in Postgres' codes. Never says anything of rows.
import { AppError, defineErrors, type ErrorDefinition } from '../core'

export const queryErrors = defineErrors({
  undefined_column: { status: 400, title: 'The column does not exist.', retry: false, postgrest: '42703' },
  undefined_table: { status: 404, title: 'The table does not exist.', retry: false, postgrest: 'PGRST205' },
  undefined_operator: { status: 404, title: 'The operator does not exist for this type.', retry: false, postgrest: '42883' },
  wrong_type: { status: 400, title: 'This is asked only of values of another type.', retry: false, postgrest: '42804' },
  cannot_cast: { status: 400, title: 'The value cannot be cast to this type.', retry: false, postgrest: '42846' },
  invalid_text: { status: 400, title: 'The text is not a value of the type.', retry: false, postgrest: '22P02' },
  invalid_encoding: { status: 400, title: 'The text holds what no text column can.', retry: false, postgrest: '22021' },
  out_of_range: { status: 400, title: 'The number is out of range.', retry: false, postgrest: '22003' },
  invalid_datetime: { status: 400, title: 'The text is not a date or time.', retry: false, postgrest: '22007' },
  datetime_out_of_range: { status: 400, title: 'The date or time is out of range.', retry: false, postgrest: '22008' },
  text_too_long: { status: 400, title: 'The text is too long for the column.', retry: false, postgrest: '22001' },
  invalid_pattern: { status: 400, title: 'The pattern must not end with its escape character.', retry: false, postgrest: '22025' },
  syntax_error: { status: 400, title: 'The full-text query is malformed.', retry: false, postgrest: '42601' },
  invalid_parameter: { status: 400, title: 'The number is outside of what the operator takes.', retry: false, postgrest: '22023' },
  undefined_object: { status: 400, title: 'There is nothing by that name.', retry: false, postgrest: '42704' },
  not_searchable: { status: 400, title: 'The column is not declared searchable.', retry: false, postgrest: 'PGRST127' },
  invalid_range: { status: 400, title: 'The range ends before it begins.', retry: false, postgrest: '22000' },
  invalid_regex: { status: 400, title: 'The pattern is not a regular expression.', retry: false, postgrest: '2201B' },
  not_grouped: { status: 400, title: 'The column must be selected or aggregated.', retry: false, postgrest: '42803' },
  no_relationship: { status: 400, title: 'There is no such relationship.', retry: false, postgrest: 'PGRST200' },
  not_embedded: { status: 400, title: 'The resource is not embedded in this request.', retry: false, postgrest: 'PGRST108' },
  order_not_to_one: {
    status: 400,
    title: 'Rows are ordered only by a related row that there is one of.',
    retry: false,
    postgrest: 'PGRST118',
  },
  bad_cursor: { status: 400, title: 'The cursor does not fit the order.', retry: false, postgrest: 'PGRST103' },
  partition_required: { status: 400, title: 'The table is spread over several databases.', retry: false, postgrest: 'PGRST127' },
  too_complex: { status: 400, title: 'The request is too complex to be run.', retry: false, postgrest: 'PGRST100' },
  unsupported: { status: 400, title: 'This feature is not implemented.', retry: false, postgrest: 'PGRST127' },
  not_built: { status: 501, title: 'This part of the surface is not built yet.', retry: false, postgrest: 'PGRST127' },
})

/** A part of the language that the compiler doesn't speak; `feature` names it. */
export function unsupported(feature: string): AppError {
  return new AppError(queryErrors.unsupported, { message: 'Feature not implemented', details: feature })
}

/** A limit was passed; says which, and what to do. */
export function tooComplex(what: string): AppError {
  return new AppError(queryErrors.too_complex, { message: `The request is too complex: ${what}` })
}

/** Postgres' words for what it has no operator or function for; 404, as PostgREST has it. */
export function undefinedOperator(kind: 'operator' | 'function', called: string): AppError {
  return new AppError(queryErrors.undefined_operator, {
    message: kind === 'operator' ? `operator does not exist: ${called}` : `function ${called} does not exist`,
    hint: `No ${kind} matches the given name and argument types. You might need to add explicit type casts.`,
  })
}

/** Postgres' words for a column that isn't there, or that the caller mustn't know of. */
export function undefinedColumn(table: string, column: string): AppError {
  return new AppError(queryErrors.undefined_column, { message: `column ${table}.${column} does not exist` })
}

/** An error of a value, its message in Postgres' words. */
export function valueError(definition: ErrorDefinition, message: string, hint?: string): AppError {
  return new AppError(definition, hint === undefined ? { message } : { message, hint })
}
