// Opens a request: its id, its databases, its meter. Closes it with one log line and, in development, what it cost.
import type { MiddlewareHandler } from 'hono'
import { ANONYMOUS, uuidv7 } from '../core'
import type { AppDefinition, Model } from '../define'
import { addCall, log, newCost, recordTrace } from '../observability'
import { isDevelopment, openStores, type Location } from '../platform'
import type { AppEnv } from './context'
import { readingOf } from './reading'

/** Fills Hono's context for everything behind it. */
export function request(app: AppDefinition, model: Model, location: Location): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const started = Date.now()
    const development = isDevelopment(c.env)
    const cost = newCost(development)
    const requestId = uuidv7(started)
    c.set('app', app)
    c.set('model', model)
    c.set('cost', cost)
    c.set('requestId', requestId)
    c.set('location', location)
    c.set('reading', readingOf(c, started))
    c.set('principal', ANONYMOUS)
    c.set(
      'stores',
      openStores(
        c.env,
        (call) => addCall(cost, call),
        (work) => c.executionCtx.waitUntil(work),
      ),
    )
    c.header('x-request-id', requestId)
    await next()
    // An answer that Hono didn't make, an asset's, has no header but its own.
    if (!c.res.headers.has('x-request-id')) c.header('x-request-id', requestId)
    if (development) {
      recordTrace(requestId, c.req.method, new URL(c.req.url).pathname, cost)
      c.header('x-perigee-d1-calls', String(cost.d1Calls))
      c.header('x-perigee-rows-read', String(cost.rowsRead))
      c.header('x-perigee-rows-written', String(cost.rowsWritten))
      return
    }
    log('info', 'request', {
      requestId,
      method: c.req.method,
      route: c.req.routePath,
      status: c.res.status,
      ms: Date.now() - started,
      d1Calls: cost.d1Calls,
      rowsRead: cost.rowsRead,
      rowsWritten: cost.rowsWritten,
    })
  }
}
