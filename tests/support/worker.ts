// The Worker that tests run in: the real one. Exports are named, because the test runner reads them off this file without following `*`.
export { Alarm, Authentication, ChangeFeed, default, RateLimiter } from '../../src/index'
