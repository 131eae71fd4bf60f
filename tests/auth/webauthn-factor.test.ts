// WebAuthn as a second factor, over HTTP, with an authenticator in software.
import { describe, expect, test } from 'vitest'
import { app } from '../../src/define'
import { serve, sql, type Ask } from '../support/backend'
import { Authenticator, type CreationOptions, type Lies, type RequestOptions } from './authenticator'
import { backend, body, claims, codeOf, member, ORIGIN, owner, signIn } from './passkey-owners'

interface FactorChallenge {
  readonly id: string
  readonly type: string
  readonly expires_at: number
  readonly webauthn: {
    readonly type: 'create' | 'request'
    readonly credential_options: { readonly publicKey: CreationOptions & RequestOptions }
  }
}

type Session = {
  readonly access_token: string
  readonly expires_in: number
  readonly user: { readonly factors: Record<string, unknown>[] }
}

async function enroll(ask: Ask, name = 'My key'): Promise<string> {
  const answer = await ask('/auth/v1/factors', { body: { factor_type: 'webauthn', friendly_name: name } })
  expect(answer.status, answer.text).toBe(200)
  expect(answer.json).toMatchObject({ type: 'webauthn', friendly_name: name })
  return body<{ id: string }>(answer).id
}

async function challenge(ask: Ask, factorId: string): Promise<FactorChallenge> {
  // As auth-js sends it; whose the credentials are isn't for phones to say.
  return body(
    await ask(`/auth/v1/factors/${factorId}/challenge`, { body: { factorId, webauthn: { rpId: 'evil.example', rpOrigins: [] } } }),
  )
}

async function verify(ask: Ask, factorId: string, device: Authenticator, lies: Lies = {}) {
  const { id, webauthn } = await challenge(ask, factorId)
  const { publicKey } = webauthn.credential_options
  const response = webauthn.type === 'create' ? await device.create(publicKey, ORIGIN, lies) : await device.get(publicKey, ORIGIN, lies)
  return ask(`/auth/v1/factors/${factorId}/verify`, {
    body: { challenge_id: id, webauthn: { type: webauthn.type, credential_response: response } },
  })
}

/** Somebody with a key that counts, in an aal2 session. */
async function secured() {
  const person = await member()
  const device = await Authenticator.make({ counts: true })
  const factorId = await enroll(person.ask)
  const made = await verify(person.ask, factorId, device, { verified: false })
  expect(made.status, made.text).toBe(200)
  const token = body<Session>(made).access_token
  const strong: Ask = (path, asked = {}) => person.ask(path, { ...asked, headers: { ...asked.headers, authorization: `Bearer ${token}` } })
  return { ...person, strong, device, factorId, made }
}

const FAILED = [422, 'mfa_verification_failed']

