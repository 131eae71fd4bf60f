import { expect, test } from 'vitest'
import { nextAttempt, retryAfter, SCHEDULE } from './schedule'

const plain = { random: 0, retryAfterMs: null, speed: 1 }

test('ten attempts in a little over three days', () => {
  const waits = SCHEDULE.map((_, i) => nextAttempt(i + 1, 0, plain)!)
  expect(waits.map((wait) => wait / 1000)).toEqual([5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400])
  expect(nextAttempt(10, 0, plain)).toBeNull()
  expect(waits.reduce((sum, wait) => sum + wait, 0) / 86_400_000).toBeCloseTo(3.15, 2)
})

test('jitter adds up to a tenth, and takes nothing away', () => {
  expect(nextAttempt(2, 1000, { ...plain, random: 0.999999 })).toBe(1000 + 330_000)
})

test('Retry-After makes a wait longer, never shorter, and no longer than a day', () => {
  expect(nextAttempt(1, 0, { ...plain, retryAfterMs: 60_000 })).toBe(60_000)
  expect(nextAttempt(2, 0, { ...plain, retryAfterMs: 60_000 })).toBe(300_000)
  expect(nextAttempt(1, 0, { ...plain, retryAfterMs: 9e12 })).toBe(86_400_000)
})

test('Retry-After is seconds or a date', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  expect(retryAfter('120', now)).toBe(120_000)
  expect(retryAfter('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_000)
  for (const text of [null, '', '-1', '1.5', '1e3', 'soon', 'Thu, 01 Jan 2025 00:00:00 GMT', 'Mon, x'])
    expect(retryAfter(text, now)).toBeNull()
})
