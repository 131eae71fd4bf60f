// /user/identities: the ways in of a person who is signed in.
import { Hono } from 'hono'
import { authErrors } from '../../auth'
import { AppError, isUuid } from '../../core'
import { requirePerson, type AppContext, type AppEnv } from '../../middleware'
import { callAuthentication } from './call'
import { contextOf } from './request'

async function unlink(c: AppContext, identityId: string): Promise<Response> {
  const caller = await requirePerson(c)
  if (!isUuid(identityId)) throw new AppError({ ...authErrors.validation_failed, status: 404 }, { message: 'identity_id must be an UUID' })
  const context = await contextOf(c)
  await callAuthentication(c, (service) => service.unlinkIdentity(context, caller, identityId.toLowerCase()))
  return c.json({}, 200, { 'cache-control': 'no-store' })
}

export const identities = new Hono<AppEnv>().delete('/user/identities/:id', (c) => unlink(c, c.req.param('id')))
