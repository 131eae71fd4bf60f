// The app's rules and the operator's, which stand over them; and the service behind a binding instead of in the same Worker.
import { env, exports } from 'cloudflare:workers'
import { createExecutionContext } from 'cloudflare:test'
import { expect, test } from 'vitest'
import app from '../../app'
import { createBackend } from '../../src/backend'
import type { AppDefinition } from '../../src/define'
import { deriveApiKeys } from '../../src/platform'
import { apiKeys, claimsOf, newEmail, PASSWORD, signUpAnonymously, type AnswerBody } from './client'

type Bindings = Parameters<ReturnType<typeof createBackend>['fetch']>[1]
const loopback = (exports as unknown as { Authentication: object }).Authentication

async function ask(
  rules: AppDefinition['auth'],
  path: string,
  body: unknown,
  { bindings = {}, ownExports = true, token = '', apiKey = true } = {},
) {
  const backend = createBackend({ ...app, ...(rules === undefined ? {} : { auth: rules }) })
  const ctx = createExecutionContext()
  const context = { waitUntil: (promise: Promise<unknown>) => ctx.waitUntil(promise), ...(ownExports ? { exports } : {}) }
  const response = await backend.fetch(
    new Request(`https://api.example.com${path}`, {
      method: body === null ? 'GET' : 'POST',
      headers: { ...(apiKey ? { apikey: apiKeys.publishableKey } : {}), ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
      body: body === null ? null : JSON.stringify(body),
    }),
    { ...(env as unknown as object), ...bindings } as unknown as Bindings,
    context as unknown as ExecutionContext,
  )
  const text = await response.text()
  return { status: response.status, text, body: JSON.parse(text) as AnswerBody }
}

const signUpBody = () => ({ email: newEmail(), password: PASSWORD })

test('an app may refuse new people', async () => {
  const rules = { disableSignup: true }
  for (const body of [signUpBody(), {}]) {
    const answer = await ask(rules, '/auth/v1/signup', body)
    expect([answer.status, answer.body['error_code']]).toEqual([422, 'signup_disabled'])
  }
  expect((await ask(rules, '/auth/v1/settings', null)).body['disable_signup']).toBe(true)
})

test('an app may refuse anonymous people only', async () => {
  const rules = { anonymousUsers: false }
  const answer = await ask(rules, '/auth/v1/signup', {})
  expect([answer.status, answer.body['error_code']]).toEqual([422, 'anonymous_provider_disabled'])
  expect((await ask(rules, '/auth/v1/signup', signUpBody())).status).toBe(200)
  expect((await ask(rules, '/auth/v1/settings', null)).body['external']).toMatchObject({ anonymous_users: false })
})

test('an app may ask for longer passwords, never for shorter ones than six', async () => {
  const weak = await ask({ minPasswordLength: 12 }, '/auth/v1/signup', { email: newEmail(), password: 'elevenchars' })
  expect(weak.body).toMatchObject({ error_code: 'weak_password', weak_password: { reasons: ['length'] } })
  expect((await ask({ minPasswordLength: 1 }, '/auth/v1/signup', { email: newEmail(), password: '12345' })).status).toBe(422)
})

test('a token lives as long as the app says, within five minutes and a week', async () => {
  const lifetime = async (tokenLifetime: number) => {
    const { body } = await ask({ tokenLifetime }, '/auth/v1/signup', {})
    const claims = claimsOf(body.access_token)
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(body['expires_in'])
    return Number(body['expires_in'])
  }
  expect(await lifetime(600)).toBe(600)
  expect(await lifetime(1)).toBe(300)
  expect(await lifetime(10 ** 9)).toBe(604_800)
})

test('the service may stand behind a binding, and no code knows', async () => {
  const split = { bindings: { AUTHENTICATION: loopback }, ownExports: false }
  const { status, body } = await ask(undefined, '/auth/v1/signup', signUpBody(), split)
  expect(status).toBe(200)
  expect((await ask(undefined, '/auth/v1/user', null, { ...split, token: body.access_token })).body['id']).toBe(body.user.id)
  const missing = await ask(undefined, '/auth/v1/signup', signUpBody(), { ownExports: false })
  expect([missing.status, missing.body['error_code']]).toEqual([503, 'service_unavailable'])
})

test('verifying a token asks no service: data is read while sign-in is down', async () => {
  const down = { bindings: { AUTHENTICATION: { person: () => Promise.reject(new Error('down')) } }, ownExports: false }
  const { access_token: token } = await signUpAnonymously()
  const read = await ask(undefined, '/rest/v1/profiles?select=id&limit=1', null, { ...down, token })
  expect(read.status).toBe(200)
  expect((await ask(undefined, '/auth/v1/user', null, { ...down, token })).status).toBe(503)
})

test('a database that has too much to do is a 503, never a token that is called bad', async () => {
  const { access_token: token } = await signUpAnonymously()
  const DB = {
    prepare: () => {
      throw new Error('D1_ERROR: D1 DB is overloaded. Too many requests queued.')
    },
  }
  // Another root key, so that this isolate holds none of its signing keys.
  const PERIGEE_ROOT_KEY = 'b3ZlcmxvYWRlZC1yb290LWtleS1vZi10aGlydHktdHdvLWJ5dGVz'
  const { publishableKey: apikey } = await deriveApiKeys(PERIGEE_ROOT_KEY)
  for (const path of ['/rest/v1/profiles?select=id&limit=1', '/auth/v1/user']) {
    const answer = await ask(undefined, `${path}${path.includes('?') ? '&' : '?'}apikey=${apikey}`, null, {
      bindings: { DB, PERIGEE_ROOT_KEY },
      token,
      apiKey: false,
    })
    expect(answer.status).toBe(503)
    expect(answer.text).toContain('Try again in a moment')
  }
})

test('in production a token of another host is refused, and the issuer is on the list', async () => {
  const production = { bindings: { PERIGEE_ENV: 'production', PERIGEE_HOSTS: 'app.example.com,api.example.com' } }
  const { body } = await ask(undefined, '/auth/v1/signup', {}, production)
  expect(claimsOf(body.access_token)['iss']).toBe('https://api.example.com/auth/v1')
  const foreign = { bindings: { PERIGEE_ENV: 'production', PERIGEE_HOSTS: 'other.example.com' } }
  const moved = await ask(undefined, '/auth/v1/signup', {}, foreign)
  expect(claimsOf(moved.body.access_token)['iss']).toBe('https://other.example.com/auth/v1')
  const refused = await ask(undefined, '/auth/v1/user', null, { ...production, token: moved.body.access_token })
  expect([refused.status, refused.body['error_code']]).toEqual([403, 'bad_jwt'])
})
