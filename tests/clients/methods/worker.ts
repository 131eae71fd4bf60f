// The engine with the harbour mounted on it, for a port of its own.
import { createAuthentication } from '../../../src/auth'
import { createBackend } from '../../../src/backend'
import harbour from '../../apps/harbour'

export { Alarm } from '../../../src/durable-objects/alarm'
export { ChangeFeed } from '../../../src/durable-objects/change-feed'
export { RateLimiter } from '../../../src/durable-objects/rate-limiter'
export const Authentication = createAuthentication(harbour)
export default createBackend(harbour)
