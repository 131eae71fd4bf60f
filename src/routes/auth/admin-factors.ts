// /admin/users/:id/factors: what an operator sees and removes of somebody's second factors, with the secret key alone.
import { Hono } from 'hono'
import { authErrors } from '../../auth'
import { AppError, isUuid } from '../../core'
import type { AppContext, AppEnv } from '../../middleware'
import { callAuthentication } from './call'
import { contextOf } from './request'

const NO_STORE = { 'cache-control': 'no-store' }

/** Errors: `not_admin` (403) before anything else, `validation_failed` (404) for what is no id. */
function idOf(c: AppContext, name: 'id' | 'factorId', called: string): string {
  if (c.var.principal.role !== 'service_role') throw new AppError(authErrors.not_admin, { message: 'User not allowed' })
  const id = c.req.param(name) ?? ''
  if (!isUuid(id)) throw new AppError({ ...authErrors.validation_failed, status: 404 }, { message: `${called} must be an UUID` })
  return id.toLowerCase()
}

async function list(c: AppContext): Promise<Response> {
  const userId = idOf(c, 'id', 'user_id')
  return c.json(await callAuthentication(c, (service) => service.factorsOf(userId)), 200, NO_STORE)
}

async function remove(c: AppContext): Promise<Response> {
  const userId = idOf(c, 'id', 'user_id')
  const factorId = idOf(c, 'factorId', 'factor_id')
  const context = await contextOf(c)
  return c.json(await callAuthentication(c, (service) => service.removeFactorOf(context, userId, factorId)), 200, NO_STORE)
}

export const adminFactors = new Hono<AppEnv>()
  .get('/admin/users/:id/factors', (c) => list(c))
  .delete('/admin/users/:id/factors/:factorId', (c) => remove(c))
