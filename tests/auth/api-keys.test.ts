import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import worker from '../../src/index'
import { deriveApiKeys } from '../../src/platform'
import { apiKeys, call, signUp } from './client'

const PATHS = ['/rest/v1/profiles?select=id&limit=1', '/auth/v1/settings', '/auth/v1/user']
const foreign = await deriveApiKeys('Zm9yZWlnbi1yb290LWtleS1vZi10aGlydHktdHdvLWJ5dGVz')

test('without an API key nothing is told', async () => {
  for (const path of PATHS) {
    const { status, text, body } = await call(path, { apiKey: null })
    expect(status).toBe(401)
    expect(text).toContain('No API key found in request')
    expect(body['hint']).toBe('No `apikey` request header or url param was found.')
  }
  const { access_token: token } = await signUp()
  expect((await call(PATHS[0]!, { apiKey: null, token })).status).toBe(401)
})

test('a wrong API key is refused, also one of another installation', async () => {
  for (const apiKey of ['x', `${apiKeys.publishableKey}x`, 'sb_secret_', ...Object.values(foreign)]) {
    for (const path of PATHS) {
      const { status, text } = await call(path, { apiKey })
      expect(status).toBe(401)
      expect(text).toContain('Invalid API key')
    }
  }
})

test('the key may come in the query', async () => {
  expect((await call(`/auth/v1/settings?apikey=${apiKeys.publishableKey}`, { apiKey: null })).status).toBe(200)
})

test('what browsers and other servers read needs no key', async () => {
  for (const path of ['/auth/v1/.well-known/jwks.json', '/auth/v1/health']) expect((await call(path, { apiKey: null })).status).toBe(200)
  expect((await call('/auth/v1/verify?type=signup', { apiKey: null })).body['error_code']).toBe('validation_failed')
  expect((await call('/auth/v1/verify', { apiKey: null, body: {} })).status).toBe(401)
})

test('SDKs send the API key as bearer while nobody is signed in', async () => {
  for (const apiKey of [apiKeys.publishableKey, apiKeys.anonJwt, apiKeys.secretKey, apiKeys.serviceRoleJwt]) {
    expect((await call(PATHS[0]!, { apiKey, token: apiKey })).status).toBe(200)
    expect((await call('/auth/v1/signup', { apiKey, token: apiKey, body: {} })).status).toBe(200)
    const user = await call('/auth/v1/user', { apiKey, token: apiKey })
    expect([401, 403]).toContain(user.status)
  }
})

test('GET /user without a person is no_authorization', async () => {
  for (const options of [{}, { token: apiKeys.publishableKey }]) {
    const { status, body } = await call('/auth/v1/user', options)
    expect([status, body['error_code']]).toEqual([401, 'no_authorization'])
  }
})

test('a secret key in a browser is refused', async () => {
  const headers = { origin: 'https://app.example', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0' }
  for (const path of PATHS)
    expect((await call(path, { apiKey: apiKeys.secretKey, headers })).text).toContain('Forbidden use of secret API key in browser')
  expect((await call(PATHS[0]!, { token: apiKeys.secretKey, headers })).status).toBe(401)
  expect((await call(PATHS[0]!, { apiKey: apiKeys.secretKey, headers: { 'user-agent': headers['user-agent'] } })).status).toBe(200)
  expect((await call(PATHS[0]!, { headers })).status).toBe(200)
})

test('without a root key every guarded path says what to do', async () => {
  const { PERIGEE_ROOT_KEY: _, ...rest } = env as unknown as Record<string, unknown>
  for (const bindings of [rest, { ...rest, PERIGEE_ROOT_KEY: 'c2hvcnQ' }]) {
    for (const path of PATHS) {
      const request = new Request(`http://localhost${path}`, { headers: { apikey: apiKeys.publishableKey } })
      const response = await worker.fetch(request, bindings as unknown as Parameters<typeof worker.fetch>[1], createExecutionContext())
      expect(response.status).toBe(503)
      expect(await response.text()).toContain('npx wrangler secret put PERIGEE_ROOT_KEY')
    }
  }
})

test('a service that is down is a clear 503', async () => {
  const down = { health: () => Promise.reject(new Error('connection refused at 10.1.2.3')) }
  const request = new Request('http://localhost/auth/v1/health')
  const bindings = { ...(env as unknown as Record<string, unknown>), AUTHENTICATION: down }
  const response = await worker.fetch(request, bindings as unknown as Parameters<typeof worker.fetch>[1], createExecutionContext())
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('2')
  const text = await response.text()
  expect(text).toContain('service_unavailable')
  expect(text).not.toContain('10.1.2.3')
})
