// Native sign-in with identity tokens: a fake Apple and a fake Google that sign real ones, at their own addresses, behind `fetch`.
import { expect, test, vi } from 'vitest'
import { sql } from '../support/backend'
import { accessTokenHash, hashedNonce, tokenSigner } from '../support/fake-provider'
import {
  asked,
  backend,
  grant,
  IOS,
  newEmail,
  instead,
  newSubject,
  none,
  signers,
  signIn,
  token,
  withToken,
  type Claims,
} from './providers'

test('Apple: a phone signs in with its own client id, and with the second sign-in is the same person', async () => {
  const [sub, email, nonce] = [newSubject(), newEmail(), crypto.randomUUID()]
  const claims = { sub, email, email_verified: 'true', is_private_email: 'true', auth_time: 1_700_000_000 }
  const first = await signIn('apple', { ...claims, nonce: await hashedNonce(nonce) }, { nonce })
  expect(first.text).not.toContain('error')
  expect(first.body.user).toMatchObject({ email, is_anonymous: false, app_metadata: { provider: 'apple', providers: ['apple'] } })
  expect(first.body.user.identities).toMatchObject([
    {
      id: sub,
      provider: 'apple',
      email,
      identity_data: {
        iss: 'https://appleid.apple.com',
        sub,
        provider_id: sub,
        email,
        email_verified: true,
        phone_verified: false,
        custom_claims: { is_private_email: true, auth_time: 1_700_000_000 },
      },
    },
  ])
  const again = await signIn('apple', claims)
  expect(again.body.user.id).toBe(first.body.user.id)
  expect(await sql('select count(*) as n from auth_users where email = ?', email)).toEqual([{ n: 1 }])
  const user = await withToken(again.body.access_token)('/auth/v1/user')
  expect(user.json).toMatchObject({ id: first.body.user.id, email, email_confirmed_at: expect.any(String) })
})

test('both of Apple’s issuers and of Google’s count, and no other spelling', async () => {
  for (const [provider, issuers] of [
    ['apple', ['https://appleid.apple.com', 'https://account.apple.com']],
    ['google', ['https://accounts.google.com', 'accounts.google.com']],
  ] as const) {
    for (const iss of issuers) expect((await signIn(provider, { iss })).status, iss).toBe(200)
    for (const iss of [`${issuers[0]}/`, issuers[0].toUpperCase(), 'https://evil.example', '']) {
      const refused = await signIn(provider, { iss })
      expect([refused.status, refused.body], iss).toEqual([400, { error: 'invalid request', error_description: 'Bad ID token' }])
    }
  }
})

test('the name that Apple tells only once is kept: sent beside the token, and through later tokens that lack it', async () => {
  const [sub, email] = [newSubject(), newEmail()]
  const first = await signIn('apple', { sub, email }, { data: { full_name: 'Ada Lovelace' } })
  expect(first.body.user.user_metadata).toMatchObject({ full_name: 'Ada Lovelace', email })
  const later = await signIn('apple', { sub, email })
  expect(later.body.user.user_metadata).toMatchObject({ full_name: 'Ada Lovelace' })
})

test('Google: name, picture and domain; what people wrote over it stays until Google changes it', async () => {
  const [sub, email] = [newSubject(), newEmail()]
  const claims = { sub, email, email_verified: true, name: 'Ada', picture: 'https://example.com/a.png', hd: 'example.com' }
  const first = await signIn('google', claims)
  expect(first.body.user.user_metadata).toMatchObject({
    full_name: 'Ada',
    name: 'Ada',
    avatar_url: 'https://example.com/a.png',
    picture: 'https://example.com/a.png',
    custom_claims: { hd: 'example.com' },
  })
  await withToken(first.body.access_token)('/auth/v1/user', { method: 'PUT', body: { data: { full_name: 'Countess' } } })
  expect((await signIn('google', claims)).body.user.user_metadata).toMatchObject({ full_name: 'Countess' })
  expect((await signIn('google', { ...claims, name: 'Ada L.' })).body.user.user_metadata).toMatchObject({ full_name: 'Ada L.' })
})

