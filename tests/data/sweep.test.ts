// The cron sweeps every store of the Worker.
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { createBackend } from '../../src/backend'
import type { Env } from '../../src/platform'
import ledger from '../apps/ledger'
import { batch, mount } from '../migrations/database'

test('the scheduled handler forgets a week-old change and keeps a younger one', async () => {
  await mount(ledger)
  await batch(
    `INSERT INTO categories (id) VALUES ('old'), ('young')`,
    `UPDATE sys_changes SET at = at - 8 * 86400000 WHERE key = '["old"]'`,
  )
  const tick = { scheduledTime: Date.now(), cron: '*/15 * * * *', noRetry() {} }
  await createBackend(ledger).scheduled(tick, env as unknown as Env)
  expect(await batch(`SELECT key FROM sys_changes WHERE tbl = 'categories'`)).toEqual([{ key: '["young"]' }])
})
