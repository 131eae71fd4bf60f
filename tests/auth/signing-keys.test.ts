import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { currentSigner, loadSigningKeys, publicKeys, verifierOf } from '../../src/auth/signing-keys'
import { deriveKeys } from '../../src/platform'
import { call, claimsOf, database, signUpAnonymously } from './client'

const rootKey = (env as unknown as { PERIGEE_ROOT_KEY: string }).PERIGEE_ROOT_KEY
const DAY = 86_400_000
const rows = () =>
  database
    .prepare('select * from auth_signing_keys order by generation')
    .all<Record<string, never>>()
    .then(({ results }) => results)

/** What another isolate would hold: the same keys, nothing cached. */
const elsewhere = () => deriveKeys(rootKey)

test('fifty first sign-ups at once make one signing key', async () => {
  expect(await rows()).toHaveLength(0)
  const people = await Promise.all(Array.from({ length: 50 }, () => signUpAnonymously()))
  expect(await rows()).toHaveLength(1)
  const jwks = (await call('/auth/v1/.well-known/jwks.json')).body as unknown as JSONWebKeySet
  for (const { access_token } of people) {
    const { protectedHeader } = await jwtVerify(access_token, createLocalJWKSet(jwks), {
      audience: 'authenticated',
      issuer: 'http://localhost:8787/auth/v1',
    })
    expect(protectedHeader).toMatchObject({ alg: 'ES256', kid: jwks.keys[0]!.kid })
  }
})

test('fifty isolates that find no key agree on one', async () => {
  await database.prepare('delete from auth_signing_keys').run()
  const signers = await Promise.all(Array.from({ length: 50 }, async () => currentSigner(await elsewhere(), database, Date.now())))
  expect(new Set(signers.map(({ kid }) => kid)).size).toBe(1)
  expect(await rows()).toHaveLength(1)
})

test('the JWK set is public and holds nothing else', async () => {
  const { body, headers, text } = await call('/auth/v1/.well-known/jwks.json', { apiKey: null })
  expect(headers.get('cache-control')).toBe('public, max-age=600')
  for (const key of body.keys) {
    expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'key_ops', 'kid', 'kty', 'use', 'x', 'y'])
    expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
  }
  expect(text).not.toContain('"d"')
})

test('the private key lies in the database sealed', async () => {
  const [row] = await rows()
  expect(String(row!['sealed_private_jwk'])).toMatch(/^v1\.[\w-]+\.[\w-]+$/)
  expect(JSON.stringify(row)).not.toContain('"d"')
})

test('an old key is replaced by one that is published twenty minutes before it signs, and verifies on for its tokens', async () => {
  await database.prepare('delete from auth_signing_keys').run()
  const start = Date.now()
  const old = await currentSigner(await elsewhere(), database, start)
  const later = start + 91 * DAY
  // Ten isolates notice at once.
  await Promise.all(Array.from({ length: 10 }, async () => loadSigningKeys(await elsewhere(), database, later)))
  const [first, second, ...more] = await rows()
  expect(more).toEqual([])
  expect([first!['generation'], second!['generation']]).toEqual([1, 2])
  expect(Number(second!['signs_from']) - later).toBe(20 * 60_000)

  const soon = later + 20 * 60_000
  expect((await currentSigner(await elsewhere(), database, soon - 1)).kid).toBe(old.kid)
  expect((await currentSigner(await elsewhere(), database, soon)).kid).toBe(second!['id'])
  const published = async (now: number) => (await publicKeys(await elsewhere(), database, now)).keys.map((key) => key['kid'])
  expect(await published(later)).toEqual([second!['id'], old.kid])
  expect(await published(soon + 7 * DAY)).toEqual([second!['id'], old.kid])
  expect(await published(soon + 8 * DAY)).toEqual([second!['id']])
  expect(await verifierOf(await elsewhere(), database, old.kid, soon + 7 * DAY)).not.toBe(null)
  expect(await verifierOf(await elsewhere(), database, old.kid, soon + 8 * DAY)).toBe(null)
})

test('unknown key ids look into the database at most once in ten seconds', async () => {
  const keys = await elsewhere()
  let reads = 0
  const counted = new Proxy(database, {
    get(target, name) {
      if (name === 'prepare') reads += 1
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
    },
  })
  const now = Date.now()
  for (let i = 0; i < 20; i++) expect(await verifierOf(keys, counted, `unknown-${i}`, now + i)).toBe(null)
  expect(reads).toBe(1)
  await verifierOf(keys, counted, 'unknown', now + 10_001)
  expect(reads).toBe(2)
})

test('a token of a key that was deleted stops counting within the hour', async () => {
  const keys = await elsewhere()
  const now = Date.now()
  const { kid } = await currentSigner(keys, database, now)
  await database.prepare('delete from auth_signing_keys').run()
  expect(await verifierOf(keys, database, kid, now + 60_000)).not.toBe(null)
  expect(await verifierOf(keys, database, kid, now + 3_600_001)).toBe(null)
})

test('a database that was sealed with another root key says so', async () => {
  await database.prepare('delete from auth_signing_keys').run()
  await currentSigner(await deriveKeys('YW5vdGhlci1yb290LWtleS1vZi10aGlydHktdHdvLWJ5dGVz'), database, Date.now())
  await expect(currentSigner(await elsewhere(), database, Date.now())).rejects.toMatchObject({
    definition: { code: 'root_key_changed', status: 503 },
  })
})

test('claims carry no key id, no password and nothing of other people', async () => {
  await database.prepare('delete from auth_signing_keys').run()
  const { access_token } = await signUpAnonymously()
  expect(Object.keys(claimsOf(access_token)).sort()).toEqual([
    'aal',
    'amr',
    'app_metadata',
    'aud',
    'email',
    'exp',
    'iat',
    'is_anonymous',
    'iss',
    'phone',
    'role',
    'session_id',
    'sub',
    'user_metadata',
  ])
})