test('any OpenID provider works by discovery, ES256 too, by its name with and without custom:', async () => {
  const sub = newSubject()
  const first = await signIn('acme', { sub, email: newEmail(), email_verified: true })
  expect(first.body.user.app_metadata).toMatchObject({ provider: 'acme' })
  const again = await grant(backend.stranger, { provider: 'custom:acme', id_token: await token('acme', { sub }) })
  expect(again.body.user.id).toBe(first.body.user.id)
  const legacy = await grant(backend.stranger, {
    client_id: 'trails',
    issuer: 'https://id.acme.example',
    id_token: await token('acme', { sub }),
  })
  expect(legacy.body.user.id).toBe(first.body.user.id)
})

test('P4: an issuer of the attacker’s is refused before anybody is asked anything', async () => {
  const evil = await tokenSigner('https://evil.example')
  const idToken = await evil.idToken({ aud: IOS, sub: newSubject(), email: newEmail(), email_verified: true })
  for (const body of [
    { provider: 'apple', id_token: idToken },
    { provider: 'azure', id_token: idToken },
    { provider: 'azure', issuer: 'https://evil.example', id_token: idToken },
    { provider: 'apple', issuer: 'https://evil.example', client_id: IOS, id_token: idToken },
    { issuer: 'https://evil.example', client_id: IOS, id_token: idToken },
    { provider: 'https://evil.example', id_token: idToken },
    { provider: 'custom:https://evil.example', id_token: idToken },
    { provider: '__proto__', id_token: idToken },
  ]) {
    const refused = await grant(backend.stranger, body)
    expect(refused.status, JSON.stringify(body).slice(0, 60)).toBe(400)
  }
  expect(asked).toEqual([])
})

test('P5: every token that isn’t ours, isn’t signed, isn’t of now or isn’t for this app is refused in OAuth’s form', async () => {
  const ours = { sub: newSubject(), email: newEmail(), email_verified: true }
  const encode = (value: unknown) => btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  const now = Math.floor(Date.now() / 1000)
  const unsigned = (alg: string) =>
    `${encode({ alg, typ: 'JWT' })}.${encode({ iss: 'https://appleid.apple.com', aud: IOS, exp: now + 600, iat: now, ...ours })}.`
  const bad: Record<string, Promise<string> | string> = {
    'not a token': 'x.y.z',
    empty: '..',
    'alg none': unsigned('none'),
    'alg NONE': unsigned('nOnE'),
    'alg HS256': `${unsigned('HS256')}AAAA`,
    'another key': token('apple', ours, { forged: true }),
    'an unknown kid': token('apple', ours, { header: { kid: 'unknown' } }),
    'another provider’s': token('google', { ...ours, aud: IOS }),
    expired: token('apple', ours, { expiresIn: -31 }),
    'from the future': token('apple', ours, { issuedIn: 60 }),
    'without exp': signers['apple']!.idToken({ ...ours, aud: IOS, exp: undefined } as never),
    'too long': token('apple', { ...ours, padding: 'x'.repeat(20_000) }),
  }
  for (const [name, idToken] of Object.entries(bad)) {
    const refused = await grant(backend.stranger, { provider: 'apple', id_token: await idToken })
    expect([refused.status, refused.body], name).toEqual([400, { error: 'invalid request', error_description: 'Bad ID token' }])
  }
  for (const aud of ['com.other.app', `${IOS}.evil`, [IOS, 'com.other.app'], [], [IOS, [IOS]], null]) {
    const refused = await signIn('apple', { ...ours, aud })
    expect([refused.status, refused.body], JSON.stringify(aud)).toEqual([
      400,
      { error: 'invalid request', error_description: 'Unacceptable audience in id_token' },
    ])
  }
  for (const sub of ['', 7, null]) expect((await signIn('apple', { ...ours, sub })).status, String(sub)).toBe(400)
  expect(await sql('select count(*) as n from auth_users where email = ?', ours.email)).toEqual([{ n: 0 }])
  // The other side of each limit.
  expect((await grant(backend.stranger, { provider: 'apple', id_token: await token('apple', ours, { expiresIn: -20 }) })).status).toBe(200)
  expect((await grant(backend.stranger, { provider: 'apple', id_token: await token('apple', ours, { issuedIn: 20 }) })).status).toBe(200)
  expect((await signIn('apple', { ...ours, aud: [IOS] })).status).toBe(200)
})

