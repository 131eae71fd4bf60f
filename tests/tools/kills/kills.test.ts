// The small size of `npm run soak -- jobs`.
import { expect, test } from 'vitest'
import { killJobs } from './run'

const SEED = Number(process.env['KILLS_SEED'] ?? 4801)

test(`each effect stands exactly once though the Worker is killed while jobs run (KILLS_SEED=${SEED})`, { timeout: 120_000 }, async () => {
  const found = await killJobs(150, 2, SEED)
  expect(found.kills).toBe(2)
  expect(found.effects).toBeGreaterThanOrEqual(50)
})
