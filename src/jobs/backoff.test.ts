import { expect, test } from 'vitest'
import { backoffMs, reasonOf } from './backoff'

test('waits double up to the most, half of each left to chance', () => {
  const backoff = { firstMs: 5_000, mostMs: 60_000 }
  expect([1, 2, 3, 4, 5, 99].map((attempt) => backoffMs(backoff, attempt, 0))).toEqual([2_500, 5_000, 10_000, 20_000, 30_000, 30_000])
  expect([1, 2, 5].map((attempt) => backoffMs(backoff, attempt, 0.999_999))).toEqual([5_000, 10_000, 60_000])
})

test('a reason is one short line without what looks like a secret', () => {
  expect(reasonOf(new TypeError('no\n  such   thing'))).toBe('TypeError: no such thing')
  expect(reasonOf(new Error(''))).toBe('It failed without a word.')
  expect(reasonOf('text')).toBe('text')
  expect(reasonOf(new Error('x'.repeat(39).concat(' ').repeat(100)))).toHaveLength(300)
  const secrets = [
    'Authorization: Bearer abc.def-ghi',
    'https://me:hunter2@example.com/hook?key=hunter2&x=1',
    'sb_secret_hunter2 and whsec_hunter2',
    '{"password":"hunter2"} token=hunter2',
    'eyJhbGciOiJIUzI1NiJ9.hunter2.hunter2',
    'hunter2'.repeat(6),
  ]
  for (const secret of secrets) expect(reasonOf(new Error(secret))).not.toMatch(/hunter2|abc\.def/)
})
