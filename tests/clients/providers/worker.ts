// The engine with the hostel mounted on it, for a port of its own.
import { createAuthentication } from '../../../src/auth'
import { createBackend } from '../../../src/backend'
import app from './app'

export { Alarm } from '../../../src/durable-objects/alarm'
export { ChangeFeed } from '../../../src/durable-objects/change-feed'
export { RateLimiter } from '../../../src/durable-objects/rate-limiter'
export const Authentication = createAuthentication(app)
export default createBackend(app)
