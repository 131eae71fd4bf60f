import { expect, test } from 'vitest'
import { call, claimsOf, database, newEmail, PASSWORD, refresh, signIn, signUp, signUpAnonymously } from './client'

test("signing up with an address and a password answers a session in GoTrue's shape", async () => {
  const email = newEmail()
  const answer = await call('/auth/v1/signup', {
    body: { email: email.toUpperCase(), password: PASSWORD, data: { name: 'Ada', sub: 'x', email_verified: 'x' } },
  })
  expect(answer.status).toBe(200)
  expect(answer.body).toMatchObject({
    token_type: 'bearer',
    expires_in: 3600,
    access_token: expect.stringMatching(/^eyJ/),
    refresh_token: expect.any(String),
    user: {
      aud: 'authenticated',
      role: 'authenticated',
      email,
      phone: '',
      is_anonymous: false,
      app_metadata: { provider: 'email', providers: ['email'] },
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      updated_at: expect.any(String),
      email_confirmed_at: expect.any(String),
      last_sign_in_at: expect.any(String),
    },
  })
  const user = (answer.body as unknown as Awaited<ReturnType<typeof signUp>>).user
  expect(user.user_metadata).toEqual({ name: 'Ada', sub: user.id, email, email_verified: true, phone_verified: false })
  expect(user.identities).toMatchObject([{ id: user.id, user_id: user.id, provider: 'email', identity_data: { email, sub: user.id } }])
  expect(user.identities[0]!['identity_id']).not.toBe(user.id)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.text).not.toContain('scrypt')
})

test('who signs up with neither address nor phone is anonymous', async () => {
  const { user, access_token } = await signUpAnonymously()
  expect(user).toMatchObject({ email: '', phone: '', is_anonymous: true, app_metadata: {}, identities: [] })
  expect(claimsOf(access_token)).toMatchObject({ sub: user.id, is_anonymous: true, amr: [{ method: 'anonymous' }], role: 'authenticated' })
})

test('six sign-ups at once with one address make one person', async () => {
  const email = newEmail()
  const answers = await Promise.all(Array.from({ length: 6 }, () => call('/auth/v1/signup', { body: { email, password: PASSWORD } })))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  for (const { status, body } of answers.filter(({ status }) => status !== 200)) {
    expect([status, body['error_code']]).toEqual([422, 'user_already_exists'])
  }
  const count = (sql: string) => database.prepare(sql).bind(email).first<number>('n')
  expect(await count('select count(*) as n from auth_users where email = ?')).toBe(1)
  expect(await count('select count(*) as n from auth_identities where email = ?')).toBe(1)
  expect(await count('select count(*) as n from auth_sessions s join auth_users u on u.id = s.user_id where u.email = ?')).toBe(1)
})

const refused: readonly [string, unknown, number, string][] = [
  ['a short password', { email: 'a@example.com', password: '12345' }, 422, 'weak_password'],
  ['a password over 72 bytes', { email: 'a@example.com', password: 'x'.repeat(73) }, 400, 'validation_failed'],
  ['no password', { email: 'a@example.com' }, 400, 'validation_failed'],
  ['a password for nobody', { password: PASSWORD }, 400, 'validation_failed'],
  ['a phone number that is none', { phone: '+0917012345', password: PASSWORD }, 400, 'validation_failed'],
  ['an address without a dot', { email: 'a@b', password: PASSWORD }, 400, 'validation_failed'],
  ['an address with a line break', { email: 'a@example.com\r\nBcc: x@example.com', password: PASSWORD }, 400, 'validation_failed'],
  ['an address with a null byte', { email: 'a\u0000@example.com', password: PASSWORD }, 400, 'validation_failed'],
  ['an address of 300 characters', { email: `${'a'.repeat(300)}@example.com`, password: PASSWORD }, 400, 'validation_failed'],
  ['an address that is a number', { email: 1, password: PASSWORD }, 400, 'validation_failed'],
  ['data that is a list', { email: 'a@example.com', password: PASSWORD, data: [1] }, 400, 'validation_failed'],
  ['data that is too large', { email: 'a@example.com', password: PASSWORD, data: { x: 'y'.repeat(9_000) } }, 400, 'validation_failed'],
  [
    'data that is too deep',
    { email: 'a@example.com', password: PASSWORD, data: JSON.parse('{"a":'.repeat(50) + '1' + '}'.repeat(50)) },
    400,
    'validation_failed',
  ],
]

