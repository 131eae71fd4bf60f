// Everything that the PostgREST dialect itself refuses. Wording follows PostgREST, because clients and their tests match on it.
import { AppError, defineErrors, type ErrorDefinition } from '../core'

export const restErrors = defineErrors({
  rest_unparsable: { status: 400, title: 'The request could not be parsed', retry: false, postgrest: 'PGRST100' },
  rest_rpc_verb: { status: 405, title: 'Functions are called with GET, HEAD or POST', retry: false, postgrest: 'PGRST101' },
  rest_bad_body: { status: 400, title: 'Empty or invalid json', retry: false, postgrest: 'PGRST102' },
  rest_bad_precondition: { status: 400, title: 'The request cannot be held to its If-Match', retry: false, postgrest: 'PGRST100' },
  rest_csv_json: { status: 400, title: 'The text is not JSON', retry: false, postgrest: '22P02' },
  rest_batch_too_large: { status: 413, title: 'The batch has more operations than one request may', retry: false, postgrest: '54000' },
  rest_bad_range: { status: 416, title: 'Requested range not satisfiable', retry: false, postgrest: 'PGRST103' },
  rest_put_filters: {
    status: 405,
    title: "Filters must include all and only primary key columns with 'eq' operators",
    retry: false,
    postgrest: 'PGRST105',
  },
  rest_unknown_schema: { status: 406, title: 'Invalid schema', retry: false, postgrest: 'PGRST106' },
  rest_not_acceptable: { status: 406, title: 'None of these media types are available', retry: false, postgrest: 'PGRST107' },
  rest_not_embedded: { status: 400, title: 'The resource is not embedded in this request', retry: false, postgrest: 'PGRST108' },
  rest_put_limit: {
    status: 400,
    title: 'limit/offset querystring parameters are not allowed for PUT',
    retry: false,
    postgrest: 'PGRST114',
  },
  rest_put_mismatch: {
    status: 400,
    title: 'Payload values do not match URL in primary key column(s)',
    retry: false,
    postgrest: 'PGRST115',
  },
  rest_unsupported_method: { status: 405, title: 'Unsupported HTTP method', retry: false, postgrest: 'PGRST117' },
  rest_order_not_to_one: { status: 400, title: 'A related order needs a to-one relationship', retry: false, postgrest: 'PGRST118' },
  rest_embed_operator: {
    status: 400,
    title: "Only 'is null' and 'not is null' can be asked of an embedded resource",
    retry: false,
    postgrest: 'PGRST120',
  },
  rest_strict_preferences: { status: 400, title: 'Invalid preferences given with handling=strict', retry: false, postgrest: 'PGRST122' },
  rest_unknown_path: { status: 404, title: 'Invalid path specified in request URL', retry: false, postgrest: 'PGRST125' },
  rest_no_root: { status: 404, title: 'Root endpoint metadata is disabled', retry: false, postgrest: 'PGRST126' },
  rest_not_implemented: { status: 400, title: 'Feature not implemented', retry: false, postgrest: 'PGRST127' },
  rest_max_affected_rpc: {
    status: 400,
    title: 'Function must return SETOF or TABLE when max-affected preference is used with handling=strict',
    retry: false,
    postgrest: 'PGRST128',
  },
  rest_no_relationship: { status: 400, title: 'Could not find a relationship', retry: false, postgrest: 'PGRST200' },
  rest_ambiguous_relationship: {
    status: 300,
    title: 'Could not embed because more than one relationship was found',
    retry: false,
    postgrest: 'PGRST201',
  },
  rest_unknown_function: { status: 404, title: 'Could not find the function', retry: false, postgrest: 'PGRST202' },
  rest_no_rows: { status: 400, title: 'The function gives values, which have no columns.', retry: false, postgrest: '42703' },
  rest_unknown_payload_column: { status: 400, title: 'Could not find the column in the schema cache', retry: false, postgrest: 'PGRST204' },
  rest_unknown_table: { status: 404, title: 'Could not find the table in the schema cache', retry: false, postgrest: 'PGRST205' },
  rest_unknown_cast: { status: 400, title: 'type does not exist', retry: false, postgrest: '42704' },
  rest_no_geometry: { status: 400, title: 'geometry column is missing', retry: false, postgrest: '22023' },
  rest_duplicate_embed: { status: 400, title: 'table name specified more than once', retry: false, postgrest: '42712' },
  rest_null_byte: { status: 400, title: 'invalid byte sequence for encoding "UTF8": 0x00', retry: false, postgrest: '22021' },
  rest_unstorable_text: { status: 400, title: 'unsupported Unicode escape sequence', retry: false, postgrest: '22P05' },
  rest_url_too_long: { status: 414, title: 'The URL is longer than this address accepts', retry: false, postgrest: '54000' },
  rest_too_complex: { status: 400, title: 'The request is nested too deeply', retry: false, postgrest: '54001' },
})

/** What the dialect cannot do yet, named; PGRST127. */
export function notImplemented(feature: string): AppError {
  return new AppError(restErrors.rest_not_implemented, { details: `${feature} is not implemented.` })
}

/** Status, headers and JSON body of an error as PostgREST's clients read it. */
export interface RenderedRestError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: {
    readonly code: string
    readonly message: string
    readonly details: unknown
    readonly hint: string | null
    readonly operation?: number
  }
}

/**
 * Renders any room's error in PostgREST's shape: all four keys, of a batch `operation` too, `Proxy-Status`, and 401 for a stranger where a person gets 403,
 * because signing in could help the stranger.
 */
export function renderRestError(error: AppError, role: string): RenderedRestError {
  const { definition, occurrence } = error
  const code = definition.postgrest ?? 'PGRST000'
  const status = statusOf(definition, code, role)
  return {
    status,
    headers: {
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...occurrence.headers,
      'content-type': 'application/json; charset=utf-8',
      'proxy-status': `PostgREST; error=${code}`,
    },
    body: { code, message: error.message, details: occurrence.details ?? null, hint: occurrence.hint ?? null, ...occurrence.body },
  }
}

function statusOf(definition: ErrorDefinition, code: string, role: string): number {
  return code === '42501' ? (role === 'anon' ? 401 : 403) : definition.status
}
