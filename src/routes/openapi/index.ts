// /openapi.json and /docs: what the surface is, from the model that serves it. Shows no data and asks no database.
import { Hono } from 'hono'
import type { AppContext, AppEnv } from '../../middleware'
import { surfaceDocument } from './document'
import { errorsPage } from './errors'
import type { Html } from './layout'
import { docsPage } from './page'

/** Answers a page that may run and style nothing but its own. */
async function answerPage(c: AppContext, make: (nonce: string) => Html): Promise<Response> {
  const nonce = crypto.randomUUID()
  return c.html(await make(nonce), 200, {
    'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  })
}

const documentOf = (c: AppContext) => surfaceDocument(c.var.model, new URL(c.req.url).origin)

export const openapi = new Hono<AppEnv>()
  .get('/openapi.json', (c) => c.json(documentOf(c), 200, { 'cache-control': 'no-cache' }))
  .get('/docs', (c) => answerPage(c, (nonce) => docsPage(documentOf(c), nonce)))
  .get('/docs/errors', (c) => answerPage(c, (nonce) => errorsPage(c.var.model.name, nonce)))
