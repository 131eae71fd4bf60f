// The engine with the harbour mounted on it, for a port of its own.
import { createBackend } from '../../../src/backend'
import harbour from '../../apps/harbour'

export { Authentication } from '../../../src/auth'
export { Alarm } from '../../../src/durable-objects/alarm'
export { ChangeFeed } from '../../../src/durable-objects/change-feed'
export { RateLimiter } from '../../../src/durable-objects/rate-limiter'
export default createBackend(harbour)
