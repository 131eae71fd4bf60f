// The engine with the herald and its consumers, to be killed.
import { createBackend } from '../../../src/backend'
import app from './app'

export { Authentication } from '../../../src/auth'
export { Alarm } from '../../../src/durable-objects/alarm'
export { ChangeFeed } from '../../../src/durable-objects/change-feed'
export { RateLimiter } from '../../../src/durable-objects/rate-limiter'
export default createBackend(app)
