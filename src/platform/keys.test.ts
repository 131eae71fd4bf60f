import { expect, test } from 'vitest'
import { AppError, toBase64Url } from '../core'
import { deriveApiKeys, deriveKeys } from './keys'

const ROOT = toBase64Url(new Uint8Array(32).fill(7))
const OTHER = toBase64Url(new Uint8Array(32).fill(8))

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => (error instanceof AppError ? error.definition.code : error),
  )

/** These keys are inside shipped apps: a change of derivation that moves them breaks every installation. */
test('the keys of a root key never change', async () => {
  expect(await deriveApiKeys(ROOT)).toMatchInlineSnapshot(`
    {
      "anonJwt": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJwZXJpZ2VlIiwicm9sZSI6ImFub24iLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6NDEwMjQ0NDgwMH0.Xxl9XIYOVpQywTQGUptw_jNsxAFFQXTK7dmXQpqzEQs",
      "publishableKey": "sb_publishable_dSiB0hTqgD3QsR2xn3ybj3isLzkl6xFr",
      "secretKey": "sb_secret_Q7bbk1nRZ-MOVFe2XV01GCOR4g40OtV4zo6YpJBjU4k",
      "serviceRoleJwt": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJwZXJpZ2VlIiwicm9sZSI6InNlcnZpY2Vfcm9sZSIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjo0MTAyNDQ0ODAwfQ.3hvO3MjjgCO27Hp740h40poUYm4oxM2uW-62Sfq7-K8",
    }
  `)
})

test('another root key has other keys, and no key contains the root', async () => {
  const [ours, theirs] = [await deriveApiKeys(ROOT), await deriveApiKeys(OTHER)]
  expect(Object.values(ours).filter((key) => Object.values(theirs).includes(key))).toEqual([])
  expect(JSON.stringify(ours)).not.toContain(ROOT)
})

test('the legacy keys are JWTs with a role, for nobody in particular', async () => {
  const { anonJwt, serviceRoleJwt } = await deriveApiKeys(ROOT)
  const claims = (jwt: string) => JSON.parse(atob(jwt.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>
  expect(claims(anonJwt)).toMatchObject({ role: 'anon', iss: 'perigee' })
  expect(claims(serviceRoleJwt)).toMatchObject({ role: 'service_role' })
  expect(claims(serviceRoleJwt)).not.toHaveProperty('sub')
})

test('a key is told from everything else', async () => {
  const keys = await deriveKeys(ROOT)
  const foreign = await deriveApiKeys(OTHER)
  expect(keys.roleOfApiKey(keys.api.publishableKey)).toBe('anon')
  expect(keys.roleOfApiKey(keys.api.anonJwt)).toBe('anon')
  expect(keys.roleOfApiKey(keys.api.secretKey)).toBe('service_role')
  expect(keys.roleOfApiKey(keys.api.serviceRoleJwt)).toBe('service_role')
  const almost = [`${keys.api.secretKey}x`, keys.api.secretKey.slice(0, -1), keys.api.secretKey.toUpperCase(), '', 'sb_secret_']
  for (const text of [...Object.values(foreign), ...almost]) expect(keys.roleOfApiKey(text)).toBe(null)
})

test('a sealed value opens with the same key for the same purpose only', async () => {
  const keys = await deriveKeys(ROOT)
  const sealed = await keys.seal('secret ✓', 'a')
  expect(sealed).not.toBe(await keys.seal('secret ✓', 'a'))
  expect(await keys.unseal(sealed, 'a')).toBe('secret ✓')
  expect(await codeOf(keys.unseal(sealed, 'b'))).toBe('root_key_changed')
  expect(await codeOf((await deriveKeys(OTHER)).unseal(sealed, 'a'))).toBe('root_key_changed')
  for (const broken of ['', 'v1', 'v1..', `v2${sealed.slice(2)}`, sealed.slice(0, -2), `${sealed.slice(0, -4)}AAAA`]) {
    expect(await codeOf(keys.unseal(broken, 'a'))).toBe('root_key_changed')
  }
})

test('a missing or short root key says what to do', async () => {
  for (const root of ['', ' ', 'not base64!', toBase64Url(new Uint8Array(31))]) {
    const error: unknown = await deriveApiKeys(root).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(AppError)
    expect((error as AppError).definition).toMatchObject({ code: 'root_key_missing', status: 503 })
    expect((error as AppError).message).toMatch(/wrangler secret put PERIGEE_ROOT_KEY/)
  }
})
