// The engine with the lodge mounted on it, for a port of its own.
import { createAuthentication } from '../../../src/auth'
import { createBackend } from '../../../src/backend'
import lodge from '../../apps/lodge'

export { Alarm } from '../../../src/durable-objects/alarm'
export { ChangeFeed } from '../../../src/durable-objects/change-feed'
export { RateLimiter } from '../../../src/durable-objects/rate-limiter'
export const Authentication = createAuthentication(lodge)
export default createBackend(lodge)
