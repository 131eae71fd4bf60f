// /admin/users/:id/passkeys: what an operator sees and removes of somebody's passkeys, with the secret key alone.
import { Hono } from 'hono'
import type { AppContext, AppEnv } from '../../middleware'
import { idOf } from './admin-request'
import { callAuthentication } from './call'
import { contextOf } from './request'

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
