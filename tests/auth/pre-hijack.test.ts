// An account that somebody prepares for its victim: whichever way they begin it and whichever way its owner comes, in either order and at once, nothing of
// theirs is left in it.
import { expect, test } from 'vitest'
import { sql } from '../support/backend'
import { messagesTo, messageTo } from '../support/messages'
import { backend, both, grant, newEmail, newSubject, signIn, token, withToken } from './providers'

const PASSWORD = 'correct horse battery'

interface Shown {
  readonly id: string
  readonly email: string
  readonly identities: readonly { readonly identity_id: string; readonly provider: string }[]
}

const bodyOfPerson = (json: unknown) => (json as { user: Shown }).user
const passwordSignIn = (email: string) => backend.stranger('/auth/v1/token?grant_type=password', { body: { email, password: PASSWORD } })

async function show(accessToken: string): Promise<Shown> {
  return (await withToken(accessToken)('/auth/v1/user')).json
}

async function link(accessToken: string, provider: string, claims: Readonly<Record<string, unknown>>) {
  return grant(withToken(accessToken), { provider, id_token: await token(provider, claims), link_identity: true })
}

async function unlink(accessToken: string, identityId: string) {
  return (await withToken(accessToken)(`/auth/v1/user/identities/${identityId}`, { method: 'DELETE' })).status
}

/** Somebody, perhaps not the owner, signs up with an address that has to be proved; what its link carries. */
async function signUpWaiting(email: string): Promise<string> {
  await backend.stranger('/auth/v1/signup', { body: { email, password: PASSWORD, data: { note: 'planted' } } })
  return String((await messageTo(email)).variables['tokenHash'])
}
const openLink = (hash: string) => backend.nobody(`/auth/v1/verify?token=${hash}&type=signup`)
const passwordOf = async (email: string) => (await sql('select password_hash from auth_users where email = ?', email))[0]!['password_hash']

test('P1: the link of a sign-up that waited when the owner came by a provider gives nobody’s password to their account', async () => {
  const email = newEmail()
  const hash = await signUpWaiting(email)
  const owner = await signIn('google', { email, email_verified: true, name: 'Victoria' })
  expect(owner.body.user).toMatchObject({ email, app_metadata: { provider: 'google', providers: ['google'] } })
  const opened = await openLink(hash)
  expect([opened.status, opened.headers.get('location')]).toEqual([303, expect.stringContaining('error_code=otp_expired')])
  expect((await backend.stranger('/auth/v1/verify', { body: { type: 'signup', token_hash: hash } })).status).toBe(403)
  await backend.stranger('/auth/v1/resend', { body: { type: 'signup', email } })
  expect((await messagesTo(email)).map(({ kind }) => kind)).toEqual(['confirmation'])
  expect([(await passwordSignIn(email)).status, await passwordOf(email)]).toEqual([400, null])
  const after = await show(owner.body.access_token)
  expect([after.identities.map(({ provider }) => provider), JSON.stringify(after).includes('planted')]).toEqual([['google'], false])
})

test('P1: opened before that, it is its owner who signed up, and the provider joins them', async () => {
  const email = newEmail()
  const opened = await openLink(await signUpWaiting(email))
  expect(opened.headers.get('location')).toContain('access_token=')
  const { id } = bodyOfPerson((await passwordSignIn(email)).json)
  const owner = await signIn('google', { email, email_verified: true })
  expect(owner.body.user).toMatchObject({ id, app_metadata: { providers: ['email', 'google'] } })
  expect((await passwordSignIn(email)).status).toBe(200)
})

