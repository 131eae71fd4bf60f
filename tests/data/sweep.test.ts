// The cron sweeps every store of the Worker.
import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { createBackend } from '../../src/backend'
import type { Env } from '../../src/platform'
import ledger from '../apps/ledger'
import { batch, mount } from '../migrations/database'

test('the scheduled handler forgets a week-old change and keeps a younger one', async () => {
  await mount(ledger)
  await batch(`INSERT INTO categories (id) VALUES ('old'), ('young')`, `UPDATE sys_changes SET at = at - 8 * 86400000 WHERE key = '["old"]'`)
  const controller = createScheduledController({ scheduledTime: new Date() })
  await createBackend(ledger).scheduled(controller, env as unknown as Env)
  expect(await batch(`SELECT key FROM sys_changes WHERE tbl = 'categories'`)).toEqual([{ key: '["young"]' }])
})
