// /auth/v1/admin: what the holder of the secret key does about people. Nobody else comes here: `administrators()` stands before.
import { Hono } from 'hono'
import { authErrors } from '../../auth'
import { AppError } from '../../core'
import { endReading, type AppContext, type AppEnv } from '../../middleware'
import { adminFactors } from './admin-factors'
import { adminPasskeys } from './admin-passkeys'
import {
  changedPersonBody,
  deleteBody,
  givenOf,
  idOf,
  inviteBody,
  linkBody,
  madeOf,
  newPersonBody,
  pageHeaders,
  readAuditQuery,
  readPage,
  readSort,
  requiredEmail,
  rolesBody,
} from './admin-request'
import { callAuthentication } from './call'
import { methodsOf } from './methods'
import { contextOf, readBody, readOptionalBody, validEmail } from './request'
import { refuseSwitchedOff } from './switched-off'

const NO_STORE = { 'cache-control': 'no-store' }

async function list(c: AppContext): Promise<Response> {
  const page = readPage(c)
  const asked = { ...page, filter: c.req.query('filter') ?? '', oldestFirst: readSort(c) }
  const { users, total } = await callAuthentication(c, (service) => service.people(asked))
  return c.json({ users, aud: 'authenticated' }, 200, pageHeaders(c, page, total))
}

async function create(c: AppContext): Promise<Response> {
  const made = madeOf(await readBody(c, newPersonBody))
  const context = await contextOf(c)
  return c.json(await callAuthentication(c, (service) => service.createPerson(context, made)), 200, NO_STORE)
}

async function show(c: AppContext): Promise<Response> {
  const userId = idOf(c, 'id', 'user_id')
  return c.json(await callAuthentication(c, (service) => service.personById(userId)), 200, NO_STORE)
}

async function change(c: AppContext): Promise<Response> {
  const userId = idOf(c, 'id', 'user_id')
  const given = givenOf(await readBody(c, changedPersonBody))
  const context = await contextOf(c)
  const person = await callAuthentication(c, (service) => service.changePerson(context, userId, given))
  // A ban or a new password ends what the person may read, near phones too.
  endReading(c, userId)
  return c.json(person, 200, NO_STORE)
}

async function remove(c: AppContext): Promise<Response> {
  const userId = idOf(c, 'id', 'user_id')
  const { should_soft_delete: soft } = await readOptionalBody(c, deleteBody)
  const context = await contextOf(c)
  await callAuthentication(c, (service) => service.deletePerson(context, userId, soft))
  endReading(c, userId)
  return c.json({}, 200, NO_STORE)
}

async function signOut(c: AppContext): Promise<Response> {
  const userId = idOf(c, 'id', 'user_id')
  const context = await contextOf(c)
  await callAuthentication(c, (service) => service.endSessions(context, userId))
  endReading(c, userId)
  return c.body(null, 204)
}

async function showRoles(c: AppContext): Promise<Response> {
  const userId = idOf(c, 'id', 'user_id')
  return c.json({ roles: await callAuthentication(c, (service) => service.roles(userId)) }, 200, NO_STORE)
}

async function changeRoles(c: AppContext, way: 'grant' | 'remove'): Promise<Response> {
  const userId = idOf(c, 'id', 'user_id')
  const { roles } = await readBody(c, rolesBody)
  const context = await contextOf(c)
  const asked = { grant: [], remove: [], [way]: roles }
  const left = await callAuthentication(c, (service) => service.changeRoles(context, userId, asked))
  endReading(c, userId)
  return c.json({ roles: left }, 200, NO_STORE)
}

async function generateLink(c: AppContext): Promise<Response> {
  const body = await readBody(c, linkBody)
  const newEmail = body.new_email === undefined ? undefined : validEmail(body.new_email)
  const asked = { type: body.type, email: requiredEmail(body.email), newEmail, password: body.password, data: body.data ?? {} }
  const context = await contextOf(c, body.redirect_to)
  return c.json(await callAuthentication(c, (service) => service.generateLink(context, asked)), 200, NO_STORE)
}

async function invite(c: AppContext): Promise<Response> {
  const body = await readBody(c, inviteBody)
  const email = requiredEmail(body.email)
  const context = await contextOf(c)
  return c.json(await callAuthentication(c, (service) => service.invite(context, email, body.data ?? {})), 200, NO_STORE)
}

async function audit(c: AppContext): Promise<Response> {
  const page = readPage(c)
  const asked = { ...page, ...readAuditQuery(c) }
  const { entries, total } = await callAuthentication(c, (service) => service.auditLog(asked))
  return c.json(entries, 200, pageHeaders(c, page, total))
}

const people = new Hono<AppEnv>()
  .get('/admin/users', (c) => list(c))
  .post('/admin/users', (c) => create(c))
  .get('/admin/users/:id', (c) => show(c))
  .put('/admin/users/:id', (c) => change(c))
  .delete('/admin/users/:id', (c) => remove(c))
  .post('/admin/users/:id/logout', (c) => signOut(c))
  .get('/admin/users/:id/roles', (c) => showRoles(c))
  .post('/admin/users/:id/roles', (c) => changeRoles(c, 'grant'))
  .delete('/admin/users/:id/roles', (c) => changeRoles(c, 'remove'))
  .post('/admin/generate_link', (c) => generateLink(c))
  .post('/invite', (c) => invite(c))
  // Where supabase-swift asks for it.
  .post('/admin/invite', (c) => invite(c))
  .get('/admin/audit', (c) => audit(c))

const methodsAt = methodsOf([people, adminFactors, adminPasskeys])

export const administration = new Hono<AppEnv>()
  .route('/', people)
  .route('/', adminFactors)
  .route('/', adminPasskeys)
  .all('*', (c) => {
    const methods = methodsAt(c.req.path)
    if (methods.length > 0) throw new AppError(authErrors.method_not_allowed, { headers: { allow: methods.join(', ') } })
    refuseSwitchedOff(c)
    throw new AppError(authErrors.path_unknown)
  })
