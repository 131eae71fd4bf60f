// The built Worker tells a receiver of what was written, over real HTTP; the receiver verifies with the package `standardwebhooks`.
import { expect, test } from 'vitest'
import { webhookStorm } from '../support/webhook-storm'

const SEED = Number(process.env['WEBHOOK_SEED'] ?? 20_261_125)

test(`200 changes reach a receiver that fails, answers late, redirects and closes: all, in order, verified (seed ${SEED})`, async () => {
  const { delivered, requests, failures } = await webhookStorm(200, SEED, 30_000)
  expect(delivered).toBe(200)
  expect(Object.keys(failures).toSorted()).toEqual(['busy', 'closes', 'error', 'redirect', 'refuses'])
  expect(requests).toBeGreaterThan(240)
})