test('P5: the nonce is raw in the body and hashed in the token, on both sides or on none', async () => {
  const nonce = crypto.randomUUID()
  const hashed = await hashedNonce(nonce)
  const bothOrNone = { error: 'invalid request', error_description: 'Passed nonce and nonce in id_token should either both exist or not.' }
  const mismatch = { error: 'invalid nonce', error_description: 'Nonces mismatch' }
  const refusals: [Claims, Claims, unknown][] = [
    [{ nonce: hashed }, {}, bothOrNone],
    [{}, { nonce }, bothOrNone],
    [{ nonce: hashed }, { nonce: '' }, bothOrNone],
    [{ nonce }, { nonce }, mismatch],
    [{ nonce: hashed }, { nonce: hashed }, mismatch],
    [{ nonce: hashed.toUpperCase() }, { nonce }, mismatch],
    [{ nonce: hashed }, { nonce: `${nonce}x` }, mismatch],
  ]
  for (const [claims, body, error] of refusals) {
    const refused = await signIn('google', claims, body)
    expect([refused.status, refused.body]).toEqual([400, error])
  }
  expect((await signIn('google', { nonce: hashed }, { nonce })).status).toBe(200)
  // A library that sends a nonce of its own, which the app can't know.
  expect((await signIn('lax', { nonce: 'whatever' })).status).toBe(200)
})

test('P5: a nonce counts once, also for fifty who come at the same time with the same token', async () => {
  const [sub, nonce] = [newSubject(), crypto.randomUUID()]
  const idToken = await token('apple', { sub, nonce: await hashedNonce(nonce) })
  const body = { provider: 'apple', id_token: idToken, nonce }
  const all = await Promise.all(Array.from({ length: 50 }, () => grant(backend.stranger, body)))
  expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
  const used = { error: 'invalid nonce', error_description: 'Nonce has been used already' }
  expect(all.filter(({ status }) => status !== 200).map((one) => one.body)).toEqual(Array.from({ length: 49 }, () => used))
  const sessions = 'select count(*) as n from auth_sessions s join auth_identities i on i.user_id = s.user_id where i.subject = ?'
  expect(await sql(sessions, sub)).toEqual([{ n: 1 }])
  // Another token with the same nonce comes too late as well.
  expect((await signIn('apple', { sub, nonce: await hashedNonce(nonce) }, { nonce })).body).toEqual(used)
})

test('P5: a token that names an access token counts with that one only', async () => {
  const claims = { at_hash: await accessTokenHash('ya29.right') }
  expect((await signIn('google', claims, { access_token: 'ya29.right' })).status).toBe(200)
  expect((await signIn('google', claims, { access_token: 'ya29.wrong' })).body).toEqual({
    error: 'invalid request',
    error_description: 'Bad ID token',
  })
  expect((await signIn('google', { at_hash: 7 }, { access_token: 'ya29.right' })).status).toBe(400)
  expect((await signIn('google', {}, { access_token: 'ya29.right' })).status).toBe(200)
  expect((await signIn('google', claims)).status).toBe(200)
})

