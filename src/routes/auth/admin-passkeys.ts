// /admin/users/:id/passkeys: what an operator sees and removes of somebody's passkeys, with the secret key alone.
import { Hono } from 'hono'
import { authErrors } from '../../auth'
import { AppError, isUuid } from '../../core'
import type { AppContext, AppEnv } from '../../middleware'
import { callAuthentication } from './call'
import { contextOf } from './request'

/** Errors: `not_admin` (403) before anything else, `validation_failed` (404) for what is no id. */
function idOf(c: AppContext, name: 'id' | 'passkeyId', called: string): string {
  if (c.var.principal.role !== 'service_role') throw new AppError(authErrors.not_admin, { message: 'User not allowed' })
  const id = c.req.param(name) ?? ''
  if (!isUuid(id)) throw new AppError({ ...authErrors.validation_failed, status: 404 }, { message: `${called} must be an UUID` })
  return id.toLowerCase()
}

async function list(c: AppContext): Promise<Response> {
  const userId = idOf(c, 'id', 'user_id')
  return c.json(await callAuthentication(c, (service) => service.passkeysOf(userId)), 200, { 'cache-control': 'no-store' })
}

async function remove(c: AppContext): Promise<Response> {
  const userId = idOf(c, 'id', 'user_id')
  const passkeyId = idOf(c, 'passkeyId', 'passkey_id')
  const context = await contextOf(c)
  await callAuthentication(c, (service) => service.removePasskeyOf(context, userId, passkeyId))
  return c.body(null, 204)
}

export const adminPasskeys = new Hono<AppEnv>()
  .get('/admin/users/:id/passkeys', (c) => list(c))
  .delete('/admin/users/:id/passkeys/:passkeyId', (c) => remove(c))
