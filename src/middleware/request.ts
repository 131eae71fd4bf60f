// Opens a request: its id, its databases, its meter. Closes it with one log line and, in development, what it cost.
import type { MiddlewareHandler } from 'hono'
import { ANONYMOUS, uuidv7 } from '../core'
import type { AppDefinition, Model } from '../define'
import { addCall, log, newCost, recordTrace } from '../observability'
import { isDevelopment, openStores, type Env, type Location } from '../platform'
import type { AppEnv } from './context'
import { readingOf } from './reading'

/** Hears which stores a request wrote to, after it was answered. */
export type Written = (env: Env, stores: Iterable<string>) => Promise<void>

/** Fills Hono's context for everything behind it. */
export function request(app: AppDefinition, model: Model, location: Location, written: Written): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const wrote = new Set<string>()
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
        (call) => {
          addCall(cost, call)
          if (call.statements.some(({ rowsWritten }) => rowsWritten > 0)) wrote.add(call.store)
        },
        (work) => c.executionCtx.waitUntil(work),
      ),
    )
    c.header('x-request-id', requestId)
    await next()
    if (wrote.size > 0) c.executionCtx.waitUntil(written(c.env, wrote))
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