test('P1: with fifty of both at once it is the one or the other, and never a password without its link', async () => {
  for (let round = 0; round < 3; round++) {
    const [email, sub] = [newEmail(), newSubject()]
    const hash = await signUpWaiting(email)
    const all = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        if (i % 2 === 0) return (await signIn('google', { sub, email, email_verified: true })).body.user.id
        return (await openLink(hash)).headers.get('location')!.includes('access_token=')
      }),
    )
    const [{ id }] = (await sql('select id from auth_users where email = ?', email)) as [{ id: string }]
    expect(new Set(all.filter((one) => typeof one === 'string'))).toEqual(new Set([id]))
    const opened = all.filter((one) => one === true).length
    expect(opened).toBeLessThanOrEqual(1)
    const rows = await sql('select provider from auth_identities where user_id = ? order by provider', id)
    expect(rows.map(({ provider }) => provider)).toEqual(opened === 1 ? ['email', 'google'] : ['google'])
    expect((await passwordOf(email)) !== null).toBe(opened === 1)
  }
})

/** Somebody who brought an account with `victim`'s address, for which nobody vouches, to their own, and left it as the only address. */
async function impostor(victim: string) {
  const own = newEmail()
  await both.stranger('/auth/v1/otp', { body: { email: own } })
  const code = String((await messageTo(own)).variables['code'])
  const { json } = await both.stranger('/auth/v1/verify', { body: { type: 'email', email: own, token: code } })
  const { access_token: accessToken, user } = json as { access_token: string; user: Shown }
  expect((await link(accessToken, 'azure', { email: victim })).status).toBe(200)
  return {
    accessToken,
    id: user.id,
    async loseAddress() {
      const { identity_id: id } = (await show(accessToken)).identities.find(({ provider }) => provider === 'email')!
      expect(await unlink(accessToken, id)).toBe(200)
    },
    async ask(body: Readonly<Record<string, unknown>>) {
      const answer = await both.stranger('/auth/v1/user', { method: 'PUT', body, headers: { authorization: `Bearer ${accessToken}` } })
      expect(answer.status, answer.text).toBe(200)
    },
    async provePhone(phone: string) {
      await this.ask({ phone })
      const sent = String((await messageTo(phone)).variables['code'])
      return both.stranger('/auth/v1/verify', { body: { type: 'phone_change', phone, token: sent } })
    },
  }
}

async function comeByMail(email: string): Promise<Shown> {
  await both.stranger('/auth/v1/otp', { body: { email } })
  const code = String((await messageTo(email)).variables['code'])
  return bodyOfPerson((await both.stranger('/auth/v1/verify', { body: { type: 'email', email, token: code } })).json)
}
const comeByGoogle = async (email: string) =>
  (await signIn('google', { email, email_verified: true }, {}, both.stranger)).body.user as unknown as Shown

let phones = 41_770_000_000
const newPhone = () => String(phones++)

test.each([
  ['mail', comeByMail],
  ['a provider', comeByGoogle],
] as const)(
  'what an impostor has begun ends when the owner of the address comes by %s: no change, no code, no way back',
  async (_, come) => {
    const [victim, phone, thief, code] = [newEmail(), newPhone(), newEmail(), crypto.randomUUID()]
    const attacker = await impostor(victim)
    await attacker.loseAddress()
    expect(await show(attacker.accessToken)).toMatchObject({ email: victim })
    await attacker.ask({ phone })
    await attacker.ask({ email: thief })
    const sent = [String((await messageTo(phone)).variables['code']), String((await messageTo(thief)).variables['code'])] as const
    // A code for their app, out of a sign-in that they finished a moment ago.
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(code)))
    const hash = btoa(String.fromCharCode(...digest))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '')
    await sql(
      `insert into auth_flows (id, user_id, method, provider, code_challenge, code_challenge_method, code_hash, issued_at, created_at, expires_at)
      values (?, ?, 'oauth', 'azure', ?, 'plain', ?, 1, 1, 9999999999999)`,
      crypto.randomUUID(),
      attacker.id,
      'v'.repeat(64),
      hash,
    )
    const owner = await come(victim)
    expect(owner).toMatchObject({ id: attacker.id, email: victim })
    const tries = [
      await both.stranger('/auth/v1/verify', { body: { type: 'phone_change', phone, token: sent[0] } }),
      await both.stranger('/auth/v1/verify', { body: { type: 'email_change', email: thief, token: sent[1] } }),
      await both.stranger('/auth/v1/token?grant_type=pkce', { body: { auth_code: code, code_verifier: 'v'.repeat(64) } }),
    ]
    for (const path of ['phone_change', 'email_change']) {
      await both.stranger('/auth/v1/resend', { body: { type: path, ...(path === 'phone_change' ? { phone } : { email: victim }) } })
    }
    expect(tries.map(({ status }) => status)).toEqual([403, 403, 404])
    expect((await messagesTo(phone)).length + (await messagesTo(thief)).length).toBe(2)
    const [row] = await sql('select email, phone, new_email, new_phone from auth_users where id = ?', owner.id)
    expect(row).toEqual({ email: victim, phone: null, new_email: null, new_phone: null })
    expect(await sql('select count(*) as n from auth_sessions where user_id = ?', owner.id)).toEqual([{ n: 1 }])
  },
)

