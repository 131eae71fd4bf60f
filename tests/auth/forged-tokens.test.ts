// Requirement of the JWT rules in shared protocol notes gotrue §9 P27, on both dialects: data answers 401 in PostgREST's words, sign-in 403 bad_jwt.
import { exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT, UnsecuredJWT, type JWK } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { deriveKeys } from '../../src/platform'
import { apiKeys, call, claimsOf, database, signUp, type SessionBody } from './client'
import { env } from 'cloudflare:workers'

let session: SessionBody
let ownKey: CryptoKey
let kid: string
let publicJwk: JWK
let strangerKey: CryptoKey

beforeAll(async () => {
  session = await signUp()
  const row = (await database.prepare('select * from auth_signing_keys').first<Record<string, string>>())!
  kid = row['id']!
  const keys = await deriveKeys((env as unknown as { PERIGEE_ROOT_KEY: string }).PERIGEE_ROOT_KEY)
  ownKey = (await importJWK(JSON.parse(await keys.unseal(row['sealed_private_jwk']!, `signing-key:${kid}`)) as JWK, 'ES256')) as CryptoKey
  publicJwk = JSON.parse(row['public_jwk']!) as JWK
  strangerKey = (await generateKeyPair('ES256')).privateKey
})

const now = () => Math.floor(Date.now() / 1000)
const claims = (changes: Record<string, unknown> = {}) => {
  const all: Record<string, unknown> = { ...claimsOf(session.access_token), ...changes }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}
const sign = (
  payload: Record<string, unknown>,
  { key = ownKey, ...header }: { key?: CryptoKey; kid?: string | undefined; typ?: string } = {},
) => new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid, ...header } as { alg: string }).sign(key)

async function expectRefused(token: string, postgrest: 'PGRST301' | 'PGRST303'): Promise<void> {
  const data = await call('/rest/v1/profiles?select=id&limit=1', { token })
  expect([data.status, data.body['code']]).toEqual([401, postgrest])
  expect(data.headers.get('www-authenticate')).toMatch(/^Bearer/)
  const auth = await call('/auth/v1/user', { token })
  expect([auth.status, auth.body['error_code']]).toEqual([403, 'bad_jwt'])
  expect(auth.body['msg']).toMatch(/^invalid JWT: unable to parse or verify signature, /)
  for (const { text } of [data, auth]) expect(text).not.toContain(session.user.id)
}

test('our own signature over the right claims is accepted: the forgeries below differ in one thing each', async () => {
  const token = await sign(claims())
  expect((await call('/auth/v1/user', { token })).status).toBe(200)
  expect((await call('/rest/v1/profiles?select=id&limit=1', { token })).status).toBe(200)
})

test('P27: alg none', async () => {
  await expectRefused(new UnsecuredJWT(claims()).encode(), 'PGRST301')
  const [, payload] = session.access_token.split('.')
  for (const alg of ['none', 'None', 'NONE'])
    await expectRefused(`${btoa(JSON.stringify({ alg, kid })).replaceAll('=', '')}.${payload}.`, 'PGRST301')
})

test('P27: HS256 with the public key as its secret', async () => {
  const verifier = (await importJWK(publicJwk, 'ES256', { extractable: true })) as CryptoKey
  for (const secret of [JSON.stringify(publicJwk), await exportSPKI(verifier), publicJwk.x!, kid]) {
    const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid }).sign(new TextEncoder().encode(secret))
    await expectRefused(token, 'PGRST301')
  }
})

test('P27: a key of a stranger, under our kid, its own or none', async () => {
  await expectRefused(await sign(claims(), { key: strangerKey }), 'PGRST301')
  await expectRefused(await sign(claims(), { key: strangerKey, kid: 'theirs' }), 'PGRST301')
  await expectRefused(await sign(claims(), { key: strangerKey, kid: undefined }), 'PGRST301')
  await expectRefused(await sign(claims(), { kid: undefined }), 'PGRST301')
})

test('P27: a key that the token brings along', async () => {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(pair.publicKey)
  const token = await new SignJWT(claims())
    .setProtectedHeader({ alg: 'ES256', kid, jwk, jku: 'https://evil.example/jwks.json' } as { alg: string })
    .sign(pair.privateKey)
  await expectRefused(token, 'PGRST301')
})

