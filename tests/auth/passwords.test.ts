// What a new password must have, what is said of an old one that wouldn't do any more, and hashes that were made elsewhere.
import { env } from 'cloudflare:workers'
import { expect, inject, test, vi } from 'vitest'
import { app } from '../../src/define'
import type { Env } from '../../src/platform'
import { serve, sql } from '../support/backend'

vi.setConfig({ testTimeout: 30_000 })
const bindings = { ...(env as unknown as Env), PERIGEE_PWNED_URL: `${inject('outside')}/range/` }
const lax = serve(app({ name: 'Lax', tables: [] }), bindings)
const strict = serve(
  app({
    name: 'Strict',
    tables: [],
    auth: { minPasswordLength: 8, passwords: { require: ['lower', 'upper', 'digits', { of: '!?€' }], refuseLeaked: true } },
  }),
  bindings,
)
const guarded = serve(app({ name: 'Guarded', tables: [], auth: { passwords: { refuseLeaked: true } } }), bindings)
type Backend = typeof lax

const newEmail = () => `p${crypto.randomUUID()}@example.com`
const signUp = (backend: Backend, password: string, email = newEmail()) =>
  backend.stranger('/auth/v1/signup', { body: { email, password } })
const signIn = (backend: Backend, email: string, password: string) =>
  backend.stranger('/auth/v1/token?grant_type=password', { body: { email, password } })
const hashOf = async (email: string) =>
  String((await sql('select password_hash as hash from auth_users where email = ?', email))[0]!['hash'])

test.each([
  ['Sh0rt!', ['length']],
  ['lower and l0ng!', ['characters']],
  ['Nothing special 1', ['characters']],
  ['tiny', ['length', 'characters']],
  ['P@ssw0rd', ['characters', 'pwned']],
])('a new password has all that the rules ask, and all that it lacks is said: %s', async (password, reasons) => {
  const answer = await signUp(strict, password)
  expect(answer.status).toBe(422)
  expect(answer.json).toMatchObject({ error_code: 'weak_password', weak_password: { reasons } })
  expect(answer.text).not.toContain(password)
})

test('one that has it all is taken, at sign-up and when it is changed; a weaker one is refused there too', async () => {
  const { status, json } = await signUp(strict, 'Long enough 1€')
  expect(status).toBe(200)
  const headers = { authorization: `Bearer ${(json as { access_token: string }).access_token}` }
  const change = (password: string) => strict.stranger('/auth/v1/user', { method: 'PUT', headers, body: { password } })
  expect((await change('Summer2024!')).json).toMatchObject({ error_code: 'weak_password', weak_password: { reasons: ['pwned'] } })
  expect((await change('Even longer 2!')).status).toBe(200)
})

test('P26: only five digits of a hash leave, padding counts for nothing, and a list that is slow, broken or gone stops nobody', async () => {
  expect((await signUp(guarded, 'correct horse')).json).toMatchObject({
    weak_password: { reasons: ['pwned'], message: 'Password is known to be weak and easy to guess, please choose a different one.' },
  })
  const started = performance.now()
  const open = await Promise.all(['nobody leaked this', 'broken password', 'slow password'].map((password) => signUp(guarded, password)))
  expect(open.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(performance.now() - started).toBeLessThan(10_000)
  const gone = serve(app({ name: 'Gone', tables: [], auth: { passwords: { refuseLeaked: true } } }), {
    ...bindings,
    PERIGEE_PWNED_URL: 'http://127.0.0.1:1/',
  })
  expect((await signUp(gone, 'correct horse')).status).toBe(200)
})

test('P26: more than 72 bytes are refused, not cut', async () => {
  const email = newEmail()
  expect((await signUp(lax, 'é'.repeat(36), email)).status).toBe(200)
  for (const password of ['é'.repeat(37), 'x'.repeat(73)])
    expect((await signUp(lax, password)).json).toMatchObject({ error_code: 'validation_failed' })
  for (const password of ['é'.repeat(37), `${'é'.repeat(36)}x`])
    expect((await signIn(lax, email, password)).json).toMatchObject({ error_code: 'invalid_credentials' })
})

test('who signs in with a password that wouldn’t do any more is let in and told so; with a wrong one they are told nothing', async () => {
  const email = newEmail()
  await signUp(lax, 'correct horse', email)
  const answer = await signIn(strict, email, 'correct horse')
  expect(answer.status).toBe(200)
  expect(answer.json).toMatchObject({
    weak_password: { reasons: ['characters', 'pwned'], message: expect.stringMatching(/^Password should contain/) },
  })
  expect((await signIn(lax, email, 'correct horse')).json).not.toHaveProperty('weak_password')
  expect((await signIn(strict, email, 'wrong')).text).not.toMatch(/weak/)
})

const MADE_ELSEWHERE: readonly [string, string, string][] = [
  ['bcrypt', '$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
  ['argon2id', '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc', 'password'],
  ['argon2i', '$argon2i$v=19$m=16,t=2,p=1$bGJRWThNOHJJTVBSdHl2dQ$NfEnUOuUpb7F2fQkgFUG4g', 'test'],
  [
    'Firebase',
    '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw==',
    'mytestpassword',
  ],
]

async function importPerson(hash: string): Promise<string> {
  const email = newEmail()
  const id = crypto.randomUUID()
  await sql(
    'insert into auth_users (id, email, email_confirmed_at, password_hash, created_at, updated_at) values (?1, ?2, 1, ?3, 1, 1)',
    id,
    email,
    hash,
  )
  return email
}

test.each(MADE_ELSEWHERE)('a hash of %s is verified once, in three calls at most, and is ours from then on', async (_, hash, password) => {
  const email = await importPerson(hash)
  const wrong = await signIn(lax, email, `${password}!`)
  expect([wrong.status, await hashOf(email)]).toEqual([400, hash])
  const first = await signIn(lax, email, password)
  expect([first.status, Number(first.headers.get('x-perigee-d1-calls'))]).toEqual([200, 2])
  const ours = await hashOf(email)
  expect(ours).toMatch(/^scrypt\$16384\$8\$5\$/)
  expect((await signIn(lax, email, password)).status).toBe(200)
  expect(await hashOf(email)).toBe(ours)
  expect((await signIn(lax, email, `${password}!`)).status).toBe(400)
})

test('many first sign-ins at once all get in, and make one hash', async () => {
  const email = await importPerson(MADE_ELSEWHERE[0]![1])
  const answers = await Promise.all(Array.from({ length: 8 }, () => signIn(lax, email, 'U*U')))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  expect((await signIn(lax, email, 'U*U')).status).toBe(200)
})
