import { createLocalJWKSet, jwtVerify, SignJWT, type JSONWebKeySet } from 'jose'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { verifyAccessToken, writeAccessToken } from '../../src/auth/access-token'
import { currentSigner, describeKeys, loadSigningKeys, publicKeys, rotateSigningKey, verifierOf } from '../../src/auth/signing-keys'
import { deriveKeys } from '../../src/platform'
import { apiKeys, call, claimsOf, database, refresh, signUpAnonymously, type SessionBody } from './client'

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

test('an isolate whose clock is behind that of who made the first key signs with it too', async () => {
  await database.prepare('delete from auth_signing_keys').run()
  const now = Date.now()
  const first = await currentSigner(await elsewhere(), database, now)
  expect((await currentSigner(await elsewhere(), database, now - 2000)).kid).toBe(first.kid)
  // One that waits is no first one.
  await rotateSigningKey(await elsewhere(), database, now)
  expect((await currentSigner(await elsewhere(), database, now - 2000)).kid).toBe(first.kid)
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

test('an old key is replaced by one that is published thirty minutes before it signs, and verifies on for its tokens', async () => {
  await database.prepare('delete from auth_signing_keys').run()
  const start = Date.now()
  const old = await currentSigner(await elsewhere(), database, start)
  const later = start + 91 * DAY
  // Ten isolates notice at once.
  await Promise.all(Array.from({ length: 10 }, async () => loadSigningKeys(await elsewhere(), database, later)))
  const [first, second, ...more] = await rows()
  expect(more).toEqual([])
  expect([first!['generation'], second!['generation']]).toEqual([1, 2])
  expect(Number(second!['signs_from']) - later).toBe(30 * 60_000)

  const soon = later + 30 * 60_000
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

const ask = (path: string, method = 'GET') => call(path, { method, apiKey: apiKeys.secretKey })
type Described = { readonly keys: readonly { readonly kid: string; readonly state: string }[] }

test('an operator rotates at once: fifty who ask make one key, which waits, and nobody who reads, refreshes or signs up meanwhile is refused', async () => {
  await database.prepare('delete from auth_signing_keys').run()
  await ask('/api/v1/admin/signing-keys')
  const people = await Promise.all(Array.from({ length: 10 }, () => signUpAnonymously()))
  const busy = people.map(async (person) => {
    let current = person
    const statuses: number[] = []
    for (let i = 0; i < 5; i++) {
      const [data, user, next] = await Promise.all([
        call('/rest/v1/profiles?select=id&limit=1', { token: current.access_token }),
        call('/auth/v1/user', { token: current.access_token }),
        refresh(current.refresh_token),
      ])
      statuses.push(data.status, user.status, next.status)
      current = next.body as unknown as SessionBody
    }
    return statuses
  })
  const rotated = await Promise.all(Array.from({ length: 50 }, () => ask('/api/v1/admin/signing-keys/rotate', 'POST')))
  expect(new Set((await Promise.all(busy)).flat())).toEqual(new Set([200]))
  const [first] = rotated.map(({ body }) => body as unknown as Described)
  expect(first!.keys.map(({ state }) => state)).toEqual(['pending', 'signing'])
  expect(new Set(rotated.map(({ text }) => text)).size).toBe(1)
  expect((await ask('/api/v1/admin/signing-keys')).text).toBe(rotated[0]!.text)
  const jwks = (await call('/auth/v1/.well-known/jwks.json')).body.keys.map((key) => key['kid'])
  expect(jwks).toEqual(first!.keys.map(({ kid }) => kid))
  expect(rotated[0]!.text).not.toMatch(/sealed|"d"/)
  const { n } = (await database
    .prepare("select count(*) as n from auth_audit where action = 'signing_key_rotated'")
    .first<{ n: number }>())!
  expect(n).toBeGreaterThan(0)
})

test('P27: a token under the kid of another key of ours is refused, before and after that one signs', async () => {
  const now = Date.now()
  const keys = await elsewhere()
  const [pending, signing] = await loadSigningKeys(keys, database, now)
  const own = await currentSigner(keys, database, now)
  expect(own.kid).toBe(signing!.kid)
  const claims = claimsOf((await signUpAnonymously()).access_token)
  const token = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: pending!.kid }).sign(own.key)
  for (const at of [now, now + 40 * 60_000]) {
    const verified = await verifyAccessToken(token, { keys: await elsewhere(), db: database, isOurHost: () => true, now: at })
    expect(verified).toEqual({ ok: false, problem: 'signature' })
  }
})

test('eight keys at most are in use; the next has to wait until one retires', async () => {
  await database.prepare('delete from auth_signing_keys').run()
  const start = Date.now()
  let now = start
  for (let i = 0; i < 7; i++) {
    await rotateSigningKey(await elsewhere(), database, now)
    now += 31 * 60_000
  }
  // The first call made the first key as well.
  expect(await rows()).toHaveLength(8)
  await expect(rotateSigningKey(await elsewhere(), database, now)).rejects.toMatchObject({ definition: { code: 'too_many_signing_keys' } })
  now = start + 9 * DAY
  const all = await rotateSigningKey(await elsewhere(), database, now)
  expect(
    describeKeys(all, now)
      .map(({ state }) => state)
      .slice(0, 3),
  ).toEqual(['pending', 'signing', 'expired'])
})

test('through a rotation no token is refused, by an isolate or by who verifies with a JWK set out of two caches', async () => {
  await database.prepare('delete from auth_signing_keys').run()
  const MINUTE = 60_000
  const start = Date.now()
  // Isolates at other ages; the first one makes the key.
  const isolates = await Promise.all(Array.from({ length: 6 }, elsewhere))
  const subject = crypto.randomUUID()
  const claims = { email: '', phone: '', app_metadata: {}, user_metadata: {}, role: 'authenticated', aal: 'aal1', amr: [], session_id: crypto.randomUUID(), is_anonymous: true } as const // prettier-ignore
  const sign = (keys: (typeof isolates)[number], now: number) =>
    writeAccessToken(claims, { subject, issuer: 'http://localhost:8787/auth/v1', lifetime: 3600, now, keys, db: database })
  /** HTTP caches, each in front of ten phones' SDKs that look at different minutes; both keep for ten minutes what they got. */
  const none = () => ({ at: -Infinity, set: { keys: [] } as JSONWebKeySet })
  const caches = Array.from({ length: 4 }, (_, i) => ({ ...none(), isolate: isolates[i]! }))
  const phones = Array.from({ length: 40 }, (_, i) => ({ ...none(), minute: i % 10, cache: caches[i % 4]! }))
  let next = 1
  const any = (n: number) => (next = (next * 48_271) % 2_147_483_647) % n
  const tokens: string[] = []
  const kids = new Set<string>()
  let checked = 0
  for (let minute = 0; minute < 130; minute++) {
    const now = start + minute * MINUTE
    if (minute === 20) await rotateSigningKey(isolates[3]!, database, now)
    const { token } = await sign(isolates[any(6)]!, now)
    tokens.push(token)
    kids.add((JSON.parse(atob(token.split('.')[0]!)) as { kid: string }).kid)
    for (const one of [token, tokens[Math.max(0, minute - 59)]!]) {
      const verified = await verifyAccessToken(one, { keys: isolates[any(6)]!, db: database, isOurHost: () => true, now })
      expect(verified.ok, `an isolate at minute ${minute}`).toBe(true)
    }
    for (const phone of phones) {
      if (minute % 10 === phone.minute || phone.at === -Infinity) {
        const { cache } = phone
        if (now - cache.at >= 10 * MINUTE) {
          cache.set = (await publicKeys(cache.isolate, database, now)) as unknown as JSONWebKeySet
          cache.at = now
        }
        phone.set = cache.set
        phone.at = now
      }
      // By the set it has, without another look: the strictest who verify do so.
      await jwtVerify(token, createLocalJWKSet(phone.set), { currentDate: new Date(now), audience: 'authenticated' })
      checked += 1
    }
  }
  expect(kids.size).toBe(2)
  expect(checked).toBe(130 * 40)
})
