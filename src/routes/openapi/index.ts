// /openapi.json and /docs: what the surface is, from the model that serves it. Shows no data and asks no database.
import { Hono } from 'hono'
import type { AppEnv } from '../../middleware'
import { surfaceDocument } from './document'
import { docsPage } from './page'

export const openapi = new Hono<AppEnv>()
  .get('/openapi.json', (c) => c.json(surfaceDocument(c.var.model, new URL(c.req.url).origin), 200, { 'cache-control': 'no-cache' }))
  .get('/docs', async (c) => {
    const nonce = crypto.randomUUID()
    const page = await docsPage(surfaceDocument(c.var.model, new URL(c.req.url).origin), nonce)
    return c.html(page, 200, {
      'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
  })
