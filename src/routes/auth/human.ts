// Keeps bots from what costs us or others something: the routes of GoTrue's table that say "captcha" ask here first.
import * as z from 'zod'
import { captchaRefused } from '../../auth'
import { takeOnce, type AppContext } from '../../middleware'
import { callAuthentication } from './call'
import { contextOf } from './request'

const meta = z.object({ gotrue_meta_security: z.object({ captcha_token: z.string() }) })
/** Longer than either provider takes a token for (300 s and 120 s). */
const REMEMBERED_SECONDS = 600

/** `gotrue_meta_security.captcha_token`, which all SDKs send in the body; empty when it isn't there. */
async function tokenOf(c: AppContext): Promise<string> {
  try {
    // Hono keeps the bytes, so whoever reads the body again finds it.
    const parsed = meta.safeParse(JSON.parse(new TextDecoder().decode(await c.req.arrayBuffer())))
    return parsed.success ? parsed.data.gotrue_meta_security.captcha_token.trim() : ''
  } catch (error) {
    if (error instanceof SyntaxError) return ''
    throw error
  }
}

/**
 * Lets the request through if the app asks for no captcha, the secret key sent it, or the provider says that its token, used for the first
 * time, shows a human. A person's token, anonymous or not, is no way around it. Call it behind the limit by address and before anything that
 * hashes or writes. Errors: `captcha_failed` (400), `captcha_unavailable` (503).
 */
export async function requireHuman(c: AppContext): Promise<void> {
  if (c.var.app.auth?.captcha === undefined || c.var.principal.role === 'service_role') return
  const token = await tokenOf(c)
  const context = await contextOf(c)
  await callAuthentication(c, (service) => service.proveHuman(context, token))
  // Providers take a token once; here too, for the moment in which several come at the same time.
  if (!(await takeOnce(c, 'captcha', token, REMEMBERED_SECONDS))) throw captchaRefused('timeout-or-duplicate')
}
