// Second factors, passkeys, identities, providers and administration as the three mobile SDKs ask for them and decode them (sdk/).
import { env } from 'cloudflare:workers'
import { describe, expect, test, vi } from 'vitest'
import { fromBase32, stepAt, totpCode } from '../../src/auth/totp'
import type { Env } from '../../src/platform'
import lodge from '../apps/lodge'
import { Authenticator, type CreationOptions, type RequestOptions } from '../auth/authenticator'
import { backend as withProviders, newSubject, token as idToken } from '../auth/providers'
import { serve, sql } from '../support/backend'
import { messageTo } from '../support/messages'
import { decode } from './decode'
import { SDKS } from './sdk'
import { newAddress, newNumber, phoneOf, pkce, type Phone, type Session } from './sdk/phone'

vi.setConfig({ testTimeout: 30_000 })

const backend = serve(lodge, { ...env, PERIGEE_AUTH_GITHUB_SECRET: 'a secret of github' } as unknown as Env)

/** Somebody with an address that counts, without the cost of a password. */
async function member(phone: Phone): Promise<Session & { readonly email: string }> {
  const session = await phone.session(phone.sdk.signUpAnonymously())
  const email = newAddress('member')
  await sql(
    'UPDATE auth_users SET is_anonymous = 0, email = ?, email_confirmed_at = ? WHERE id = ?',
    email,
    String(Date.now()),
    session.user.id,
  )
  return { ...session, email }
}

interface Options<T> {
  readonly challenge_id: string
  readonly options: T
}