test('a code that an app exchanges just when the owner of the address comes opens nothing to whoever had it', async () => {
  const [{ body }, code] = [await signIn('google', {}), crypto.randomUUID()]
  const { id } = body.user
  const exchange = async (proved: number, issued: number) => {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${code}${proved}`)))
    const hash = btoa(String.fromCharCode(...digest))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '')
    await sql(
      `insert into auth_flows (id, user_id, method, provider, code_challenge, code_challenge_method, code_hash, issued_at, created_at, expires_at)
        values (?, ?, 'oauth', 'google', ?, 'plain', ?, ?, 1, 9999999999999)`,
      crypto.randomUUID(),
      id,
      'v'.repeat(64),
      hash,
      issued,
    )
    await sql('update auth_users set email = ?, email_confirmed_at = ? where id = ?', newEmail(), proved, id)
    const answer = await backend.stranger('/auth/v1/token?grant_type=pkce', {
      body: { auth_code: `${code}${proved}`, code_verifier: 'v'.repeat(64) },
    })
    return answer.status
  }
  // The code was taken already when the owner's proof swept the others away.
  expect(await exchange(1001, 1000)).toBe(404)
  expect(await exchange(1000, 1000)).toBe(200)
})

test.each([
  ['mail', comeByMail],
  ['a provider', comeByGoogle],
] as const)('whoever proved a number of their own keeps no address that somebody else comes for by %s', async (_, come) => {
  // In the one order and in the other: with the number first, the address never becomes theirs; with the address first, it is gone with the number.
  for (const first of ['number', 'address']) {
    const victim = newEmail()
    const attacker = await impostor(victim)
    if (first === 'address') await attacker.loseAddress()
    expect((await attacker.provePhone(newPhone())).status).toBe(200)
    if (first === 'number') await attacker.loseAddress()
    expect(await show(attacker.accessToken)).toMatchObject({ id: attacker.id, email: '' })
    const owner = await come(victim)
    expect([owner.email, owner.id === attacker.id]).toEqual([victim, false])
    expect((await withToken(attacker.accessToken)('/auth/v1/user')).status).toBe(200)
  }
})

test('who only said that an address is theirs keeps nobody from linking the account that has it', async () => {
  const [email, later, sub] = [newEmail(), newEmail(), newSubject()]
  await backend.stranger('/auth/v1/signup', { body: { email, password: PASSWORD } })
  const hash = String((await messageTo(email)).variables['tokenHash'])
  const person = await backend.person()
  const linked = await link(person.token, 'google', { email, email_verified: true })
  expect([linked.status, linked.body.user?.email]).toEqual([200, email])
  expect(await sql('select id from auth_users where email = ?', email)).toEqual([{ id: person.id }])
  expect((await backend.stranger('/auth/v1/verify', { body: { type: 'signup', token_hash: hash } })).status).toBe(403)
  expect((await passwordSignIn(email)).status).toBe(400)
  // Nor from having it once the provider tells it.
  const { body } = await signIn('apple', { sub })
  await backend.stranger('/auth/v1/otp', { body: { email: later } })
  expect((await signIn('apple', { sub, email: later, email_verified: true })).body.user).toMatchObject({ id: body.user.id, email: later })
})