test('what is missing or off says so', async () => {
  const idToken = await token('google', {})
  const required = (description: string) => [400, { error: 'invalid request', error_description: description }]
  const ask = async (body: Claims, at = backend) => {
    const { status, body: answered } = await grant(at.stranger, body)
    return [status, answered]
  }
  expect(await ask({ provider: 'google' })).toEqual(required('id_token required'))
  expect(await ask({ id_token: idToken })).toEqual(required('provider or client_id and issuer required'))
  expect(await ask({ id_token: idToken, issuer: 'https://accounts.google.com' })).toEqual(
    required('provider or client_id and issuer required'),
  )
  expect(await ask({ provider: 'google', id_token: idToken }, none)).toMatchObject([400, { error_code: 'provider_disabled' }])
  expect(await ask({ provider: 'google', id_token: 'mock-id-token', nonce: 'mock-nonce' }, none)).toMatchObject([
    400,
    { error_code: 'provider_disabled', msg: 'Provider (issuer "https://accounts.google.com") is not enabled' },
  ])
  expect(await ask({ provider: 'keycloak', id_token: idToken })).toMatchObject([400, { error_code: 'provider_disabled' }])
  expect(await ask({ provider: 'elsewhere', id_token: idToken })).toMatchObject([400, { error_code: 'validation_failed' }])
  const settings = await backend.stranger('/auth/v1/settings')
  expect((settings.json as { external: unknown }).external).toMatchObject({ apple: true, google: true, acme: true, github: false })
})

test('fifty phones of one new person make one person, and each has a session', async () => {
  const [sub, email] = [newSubject(), newEmail()]
  const claims = { sub, email, email_verified: true }
  const all = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const nonce = crypto.randomUUID()
      return signIn('google', { ...claims, nonce: await hashedNonce(nonce) }, { nonce })
    }),
  )
  expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200))
  const ids = new Set(all.map(({ body }) => body.user.id))
  expect(ids.size).toBe(1)
  const [id] = ids
  expect(await sql('select count(*) as n from auth_users where email = ?', email)).toEqual([{ n: 1 }])
  expect(await sql('select count(*) as n from auth_identities where user_id = ?', id!)).toEqual([{ n: 1 }])
  expect(await sql('select count(*) as n from auth_sessions where user_id = ?', id!)).toEqual([{ n: 50 }])
  const actions = 'select action, count(*) as n from auth_audit where user_id = ? group by action order by action'
  expect(await sql(actions, id!)).toEqual([
    { action: 'login', n: 49 },
    { action: 'user_signedup', n: 1 },
  ])
})

test('two providers with one verified address at the same moment make one person with both', async () => {
  const email = newEmail()
  const [one, other] = await Promise.all([
    signIn('google', { email, email_verified: true }),
    signIn('acme', { email: email.toUpperCase(), email_verified: true }),
  ])
  expect(one.body.user.id).toBe(other.body.user.id)
  const user = await withToken(one.body.access_token)('/auth/v1/user')
  expect((user.json as { app_metadata: { providers: string[] } }).app_metadata.providers.toSorted()).toEqual(['acme', 'google'])
})

test('a sign-in costs a read and a batch', async () => {
  const claims = { sub: newSubject(), email: newEmail(), email_verified: true }
  await signIn('google', claims)
  const { headers } = await backend.stranger('/auth/v1/token?grant_type=id_token', {
    body: { provider: 'google', id_token: await token('google', claims) },
  })
  expect(headers.get('x-perigee-d1-calls')).toBe('2')
  expect(Number(headers.get('x-perigee-rows-read'))).toBeLessThan(40)
})

test('keys that the provider changed are found at once, and an unknown one asks at most every half minute', async () => {
  const claims = { sub: newSubject() }
  expect((await signIn('lax', claims)).status).toBe(200)
  await signers['lax']!.rotate()
  expect((await signIn('lax', claims)).status).toBe(200)
  asked.length = 0
  const forged = async () =>
    grant(backend.stranger, { provider: 'lax', id_token: await token('lax', claims, { header: { kid: 'nobody’s' } }) })
  for (let i = 0; i < 5; i++) expect((await forged()).status).toBe(400)
  expect(asked).toEqual(['https://lax.example.com/keys'])
  expect((await signIn('lax', claims)).status).toBe(200)
})