describe.each(SDKS)('$name', (sdk) => {
  const phone = phoneOf(sdk, backend)

  test('enrols an authenticator app, verifies it, lists it and removes it', async () => {
    const { access_token: token } = await member(phone)
    const enrolled = await phone.ask(sdk.enrollTotp('My phone'), token)
    const { id, totp } = enrolled.as<{ id: string; totp: { secret: string; qr_code: string; uri: string } }>(sdk.enrolledTotp)
    // Raw: the SDKs put `data:` in front themselves.
    expect(totp.qr_code).toMatch(/^<(?:\?xml|svg)/)
    expect(totp.uri).toContain(`secret=${totp.secret}`)
    const before = (await phone.ask({ method: 'GET', path: '/user' }, token)).as<{ factors: unknown[] }>(sdk.user)
    expect(before.factors).toMatchObject([{ id, status: 'unverified', factor_type: 'totp', friendly_name: 'My phone' }])

    const challenge = (await phone.ask(sdk.challengeFactor(id), token)).as<{ id: string; expires_at: number }>(sdk.challenge)
    expect(challenge.expires_at).toBeGreaterThan(Date.now() / 1000)
    expect(challenge.expires_at).toBeLessThan(Date.now() / 1000 + 1000)
    const code = await totpCode(fromBase32(totp.secret)!, stepAt(Date.now()))
    const wrong = await phone.failure(sdk.verifyFactor(id, challenge.id, code === '000000' ? '000001' : '000000'), token)
    expect(wrong).toEqual([422, 'mfa_verification_failed'])
    const second = (await phone.ask(sdk.challengeFactor(id), token)).as<{ id: string }>(sdk.challenge)
    const strong = await phone.session(sdk.verifyFactor(id, second.id, code), token)
    expect(strong.user).toMatchObject({ factors: [{ id, status: 'verified' }] })

    if (sdk.recoveryCodes) {
      const { generate, status, verify, remove } = sdk.recoveryCodes
      const made = await phone.ask(generate, strong.access_token)
      const set = decode(made.text, { id: 'string', type: 'string', 'friendly_name?': 'string', total: 'int', codes: 'json' }) as {
        id: string
        codes: string[]
      }
      expect(set.codes).toHaveLength(10)
      const left = decode((await phone.ask(status, strong.access_token)).text, {
        id: 'string',
        type: 'string',
        total: 'int',
        remaining: 'int',
      })
      expect(left).toMatchObject({ type: 'recovery_code', total: 10, remaining: 10 })
      expect((await phone.session(verify(set.codes[0]!.toUpperCase()), strong.access_token)).user.id).toBe(strong.user.id)
      const removed = await phone.ask(remove, strong.access_token)
      expect(removed.status, removed.text).toBe(200)
      expect(decode(removed.text, { id: 'string' })).toEqual({ id: set.id })
      // With the codes goes the strength that they gave.
      const third = (await phone.ask(sdk.challengeFactor(id), token)).as<{ id: string }>(sdk.challenge)
      const next = await totpCode(fromBase32(totp.secret)!, stepAt(Date.now()) + 1)
      await phone.session(sdk.verifyFactor(id, third.id, next), strong.access_token)
    }
    const gone = await phone.ask(sdk.unenroll(id), strong.access_token)
    expect(gone.status, gone.text).toBe(200)
    expect(decode(gone.text, { id: 'string' })).toEqual({ id })
    expect((await phone.ask({ method: 'GET', path: '/user' }, strong.access_token)).as(sdk.user)).not.toHaveProperty('factors.0')
  })

  test('enrols a telephone, and proves it with the code of a text message', async () => {
    const { access_token: token } = await member(phone)
    const number = newNumber()
    const enrolled = (await phone.ask(sdk.enrollPhone('Telephone', number), token)).as<{ id: string; phone: string }>(sdk.enrolledPhone)
    expect(enrolled.phone.replace('+', '')).toBe(number.slice(1))
    const challenge = (await phone.ask(sdk.challengeFactor(enrolled.id), token)).as<{ id: string }>(sdk.challenge)
    const { code } = (await messageTo(number, lodge)).variables
    await phone.session(sdk.verifyFactor(enrolled.id, challenge.id, String(code)), token)
  })

  const { passkeys } = sdk
  // supabase-kt has none.
  if (passkeys !== null) {
    test('makes a passkey, signs in with it, renames and removes it', async () => {
      const { registration, authentication, list, rename, remove } = passkeys
      const { access_token: token, user } = await member(phone)
      const device = await Authenticator.make()
      const shape = { challenge_id: 'string', options: 'object', expires_at: 'int' } as const
      const item = { id: 'string', 'friendly_name?': 'string', created_at: 'instant', 'last_used_at?': 'instant' } as const
      const begun = (await phone.ask(registration, token)).as<Options<CreationOptions>>(shape)
      const created = await device.create(begun.options, 'http://localhost')
      const verify = { method: 'POST', path: '/passkeys/registration/verify' }
      const made = await phone.ask({ ...verify, body: { challenge_id: begun.challenge_id, credential: created } }, token)
      const { id } = made.as<{ id: string }>(item)

      const asked = (await phone.ask(authentication)).as<Options<RequestOptions>>(shape)
      const credential = await device.get(asked.options, 'http://localhost')
      // Swift's ids are UUIDs, which it writes in upper case.
      const challengeId = sdk.name === 'supabase-swift' ? asked.challenge_id.toUpperCase() : asked.challenge_id
      const signIn = { method: 'POST', path: '/passkeys/authentication/verify', body: { challenge_id: challengeId, credential } }
      expect((await phone.session(signIn)).user.id).toBe(user.id)

      expect(decode((await phone.ask(list, token)).text, [item])).toMatchObject([{ id, last_used_at: expect.any(String) as string }])
      expect((await phone.ask(rename(id, 'Blue phone'), token)).as(item)).toMatchObject({ id, friendly_name: 'Blue phone' })
      const removed = await phone.ask(remove(id), token)
      expect([removed.status, removed.text]).toEqual([204, ''])
    })
  }

  test('signs in with an identity token of Apple and of Google', async () => {
    const native = phoneOf(sdk, withProviders)
    for (const provider of ['apple', 'google']) {
      const subject = newSubject()
      const nonce = crypto.randomUUID()
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(nonce)))
      const hashed = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
      const claims = { sub: subject, email: newAddress(provider), email_verified: true, nonce: hashed }
      const session = await native.session(sdk.idToken(await idToken(provider, claims), provider, nonce))
      expect(session.user).toMatchObject({ email: claims.email, identities: [{ provider, id: subject }] })
      // What is refused has OAuth's form for all of them.
      const refused = await native.ask(sdk.idToken(await idToken(provider, claims), provider, 'another nonce'))
      expect([refused.status, decode(refused.text, { error: 'string', error_description: 'string' })]).toMatchObject([400, {}])
    }
  })

  test('starts a sign-in at a provider with a challenge, wherever it wants to end', async () => {
    const { challenge } = await pkce()
    for (const redirectTo of ['lodge://home', null]) {
      const asked = await phone.ask({ method: 'GET', path: sdk.authorize('github', redirectTo, challenge) })
      expect(asked.status, asked.text).toBe(302)
      const there = new URL(asked.headers.get('location')!)
      expect(there.searchParams.get('response_type')).toBe('code')
      // Ours, not the phone's.
      expect(there.searchParams.get('code_challenge')).not.toBe(challenge)
      expect(there.searchParams.get('redirect_uri')).toMatch(/\/auth\/v1\/callback$/)
    }
  })

  test('links a provider, shows identities, and unlinks by the id that it writes', async () => {
    const native = phoneOf(sdk, withProviders)
    const { access_token: token } = await member(phone)
    const { challenge } = await pkce()
    const link = await phone.ask(sdk.link('github', 'lodge://linked', challenge), token)
    expect(decode(link.text, { url: 'string' })).toMatchObject({
      url: expect.stringContaining('https://github.com/login/oauth/authorize') as string,
    })

    const claims = { sub: newSubject(), email: newAddress('google'), email_verified: true }
    const { access_token: other, user } = await native.session(withoutNonce(sdk.idToken(await idToken('google', claims), 'google', '')))
    const linked = { provider: 'apple', id_token: await idToken('apple', { sub: newSubject() }), link_identity: true }
    const two = await native.session({ method: 'POST', path: '/token?grant_type=id_token', body: linked }, other)
    const { identities } = two.user as unknown as { identities: { identity_id: string; provider: string }[] }
    expect(identities.map(({ provider }) => provider).toSorted()).toEqual(['apple', 'google'])
    const apple = identities.find(({ provider }) => provider === 'apple')!
    const gone = await native.ask(sdk.unlink(apple.identity_id), two.access_token)
    expect([gone.status, gone.text]).toEqual([200, '{}'])
    const [last] = (
      (await native.ask({ method: 'GET', path: '/user' }, two.access_token)).as<typeof two.user>(sdk.user) as unknown as {
        identities: { identity_id: string }[]
      }
    ).identities
    expect(await native.failure(sdk.unlink(last!.identity_id), two.access_token)).toEqual([422, 'single_identity_not_deletable'])
    expect(two.user.id).toBe(user.id)
  })

  test('administers people with the secret key', async () => {
    const email = newAddress('made')
    const made = await phone.asService(
      sdk.createUser({ email, email_confirm: true, user_metadata: { room: 7 }, app_metadata: { roles: ['cook'] } }),
    )
    const { id } = made.as<{ id: string }>(sdk.user)
    expect(JSON.parse(made.text)).toMatchObject({ email, user_metadata: { room: 7 }, app_metadata: { roles: ['cook'], provider: 'email' } })
    expect((await phone.asService(sdk.userById(id))).as(sdk.user)).toMatchObject({ id, email })
    const changed = await phone.asService(sdk.updateUser(id, { ban_duration: '24h', phone: newNumber(), phone_confirm: true }))
    expect(changed.as(sdk.user)).toMatchObject({ id })
    const page = await phone.asService(sdk.users(1, 2))
    decode(page.text, { users: [sdk.user], aud: 'string' })
    expect(Number(page.headers.get('x-total-count'))).toBeGreaterThan(0)
    for (const link of page.headers.get('link')?.split(',') ?? []) {
      // As Swift and auth-js cut it up: the page stands before anything else that has an equals sign.
      expect(Number(link.split(';')[0]!.split('=')[1]!.replace(/\D.*/, ''))).toBeGreaterThan(0)
      expect(link.split(';')[1]).toMatch(/rel="(?:next|last)"/)
    }
    const invited = newAddress('guest')
    expect((await phone.asService(sdk.invite(invited))).as(sdk.user)).toMatchObject({ email: invited })
    expect((await messageTo(invited, lodge)).kind).toBe('invite')
    const link = await phone.asService(sdk.generateLink('magiclink', newAddress('linked')))
    expect(link.as(sdk.user)).toHaveProperty('id')
    decode(link.text, {
      action_link: 'string',
      email_otp: 'string',
      hashed_token: 'string',
      redirect_to: 'string',
      verification_type: 'string',
    })
    const deleted = await phone.asService(sdk.deleteUser(id))
    expect([deleted.status, deleted.text]).toEqual([200, '{}'])
    expect((await phone.asService(sdk.userById(id))).status).toBe(404)
  })
})

/** As an SDK asks whose app used no nonce. */
function withoutNonce<T extends { readonly body?: unknown }>(asked: T): T {
  const { nonce: _, ...rest } = asked.body as Record<string, unknown>
  return { ...asked, body: rest }
}
