import { expect, test } from 'vitest'
import { parseBanDuration } from './ban-duration'

const HOUR = 3_600_000

test.each([
  ['none', 0],
  ['0', 0],
  ['0s', 0],
  ['-0h', 0],
  ['24h', 24 * HOUR],
  ['1h30m', 1.5 * HOUR],
  ['+1.5h', 1.5 * HOUR],
  ['.5m', 30_000],
  ['1.s', 1_000],
  ['300ms', 300],
  ['1h1ns', HOUR],
  ['2us3µs4μs', 0],
  ['-10m', -600_000],
  ['87600h', 87_600 * HOUR],
  ['2562047h', 2_562_047 * HOUR],
])('Go reads %s as %i ms', (text, ms) => {
  expect(parseBanDuration(text)).toBe(ms)
})

test.each([
  '',
  '1',
  '1d',
  '1 h',
  'h',
  '.',
  '.h',
  '1h ',
  '--1h',
  '1h-1m',
  'None',
  'forever',
  '2562048h',
  '1e3h',
  '1'.repeat(101),
  `${'9'.repeat(60)}h`,
])('%j is no duration to Go', (text) => {
  expect(parseBanDuration(text)).toBe(null)
})
