// Renders every error once, in the dialect of the path it happened on. Causes go to the log, never to the phone.
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { StatusCode } from 'hono/utils/http-status'
import { renderAuthError } from '../auth'
import { AppError, defineErrors } from '../core'
import { log } from '../observability'
import { renderRestError } from '../rest'
import type { AppEnv } from './context'

export const requestErrors = defineErrors({
  internal: { status: 500, title: 'Something went wrong on our side. The request id tells us what.', retry: true, postgrest: 'XX000' },
  not_found: { status: 404, title: 'There is nothing at this address.', retry: false, postgrest: 'PGRST125' },
  not_implemented: { status: 501, title: 'This part of the surface is not built yet.', retry: false, postgrest: 'PGRST127' },
  body_too_large: { status: 413, title: 'The request body is larger than this address accepts.', retry: false, postgrest: '54000' },
  service_only: { status: 403, title: 'Only the holder of the secret key may call this address.', retry: false, postgrest: '42501' },
  body_cut: { status: 400, title: 'The request body ended before it was whole.', retry: true, postgrest: 'PGRST102' },
  bad_request: { status: 400, title: 'The request could not be understood.', retry: false, postgrest: 'PGRST100' },
  upgrade_required: { status: 426, title: 'This build of the app is too old. Update it to go on.', retry: false, postgrest: 'PT426' },
  too_many_requests: { status: 429, title: 'Too many requests from this network.', retry: true, postgrest: '53400' },
})

/** Status, headers and JSON body of an error in some dialect. */
export interface RenderedError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

/** RFC 9457, for every path that no SDK's dialect claims. */
function renderProblem(error: AppError, requestId: string): RenderedError {
  const { definition, occurrence } = error
  return {
    status: definition.status,
    headers: { ...occurrence.headers, 'content-type': 'application/problem+json' },
    body: {
      type: `/docs/errors#${definition.code}`,
      title: definition.title,
      status: definition.status,
      ...(error.message === definition.title ? {} : { detail: error.message }),
      code: definition.code,
      retry: definition.retry,
      request_id: requestId,
      ...occurrence.body,
    },
  }
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof HTTPException && error.status < 500)
    return new AppError(requestErrors.bad_request, { message: error.message, cause: error })
  return new AppError(requestErrors.internal, { cause: error })
}

/** Hono's `onError`. */
export function renderError(error: unknown, c: Context<AppEnv>): Response {
  const known = asAppError(error)
  const path = new URL(c.req.url).pathname
  const requestId = c.get('requestId') ?? ''
  const rendered = path.startsWith('/auth/')
    ? renderAuthError(known, c.req.header('x-supabase-api-version') ?? null)
    : path.startsWith('/rest/')
      ? renderRestError(known, c.get('principal')?.role ?? 'anon')
      : renderProblem(known, requestId)
  // What isn't built is no failure.
  if (rendered.status >= 500 && rendered.status !== 501)
    log('error', 'request.failed', { requestId, path, code: known.definition.code, error: known.occurrence.cause ?? known })
  const headers = new Headers(rendered.headers)
  if (!headers.has('content-type')) headers.set('content-type', 'application/json; charset=utf-8')
  // Through the context, so that what middleware set before (CORS, the request id) stands on errors too.
  return c.newResponse(
    c.req.method === 'HEAD' ? null : JSON.stringify(rendered.body),
    rendered.status as StatusCode,
    Object.fromEntries(headers),
  )
}
