// Reads what operators send to /api/v1/admin, and says which field is wrong.
import type * as z from 'zod'
import { AppError, type ErrorDefinition } from '../../core'
import { requestErrors, type AppContext } from '../../middleware'

/** The body as JSON of that shape; none is `{}`. Errors: `bad_request` (400) when it isn't JSON, `invalid` with a list `errors` otherwise. */
export async function readJson<T>(c: AppContext, schema: z.ZodType<T>, invalid: ErrorDefinition): Promise<T> {
  const text = await c.req.text()
  let body: unknown
  try {
    body = text.trim() === '' ? {} : JSON.parse(text)
  } catch {
    throw new AppError(requestErrors.bad_request, { message: 'The request body is not JSON.' })
  }
  return check(schema, body, invalid)
}

/** The query's parameters. Errors: `invalid`. */
export function readQuery<T>(c: AppContext, schema: z.ZodType<T>, invalid: ErrorDefinition): T {
  return check(schema, c.req.query(), invalid)
}

function check<T>(schema: z.ZodType<T>, value: unknown, invalid: ErrorDefinition): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  // The field and what is wrong with it, never its value: it may be a secret.
  const errors = parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }))
  throw new AppError(invalid, { message: `${errors[0]?.field || 'The request'}: ${errors[0]?.message ?? 'not valid'}`, body: { errors } })
}

/** UTC ms as ISO 8601. */
export const iso = (at: number): string => new Date(at).toISOString()
export const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at))
