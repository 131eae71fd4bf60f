// The composition root: the app of this repository, mounted on the engine.
import app from '../app'
import { createBackend } from './backend'

export { Authentication } from './auth'
export { Alarm } from './durable-objects/alarm'
export { ChangeFeed } from './durable-objects/change-feed'
export { RateLimiter } from './durable-objects/rate-limiter'
export default createBackend(app)
