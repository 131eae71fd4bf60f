// Passkeys over HTTP, with an authenticator in software that can lie about everything.
import { describe, expect, test } from 'vitest'
import { sql, type Answer, type Ask } from '../support/backend'
import { messagesTo } from '../support/messages'
import { Authenticator, type Lies } from './authenticator'
import { amend, backend, begin, body, challenge, claims, codeOf, member, ORIGIN, owner, register, signIn } from './passkey-owners'

describe('a way in', () => {
  test('the options of a registration ask for a discoverable, verified credential without attestation', async () => {
    const { id, ask } = await member()
    const { challenge_id, options, expires_at } = await begin(ask)
    expect(challenge_id).toMatch(/^[0-9a-f-]{36}$/)
    expect(Math.abs(expires_at - (Date.now() / 1000 + 300))).toBeLessThan(10)
    expect(options).toMatchObject({
      rp: { id: 'localhost', name: 'Hiking' },
      user: { id: btoa(id).replaceAll('=', ''), name: `${id}@example.com`, displayName: `${id}@example.com` },
      pubKeyCredParams: [{ alg: -8 }, { alg: -7 }, { alg: -257 }],
      excludeCredentials: [],
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none',
    })
    expect(options.challenge).toMatch(/^[\w-]{43}$/)
  })

  test('P21: who made a passkey signs in with it, to a session that is aal1', async () => {
    const { id, device, passkeyId, ask } = await owner()
    const answer = await signIn(device)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(body<{ user: { id: string } }>(answer).user.id).toBe(id)
    expect(claims(answer)).toMatchObject({ sub: id, aal: 'aal1', amr: [{ method: 'passkey' }] })
    const [passkey] = body<Record<string, string>[]>(await ask('/auth/v1/passkeys'))
    expect(passkey).toMatchObject({ id: passkeyId, last_used_at: expect.stringMatching(/Z$/) })
    expect(await sql("select action from auth_audit where user_id = ? and action in ('passkey_created', 'login') order by at", id)).toEqual(
      [{ action: 'passkey_created' }, { action: 'login' }],
    )
  })

  test('fifty answers to one challenge at once open one session', async () => {
    const { id, device } = await owner()
    const { challenge_id, options } = await challenge()
    const credential = await device.get(options, ORIGIN)
    const before = await sql('select count(*) as n from auth_sessions where user_id = ?', id)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => backend.stranger('/auth/v1/passkeys/authentication/verify', { body: { challenge_id, credential } })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const answer of answers.filter(({ status }) => status !== 200))
      expect(codeOf(answer)).toEqual([400, 'webauthn_challenge_not_found'])
    expect(await sql('select count(*) as n from auth_sessions where user_id = ?', id)).toEqual([{ n: Number(before[0]!['n']) + 1 }])
  })

  test('a wrong answer uses its challenge up', async () => {
    const { device } = await owner()
    const { challenge_id, options } = await challenge()
    const wrong = await device.get(options, ORIGIN, { tamper: 'signature' })
    const right = await device.get(options, ORIGIN)
    const send = (credential: unknown) =>
      backend.stranger('/auth/v1/passkeys/authentication/verify', { body: { challenge_id, credential } })
    expect(codeOf(await send(wrong))).toEqual([400, 'webauthn_verification_failed'])
    expect(codeOf(await send(right))).toEqual([400, 'webauthn_challenge_not_found'])
  })

  test('a challenge is good for five minutes', async () => {
    const { device } = await owner()
    for (const [age, status] of [
      [5 * 60_000 - 20_000, 200],
      [5 * 60_000 + 1000, 400],
    ] as const) {
      const { challenge_id, options } = await challenge()
      await sql('update auth_challenges set expires_at = expires_at - cast(? as integer) where id = ?', String(age), challenge_id)
      const credential = await device.get(options, ORIGIN)
      const answer = await backend.stranger('/auth/v1/passkeys/authentication/verify', { body: { challenge_id, credential } })
      expect(answer.status).toBe(status)
      if (status === 400) expect(codeOf(answer)).toEqual([400, 'webauthn_challenge_expired'])
    }
  })

  test.each<[string, Lies]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['an origin that only looks local', { origin: 'http://localhost.evil.example' }],
    ['another relying party', { rpId: 'evil.example' }],
    ['another challenge', { challenge: 'A'.repeat(43) }],
    ['the answer to a registration', { type: 'webauthn.create' }],
    ['nobody present', { present: false, verified: false }],
    ['a person who was not verified', { verified: false }],
    ['a key of somebody else', { foreignKey: true }],
    ['a changed signature', { tamper: 'signature' }],
    ['changed authenticator data', { tamper: 'authenticatorData' }],
    ['changed client data', { tamper: 'clientDataJSON' }],
    ['a credential that is not known', { id: 'A'.repeat(43) }],
    ['no user handle', { userHandle: null }],
    ['the user handle of somebody else', { userHandle: btoa(crypto.randomUUID()).replaceAll('=', '') }],
    ['a page inside one of somebody else', { crossOrigin: true }],
  ])('refused is an answer with %s', async (_, lies) => {
    const { id, device } = await owner()
    const sessions = () => sql('select count(*) as n from auth_sessions where user_id = ?', id)
    const before = await sessions()
    const answer = await signIn(device, lies)
    expect(codeOf(answer)).toEqual([400, 'webauthn_verification_failed'])
    expect(answer.text).not.toContain('access_token')
    expect(await sessions()).toEqual(before)
  })

  test('the credential of one person does not open the account of another', async () => {
    const [ada, bo] = [await owner(), await owner()]
    expect(codeOf(await signIn(ada.device, { id: bo.device.credentialId }))).toEqual([400, 'webauthn_verification_failed'])
    expect(codeOf(await signIn(ada.device, { userHandle: bo.device.userHandle }))).toEqual([400, 'webauthn_verification_failed'])
  })

  test('a counter that does not rise speaks of a copy, and is refused', async () => {
    const { device } = await owner({ counts: true })
    expect((await signIn(device)).status).toBe(200)
    expect(codeOf(await signIn(device, { counter: 2 }))).toEqual([400, 'webauthn_verification_failed'])
    expect(codeOf(await signIn(device, { counter: 0 }))).toEqual([400, 'webauthn_verification_failed'])
    expect((await signIn(device, { counter: 50 })).status).toBe(200)
  })

  test('of two answers with the same count, given at once, one signs in', async () => {
    const { device } = await owner({ counts: true })
    const answers = await Promise.all(Array.from({ length: 10 }, () => signIn(device, { counter: 7 })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  test('nobody signs in who is banned, deleted or has not confirmed who they are', async () => {
    const { id, device } = await owner()
    await amend(id, `banned_until = ${Date.now() + 60_000}`)
    expect(codeOf(await signIn(device))).toEqual([403, 'user_banned'])
    await amend(id, 'banned_until = null, email_confirmed_at = null')
    expect(codeOf(await signIn(device))).toEqual([403, 'email_not_confirmed'])
    await amend(id, `email_confirmed_at = 1, phone = '4915${id.replaceAll(/\D/g, '').slice(0, 9)}'`)
    expect(codeOf(await signIn(device))).toEqual([403, 'phone_not_confirmed'])
    await amend(id, 'phone = null, deleted_at = 1')
    expect(codeOf(await signIn(device))).toEqual([400, 'webauthn_verification_failed'])
    await amend(id, 'deleted_at = null')
    expect((await signIn(device)).status).toBe(200)
  })

  test('a challenge for making a passkey is none for signing in, nor the other way round', async () => {
    const { ask, device } = await owner()
    const made = await begin(ask)
    const credential = await device.get({ rpId: 'localhost', challenge: made.options.challenge }, ORIGIN)
    const crossed = await backend.stranger('/auth/v1/passkeys/authentication/verify', {
      body: { challenge_id: made.challenge_id, credential },
    })
    expect(codeOf(crossed)).toEqual([400, 'webauthn_challenge_not_found'])
    const { challenge_id, options } = await challenge()
    const other = await (
      await Authenticator.make()
    ).create({ rp: { id: 'localhost' }, user: { id: device.userHandle }, challenge: options.challenge }, ORIGIN)
    const back = await ask('/auth/v1/passkeys/registration/verify', { body: { challenge_id, credential: other } })
    expect(codeOf(back)).toEqual([400, 'webauthn_challenge_not_found'])
  })
})

describe('making one', () => {
  test.each<[string, Lies]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['another relying party', { rpId: 'evil.example' }],
    ['another challenge', { challenge: 'A'.repeat(43) }],
    ['the answer to a sign-in', { type: 'webauthn.get' }],
    ['nobody present', { present: false }],
    ['a person who was not verified', { verified: false }],
    ['the id of another credential', { id: 'A'.repeat(43) }],
    ['an algorithm that was not offered', { alg: -259 }],
    ['a page inside one of somebody else', { crossOrigin: true }],
  ])('refused is an answer with %s', async (_, lies) => {
    const { ask } = await member()
    expect(codeOf(await register(ask, await Authenticator.make(), lies))).toEqual([400, 'webauthn_verification_failed'])
    expect(body(await ask('/auth/v1/passkeys'))).toEqual([])
  })

  test('what an authenticator says of its make is left unread', async () => {
    const { ask } = await member()
    const device = await Authenticator.make()
    expect((await register(ask, device, { format: 'packed' })).status).toBe(200)
    expect((await signIn(device)).status).toBe(200)
  })

  test('a challenge belongs to who asked for it', async () => {
    const [ada, bo] = [await member(), await member()]
    const { challenge_id, options } = await begin(ada.ask)
    const credential = await (await Authenticator.make()).create(options, ORIGIN)
    const send = (ask: Ask) => ask('/auth/v1/passkeys/registration/verify', { body: { challenge_id, credential } })
    expect(codeOf(await send(bo.ask))).toEqual([400, 'webauthn_challenge_not_found'])
    expect((await send(ada.ask)).status).toBe(200)
    expect(codeOf(await send(ada.ask))).toEqual([400, 'webauthn_challenge_not_found'])
  })

  test('a credential is registered once, and those there are aren’t offered again', async () => {
    const { ask, device } = await owner()
    const { options } = await begin(ask)
    expect(options).toMatchObject({
      excludeCredentials: [{ type: 'public-key', id: device.credentialId, transports: ['internal', 'hybrid'] }],
    })
    expect(codeOf(await register(ask, device))).toEqual([422, 'webauthn_credential_exists'])
    const other = await member()
    expect(codeOf(await register(other.ask, device))).toEqual([422, 'webauthn_credential_exists'])
  })

  test('a person has ten at most, whatever comes at the same time', async () => {
    const { ask } = await member()
    for (let n = 0; n < 9; n++) expect((await register(ask, await Authenticator.make())).status).toBe(200)
    const last = await Promise.all(Array.from({ length: 5 }, async () => register(ask, await Authenticator.make())))
    expect(last.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const answer of last.filter(({ status }) => status !== 200)) expect(codeOf(answer)).toEqual([422, 'too_many_passkeys'])
    expect(codeOf(await ask('/auth/v1/passkeys/registration/options', { body: {} }))).toEqual([422, 'too_many_passkeys'])
  })

  test('anonymous people make none, and nobody without a session', async () => {
    const { ask, id } = await backend.person()
    expect(codeOf(await ask('/auth/v1/passkeys/registration/options', { body: {} }))).toEqual([403, 'no_authorization'])
    expect(codeOf(await backend.stranger('/auth/v1/passkeys/registration/options', { body: {} }))).toEqual([401, 'no_authorization'])
    await sql('delete from auth_sessions where user_id = ?', id)
    expect(codeOf(await ask('/auth/v1/passkeys/registration/options', { body: {} }))).toEqual([403, 'session_not_found'])
    expect(await sql('select count(*) as n from auth_passkeys where user_id = ?', id)).toEqual([{ n: 0 }])
  })

  test('a person with a second factor shows it before passkeys are made or removed', async () => {
    const person = await owner()
    const { id, ask, passkeyId } = person
    await sql(
      "insert into auth_factors (id, user_id, type, status, created_at, updated_at) values (?, ?, 'totp', 'verified', '1', '1')",
      crypto.randomUUID(),
      id,
    )
    expect(codeOf(await ask('/auth/v1/passkeys/registration/options', { body: {} }))).toEqual([403, 'insufficient_aal'])
    expect(codeOf(await ask(`/auth/v1/passkeys/${passkeyId}`, { method: 'DELETE' }))).toEqual([403, 'insufficient_aal'])
    expect(body(await ask('/auth/v1/passkeys'))).toHaveLength(1)
    await sql("update auth_sessions set aal = 'aal2' where user_id = ?", id)
    const { ask: strongly } = await backend.refreshed(person)
    expect((await register(strongly, await Authenticator.make())).status).toBe(200)
    expect((await strongly(`/auth/v1/passkeys/${passkeyId}`, { method: 'DELETE' })).status).toBe(204)
  })

  test.each<[string, unknown]>([
    ['nothing', {}],
    ['a challenge that is no id', { challenge_id: '../x', credential: {} }],
    ['no credential', { challenge_id: crypto.randomUUID(), credential: null }],
  ])('a body with %s is refused and breaks nothing', async (_, sent) => {
    const { ask } = await member()
    for (const [asking, path] of [
      [ask, 'registration'],
      [backend.stranger, 'authentication'],
    ] as const) {
      expect(codeOf(await asking(`/auth/v1/passkeys/${path}/verify`, { body: sent }))).toEqual([400, 'validation_failed'])
    }
  })

  test.each<[string, object]>([
    ['of nothing', {}],
    ['of numbers', { id: 1, rawId: 2, type: 'public-key', response: 3 }],
    ['of another kind', { id: 'a', rawId: 'a', type: 'password', response: {} }],
    ['with an id without end', { id: 'a'.repeat(1365), rawId: 'a'.repeat(1365), type: 'public-key', response: { clientDataJSON: '' } }],
  ])('a credential %s is refused as GoTrue refuses it, and uses its challenge up', async (_, credential) => {
    const { ask } = await member()
    for (const [asking, path, begun] of [
      [ask, 'registration', await begin(ask)],
      [backend.stranger, 'authentication', await challenge()],
    ] as const) {
      const send = (challenge_id: string) => asking(`/auth/v1/passkeys/${path}/verify`, { body: { challenge_id, credential } })
      expect(codeOf(await send(begun.challenge_id))).toEqual([400, 'webauthn_verification_failed'])
      expect(codeOf(await send(begun.challenge_id))).toEqual([400, 'webauthn_challenge_not_found'])
      expect(codeOf(await send('00000000-0000-0000-0000-000000000000'))).toEqual([400, 'webauthn_challenge_not_found'])
    }
  })

  test('bytes that are no answer are refused like a wrong one', async () => {
    const { ask, device } = await owner()
    for (const garbage of ['', 'AAAA', '%%%', btoa('{}'), btoa('[]'), btoa('null'), `o2Nmb${'A'.repeat(2000)}`, 'n'.repeat(60_000)]) {
      const made = await begin(ask)
      const response = { clientDataJSON: garbage, attestationObject: garbage }
      const answer = await ask('/auth/v1/passkeys/registration/verify', {
        body: { challenge_id: made.challenge_id, credential: { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response } },
      })
      expect(codeOf(answer)).toEqual([400, 'webauthn_verification_failed'])
      const { challenge_id, options } = await challenge()
      const right = await device.get(options, ORIGIN)
      for (const member of ['clientDataJSON', 'authenticatorData', 'signature']) {
        const credential = { ...right, response: { ...(right['response'] as object), [member]: garbage } }
        const wrong = await backend.stranger('/auth/v1/passkeys/authentication/verify', { body: { challenge_id, credential } })
        expect(wrong.status).toBe(400)
      }
    }
  })
})

