import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide, type Rate } from './gcra'

test('a burst passes, the next is refused and told when to come back', () => {
  const rate = { requests: 60, seconds: 60, burst: 3 }
  let arrival = 0
  for (let i = 0; i < 3; i++) {
    const decision = decide(arrival, rate, 1_000_000)
    expect(decision.allowed).toBe(true)
    arrival = decision.arrival
  }
  expect(decide(arrival, rate, 1_000_000)).toEqual({ allowed: false, retryAfter: 1, arrival })
  expect(decide(arrival, rate, 1_000_999).allowed).toBe(false)
  expect(decide(arrival, rate, 1_001_000).allowed).toBe(true)
})

test('in no window does more pass than the burst and what the rate gives meanwhile, and who waits as told is let in', () => {
  const rates = fc.record({
    requests: fc.integer({ min: 1, max: 50 }),
    seconds: fc.integer({ min: 1, max: 60 }),
    burst: fc.integer({ min: 1, max: 20 }),
  })
  fc.assert(
    fc.property(rates, fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 200 }), (rate: Rate, gaps) => {
      const passed: number[] = []
      let now = 1_700_000_000_000
      let arrival = 0
      for (const gap of gaps) {
        now += gap
        const decision = decide(arrival, rate, now)
        arrival = decision.arrival
        if (decision.allowed) passed.push(now)
        else expect(decide(arrival, rate, now + decision.retryAfter * 1000).allowed).toBe(true)
      }
      passed.forEach((from, i) =>
        passed.slice(i).forEach((to, n) => {
          expect(n + 1).toBeLessThanOrEqual(rate.burst + ((to - from) * rate.requests) / (rate.seconds * 1000) + 1e-6)
        }),
      )
    }),
    { numRuns: 50 },
  )
})
