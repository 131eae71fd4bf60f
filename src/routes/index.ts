// The table of contents: each path, what guards it, what it may be sent.
import { Hono } from 'hono'
import { AppError } from '../core'
import { administrators, authenticate, bodyLimit, requestErrors, serviceOnly, type AppEnv } from '../middleware'
import { consumers } from './admin/consumers'
import { jobs } from './admin/jobs'
import { importedUsers, signingKeys } from './admin/sign-in'
import { webhookEvents, webhooks } from './admin/webhooks'
import { appLinks } from './app-links'
import { auth } from './auth'
import { administration } from './auth/admin'
import { health } from './health'
import { openapi } from './openapi'
import { outbox } from './outbox'
import { rest } from './rest'
import { start } from './start'

const MiB = 1024 * 1024

/** Paths of protocols that ARCHITECTURE names and no room serves yet. */
const NOT_BUILT = ['/graphql/v1', '/realtime/v1', '/storage/v1', '/functions/v1', '/sync', '/ofrep/v1', '/analytics/v1', '/api/v1']

function notBuilt(all: Hono<AppEnv>, path: string): void {
  all.all(`${path}/*`, () => {
    throw new AppError(requestErrors.not_implemented, { message: `${path} is not built yet.` })
  })
}

const ADMIN = '/api/v1/admin'

/** The beginnings of operators' addresses. */
export const OPERATORS = [`${ADMIN}/`, '/auth/v1/admin/', '/auth/v1/invite'] as const

/** What operators ask, with the secret key alone. Apart from the others, whose shapes fit one regular expression (see tests/middleware/router.test.ts). */
export function adminRoutes(): Hono<AppEnv> {
  const all = new Hono<AppEnv>()
  all.use(`${ADMIN}/*`, authenticate(), serviceOnly(), bodyLimit(1 * MiB))

  all.route(`${ADMIN}/consumers`, consumers)
  all.route(`${ADMIN}/jobs`, jobs)
  all.route(`${ADMIN}/signing-keys`, signingKeys)
  all.route(`${ADMIN}/users`, importedUsers)
  all.route(`${ADMIN}/webhooks`, webhooks)
  all.route(`${ADMIN}/webhook-events`, webhookEvents)
  notBuilt(all, ADMIN)

  all.use('/auth/v1/*', administrators(), bodyLimit(1 * MiB))
  all.route('/auth/v1', administration)
  return all
}

/** All other routes of a backend. The middleware that every request passes isn't in either. */
export function routes(): Hono<AppEnv> {
  const all = new Hono<AppEnv>()
  //        path          who may call              what it may be sent
  all.use('/rest/v1/*', authenticate(), bodyLimit(12 * MiB))
  all.use('/auth/v1/*', authenticate(), bodyLimit(1 * MiB))

  all.route('/health', health)
  all.route('/auth/v1', auth)
  all.route('/rest/v1', rest)
  all.route('/', appLinks)
  all.route('/', openapi)
  all.route('/', outbox)
  all.route('/', start)

  for (const path of NOT_BUILT) notBuilt(all, path)
  return all
}
