// Says that the Worker runs. Tells a stranger nothing else, and asks no store.
import { Hono } from 'hono'
import { transportOf } from '../messages'
import type { AppEnv } from '../middleware'

export const health = new Hono<AppEnv>().get('/', (c) => {
  const caches = [...c.var.model.tables.values()].some(({ cacheSeconds }) => cacheSeconds !== null)
  // Cloudflare's cache does nothing for workers.dev.
  const cache = new URL(c.req.url).hostname.endsWith('.workers.dev') ? 'none: it needs a custom domain' : 'on'
  // Sign-ups that need a mail fail without a way to send one.
  const mail = transportOf(c.var.app, c.env, 'email') === null ? { mail: 'none: no transport is set up' } : {}
  // Nobody gets in that has to show they are human. Where sign-in runs in a Worker of its own, that one has the secret.
  const blind = c.var.app.auth?.captcha !== undefined && c.env.AUTHENTICATION === undefined && !c.env.PERIGEE_CAPTCHA_SECRET
  const captcha = blind ? { captcha: 'none: PERIGEE_CAPTCHA_SECRET is not set' } : {}
  return c.json({ status: 'ok', name: c.var.app.name, ...(caches ? { cache } : {}), ...mail, ...captcha })
})
