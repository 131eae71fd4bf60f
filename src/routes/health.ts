// Says that the Worker runs. Tells a stranger nothing else, and asks no store.
import { Hono } from 'hono'
import type { AppEnv } from '../middleware'

export const health = new Hono<AppEnv>().get('/', (c) => {
  const caches = [...c.var.model.tables.values()].some(({ cacheSeconds }) => cacheSeconds !== null)
  // Cloudflare's cache does nothing for workers.dev.
  const cache = new URL(c.req.url).hostname.endsWith('.workers.dev') ? 'none: it needs a custom domain' : 'on'
  return c.json({ status: 'ok', name: c.var.app.name, ...(caches ? { cache } : {}) })
})
