// Lets pages of any origin call: what guards the data is the token, never the origin. Cookies play no part here.
import { cors as honoCors } from 'hono/cors'
import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from './context'

/** Answer headers that browser SDKs read. */
const EXPOSED = [
  'Content-Encoding',
  'Content-Location',
  'Content-Range',
  'Content-Type',
  'Date',
  'Location',
  'Range-Unit',
  'Preference-Applied',
  'Retry-After',
  'ETag',
  'Link',
  'Age',
  'Cache-Status',
  'X-Next-Cursor',
  'X-Prev-Cursor',
  'X-Total-Count',
  'X-Supabase-Api-Version',
  'X-Request-Id',
  'X-D1-Bookmark',
  'X-Device-Key',
  'X-Perigee-D1-Calls',
  'X-Perigee-Rows-Read',
  'X-Perigee-Rows-Written',
]

/**
 * CORS for every path, preflights included; requested headers are echoed. Other answers get their headers before they are made: Hono would
 * wrap a finished one in another, and its body in a stream, which costs more than the rest of the middleware together.
 */
export function cors(): MiddlewareHandler<AppEnv> {
  const preflight = honoCors({
    origin: '*',
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    exposeHeaders: EXPOSED,
    maxAge: 86_400,
  })
  const exposed = EXPOSED.join(',')
  return async (c, next) => {
    // An OPTIONS that isn't a preflight asks the route which methods it has.
    if (c.req.method === 'OPTIONS' && c.req.header('access-control-request-method') !== undefined) return preflight(c, next)
    c.header('access-control-allow-origin', '*')
    c.header('access-control-expose-headers', exposed)
    await next()
  }
}