test('P4: what a provider publishes counts only if it is its own, leads to public hosts, is no redirect and not too large', async () => {
  const discovery = 'https://odd.example.com/.well-known/openid-configuration'
  const own = { issuer: 'https://odd.example.com', jwks_uri: 'https://odd.example.com/keys' }
  const endpoints = { authorization_endpoint: 'https://odd.example.com/a', token_endpoint: 'https://odd.example.com/t' }
  const told = (body: unknown) => () => new Response(JSON.stringify(body))
  const answers: Record<string, () => Response> = {
    'another issuer': told({ ...own, ...endpoints, issuer: 'https://evil.example' }),
    'a private host': told({ ...own, ...endpoints, jwks_uri: 'https://169.254.169.254/keys' }),
    'plain http': told({ ...own, ...endpoints, jwks_uri: 'http://odd.example.com/keys' }),
    'no token endpoint': told({ ...own, authorization_endpoint: endpoints.authorization_endpoint }),
    'a redirect': () => new Response(null, { status: 302, headers: { location: 'https://evil.example/' } }),
    'no JSON': () => new Response('<html>'),
    'an error': () => new Response('{}', { status: 500 }),
    'too much': () => new Response(`"${'x'.repeat(300_000)}"`),
    'nobody there': () => {
      throw new TypeError('network')
    },
  }
  const start = Date.now()
  const clock = vi.spyOn(Date, 'now')
  for (const [i, [name, answer]] of Object.entries(answers).entries()) {
    // Who failed is left alone for five seconds.
    clock.mockReturnValue(start + i * 5_000)
    instead.set(discovery, answer)
    const { status, body, text } = await signIn('odd', {})
    expect([status, body['error_code']], name).toEqual([503, 'service_unavailable'])
    expect(text).not.toContain('odd.example.com')
  }
  expect(asked).toEqual(Object.keys(answers).map(() => discovery))
  instead.clear()
  expect((await signIn('odd', {})).status).toBe(503)
  expect(asked).toHaveLength(Object.keys(answers).length)
  clock.mockReturnValue(start + 60_000)
  instead.set('https://odd.example.com/keys', () => new Response('{"keys":7}'))
  expect((await signIn('odd', {})).status).toBe(503)
  instead.clear()
  clock.mockReturnValue(start + 65_000)
  expect((await signIn('odd', {})).status).toBe(200)
  clock.mockRestore()
})

test('known keys go on for a day while the provider doesn’t answer, and it is asked once a minute', async () => {
  const sub = newSubject()
  // Time doesn't go back behind what the tests before have seen: the counters of requests would wonder.
  const start = Date.now() + 120_000
  const clock = vi.spyOn(Date, 'now').mockReturnValue(start)
  const signed = await signIn('acme', { sub })
  expect(signed.status).toBe(200)
  const down = () => new Response('', { status: 502 })
  for (const path of ['/keys', '/.well-known/openid-configuration']) instead.set(`https://id.acme.example${path}`, down)
  try {
    clock.mockReturnValue(start + 2 * 3_600_000)
    asked.length = 0
    expect((await signIn('acme', { sub })).body.user.id).toBe(signed.body.user.id)
    expect(asked).toHaveLength(2)
    expect((await signIn('acme', { sub })).status).toBe(200)
    expect(asked).toHaveLength(2)
    clock.mockReturnValue(start + 2 * 3_600_000 + 61_000)
    expect((await signIn('acme', { sub })).status).toBe(200)
    expect(asked).toHaveLength(4)
    clock.mockReturnValue(start + 25 * 3_600_000)
    const { status, headers } = await backend.stranger('/auth/v1/token?grant_type=id_token', {
      body: { provider: 'acme', id_token: await token('acme', { sub }) },
    })
    expect([status, headers.get('retry-after')]).toEqual([503, '5'])
  } finally {
    clock.mockRestore()
    instead.clear()
  }
})
