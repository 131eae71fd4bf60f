// The built Worker tells a receiver of what was written, over real HTTP; the receiver verifies with the package `standardwebhooks`.
import { expect, test } from 'vitest'
import type { Server } from '../support/server'
import { webhookStorm } from '../support/webhook-storm'

const SEED = Number(process.env['WEBHOOK_SEED'] ?? 20_261_125)

export function webhooks(server: () => Server): void {
  test(`100 changes reach a receiver that fails, answers late, redirects and closes: all, in order, verified (WEBHOOK_SEED=${SEED})`, async () => {
    const { delivered, requests, failures } = await webhookStorm(server(), 100, SEED, 45_000)
    expect(delivered).toBe(100)
    expect(requests).toBeGreaterThan(115)
    expect(Object.keys(failures).length).toBeGreaterThan(2)
  })
}