describe('looking after them', () => {
  test('they are listed, renamed and removed by their owner', async () => {
    const { ask, passkeyId, device } = await owner()
    const renamed = await ask(`/auth/v1/passkeys/${passkeyId}`, { method: 'PATCH', body: { friendly_name: 'My phone' } })
    expect(renamed.status).toBe(200)
    expect(renamed.json).toEqual({ id: passkeyId, friendly_name: 'My phone', created_at: expect.stringMatching(/Z$/) })
    expect(body(await ask('/auth/v1/passkeys'))).toEqual([renamed.json])
    expect((await ask('/auth/v1/passkeys')).text).not.toContain(device.credentialId)
    const removed = await ask(`/auth/v1/passkeys/${passkeyId}`, { method: 'DELETE' })
    expect([removed.status, removed.text]).toEqual([204, ''])
    expect(body(await ask('/auth/v1/passkeys'))).toEqual([])
    expect(codeOf(await signIn(device))).toEqual([400, 'webauthn_verification_failed'])
  })

  test('whoever is banned renames and removes none', async () => {
    const { id, ask, passkeyId } = await owner()
    await backend.service(`/auth/v1/admin/users/${id}`, { method: 'PUT', body: { ban_duration: '1h' } })
    const path = `/auth/v1/passkeys/${passkeyId}`
    expect(codeOf(await ask(path, { method: 'PATCH', body: { friendly_name: 'Mine now' } }))).toEqual([403, 'user_banned'])
    expect(codeOf(await ask(path, { method: 'DELETE' }))).toEqual([403, 'user_banned'])
    const [kept] = await sql('select friendly_name from auth_passkeys where id = ?', passkeyId)
    expect(kept!['friendly_name']).not.toBe('Mine now')
    expect(await sql(`select id from auth_audit where user_id = ? and action = 'passkey_updated'`, id)).toEqual([])
  })

  test('their owner is told by mail when one comes or goes, once, and nobody for nothing', async () => {
    const { id, ask, passkeyId, device } = await owner()
    const told = async () => (await messagesTo(`${id}@example.com`)).map(({ kind, text }) => [kind, text.includes('Passkey')])
    expect(await told()).toEqual([['identity_linked', true]])
    expect(codeOf(await register(ask, device))).toEqual([422, 'webauthn_credential_exists'])
    expect(await told()).toHaveLength(1)
    const removals = await Promise.all(Array.from({ length: 5 }, () => ask(`/auth/v1/passkeys/${passkeyId}`, { method: 'DELETE' })))
    expect(removals.filter(({ status }) => status === 204)).toHaveLength(1)
    expect((await told())[0]).toEqual(['identity_unlinked', true])
    expect(await told()).toHaveLength(2)
  })

  test('nobody touches those of another', async () => {
    const { passkeyId, ask } = await owner()
    const other = await member()
    const missing = [404, 'validation_failed']
    const name = { method: 'PATCH', body: { friendly_name: 'Mine now' } }
    expect(codeOf(await other.ask(`/auth/v1/passkeys/${passkeyId}`, name))).toEqual(missing)
    expect(codeOf(await other.ask(`/auth/v1/passkeys/${passkeyId}`, { method: 'DELETE' }))).toEqual(missing)
    expect(body(await other.ask('/auth/v1/passkeys'))).toEqual([])
    expect(codeOf(await backend.stranger('/auth/v1/passkeys'))).toEqual([401, 'no_authorization'])
    expect(body<Record<string, unknown>[]>(await ask('/auth/v1/passkeys'))[0]).not.toHaveProperty('friendly_name')
  })

  test('P22: an id that is none is not found, and other methods and paths are refused by name', async () => {
    const { ask } = await member()
    for (const id of ['..%2Fx', '%2e%2e', 'registration', 'x'.repeat(500), crypto.randomUUID()]) {
      const answer = await ask(`/auth/v1/passkeys/${id}`, { method: 'DELETE' })
      expect(answer.status).toBe(404)
    }
    expect(codeOf(await ask(`/auth/v1/passkeys/${crypto.randomUUID()}`, { method: 'PUT', body: {} }))).toEqual([405, 'method_not_allowed'])
    expect(codeOf(await ask('/auth/v1/passkeys/registration/options'))).toEqual([405, 'method_not_allowed'])
    expect(codeOf(await ask('/auth/v1/passkeys/registration/other', { body: {} }))).toEqual([501, 'feature_disabled'])
    expect(codeOf(await ask('/auth/v1/passkeys', { body: {} }))).toEqual([405, 'method_not_allowed'])
  })

  test('an operator with the secret key sees and removes those of others, and nobody else does', async () => {
    const { id, passkeyId, device } = await owner()
    const path = `/auth/v1/admin/users/${id}/passkeys`
    expect(body(await backend.service(path))).toMatchObject([{ id: passkeyId }])
    const { ask } = await member()
    for (const [asking, refused] of [
      [ask, [403, 'not_admin']],
      [backend.stranger, [401, 'no_authorization']],
    ] as const) {
      expect(codeOf(await asking(path))).toEqual(refused)
      expect(codeOf(await asking(`${path}/${passkeyId}`, { method: 'DELETE' }))).toEqual(refused)
    }
    expect(codeOf(await backend.service(`/auth/v1/admin/users/${crypto.randomUUID()}/passkeys`))).toEqual([404, 'user_not_found'])
    expect(codeOf(await backend.service(`${path}/${crypto.randomUUID()}`, { method: 'DELETE' }))).toEqual([404, 'validation_failed'])
    expect(codeOf(await backend.service('/auth/v1/admin/users/x/passkeys'))).toEqual([404, 'validation_failed'])
    expect((await backend.service(`${path}/${passkeyId}`, { method: 'DELETE' })).status).toBe(204)
    expect(codeOf(await signIn(device))).toEqual([400, 'webauthn_verification_failed'])
    const [entry] = await sql("select actor, actor_id from auth_audit where user_id = ? and action = 'passkey_deleted'", id)
    expect(entry).toEqual({ actor: 'service', actor_id: null })
  })

  test('what it costs: one call for a challenge or a list, two for an answer', async () => {
    const { ask, device } = await owner()
    const calls = (answer: Answer) => [answer.status, Number(answer.headers.get('x-perigee-d1-calls'))]
    const asked = await backend.stranger('/auth/v1/passkeys/authentication/options', { body: {} })
    expect(calls(asked)).toEqual([200, 1])
    const { challenge_id, options } = body<Awaited<ReturnType<typeof challenge>>>(asked)
    const credential = await device.get(options, ORIGIN)
    expect(calls(await backend.stranger('/auth/v1/passkeys/authentication/verify', { body: { challenge_id, credential } }))).toEqual([
      200, 2,
    ])
    expect(calls(await ask('/auth/v1/passkeys'))).toEqual([200, 1])
    const making = await ask('/auth/v1/passkeys/registration/options', { body: {} })
    expect(calls(making)).toEqual([200, 1])
    const made = body<Awaited<ReturnType<typeof begin>>>(making)
    const own = await (await Authenticator.make()).create(made.options, ORIGIN)
    const kept = await ask('/auth/v1/passkeys/registration/verify', { body: { challenge_id: made.challenge_id, credential: own } })
    expect(calls(kept)).toEqual([200, 2])
  })

  test('a name has 1 to 120 characters', async () => {
    const { ask, passkeyId } = await owner()
    const named = (name: unknown) => ask(`/auth/v1/passkeys/${passkeyId}`, { method: 'PATCH', body: { friendly_name: name } })
    for (const name of ['', ' ', null, 7, 'x'.repeat(121), 'a\u0000b', '\ud800'])
      expect(codeOf(await named(name))).toEqual([400, 'validation_failed'])
    expect((await named('x'.repeat(120))).status).toBe(200)
  })
})
