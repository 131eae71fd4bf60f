// Who asks and when, out of the request.
import type { AppContext } from '../../middleware'
import type { Execution } from '../../query'

/** Names the device that wrote, so that it can pass over its own change later. */
const MAX_ORIGIN_LENGTH = 100

export function executionOf(c: AppContext): Execution & { readonly requestId: string } {
  const { principal, requestId } = c.var
  const origin = c.req.header('x-client-id')?.slice(0, MAX_ORIGIN_LENGTH)
  return { principal, now: Date.now(), requestId, ...(origin === undefined ? {} : { origin }) }
}