describe('a second factor', () => {
  test('P21: the answer that makes the credential makes the session aal2, and a key without a PIN suffices', async () => {
    const { id, made, factorId } = await secured()
    expect(claims(made)).toMatchObject({ sub: id, aal: 'aal2', amr: [{ method: 'mfa/webauthn' }, { method: 'anonymous' }] })
    expect(body<Session>(made).user.factors).toMatchObject([{ id: factorId, factor_type: 'webauthn', status: 'verified' }])
  })

  test('its options ask for a credential of its own, and later for that one', async () => {
    const { ask } = await member()
    const factorId = await enroll(ask)
    const { webauthn, type } = await challenge(ask, factorId)
    expect(type).toBe('webauthn')
    expect(webauthn).toMatchObject({
      type: 'create',
      credential_options: {
        publicKey: {
          rp: { id: 'localhost', name: 'Hiking' },
          user: { id: btoa(factorId).replaceAll('=', '') },
          attestation: 'none',
          authenticatorSelection: { residentKey: 'discouraged', userVerification: 'preferred' },
        },
      },
    })
    const { strong, device, factorId: own } = await secured()
    const again = await challenge(strong, own)
    expect(again.webauthn).toMatchObject({
      type: 'request',
      credential_options: {
        publicKey: { rpId: 'localhost', userVerification: 'preferred', allowCredentials: [{ id: device.credentialId }] },
      },
    })
    const second = await enroll(strong, 'Another')
    expect((await challenge(strong, second)).webauthn).toMatchObject({
      credential_options: { publicKey: { excludeCredentials: [{ id: device.credentialId }] } },
    })
  })

  test('a passkey signs in to aal1, and the factor raises that session', async () => {
    const { ask, device: passkey } = await owner()
    const key = await Authenticator.make({ counts: true })
    const factorId = await enroll(ask)
    expect((await verify(ask, factorId, key)).status).toBe(200)
    const signed = await signIn(passkey)
    expect(claims(signed)).toMatchObject({ aal: 'aal1' })
    const token = body<Session>(signed).access_token
    const weak: Ask = (path, asked = {}) =>
      backend.stranger(path, { ...asked, headers: { ...asked.headers, authorization: `Bearer ${token}` } })
    const raised = await verify(weak, factorId, key)
    expect(raised.status, raised.text).toBe(200)
    expect(claims(raised)).toMatchObject({ aal: 'aal2', amr: [{ method: 'mfa/webauthn' }, { method: 'passkey' }] })
  })

  test.each<[string, Lies]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['another relying party', { rpId: 'evil.example' }],
    ['another challenge', { challenge: 'A'.repeat(43) }],
    ['the wrong ceremony', { type: 'webauthn.other' }],
    ['nobody present', { present: false, verified: false }],
    ['the id of another credential', { id: 'A'.repeat(43) }],
  ])('refused is an answer with %s, whether it makes the credential or uses it', async (_, lies) => {
    const { ask } = await member()
    const factorId = await enroll(ask)
    expect(codeOf(await verify(ask, factorId, await Authenticator.make(), lies))).toEqual(FAILED)
    expect(await sql('select status, credential_id from auth_factors where id = ?', factorId)).toEqual([
      { status: 'unverified', credential_id: null },
    ])
    const { strong, device, factorId: own } = await secured()
    expect(codeOf(await verify(strong, own, device, lies))).toEqual(FAILED)
  })

  test.each<[string, Lies]>([
    ['a key of somebody else', { foreignKey: true }],
    ['a changed signature', { tamper: 'signature' }],
    ['changed data', { tamper: 'authenticatorData' }],
    ['a counter that does not rise', { counter: 1 }],
  ])('refused is an answer with %s', async (_, lies) => {
    const { strong, device, factorId } = await secured()
    expect(codeOf(await verify(strong, factorId, device, lies))).toEqual(FAILED)
    expect((await verify(strong, factorId, device)).status).toBe(200)
  })

  test('a challenge is used up by its first answer, and belongs to its factor', async () => {
    const { strong, device, factorId } = await secured()
    const { id, webauthn } = await challenge(strong, factorId)
    const response = await device.get(webauthn.credential_options.publicKey, ORIGIN)
    const send = (factor: string) =>
      strong(`/auth/v1/factors/${factor}/verify`, {
        body: { challenge_id: id, webauthn: { type: 'request', credential_response: response } },
      })
    expect(codeOf(await send(await enroll(strong, 'Another')))).toEqual([422, 'mfa_factor_not_found'])
    const answers = await Promise.all(Array.from({ length: 4 }, () => send(factorId)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const answer of answers.filter(({ status }) => status !== 200)) expect([403, 422]).toContain(answer.status)
  })

  test('a credential that made one factor makes no other', async () => {
    const { strong, device } = await secured()
    const second = await enroll(strong, 'Another')
    expect(codeOf(await verify(strong, second, device))).toEqual(FAILED)
    const other = await member()
    expect(codeOf(await verify(other.ask, await enroll(other.ask), device))).toEqual(FAILED)
  })

  test.each<[string, unknown, string]>([
    ['no answer', {}, 'WebAuthn config required'],
    ['a code instead', { code: '123456' }, 'WebAuthn config required'],
    ['an unknown ceremony', { webauthn: { type: 'delete', credential_response: {} } }, 'WebAuthn type must be create or request'],
    ['no credential', { webauthn: { type: 'create' } }, 'credential_response required'],
  ])('a body with %s is refused before anything is used up', async (_, sent, message) => {
    const { ask } = await member()
    const factorId = await enroll(ask)
    const { id, webauthn } = await challenge(ask, factorId)
    const answer = await ask(`/auth/v1/factors/${factorId}/verify`, { body: { challenge_id: id, ...(sent as object) } })
    expect([answer.status, body<{ msg: string }>(answer).msg]).toEqual([400, message])
    const response = await (await Authenticator.make()).create(webauthn.credential_options.publicKey, ORIGIN)
    const right = await ask(`/auth/v1/factors/${factorId}/verify`, {
      body: { challenge_id: id, webauthn: { type: 'create', credential_response: response } },
    })
    expect(right.status).toBe(200)
  })

  test('garbage is a wrong answer', async () => {
    const { ask } = await member()
    const factorId = await enroll(ask)
    for (const response of [
      {},
      { id: 1 },
      { id: 'a', rawId: 'a', type: 'public-key', response: { clientDataJSON: '%', attestationObject: '%' } },
    ]) {
      const { id } = await challenge(ask, factorId)
      const answer = await ask(`/auth/v1/factors/${factorId}/verify`, {
        body: { challenge_id: id, webauthn: { type: 'create', credential_response: response } },
      })
      expect(codeOf(answer)).toEqual(FAILED)
    }
  })

  test('it is off where passkeys are, unless the app says otherwise', async () => {
    const enrolling = { body: { factor_type: 'webauthn', friendly_name: 'Key' } }
    for (const [auth, status] of [
      [{}, 422],
      [{ mfa: { webauthn: true } }, 200],
      [{ passkeys: {}, mfa: { webauthn: false } }, 422],
    ] as const) {
      const other = serve(app({ name: 'Other', tables: [], auth }))
      const person = await other.person()
      await sql("update auth_users set is_anonymous = 0, email = id || '@example.com' where id = ?", person.id)
      const answer = await person.ask('/auth/v1/factors', enrolling)
      expect(answer.status).toBe(status)
      if (status === 422) expect(codeOf(answer)).toEqual([422, 'mfa_webauthn_enroll_not_enabled'])
    }
  })
})
