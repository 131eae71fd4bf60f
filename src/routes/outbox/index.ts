// /dev/outbox: the mails and text messages that a developer's own machine kept. In production there is no such address.
import { zValidator } from '@hono/zod-validator'
import { Hono } from 'hono'
import * as z from 'zod'
import { AppError } from '../../core'
import { emptyOutbox, readOutbox } from '../../messages'
import { requestErrors, type AppEnv } from '../../middleware'
import { ownMachineOnly } from '../start/own-machine'
import { servePage } from '../start/page'

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

/** What a mail may load and do in its frame: nothing but its own styles, and open links beside it. */
const MAIL_POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
  'sandbox allow-popups allow-popups-to-escape-sandbox',
].join('; ')

const badQuery = () =>
  new AppError(requestErrors.bad_request, { message: 'The query takes `to`, `search`, `after` and `limit` (1 to 500).' })

export const outbox = new Hono<AppEnv>()

outbox.use('/dev/outbox', ownMachineOnly())
outbox.use('/dev/outbox.json', ownMachineOnly())
outbox.use('/dev/outbox.html', ownMachineOnly())

/** The page; JSON for who asks for that. */
outbox.get('/dev/outbox', async (c) => {
  const url = new URL(c.req.url)
  if (/\bjson\b/.test(c.req.header('accept') ?? '')) return c.redirect(`/dev/outbox.json${url.search}`, 307)
  return servePage(c.env.ASSETS, new URL('/outbox/', url), ["frame-src 'self'"])
})
outbox.get('/outbox/*', ownMachineOnly(), (c) => servePage(c.env.ASSETS, new URL(c.req.url)))

outbox.get(
  '/dev/outbox.json',
  zValidator('query', query, ({ success }) => {
    if (!success) throw badQuery()
  }),
  async (c) => c.json({ messages: await readOutbox(c.var.stores.primary.db, c.req.valid('query')) }),
)
outbox.on('DELETE', ['/dev/outbox', '/dev/outbox.json'], async (c) => {
  await emptyOutbox(c.var.stores.primary.db)
  return c.body(null, 204)
})

/** One mail's HTML, for the page's frame. */
outbox.get('/dev/outbox.html', async (c) => {
  const [message] = await readOutbox(c.var.stores.primary.db, { id: c.req.query('id') ?? '', limit: 1 })
  if (!message?.html) throw new AppError(requestErrors.not_found)
  return c.html(
    message.html.replace(/<head\b[^>]*>/i, (head) => `${head}<base target="_blank">`),
    200,
    {
      'content-security-policy': MAIL_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    },
  )
})
