// The Worker that tests run in: the real one. Exports are named, because the test runner reads them off this file without following `*`.
export { Authentication, default, RateLimiter } from '../../src/index'
