// /dev/outbox: the mails and text messages that a developer's own machine kept. In production there is no such address.
import { zValidator } from '@hono/zod-validator'
import { Hono } from 'hono'
import * as z from 'zod'
import { AppError } from '../../core'
import { emptyOutbox, readOutbox } from '../../messages'
import { requestErrors, type AppEnv } from '../../middleware'
import { ownMachineOnly } from '../start/own-machine'

const text = z
  .string()
  .max(320)
  .transform((value) => value.trim())
  .transform((value) => (value === '' ? undefined : value))
  .optional()

const query = z.object({
  to: text,
  search: text,
  after: text,
  limit: z.coerce.number().int().min(1).max(500).default(100),
})

export const outbox = new Hono<AppEnv>()

outbox.use('/dev/outbox.json', ownMachineOnly())
outbox.get(
  '/dev/outbox.json',
  zValidator('query', query, ({ success }) => {
    if (!success)
      throw new AppError(requestErrors.bad_request, { message: 'The query takes `to`, `search`, `after` and `limit` (1 to 500).' })
  }),
  async (c) => c.json({ messages: await readOutbox(c.var.stores.primary.db, c.req.valid('query')) }),
)
outbox.delete('/dev/outbox.json', async (c) => {
  await emptyOutbox(c.var.stores.primary.db)
  return c.body(null, 204)
})
