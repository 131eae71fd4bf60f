// Refuses a body over a size before anybody holds it in memory, and tells one that was cut half-way from a failure of ours.
import { bodyLimit as honoBodyLimit } from 'hono/body-limit'
import type { MiddlewareHandler } from 'hono'
import { AppError } from '../core'
import type { AppContext, AppEnv } from './context'
import { requestErrors } from './errors'

/** A body without Content-Length is counted as it streams. Errors: `body_too_large`, 413; `body_cut`. */
export function bodyLimit(maxBytes: number): MiddlewareHandler<AppEnv> {
  const limit = honoBodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw new AppError(requestErrors.body_too_large, { message: `The request body is larger than ${maxBytes} bytes.` })
    },
  }) as MiddlewareHandler<AppEnv>
  return async (c, next) => {
    let reading = true
    try {
      return await limit(c, () => {
        reading = false
        return next()
      })
    } catch (error) {
      throw !reading || error instanceof AppError ? error : bodyCut(error)
    }
  }
}

/** The whole body. Errors: `body_cut`. */
export async function readBody(c: AppContext): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(
    await c.req.arrayBuffer().catch((error: unknown) => {
      throw bodyCut(error)
    }),
  )
}

const bodyCut = (cause: unknown): AppError => new AppError(requestErrors.body_cut, { cause })
