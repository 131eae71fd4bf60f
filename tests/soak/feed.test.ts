// `npm run soak -- feed` at the size of the gate.
import { expect, test } from 'vitest'
import { soakFeed } from './feed/feed'

const seed = Number(process.env.SOAK_SEED ?? 7)

test(`each handler sees each change once and in order while workerd is killed (SOAK_SEED=${seed})`, async () => {
  const result = await soakFeed({ size: 400, seed, kills: 2 })
  expect(result).toMatchObject({ kills: 2, twice: 0, missed: 0, outOfOrder: 0 })
  expect((result['handled'] as { writer: number }).writer).toBe(result['changes'])
}, 120_000)
