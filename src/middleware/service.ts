// Lets through nobody but the holder of the secret key.
import type { MiddlewareHandler } from 'hono'
import { AppError } from '../core'
import type { AppEnv } from './context'
import { requestErrors } from './errors'

/** For paths behind `authenticate`. Errors: `service_only` (403). */
export function serviceOnly(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    if (c.var.principal.role !== 'service_role') throw new AppError(requestErrors.service_only)
    await next()
  }
}
