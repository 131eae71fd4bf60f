// /rest/v1/ itself: what there is, as PostgREST describes itself. Asks no database.
import { AppError } from '../../core'
import type { AppContext } from '../../middleware'
import { namesSchema, restErrors, rootMedia, schemaOf } from '../../rest'
import { swaggerDocument } from '../openapi/swagger'

/** Who reads it is the app's `rest.openapi`. Errors: PGRST126 for everybody else, PGRST106, PGRST107, PGRST117. */
export function root(c: AppContext): Response {
  const { app, model, principal } = c.var
  const readers = app.rest?.openapi ?? 'service'
  if (readers === 'off') throw new AppError(restErrors.rest_no_root)
  if (readers === 'service' && principal.role !== 'service_role')
    throw new AppError(restErrors.rest_no_root, { hint: 'The secret key may read it; /openapi.json is for everyone.' })
  const { method } = c.req
  if (method === 'OPTIONS') return c.body(null, 200, { allow: 'OPTIONS,GET,HEAD' })
  if (method !== 'GET' && method !== 'HEAD')
    throw new AppError(restErrors.rest_unsupported_method, { message: `Unsupported HTTP method: ${method}` })
  const profile = c.req.header('accept-profile') ?? null
  const schema = schemaOf(model, profile)
  const headers = {
    'content-type': rootMedia(c.req.header('accept') ?? null),
    vary: 'Accept, Accept-Profile',
    ...(profile !== null || namesSchema(model) ? { 'content-profile': schema } : {}),
  }
  if (method === 'HEAD') return c.body(null, 200, headers)
  return c.body(JSON.stringify(swaggerDocument(model, schema, new URL(c.req.url))), 200, headers)
}
