// /admin/users/:id/factors: what an operator sees and removes of somebody's second factors, with the secret key alone.
import { Hono } from 'hono'
import { endReading, type AppContext, type AppEnv } from '../../middleware'
import { factorBody, idOf, validPhone } from './admin-request'
import { callAuthentication } from './call'
import { contextOf, readBody } from './request'

const NO_STORE = { 'cache-control': 'no-store' }

async function list(c: AppContext): Promise<Response> {
  const userId = idOf(c, 'id', 'user_id')
  return c.json(await callAuthentication(c, (service) => service.factorsOf(userId)), 200, NO_STORE)
}

async function remove(c: AppContext): Promise<Response> {
  const userId = idOf(c, 'id', 'user_id')
  const factorId = idOf(c, 'factorId', 'factor_id')
  const context = await contextOf(c)
  const removed = await callAuthentication(c, (service) => service.removeFactorOf(context, userId, factorId))
  endReading(c, userId)
  return c.json(removed, 200, NO_STORE)
}

async function change(c: AppContext): Promise<Response> {
  const userId = idOf(c, 'id', 'user_id')
  const factorId = idOf(c, 'factorId', 'factor_id')
  const { friendly_name: friendlyName, phone } = await readBody(c, factorBody)
  const asked = { friendlyName, phone: phone === undefined ? undefined : validPhone(phone) }
  const context = await contextOf(c)
  const changed = await callAuthentication(c, (service) => service.changeFactorOf(context, userId, factorId, asked))
  endReading(c, userId)
  return c.json(changed, 200, NO_STORE)
}

export const adminFactors = new Hono<AppEnv>()
  .get('/admin/users/:id/factors', (c) => list(c))
  .delete('/admin/users/:id/factors/:factorId', (c) => remove(c))
  .put('/admin/users/:id/factors/:factorId', (c) => change(c))
