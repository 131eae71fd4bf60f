// A mail as proof: of a sign-up, to sign in without a password, to choose a new one.
import { beforeEach, describe, expect, test } from 'vitest'
import { app } from '../../src/define'
import { serve, sql } from '../support/backend'
import { messageTo } from '../support/messages'
import {
  backend,
  bodyOf,
  codeOf,
  FIFTY,
  idOf,
  mailApp,
  mailsTo,
  mailTo,
  member,
  newEmail,
  open,
  OTHER,
  PASSWORD,
  post,
  seen,
  sessionsOf,
  signIn,
  tokensOf,
  verify,
  wrong,
} from './mails'

beforeEach(async () => {
  await sql('DELETE FROM sys_outbox')
})

describe('a sign-up', () => {
  test('answers the bare user, and becomes somebody with the code of its mail', async () => {
    const email = newEmail()
    const asked = await backend.stranger('/auth/v1/signup?redirect_to=mail://home', {
      body: { email: email.toUpperCase(), password: PASSWORD, data: { name: 'Ann', email: 'eve@example.com', email_verified: true } },
      headers: { 'accept-language': 'de-CH' },
    })
    expect([asked.status, bodyOf(asked).user, bodyOf(asked).access_token]).toEqual([200, undefined, undefined])
    expect(bodyOf(asked)).toMatchObject({
      email,
      role: 'authenticated',
      user_metadata: { name: 'Ann', email, email_verified: false },
      identities: [{ provider: 'email', identity_data: { email, email_verified: false } }],
      confirmation_sent_at: expect.any(String),
    })
    expect(bodyOf(asked)).not.toHaveProperty('email_confirmed_at')
    expect(seen(await signIn(email))).toEqual([400, 'email_not_confirmed'])
    expect(seen(await signIn(email, OTHER))).toEqual([400, 'invalid_credentials'])

    const { kind, locale, variables } = await mailTo(email)
    expect([kind, locale, variables['redirectTo'], variables['siteUrl']]).toEqual([
      'confirmation',
      'de',
      'mail://home',
      'https://site.example',
    ])
    const confirmed = await verify(email, String(variables['code']), 'signup')
    expect(confirmed.status, confirmed.text).toBe(200)
    expect(bodyOf(confirmed).user).toMatchObject({
      id: bodyOf(asked).id,
      email,
      email_confirmed_at: expect.any(String),
      confirmed_at: expect.any(String),
      last_sign_in_at: expect.any(String),
      app_metadata: { provider: 'email', providers: ['email'] },
      user_metadata: { name: 'Ann', email, email_verified: true },
      identities: [{ provider: 'email', identity_data: { name: 'Ann', email, email_verified: true } }],
    })
    const claims = JSON.parse(atob(bodyOf(confirmed).access_token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as object
    expect(claims).toMatchObject({ email, amr: [{ method: 'otp' }], aal: 'aal1' })
    expect((await signIn(email)).status).toBe(200)
    expect(await tokensOf(bodyOf(asked).id)).toEqual([])
  })

  test('of who is there already answers as if they were new, sends nothing and changes nothing', async () => {
    const { email, id } = await member()
    const before = (await mailsTo(email)).length
    const [first, second] = [
      await post('signup', { email, password: PASSWORD, data: { name: 'Eve' } }),
      await post('signup', { email, password: PASSWORD, data: { name: 'Eve' } }),
    ]
    const stranger = await post('signup', { email: newEmail(), password: PASSWORD, data: { name: 'Eve' } })
    const members = (answer: typeof first) => new Set(Object.keys(bodyOf(answer)))
    expect(members(first)).toEqual(members(stranger))
    expect(bodyOf(first).identities).toHaveLength(1)
    expect(new Set([bodyOf(first).id, bodyOf(second).id, id]).size).toBe(3)
    expect(await mailsTo(email)).toHaveLength(before)
    expect(await sql('SELECT id FROM auth_users WHERE id IN (?, ?)', bodyOf(first).id, bodyOf(second).id)).toEqual([])
    expect(seen(await signIn(email))).toEqual([400, 'invalid_credentials'])
    expect((await sql('SELECT user_metadata FROM auth_users WHERE id = ?', id))[0]!['user_metadata']).not.toContain('Eve')
  })

  test('P2: the password and the metadata of whoever was first never become the owner’s', async () => {
    const email = newEmail('victim')
    await post('signup', { email, password: OTHER, data: { role: 'attacker', plan: 'x' } })
    const attackers = await codeOf(email)
    const link = String((await mailTo(email)).variables['tokenHash'])
    await post('signup', { email, password: PASSWORD, data: { name: 'Victim' } })
    expect(seen(await post('verify', { type: 'signup', token_hash: link }))).toEqual([403, 'otp_expired'])
    const own = await codeOf(email)
    if (attackers !== own) expect(seen(await verify(email, attackers, 'signup'))).toEqual([403, 'otp_expired'])
    const { user } = bodyOf(await verify(email, own, 'signup'))
    expect(user.user_metadata).toEqual({ name: 'Victim', sub: user.id, email, email_verified: true, phone_verified: false })
    expect(seen(await signIn(email, OTHER))).toEqual([400, 'invalid_credentials'])
    expect((await signIn(email)).status).toBe(200)
  })

  test.each(['otp', 'recover'])(
    'P3: confirmed by /%s has no password, metadata, session or identity that somebody put in before',
    async (path) => {
      const email = newEmail('victim')
      await post('signup', { email, password: OTHER, data: { plan: 'x' } })
      const id = await idOf(email)
      // Whatever way it came there.
      const now = String(Date.now())
      await sql(`UPDATE auth_users SET password_hash = 'scrypt$x', user_metadata = '{"plan":"x"}' WHERE id = ?`, id)
      await sql(
        `INSERT INTO auth_identities (id, user_id, provider, subject, created_at, updated_at) VALUES (?, ?, 'github', ?, ?, ?)`,
        crypto.randomUUID(),
        id,
        id,
        now,
        now,
      )
      await sql(`INSERT INTO auth_sessions (id, user_id, refreshed_at, created_at) VALUES (?, ?, ?, ?)`, crypto.randomUUID(), id, now, now)

      await post(path, { email })
      const mail = (await mailsTo(email)).find(({ kind }) => kind !== 'confirmation')!
      const { user } = bodyOf(await verify(email, String(mail.variables['code']), path === 'otp' ? 'email' : 'recovery'))
      expect(user).toMatchObject({ id, email_confirmed_at: expect.any(String) })
      expect(user.user_metadata).toEqual({ sub: id, email, email_verified: true, phone_verified: false })
      expect(user.identities.map(({ provider }) => provider)).toEqual(['email'])
      expect(await sql('SELECT password_hash FROM auth_users WHERE id = ?', id)).toEqual([{ password_hash: null }])
      expect(await sessionsOf(id)).toBe(1)
      expect(await tokensOf(id)).toEqual([])
      expect(seen(await signIn(email, OTHER))).toEqual([400, 'invalid_credentials'])
    },
  )

  test('what an administrator wrote of somebody is theirs, however they confirm', async () => {
    const email = newEmail()
    const made = await backend.service('/auth/v1/admin/users', { body: { email, password: PASSWORD, user_metadata: { plan: 'gold' } } })
    expect(made.status, made.text).toBe(200)
    expect(seen(await signIn(email))).toEqual([400, 'email_not_confirmed'])
    await post('resend', { type: 'signup', email })
    const { user } = bodyOf(await verify(email, await codeOf(email), 'signup'))
    expect(user.user_metadata).toMatchObject({ plan: 'gold', email_verified: true })
    expect((await signIn(email)).status).toBe(200)
  })

  test('that an administrator confirms has the password and the metadata that it was made with, and its code is spent', async () => {
    const email = newEmail()
    await post('signup', { email, password: PASSWORD, data: { name: 'Ann' } })
    const id = await idOf(email)
    const confirmed = await backend.service(`/auth/v1/admin/users/${id}`, { method: 'PUT', body: { email_confirm: true } })
    expect(bodyOf(confirmed)).toMatchObject({ email_confirmed_at: expect.any(String), user_metadata: { name: 'Ann' } })
    expect((await signIn(email)).status).toBe(200)
    expect(seen(await verify(email, await codeOf(email), 'signup'))).toEqual([403, 'otp_expired'])
    // Whoever has a password already keeps it.
    await sql('UPDATE auth_users SET email_confirmed_at = NULL WHERE id = ?', id)
    await post('signup', { email, password: OTHER, data: { name: 'Eve' } })
    await backend.service(`/auth/v1/admin/users/${id}`, { method: 'PUT', body: { email_confirm: true } })
    expect((await signIn(email)).status).toBe(200)
    expect((await sql('SELECT user_metadata FROM auth_users WHERE id = ?', id))[0]!['user_metadata']).not.toContain('Eve')
  })

  test.each([
    ['invited', (email: string) => backend.service('/auth/v1/invite', { body: { email } })],
    ['made', (email: string) => backend.service('/auth/v1/admin/users', { body: { email, password: PASSWORD } })],
  ] as const)('with the address of somebody whom an administrator %s gives nobody’s password to them', async (how, make) => {
    const email = newEmail(how)
    const { id } = bodyOf(await make(email))
    await backend.service(`/auth/v1/admin/users/${id}`, { method: 'PUT', body: { app_metadata: { roles: ['guide'] } } })
    const invitation = how === 'invited' ? (await mailTo(email)).variables['tokenHash'] : null
    const [known, unknown] = [
      await post('signup', { email, password: OTHER, data: { plan: 'x' } }),
      await post('signup', { email: newEmail(), password: OTHER, data: { plan: 'x' } }),
    ]
    expect([known.status, Object.keys(known.json)]).toEqual([unknown.status, Object.keys(unknown.json)])
    expect(known.headers.get('x-perigee-d1-calls')).toBe(unknown.headers.get('x-perigee-d1-calls'))
    const sent = await codeOf(email)
    // The invitation is good all the same.
    const proof = how === 'invited' ? { type: 'invite', token_hash: invitation } : { type: 'signup', email, token: sent }
    const { user } = bodyOf(await post('verify', proof))
    expect(user).toMatchObject({ id, app_metadata: { roles: ['guide'] } })
    expect(user.user_metadata).not.toHaveProperty('plan')
    expect(seen(await signIn(email, OTHER))).toEqual([400, 'invalid_credentials'])
    expect((await signIn(email)).status).toBe(how === 'made' ? 200 : 400)
    expect(seen(await verify(email, sent, 'signup'))).toEqual([403, 'otp_expired'])
  })

  test('asked for again keeps what waits, with a new code', async () => {
    const email = newEmail()
    await post('signup', { email, password: PASSWORD, data: { name: 'Ann' } })
    const first = (await mailTo(email)).variables
    const again = await post('resend', { type: 'signup', email })
    expect([again.status, again.json]).toEqual([200, {}])
    expect(seen(await post('verify', { type: 'signup', token_hash: first['tokenHash'] }))).toEqual([403, 'otp_expired'])
    const { user } = bodyOf(await verify(email, await codeOf(email), 'signup'))
    expect(user.user_metadata['name']).toBe('Ann')
    expect((await signIn(email)).status).toBe(200)
    await sql('DELETE FROM sys_outbox')
    expect((await post('resend', { type: 'signup', email })).json).toEqual({})
    expect(await mailsTo(email)).toEqual([])
  })

  test('is refused like everybody’s where sign-ups are closed; where addresses need no proof it answers a session', async () => {
    const closed = serve(mailApp({ disableSignup: true }))
    const { email } = await member()
    for (const address of [email, newEmail()])
      expect(seen(await post('signup', { email: address, password: PASSWORD }, closed.stranger))).toEqual([422, 'signup_disabled'])
    const open = serve(app({ name: 'Open', tables: [] }))
    expect((await open.stranger('/auth/v1/settings')).json).toMatchObject({ mailer_autoconfirm: true })
    expect((await backend.stranger('/auth/v1/settings')).json).toMatchObject({ mailer_autoconfirm: false })
    expect(bodyOf(await post('signup', { email: newEmail(), password: PASSWORD }, open.stranger)).access_token).toBeTruthy()
  })
})

describe('a code', () => {
  test('signs a new person in, and who is known again, whose password and metadata stay', async () => {
    const email = newEmail()
    const asked = await post('otp', { email, data: { name: 'Ann' } })
    expect([asked.status, asked.json]).toEqual([200, {}])
    const first = bodyOf(await verify(email, await codeOf(email)))
    expect(first.user).toMatchObject({ email, user_metadata: { name: 'Ann', email_verified: true }, is_anonymous: false })
    await post('magiclink', { email, data: { name: 'Eve' } })
    const again = bodyOf(await verify(email, await codeOf(email), 'magiclink'))
    expect(again.user).toMatchObject({ id: first.user.id, user_metadata: { name: 'Ann' }, recovery_sent_at: expect.any(String) })
    // Hyphens and blanks are how people write them down.
    await post('otp', { email })
    const code = await codeOf(email)
    expect((await verify(email.toUpperCase(), ` ${code.slice(0, 3)}-${code.slice(3)} `)).status).toBe(200)
  })

  test('is sent to nobody where there is nobody and nobody is to be made, and the answer doesn’t say so', async () => {
    const closed = serve(mailApp({ disableSignup: true }))
    const email = newEmail()
    const [known] = [await member()]
    await sql('DELETE FROM sys_outbox')
    for (const [address, ask, body] of [
      [email, backend.stranger, { create_user: false }],
      [email, closed.stranger, {}],
      [known.email, closed.stranger, {}],
    ] as const) {
      const answer = await post('otp', { email: address, ...body }, ask)
      expect([answer.status, answer.json]).toEqual([200, {}])
    }
    expect(await mailsTo(email)).toEqual([])
    expect(await sql('SELECT id FROM auth_users WHERE email = ?', email)).toEqual([])
    expect(await mailsTo(known.email)).toHaveLength(1)
  })

  test('P9: posted fifty times at once opens one session', async () => {
    const email = newEmail()
    await post('otp', { email })
    const code = await codeOf(email)
    const answers = await Promise.all(FIFTY.map(() => verify(email, code)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter((answer) => seen(answer)[1] === 'otp_expired')).toHaveLength(49)
    expect(await sessionsOf(await idOf(email))).toBe(1)
  })

  test('P10: of fifty wrong ones at once five count; then the right one is none, a new one doesn’t help, and the link still does', async () => {
    const email = newEmail()
    await post('otp', { email })
    const code = await codeOf(email)
    const answers = await Promise.all(FIFTY.map(() => verify(email, wrong(code))))
    expect(answers.map(seen)).toEqual(FIFTY.map(() => [403, 'otp_expired']))
    const id = await idOf(email)
    expect(await tokensOf(id)).toEqual([{ purpose: 'recovery', attempts: 5 }])
    expect(seen(await verify(email, code))).toEqual([403, 'otp_expired'])
    await post('otp', { email })
    expect(await tokensOf(id)).toEqual([{ purpose: 'recovery', attempts: 5 }])
    expect(seen(await verify(email, await codeOf(email)))).toEqual([403, 'otp_expired'])
    // Guessing must not lock the owner out: nobody guesses a link.
    expect((await open(email)).fragment.get('access_token')).toBeTruthy()
    // An hour later there are five tries again.
    await post('otp', { email })
    for (let i = 0; i < 5; i++) await verify(email, wrong(await codeOf(email)))
    await sql('UPDATE auth_one_time_tokens SET created_at = created_at - 3600000 WHERE user_id = ?', id)
    await post('otp', { email })
    expect((await verify(email, await codeOf(email))).status).toBe(200)
  })

  test('P10: four wrong ones leave the fifth try; among fifty tries at once the right one opens one session at most', async () => {
    const email = newEmail()
    await post('otp', { email })
    const code = await codeOf(email)
    for (let i = 0; i < 4; i++) await verify(email, wrong(code))
    expect((await verify(email, code)).status).toBe(200)
    await post('otp', { email })
    const next = await codeOf(email)
    const answers = await Promise.all(FIFTY.map((_, i) => verify(email, i % 10 === 9 ? next : wrong(next))))
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1)
  })

  test('expires, and dies with the account’s ban', async () => {
    const { email, id } = await member()
    await post('otp', { email })
    const code = await codeOf(email)
    await sql('UPDATE auth_one_time_tokens SET expires_at = ? WHERE user_id = ?', String(Date.now()), id)
    expect(seen(await verify(email, code))).toEqual([403, 'otp_expired'])
    expect((await open(email)).fragment.get('error_code')).toBe('otp_expired')
    await post('otp', { email })
    await sql('UPDATE auth_users SET banned_until = ? WHERE id = ?', String(Date.now() + 60_000), id)
    expect(seen(await verify(email, await codeOf(email)))).toEqual([403, 'user_banned'])
    expect(seen(await verify(email, wrong(await codeOf(email))))).toEqual([403, 'otp_expired'])
  })

  test('P17: of one purpose and address is good for no other', async () => {
    const [one, two] = [newEmail(), newEmail()]
    await post('recover', { email: (await member(one)).email })
    await post('signup', { email: two, password: PASSWORD })
    const [recovery, confirmation] = [await codeOf(one), await codeOf(two)]
    for (const [email, code, type] of [
      [two, recovery, 'email'],
      [one, recovery, 'email_change'],
      [one, recovery, 'invite'],
      [two, confirmation, 'recovery'],
      [two, confirmation, 'email_change'],
    ] as const) {
      if (recovery !== confirmation) expect(seen(await verify(email, code, type))).toEqual([403, 'otp_expired'])
    }
    const phones = serve(mailApp({ phone: true }))
    expect(seen(await post('verify', { type: 'sms', phone: '+4915112345678', token: confirmation }, phones.stranger))).toEqual([
      403,
      'otp_expired',
    ])
    expect(seen(await post('verify', { type: 'sms', email: two, token: confirmation }))).toEqual([400, 'validation_failed'])
    expect((await verify(two, confirmation, 'email')).status).toBe(200)
  })

  test.each([
    [{}, 'Verify requires a token or a token hash'],
    [{ token: '123456', type: 'email' }, 'Only an email address or phone number'],
    [{ token: '123456', email: 'a@example.com' }, 'Verify requires a verification type'],
    [{ token: '123456', email: 'a@example.com', type: '__proto__' }, 'Invalid email verification type'],
    [{ token: '123456', email: 'a@example.com', token_hash: 'x', type: 'email' }, 'Only an email address or phone number'],
    [{ token_hash: 'x', email: 'a@example.com', type: 'email' }, 'Only the token_hash and type should be provided'],
    [{ token: '123456', email: 'no address', type: 'email' }, 'Unable to validate email address'],
  ])('with %o is refused', async (body, message) => {
    const answer = await post('verify', body)
    expect(seen(answer)).toEqual([400, 'validation_failed'])
    expect(bodyOf(answer).msg).toContain(message)
  })

  test('of any length, and what is none, are just wrong', async () => {
    const { email } = await member()
    await post('otp', { email })
    for (const code of ['0', '1234567', 'abcdef', '９９９９９９', '0'.repeat(5_000), '__proto__', '%00'])
      expect(seen(await verify(email, code))).toEqual([403, 'otp_expired'])
    const long = serve(mailApp({ codes: { length: 8 } }))
    await post('otp', { email }, long.stranger)
    expect((await messageTo(email, mailApp())).variables['code']).toMatch(/^\d{8}$/)
  })

  test('that nobody asked for is not asked for: a challenge without its method, an address that is none', async () => {
    const bad: [string, object][] = [
      ['otp', { email: newEmail(), code_challenge: 'x'.repeat(43) }],
      ['otp', { email: newEmail(), code_challenge: 'x', code_challenge_method: 's256' }],
      ['otp', {}],
      ['otp', { email: 'none' }],
      ['otp', { email: newEmail(), channel: 'sms' }],
      ['token?grant_type=password', { email: newEmail(), phone: '+4915112345678', password: PASSWORD }],
      ['recover', {}],
      ['recover', { email: 'a@b' }],
      ['resend', { email: newEmail() }],
      ['resend', { type: 'recovery', email: newEmail() }],
      ['resend', { type: 'signup' }],
      ['resend', { type: 'sms', email: newEmail() }],
      ['signup', { email: newEmail(), password: PASSWORD, code_challenge_method: 'plain' }],
    ]
    for (const [path, body] of bad) expect(seen(await post(path, body))).toEqual([400, 'validation_failed'])
  })
})

test('asking, for anybody, is a read and a batch; a sign-up one batch; proving a read and a batch', async () => {
  const { email } = await member()
  const calls = async (answer: ReturnType<typeof post>) => Number((await answer).headers.get('x-perigee-d1-calls'))
  for (const address of [email, newEmail()]) {
    expect(await calls(post('otp', { email: address }))).toBe(2)
    expect(await calls(post('recover', { email: address }))).toBe(2)
    expect(await calls(post('resend', { type: 'signup', email: address }))).toBe(2)
    expect(await calls(post('resend', { type: 'email_change', email: address }))).toBe(2)
    expect(await calls(post('signup', { email: address, password: PASSWORD }))).toBe(1)
    expect(await calls(verify(address, '000000'))).toBe(2)
    expect(await calls(signIn(address, OTHER))).toBe(1)
  }
  expect(await calls(verify(email, await codeOf(email)))).toBe(2)
})
