// GET and PUT /user, POST /logout: what a person does once they are signed in.
import { Hono } from 'hono'
import { authErrors } from '../../auth'
import { AppError, networkOf } from '../../core'
import { endReading, requirePerson, takeRate, type AppContext, type AppEnv } from '../../middleware'
import type { SignOutScope } from '../../platform'
import { callAuthentication } from './call'
import { readPhoneChange } from './phone'
import { contextOf, personBody, query, readBody, signOutQuery, validEmail } from './request'

const NO_STORE = { 'cache-control': 'no-store' }

async function show(c: AppContext): Promise<Response> {
  const caller = await requirePerson(c)
  return c.json(await callAuthentication(c, (service) => service.person(caller)), 200, NO_STORE)
}

async function update(c: AppContext): Promise<Response> {
  const caller = await requirePerson(c)
  const body = await readBody(c, personBody)
  if (body.app_metadata !== undefined && body.app_metadata !== null) {
    throw new AppError(authErrors.not_admin, { message: 'Updating app_metadata requires admin privileges' })
  }
  if (body.password !== undefined) {
    const network = networkOf(c.req.header('cf-connecting-ip'))
    // By the person as well: whoever holds a session of theirs may not guess the password with it.
    await takeRate(c, [
      { class: 'password', subject: network },
      { class: 'device', subject: `change ${caller.userId}` },
    ])
  }
  const changes = {
    ...(body.email === undefined ? {} : { email: validEmail(body.email) }),
    ...(body.password === undefined ? {} : { password: body.password }),
    ...(body.data === undefined ? {} : { data: body.data }),
  }
  const context = await contextOf(c)
  const phone = body.phone === undefined ? null : await readPhoneChange(c)
  // A number that is alone needs no other change; beside others it comes after them, and only if they were made.
  let answer =
    phone === null || Object.keys(changes).length > 0
      ? await callAuthentication(c, (service) =>
          service.updatePerson(context, caller, { ...changes, ...(phone === null ? {} : { phone: phone.phone }) }),
        )
      : null
  if (phone !== null) answer = await callAuthentication(c, (service) => service.changePhone(context, caller, phone.phone, phone.channel))
  return c.json(answer, 200, NO_STORE)
}

async function signOut(c: AppContext, scope: SignOutScope): Promise<Response> {
  const caller = await requirePerson(c)
  const context = await contextOf(c)
  await callAuthentication(c, (service) => service.signOut(context, caller, scope))
  endReading(c, caller.userId)
  return c.body(null, 204)
}

async function leave(c: AppContext): Promise<Response> {
  const caller = await requirePerson(c)
  await takeRate(c, [{ class: 'leave', subject: caller.userId }])
  const context = await contextOf(c)
  await callAuthentication(c, (service) => service.deleteOwn(context, caller))
  endReading(c, caller.userId)
  return c.json({}, 200, NO_STORE)
}

async function exported(c: AppContext): Promise<Response> {
  const caller = await requirePerson(c)
  await takeRate(c, [{ class: 'leave', subject: caller.userId }])
  const context = await contextOf(c)
  const answer = await callAuthentication(c, (service) => service.exportOwn(context, caller))
  return c.json(answer, 200, { ...NO_STORE, 'content-disposition': 'attachment; filename="account.json"' })
}

export const person = new Hono<AppEnv>()
  .get('/user', (c) => show(c))
  .put('/user', (c) => update(c))
  .delete('/user', (c) => leave(c))
  .get('/user/export', (c) => exported(c))
  .post('/logout', query(signOutQuery), (c) => signOut(c, c.req.valid('query').scope))
