import { expect, test } from 'vitest'
import { call, claimsOf, database, newEmail, PASSWORD, refresh, signIn, signUp, signUpAnonymously, type SessionBody } from './client'

const put = (token: string, body: unknown) => call('/auth/v1/user', { method: 'PUT', token, body })

test('GET /user is the user of the session, without wrapping', async () => {
  const { user, access_token: token } = await signUp()
  const answer = await call('/auth/v1/user', { token })
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual(user)
})

test('metadata is merged key by key; null removes; what the service writes stays', async () => {
  const { access_token: token, user } = await signUp(newEmail(), {
    a: 1,
    deep: { x: 1 },
    flag: true,
    list: [1, 'ü', null],
    big: 9007199254740991,
    half: 0.5,
  })
  const { body } = await put(token, {
    data: { a: null, b: '“quoted” \\ " \u0001', deep: { y: 2 }, no: false, sub: 'x', email: 'x', email_verified: false, __proto__x: 1 },
  })
  expect(body['user_metadata']).toEqual({
    deep: { y: 2 },
    flag: true,
    list: [1, 'ü', null],
    big: 9007199254740991,
    half: 0.5,
    b: '“quoted” \\ " \u0001',
    no: false,
    __proto__x: 1,
    sub: user.id,
    email: user.email,
    email_verified: true,
    phone_verified: false,
  })
})

test('P23: a person cannot make themselves an administrator', async () => {
  const { access_token: token, user } = await signUp()
  const answer = await put(token, { app_metadata: { roles: ['moderator'] } })
  expect([answer.status, answer.body['error_code']]).toEqual([403, 'not_admin'])
  await put(token, {
    role: 'service_role',
    aud: 'x',
    is_anonymous: true,
    banned_until: null,
    data: { role: 'service_role', app_metadata: { roles: ['moderator'] } },
  })
  const after = (await call('/auth/v1/user', { token })).body
  expect(after).toMatchObject({ role: 'authenticated', aud: 'authenticated', app_metadata: user.app_metadata })
  const signed = await call('/auth/v1/signup', {
    body: { email: newEmail(), password: PASSWORD, app_metadata: { roles: ['moderator'] }, role: 'service_role', id: user.id },
  })
  expect(signed.body['user']).toMatchObject({ app_metadata: { provider: 'email', providers: ['email'] }, role: 'authenticated' })
})

test('an anonymous person becomes a permanent one with the same id', async () => {
  const anonymous = await signUpAnonymously()
  const email = newEmail()
  const early = await put(anonymous.access_token, { password: PASSWORD })
  expect([early.status, early.body['error_code']]).toEqual([422, 'validation_failed'])
  const answer = await put(anonymous.access_token, { email: email.toUpperCase(), password: PASSWORD, data: { name: 'Ada' } })
  expect(answer.status).toBe(200)
  expect(answer.body).toMatchObject({
    id: anonymous.user.id,
    email,
    is_anonymous: false,
    app_metadata: { provider: 'email', providers: ['email'] },
    user_metadata: { name: 'Ada', email },
    identities: [{ provider: 'email', id: anonymous.user.id, email }],
  })
  const next = (await refresh(anonymous.refresh_token)).body as unknown as SessionBody
  expect(claimsOf(next.access_token)).toMatchObject({ sub: anonymous.user.id, is_anonymous: false, email })
  expect((await signIn(email)).body['user']).toMatchObject({ id: anonymous.user.id })
})

test('a new address takes the place of the old one', async () => {
  const [before, after] = [newEmail(), newEmail()]
  const { access_token: token, user } = await signUp(before, { name: 'Ada' })
  const { body } = await put(token, { email: after })
  expect(body).toMatchObject({ id: user.id, email: after, user_metadata: { name: 'Ada', email: after } })
  expect(body['identities']).toMatchObject([{ email: after, identity_data: { email: after } }])
  expect((await signIn(before)).status).toBe(400)
  expect((await signIn(after)).status).toBe(200)
  expect((await signUp(before)).user.id).not.toBe(user.id)
})

test('an address of somebody else changes nothing, not even the rest of the request', async () => {
  const taken = newEmail()
  await signUp(taken)
  const own = newEmail()
  const { access_token: token, user } = await signUp(own)
  const answer = await put(token, { email: taken, password: 'another password', data: { changed: true } })
  expect([answer.status, answer.body['error_code']]).toEqual([422, 'email_exists'])
  expect((await call('/auth/v1/user', { token })).body).toMatchObject({ email: own, user_metadata: user.user_metadata })
  expect((await signIn(own)).status).toBe(200)
})

const refused: readonly [string, unknown, number, string][] = [
  ['the password that one has', { password: PASSWORD }, 422, 'same_password'],
  ['a short password', { password: '12345' }, 422, 'weak_password'],
  ['an empty password', { password: '', data: { changed: true } }, 422, 'weak_password'],
  ['a long password', { password: 'x'.repeat(73) }, 400, 'validation_failed'],
  ['an address that is none', { email: 'nobody' }, 400, 'validation_failed'],
  ['a phone number that is none', { phone: '+0917012345' }, 400, 'validation_failed'],
  ['data that is a text', { data: 'x' }, 400, 'validation_failed'],
  ['too much data', { data: { x: 'y'.repeat(9_000) } }, 400, 'validation_failed'],
]

const unchanged = await signUp()

test.each(refused)('PUT /user refuses %s', async (_, body, status, code) => {
  const { access_token: token, user } = unchanged
  const answer = await put(token, body)
  expect([answer.status, answer.body['error_code']]).toEqual([status, code])
  expect((await call('/auth/v1/user', { token })).body).toEqual(user)
})

test('metadata that grows little by little meets its limit too', async () => {
  const { access_token: token } = await signUpAnonymously()
  expect((await put(token, { data: { a: 'y'.repeat(5_000) } })).status).toBe(200)
  expect((await put(token, { data: { b: 'y'.repeat(5_000) } })).body['error_code']).toBe('validation_failed')
  expect((await put(token, { data: { a: null, b: 'y'.repeat(5_000) } })).status).toBe(200)
})

test('nobody changes anything with an ended session', async () => {
  const { access_token: token, user } = await signUp()
  await call('/auth/v1/logout', { method: 'POST', token })
  for (const body of [{ data: { x: 1 } }, { email: newEmail() }, { password: 'another password' }]) {
    expect((await put(token, body)).body['error_code']).toBe('session_not_found')
  }
  const row = await database.prepare('select email from auth_users where id = ?').bind(user.id).first<{ email: string }>()
  expect(row!.email).toBe(user.email)
})

test('settings say what there is', async () => {
  const { body } = await call('/auth/v1/settings')
  expect(body).toMatchObject({
    external: { email: true, phone: true, anonymous_users: true, google: false, apple: false },
    disable_signup: false,
    mailer_autoconfirm: true,
    phone_autoconfirm: false,
    saml_enabled: false,
  })
  expect((await call('/auth/v1/health')).body).toMatchObject({
    name: 'GoTrue',
    version: expect.any(String),
    description: expect.any(String),
  })
})
