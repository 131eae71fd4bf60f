// The door of everything that only a developer's own machine shows. In production nothing behind it exists.
import type { MiddlewareHandler } from 'hono'
import { AppError } from '../../core'
import { requestErrors, type AppEnv } from '../../middleware'
import { isDevelopment } from '../../platform'
import { mayEnter, type Visitor } from './visitor'

/** Answers 404, as for any address that doesn't exist, unless the visitor may enter. */
export function ownMachineOnly(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const visitor: Visitor = {
      development: isDevelopment(c.env),
      url: new URL(c.req.url),
      origin: c.req.header('origin') ?? null,
      site: c.req.header('sec-fetch-site') ?? null,
      hosts: c.env.PERIGEE_HOSTS ?? '',
    }
    if (!mayEnter(visitor)) throw new AppError(requestErrors.not_found)
    await next()
    c.header('cache-control', 'no-store')
  }
}
