// GET and PUT /user, POST /logout: what a person does once they are signed in.
import { Hono } from 'hono'
import { authErrors } from '../../auth'
import { AppError, networkOf } from '../../core'
import { endReading, requirePerson, takeRate, type AppContext, type AppEnv } from '../../middleware'
import type { Caller, SignOutScope } from '../../platform'
import { callAuthentication } from './call'
import { challengeOf } from './mail'
import { takeMail } from './mail-limits'
import { readPhoneChange } from './phone'
import { contextOf, leaveBody, personBody, query, readBody, readOptionalBody, signOutQuery, validEmail } from './request'

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
    // By the session as well: whoever holds it may not guess the password with it, nor keep the owner, in another, from changing it.
    await takeRate(c, [{ class: 'device', subject: `change ${caller.sessionId}` }])
    await takeRate(c, [{ class: 'password', subject: network }])
  }
  const email = body.email === undefined ? null : validEmail(body.email)
  const challenge = challengeOf(body)
  const context = await contextOf(c)
  const waits = email !== null && context.rules.confirmEmail
  if (waits) await takeEmailChange(c, caller, email)
  const changes = {
    ...(email === null || waits ? {} : { email }),
    ...(body.password === undefined ? {} : { password: body.password }),
    ...(body.data === undefined ? {} : { data: body.data }),
  }
  const phone = body.phone === undefined ? null : await readPhoneChange(c)
  // An address or a number that has to be proved needs no other change; beside others it comes after them, and only if they were made.
  const beside = {
    ...(waits ? { newEmail: email } : {}),
    ...(phone === null ? {} : { phone: phone.phone }),
    ...(body.nonce === undefined ? {} : { nonce: body.nonce }),
    ...(body.current_password === undefined ? {} : { currentPassword: body.current_password }),
  }
  let answer =
    (phone === null && !waits) || Object.keys(changes).length > 0
      ? await callAuthentication(c, (service) => service.updatePerson(context, caller, { ...changes, ...beside }))
      : null
  // A new password ends the other sessions.
  if (body.password !== undefined) endReading(c, caller.userId)
  if (waits) answer = await callAuthentication(c, (service) => service.changeEmail(context, caller, email, challenge))
  if (phone !== null) answer = await callAuthentication(c, (service) => service.changePhone(context, caller, phone.phone, phone.channel))
  return c.json(answer, 200, NO_STORE)
}

/** Counts the mails of a change of address, by the address and by the person, who may not go from one address to the next. */
async function takeEmailChange(c: AppContext, caller: Caller, email: string): Promise<void> {
  await takeMail(c, 'email_change', email)
  await takeMail(c, 'email_change', caller.userId, { person: true, counted: [] })
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
  await takeRate(c, [{ class: 'leave', subject: caller.sessionId }])
  const { nonce } = await readOptionalBody(c, leaveBody)
  const context = await contextOf(c)
  await callAuthentication(c, (service) => service.deleteOwn(context, caller, nonce))
  endReading(c, caller.userId)
  return c.json({}, 200, NO_STORE)
}

async function exported(c: AppContext): Promise<Response> {
  const caller = await requirePerson(c)
  await takeRate(c, [{ class: 'leave', subject: caller.sessionId }])
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
