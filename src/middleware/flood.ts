// The outer shield: one network can't drown a location. Permissive by nature; exact limits are rate-limit.ts's.
import type { MiddlewareHandler } from 'hono'
import { authErrors } from '../auth'
import { AppError } from '../core'
import { isDevelopment } from '../platform'
import type { AppEnv } from './context'
import { requestErrors } from './errors'

/** Counts by the address that Cloudflare saw, never by a header that the client may write. */
export function flood(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const address = c.req.header('cf-connecting-ip')
    const shield = c.env.FLOOD
    if (shield !== undefined && address !== undefined && !isDevelopment(c.env)) {
      const { success } = await shield.limit({ key: address })
      if (success) return next()
      const isRefresh = c.req.path === '/auth/v1/token' && c.req.query('grant_type') === 'refresh_token'
      throw new AppError(isRefresh ? authErrors.refresh_rate_limit : requestErrors.too_many_requests, { headers: { 'retry-after': '60' } })
    }
    await next()
  }
}