test.each(refused)('sign-up refuses %s', async (_, body, status, code) => {
  const answer = await call('/auth/v1/signup', { body })
  expect([answer.status, answer.body['error_code']]).toEqual([status, code])
  expect(answer.text).not.toContain(PASSWORD)
})

const broken: readonly [string, string | Uint8Array<ArrayBuffer>][] = [
  ['broken JSON', '{"email":'],
  ['no body', ''],
  ['a list', '[]'],
  ['a text', '"x"'],
  ['null', 'null'],
  ['invalid UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
]

test.each(broken)('a body that is %s is bad_json', async (_, text) => {
  const answer = await call('/auth/v1/signup', { method: 'POST', text })
  expect([answer.status, answer.body['error_code']]).toEqual([400, 'bad_json'])
})

test('a body over 1 MB is refused', async () => {
  const answer = await call('/auth/v1/signup', {
    text: JSON.stringify({ email: 'a@example.com', password: PASSWORD, data: { x: 'y'.repeat(1_100_000) } }),
  })
  expect([answer.status, answer.body['error_code']]).toEqual([413, 'request_entity_too_large'])
})

test('sign-in gives a session of its own; the address is found in any case', async () => {
  const email = newEmail()
  const { user, access_token } = await signUp(email)
  const answer = await signIn(email.toUpperCase())
  expect(answer.status).toBe(200)
  expect(answer.body['user']).toMatchObject({ id: user.id })
  const claims = claimsOf(answer.body.access_token)
  expect(claims['session_id']).not.toBe(claimsOf(access_token)['session_id'])
  expect(claims).toMatchObject({
    sub: user.id,
    aud: 'authenticated',
    role: 'authenticated',
    aal: 'aal1',
    email,
    phone: '',
    amr: [{ method: 'password' }],
  })
  expect((await refresh(answer.body.refresh_token)).status).toBe(200)
})

test('a stranger, a wrong password, a person without one and an empty one get the same answer', async () => {
  const email = newEmail()
  await signUp(email)
  const anonymous = await signUpAnonymously()
  const answers = [
    await signIn(newEmail()),
    await signIn(email, 'wrong password'),
    await signIn(email, ''),
    await signIn(email, 'x'.repeat(100)),
    await signIn(anonymous.user.id),
    await signIn("' or 1=1 --"),
  ]
  for (const { status, text } of answers) expect([status, text]).toEqual([400, answers[0]!.text])
  expect(answers[0]!.body['error_code']).toBe('invalid_credentials')
})

test('a banned person is told so only with the right password', async () => {
  const email = newEmail()
  const { user } = await signUp(email)
  await database
    .prepare('update auth_users set banned_until = ? where id = ?')
    .bind(Date.now() + 60_000, user.id)
    .run()
  expect((await signIn(email, 'wrong password')).body['error_code']).toBe('invalid_credentials')
  const answer = await signIn(email)
  expect([answer.status, answer.body['error_code']]).toEqual([400, 'user_banned'])
})

test('a grant that does not exist, or not yet, says so', async () => {
  const grant = async (name: string) => {
    const { status, body } = await call(`/auth/v1/token?grant_type=${name}`, { body: {} })
    return [status, body['error_code']]
  }
  expect(await grant('magic')).toEqual([400, 'invalid_credentials'])
  expect(await grant('')).toEqual([400, 'invalid_credentials'])
  expect(await grant('pkce')).toEqual([400, 'validation_failed'])
  expect(await grant('web3')).toEqual([422, 'web3_provider_disabled'])
})
