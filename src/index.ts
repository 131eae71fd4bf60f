// The composition root: the app of this repository, mounted on the engine.
import app from '../app'
import { createAuthentication } from './auth'
import { createBackend } from './backend'

export { Alarm } from './durable-objects/alarm'
export { ChangeFeed } from './durable-objects/change-feed'
export { RateLimiter } from './durable-objects/rate-limiter'
/** Sign-in, which the routes call through `ctx.exports`. */
export const Authentication = createAuthentication(app)
export default createBackend(app)
