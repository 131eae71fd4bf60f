// Refuses a body over a size before anybody holds it in memory.
import { bodyLimit as honoBodyLimit } from 'hono/body-limit'
import type { MiddlewareHandler } from 'hono'
import { AppError } from '../core'
import type { AppEnv } from './context'
import { requestErrors } from './errors'

/** `maxBytes` is counted as the body streams, whatever Content-Length says. Errors: `body_too_large`, 413. */
export function bodyLimit(maxBytes: number): MiddlewareHandler<AppEnv> {
  return honoBodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw new AppError(requestErrors.body_too_large, { message: `The request body is larger than ${maxBytes} bytes.` })
    },
  }) as MiddlewareHandler<AppEnv>
}
