// What people change by mail once they are in: their password and their address.
import { beforeEach, describe, expect, test } from 'vitest'
import { enroll, prove } from './factors'
import { serve, sql } from '../support/backend'
import { messageTo } from '../support/messages'
import {
  as,
  backend,
  bodyOf,
  codeOf,
  idOf,
  mailApp,
  mailsTo,
  mailTo,
  member,
  newEmail,
  nobody,
  open,
  OTHER,
  PASSWORD,
  post,
  put,
  seen,
  signIn,
  tokensOf,
  verify,
  wrong,
} from './mails'

beforeEach(async () => {
  await sql('DELETE FROM sys_outbox')
})

describe('a new password', () => {
  test('is chosen with the session of a recovery, which ends the others and every code', async () => {
    const { email, id, token } = await member()
    const asked = await backend.stranger('/auth/v1/recover?redirect_to=mail://password', { body: { email } })
    expect([asked.status, asked.json]).toEqual([200, {}])
    const { kind, variables } = await mailTo(email)
    expect([kind, variables['redirectTo']]).toEqual(['recovery', 'mail://password'])
    const session = bodyOf(await verify(email, String(variables['code']), 'recovery')).access_token
    await post('otp', { email })
    expect((await put(session, { password: PASSWORD })).status).toBe(200)
    expect((await signIn(email)).status).toBe(200)
    expect((await backend.stranger('/auth/v1/user', as(token))).status).toBe(403)
    expect(await tokensOf(id)).toEqual([])
    await sql('DELETE FROM sys_outbox')
    expect((await post('recover', { email: newEmail() })).json).toEqual({})
    expect(await sql('SELECT id FROM sys_outbox')).toEqual([])
  })

  test('is told to the address that the person has proved, once it is written', async () => {
    const { email, token } = await member()
    const told = async () => (await mailsTo(email)).filter(({ kind }) => kind === 'password_changed').length
    expect(seen(await put(token, { password: 'short' }))).toEqual([422, 'weak_password'])
    expect(await told()).toBe(0)
    expect((await put(token, { password: PASSWORD })).status).toBe(200)
    expect(await told()).toBe(1)
    expect((await put(token, { data: { name: 'Ann' } })).status).toBe(200)
    expect(seen(await put(token, { password: PASSWORD }))).toEqual([422, 'same_password'])
    expect(await told()).toBe(1)
    const lax = serve(mailApp({ confirmEmail: false }))
    expect((await put(token, { email: newEmail() }, lax.stranger)).status).toBe(200)
    expect((await mailsTo(email))[0]!.kind).toBe('email_changed')
  })

  test('takes a code out of a mail where the session is old and the app says so, once', async () => {
    const strict = serve(mailApp({ reauthenticate: true }))
    const { email, id, token } = await member()
    expect((await put(token, { password: PASSWORD }, strict.stranger)).status).toBe(200)
    await sql('UPDATE auth_sessions SET created_at = created_at - 86400000 WHERE user_id = ?', id)
    expect(seen(await put(token, { password: OTHER }, strict.stranger))).toEqual([400, 'reauthentication_needed'])
    const asked = await strict.stranger('/auth/v1/reauthenticate', as(token))
    expect([asked.status, asked.json]).toEqual([200, {}])
    const { kind, variables } = await mailTo(email)
    expect([kind, variables['link']]).toEqual(['reauthentication', undefined])
    const nonce = String(variables['code'])
    expect(seen(await put(token, { password: OTHER, nonce: wrong(nonce) }, strict.stranger))).toEqual([422, 'reauthentication_not_valid'])
    expect(await tokensOf(id)).toEqual([{ purpose: 'reauthentication', attempts: 1 }])
    // It signs nobody in.
    for (const type of ['email', 'recovery', 'email_change']) expect(seen(await verify(email, nonce, type))[1]).toBe('otp_expired')
    const other = await member()
    await sql('UPDATE auth_sessions SET created_at = created_at - 86400000 WHERE user_id = ?', other.id)
    expect(seen(await put(other.token, { password: OTHER, nonce }, strict.stranger))).toEqual([422, 'reauthentication_not_valid'])
    const passwords = ['third horse battery', 'fourth horse battery', 'fifth horse battery']
    const answers = await Promise.all(passwords.map((password) => put(token, { password, nonce }, strict.stranger)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter((answer) => seen(answer)[1] === 'reauthentication_not_valid')).toHaveLength(2)
    expect((await strict.stranger('/auth/v1/user', as(token))).json).toMatchObject({ reauthentication_sent_at: expect.any(String) })
  })

  test('takes the old one where the app says so, but not of who came back by a mail', async () => {
    const strict = serve(mailApp({ requireCurrentPassword: true }))
    const { email, token } = await member()
    expect((await put(token, { password: PASSWORD }, strict.stranger)).status).toBe(200)
    expect((await put(token, { password: OTHER }, strict.stranger)).status).toBe(200)
    const own = bodyOf(await signIn(email, OTHER)).access_token
    expect(seen(await put(own, { password: PASSWORD }, strict.stranger))).toEqual([400, 'current_password_required'])
    expect(seen(await put(own, { password: PASSWORD, current_password: PASSWORD }, strict.stranger))).toEqual([
      400,
      'current_password_invalid',
    ])
    expect((await put(own, { password: PASSWORD, current_password: OTHER }, strict.stranger)).status).toBe(200)
  })

  test('needs a session and an address to reauthenticate', async () => {
    expect(seen(await backend.stranger('/auth/v1/reauthenticate'))).toEqual([401, 'no_authorization'])
    expect(seen(await backend.stranger('/auth/v1/reauthenticate', as((await nobody()).token)))).toEqual([422, 'validation_failed'])
  })
})

/** What an end of a change is sent. */
const ends = async (old: string, next: string) => [(await mailTo(old)).variables, (await mailTo(next)).variables] as const
const confirm = (email: string, code: unknown) => verify(email, String(code), 'email_change')
const HALF = { msg: 'Confirmation link accepted. Please proceed to confirm link sent to the other email', code: '200' }

describe('a new address', () => {
  test.each([
    ['the new one first', true],
    ['the old one first', false],
  ])('P16: is confirmed at both ends: %s', async (_, newFirst) => {
    const { email, token, id } = await member()
    const next = newEmail('next')
    const asked = await put(token, { email: next.toUpperCase(), data: { mood: 'new' } })
    expect([asked.status, bodyOf(asked).email, bodyOf(asked).new_email]).toEqual([200, email, next])
    expect(asked.json).toMatchObject({ user_metadata: { mood: 'new' }, email_change_sent_at: expect.any(String) })
    const [old, fresh] = await ends(email, next)
    expect([old['email'], old['newEmail'], fresh['email'], fresh['newEmail']]).toEqual([email, next, email, next])
    const steps = newFirst
      ? ([
          [next, fresh],
          [email, old],
        ] as const)
      : ([
          [email, old],
          [next, fresh],
        ] as const)
    const half = await confirm(steps[0][0], steps[0][1]['code'])
    expect([half.status, half.json]).toEqual([200, HALF])
    // Once, and not for the other end.
    expect(seen(await confirm(steps[0][0], steps[0][1]['code']))).toEqual([403, 'otp_expired'])
    if (old['code'] !== fresh['code']) expect(seen(await confirm(steps[1][0], steps[0][1]['code']))).toEqual([403, 'otp_expired'])
    expect((await backend.stranger('/auth/v1/user', as(token))).json).toMatchObject({ email, new_email: next })
    await post('recover', { email })
    const whole = await confirm(steps[1][0], steps[1][1]['code'])
    expect(whole.status, whole.text).toBe(200)
    expect(bodyOf(whole).user).toMatchObject({
      id,
      email: next,
      user_metadata: { mood: 'new', email: next, email_verified: true },
      identities: [{ provider: 'email', identity_data: { email: next, email_verified: true } }],
    })
    expect(bodyOf(whole).user).not.toHaveProperty('new_email')
    // Nothing that is on its way to the old address proves anything any more.
    expect(await tokensOf(id)).toEqual([])
    expect((await mailsTo(email))[0]!.kind).toBe('email_changed')
  })

  test('P16: both ends at once, fifty times each, change it once', async () => {
    const { email, token, id } = await member()
    const next = newEmail('next')
    await put(token, { email: next })
    const [old, fresh] = await ends(email, next)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? confirm(next, fresh['code']) : confirm(email, old['code']))),
    )
    const sessions = answers.filter((answer) => answer.status === 200 && 'access_token' in (answer.json as object))
    expect(sessions).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2)
    expect(await sql('SELECT email, new_email, email_change_confirmed FROM auth_users WHERE id = ?', id)).toEqual([
      { email: next, new_email: null, email_change_confirmed: null },
    ])
  })

  test('asked for again for another address starts anew: what was confirmed for the first counts no more', async () => {
    const { email, token, id } = await member()
    const [first, second] = [newEmail('first'), newEmail('second')]
    await put(token, { email: first })
    const [old] = await ends(email, first)
    expect((await confirm(email, old['code'])).json).toEqual(HALF)
    await put(token, { email: second })
    const firstCode = (await mailTo(first)).variables['tokenHash']
    expect(seen(await post('verify', { type: 'email_change', token_hash: firstCode }))).toEqual([403, 'otp_expired'])
    const [again, fresh] = await ends(email, second)
    expect((await confirm(second, fresh['code'])).json).toEqual(HALF)
    expect((await sql('SELECT email FROM auth_users WHERE id = ?', id))[0]!['email']).toBe(email)
    expect(bodyOf(await confirm(email, again['code'])).user.email).toBe(second)
  })

  test('is mailed again to the ends that are still to confirm', async () => {
    const { email, token } = await member()
    const next = newEmail('next')
    await put(token, { email: next })
    expect((await confirm(email, (await mailTo(email)).variables['code'])).json).toEqual(HALF)
    await sql('DELETE FROM sys_outbox')
    expect((await post('resend', { type: 'email_change', email })).json).toEqual({})
    expect([(await mailsTo(email)).length, (await mailsTo(next)).length]).toEqual([0, 1])
    expect(bodyOf(await confirm(next, await codeOf(next))).user.email).toBe(next)
    await sql('DELETE FROM sys_outbox')
    expect((await post('resend', { type: 'email_change', email: next })).json).toEqual({})
    expect(await sql('SELECT id FROM sys_outbox')).toEqual([])
  })

  test('is confirmed there alone where the app says so', async () => {
    const lax = serve(mailApp({ secureEmailChange: false }))
    const { email, token } = await member()
    const next = newEmail('next')
    await sql('DELETE FROM sys_outbox')
    await put(token, { email: next }, lax.stranger)
    expect(await mailsTo(email)).toEqual([])
    const whole = await post('verify', { type: 'email_change', email: next, token: await codeOf(next) }, lax.stranger)
    expect(bodyOf(whole).user.email).toBe(next)
  })

  test('makes somebody anonymous permanent, with the same id and the password that came with it', async () => {
    const { token, id } = await nobody()
    const email = newEmail()
    expect(seen(await put(token, { password: PASSWORD }))).toEqual([422, 'validation_failed'])
    const asked = bodyOf(await put(token, { email, password: PASSWORD, data: { name: 'Ann' } }))
    expect(asked).toMatchObject({ id, email: '', new_email: email, is_anonymous: true })
    expect(seen(await signIn(email))).toEqual([400, 'invalid_credentials'])
    expect((await post('resend', { type: 'email_change', email })).json).toEqual({})
    const { user } = bodyOf(await confirm(email, await codeOf(email)))
    expect(user).toMatchObject({
      id,
      email,
      is_anonymous: false,
      app_metadata: { provider: 'email', providers: ['email'] },
      user_metadata: { name: 'Ann', email_verified: true },
      identities: [{ provider: 'email' }],
    })
    expect(bodyOf(await signIn(email)).user.id).toBe(id)
  })

  test('P18: of somebody else is asked for like any other, gets no mail, and never becomes theirs', async () => {
    const { email: taken, id: owner } = await member()
    const { token, id } = await nobody()
    await sql('DELETE FROM sys_outbox')
    const [known, unknown] = [await put(token, { email: taken }), await put((await nobody()).token, { email: newEmail() })]
    expect([known.status, new Set(Object.keys(known.json as object))]).toEqual([
      unknown.status,
      new Set(Object.keys(unknown.json as object)),
    ])
    expect(known.headers.get('x-perigee-d1-calls')).toBe(unknown.headers.get('x-perigee-d1-calls'))
    expect(await mailsTo(taken)).toEqual([])
    expect(await tokensOf(id)).toEqual([])
    expect(await idOf(taken)).toBe(owner)
  })

  test('P16: that somebody proves between the request and the confirmation stays theirs', async () => {
    const { token, id } = await nobody()
    const email = newEmail()
    await put(token, { email })
    const code = await codeOf(email)
    const owner = await member(email)
    expect(owner.id).not.toBe(id)
    expect(seen(await confirm(email, code))).toEqual([422, 'email_exists'])
    expect(await idOf(email)).toBe(owner.id)
    expect((await backend.stranger('/auth/v1/user', as(token))).json).toMatchObject({ email: '', is_anonymous: true })
  })

  test('is taken from who only said that it was theirs, and of many who prove it at once one gets it', async () => {
    const email = newEmail('wanted')
    await post('signup', { email, password: OTHER, data: { plan: 'x' } })
    const squatter = await idOf(email)
    const people = await Promise.all(Array.from({ length: 5 }, () => nobody()))
    const codes: string[] = []
    for (const { token } of people) {
      await put(token, { email })
      codes.push(String((await messageTo(email, mailApp())).variables['tokenHash']))
    }
    const answers = await Promise.all(codes.map((hash) => post('verify', { type: 'email_change', token_hash: hash })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter((answer) => seen(answer)[1] === 'email_exists')).toHaveLength(4)
    expect(people.map(({ id }) => id)).toContain(await idOf(email))
    expect(seen(await signIn(email, OTHER))).toEqual([400, 'invalid_credentials'])
    expect(await tokensOf(squatter)).toEqual([])
  })

  test('is forgotten with a new password or a first factor, whoever had it mailed again', async () => {
    const lax = serve(mailApp({ secureEmailChange: false }))
    const finish = async (next: string, code: string) =>
      seen(await post('verify', { type: 'email_change', email: next, token: code }, lax.stranger))
    for (const secure of [
      (token: string) => put(token, { password: PASSWORD }),
      (_token: string, id: string) => backend.service(`/auth/v1/admin/users/${id}`, { method: 'PUT', body: { password: PASSWORD } }),
      async (token: string) => prove(token, await enroll(token)),
    ]) {
      const { email, token, id } = await member()
      const next = newEmail('thief')
      await put(token, { email: next }, lax.stranger)
      const code = await codeOf(next)
      await secure(token, id)
      expect(await finish(next, code)).toEqual([403, 'otp_expired'])
      await sql('DELETE FROM sys_outbox')
      await post('resend', { type: 'email_change', email }, lax.stranger)
      expect(await sql('SELECT id FROM sys_outbox')).toEqual([])
      expect(await idOf(email)).toBe(id)
    }
  })

  test('P20: of who has a second factor needs it', async () => {
    const { token, id, email } = await member()
    const now = String(Date.now())
    await sql(
      `INSERT INTO auth_factors (id, user_id, type, status, created_at, updated_at) VALUES (?, ?, 'totp', 'verified', ?, ?)`,
      crypto.randomUUID(),
      id,
      now,
      now,
    )
    const answer = await put(token, { email: newEmail(), data: { mood: 'new' } })
    expect(seen(answer)).toEqual([401, 'insufficient_aal'])
    expect((await backend.stranger('/auth/v1/user', as(token))).json).toMatchObject({ email, user_metadata: { email } })
    expect(answer.text).not.toContain('mood')
  })

  test('by links: the first says what is missing, the second signs in', async () => {
    const { email, token } = await member()
    const next = newEmail('next')
    await put(token, { email: next })
    const half = await open(next)
    expect([half.answer.status, half.to?.origin, half.fragment.get('message'), half.fragment.has('sb')]).toEqual([
      303,
      'https://site.example',
      HALF.msg,
      true,
    ])
    const whole = await open(email)
    expect([whole.fragment.get('type'), whole.fragment.get('access_token')?.split('.').length]).toEqual(['email_change', 3])
  })

  test('changes at once where addresses need no proof, and ends what was on its way', async () => {
    const lax = serve(mailApp({ confirmEmail: false }))
    const { email, token, id } = await member()
    await put(token, { email: newEmail('pending') })
    await post('recover', { email })
    const next = newEmail('next')
    expect(bodyOf(await put(token, { email: next }, lax.stranger))).toMatchObject({ id, email: next })
    expect(await tokensOf(id)).toEqual([])
    expect(await sql('SELECT new_email FROM auth_users WHERE id = ?', id)).toEqual([{ new_email: null }])
  })
})
