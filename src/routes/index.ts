// The table of contents: each path, what guards it, what it may be sent.
import { Hono } from 'hono'
import { AppError } from '../core'
import { authenticate, bodyLimit, requestErrors, serviceOnly, type AppEnv } from '../middleware'
import { consumers } from './admin/consumers'
import { jobs } from './admin/jobs'
import { webhookEvents, webhooks } from './admin/webhooks'
import { auth } from './auth'
import { health } from './health'
import { openapi } from './openapi'
import { rest } from './rest'
import { start } from './start'

const MiB = 1024 * 1024

/** Paths of protocols that ARCHITECTURE names and no room serves yet. */
const NOT_BUILT = ['/graphql/v1', '/realtime/v1', '/storage/v1', '/functions/v1', '/sync', '/ofrep/v1', '/analytics/v1', '/api/v1']

/** All routes of a backend, without the middleware that every request passes. */
export function routes(): Hono<AppEnv> {
  const all = new Hono<AppEnv>()
  //        path          who may call              what it may be sent
  all.use('/rest/v1/*', authenticate(), bodyLimit(12 * MiB))
  all.use('/auth/v1/*', authenticate(), bodyLimit(1 * MiB))
  all.use('/api/v1/admin/*', authenticate(), serviceOnly(), bodyLimit(1 * MiB))

  all.route('/health', health)
  all.route('/auth/v1', auth)
  all.route('/rest/v1', rest)
  all.route('/api/v1/admin/consumers', consumers)
  all.route('/api/v1/admin/jobs', jobs)
  all.route('/api/v1/admin/webhooks', webhooks)
  all.route('/api/v1/admin/webhook-events', webhookEvents)
  all.route('/', openapi)
  all.route('/', start)

  for (const path of NOT_BUILT) {
    all.all(`${path}/*`, () => {
      throw new AppError(requestErrors.not_implemented, { message: `${path} is not built yet.` })
    })
  }
  return all
}