test('a changed payload', async () => {
  const [header, , signature] = session.access_token.split('.')
  const payload = btoa(JSON.stringify(claims({ sub: crypto.randomUUID() })))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
  await expectRefused(`${header}.${payload}.${signature}`, 'PGRST301')
})

test('no JWT at all', async () => {
  for (const token of ['x', 'a.b.c', '..', `${session.access_token}.x`, session.access_token.slice(0, -5), 'x'.repeat(40_000)])
    await expectRefused(token, 'PGRST301')
})

test('expired, also when it was accepted a moment before', async () => {
  await expectRefused(await sign(claims({ iat: now() - 7200, exp: now() - 1 })), 'PGRST303')
  const brief = await sign(claims({ exp: now() + 2 }))
  expect((await call('/auth/v1/user', { token: brief })).status).toBe(200)
  await new Promise((resolve) => setTimeout(resolve, 2_100))
  await expectRefused(brief, 'PGRST303')
})

const wrong: readonly [string, Record<string, unknown>][] = [
  ['no expiry', { exp: undefined }],
  ['an audience of another application', { aud: 'other' }],
  ['no audience', { aud: undefined }],
  ['an issuer that is not this path', { iss: 'http://localhost:8787/auth/v2' }],
  ['an issuer that is no URL', { iss: 'perigee' }],
  ['no issuer', { iss: undefined }],
  ['no subject', { sub: undefined }],
  ['a subject that is no UUID', { sub: 'service' }],
  ['no session', { session_id: undefined }],
  ['the role of the service', { role: 'service_role' }],
  ['no role', { role: undefined }],
]

test.each(wrong)('P27: our own signature over %s', async (_, changes) => {
  await expectRefused(await sign(claims(changes)), 'PGRST303')
})

test('P27: a session of somebody else, or of nobody', async () => {
  const other = await signUp()
  for (const sessionId of [claimsOf(other.access_token)['session_id'], crypto.randomUUID()]) {
    const token = await sign(claims({ session_id: sessionId }))
    const data = await call('/rest/v1/profiles?select=id&limit=1', { token })
    expect([data.status, data.body['code']]).toEqual([401, 'PGRST303'])
    expect((await call('/auth/v1/user', { token })).body['error_code']).toBe('session_not_found')
  }
})

test('the legacy API keys are never a person', async () => {
  for (const token of [apiKeys.anonJwt, apiKeys.serviceRoleJwt]) {
    const answer = await call('/auth/v1/user', { token })
    expect(answer.status).toBeGreaterThanOrEqual(401)
    expect(answer.status).toBeLessThanOrEqual(403)
  }
  const [header, , signature] = apiKeys.serviceRoleJwt.split('.')
  const payload = btoa(JSON.stringify({ ...claimsOf(apiKeys.serviceRoleJwt), sub: session.user.id })).replaceAll('=', '')
  await expectRefused(`${header}.${payload}.${signature}`, 'PGRST301')
})

test('a token of localhost works from an emulator that calls 10.0.2.2, and the other way round', async () => {
  expect(claimsOf(session.access_token)['iss']).toBe('http://localhost:8787/auth/v1')
  expect((await call('/auth/v1/user', { token: session.access_token, origin: 'http://10.0.2.2:8787' })).status).toBe(200)
  const there = await call('/auth/v1/token?grant_type=refresh_token', {
    body: { refresh_token: session.refresh_token },
    origin: 'http://10.0.2.2:8787',
  })
  expect(claimsOf(there.body.access_token)['iss']).toBe('http://10.0.2.2:8787/auth/v1')
  expect((await call('/auth/v1/user', { token: there.body.access_token })).status).toBe(200)
})

test('no header that a client writes reaches the issuer', async () => {
  const forwarded = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' }
  const answer = await call('/auth/v1/token?grant_type=refresh_token', {
    body: { refresh_token: session.refresh_token },
    headers: forwarded,
  })
  expect(claimsOf(answer.body.access_token)['iss']).toBe('http://localhost:8787/auth/v1')
})

test('with an expired token in its header a phone still refreshes', async () => {
  const token = await sign(claims({ exp: now() - 10 }))
  expect((await call('/auth/v1/token?grant_type=refresh_token', { token, body: { refresh_token: session.refresh_token } })).status).toBe(
    200,
  )
})
