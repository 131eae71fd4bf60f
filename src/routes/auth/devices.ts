// GET /user/sessions, DELETE /user/sessions/:id: the devices a person is signed in on. An extension: GoTrue has no such address.
import { Hono } from 'hono'
import { endReading, requirePerson, type AppContext, type AppEnv } from '../../middleware'
import { callAuthentication } from './call'
import { contextOf } from './request'

async function list(c: AppContext): Promise<Response> {
  const caller = await requirePerson(c)
  const sessions = await callAuthentication(c, (service) => service.sessions(caller))
  return c.json({ sessions }, 200, { 'cache-control': 'no-store' })
}

async function end(c: AppContext, id: string): Promise<Response> {
  const caller = await requirePerson(c)
  const context = await contextOf(c)
  await callAuthentication(c, (service) => service.endSession(context, caller, id))
  endReading(c, caller.userId)
  return c.body(null, 204)
}

export const devices = new Hono<AppEnv>()
  .get('/user/sessions', (c) => list(c))
  .delete('/user/sessions/:id', (c) => end(c, c.req.param('id')))
