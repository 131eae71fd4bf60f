// /api/v1/admin/signing-keys and /api/v1/admin/users: what an operator asks of sign-in as a whole.
import { Hono } from 'hono'
import { requestErrors, type AppEnv } from '../../middleware'
import { callAuthentication } from '../auth/call'
import { contextOf } from '../auth/request'
import { readJson } from './request'
import { importBody, peopleOf } from './sign-in-schema'

export const signingKeys = new Hono<AppEnv>()
  .get('/', async (c) => c.json({ keys: await callAuthentication(c, (service) => service.signingKeys()) }))
  .post('/rotate', async (c) => {
    const context = await contextOf(c)
    return c.json({ keys: await callAuthentication(c, (service) => service.rotateSigningKey(context)) })
  })

export const importedUsers = new Hono<AppEnv>().post('/import', async (c) => {
  const people = peopleOf(await readJson(c, importBody, requestErrors.bad_request), Date.now())
  const context = await contextOf(c)
  return c.json(await callAuthentication(c, (service) => service.importPeople(context, people)))
})
