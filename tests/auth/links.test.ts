// Links that an administrator asks for, and invitations by mail. Verifying them is the affair of mail.test.ts and of tests/clients/sign-in.
import { describe, expect, test } from 'vitest'
import { messagesTo } from '../support/messages'
import { admin, apiKeys, call, database, newEmail, PASSWORD, rows, signUpAnonymously, told, type Answer } from './client'

const link = (body: Record<string, unknown>) => admin('generate_link', { body })
const invite = (body: Record<string, unknown>, query = '') => call(`/auth/v1/invite${query}`, { body, apiKey: apiKeys.secretKey })

interface Token {
  readonly purpose: string
  readonly address: string
  readonly password_hash: string | null
  readonly metadata: string | null
}
const tokensOf = async (answer: Answer) =>
  (await rows(
    'select purpose, address, password_hash, metadata from auth_one_time_tokens where user_id = ? order by purpose',
    String(answer.body['id']),
  )) as unknown as Token[]

/** Somebody whose address is proved. */
async function confirmed(): Promise<{ id: string; email: string }> {
  const email = newEmail()
  const { body } = await admin('users', { body: { email, email_confirm: true } })
  return { id: String(body['id']), email }
}

describe('a link', () => {
  test('to sign up makes the person; the password and the data wait until it is opened', async () => {
    const email = newEmail()
    const answer = await link({
      type: 'signup',
      email: email.toUpperCase(),
      password: PASSWORD,
      data: { name: 'Ann' },
      redirect_to: 'https://evil.example',
    })
    expect(answer.status).toBe(200)
    expect(answer.d1Calls).toBe(2)
    expect(answer.body).toMatchObject({ email, verification_type: 'signup', email_otp: expect.stringMatching(/^\d{6}$/) as string })
    expect(answer.body).not.toHaveProperty('email_confirmed_at')
    expect(answer.body).toHaveProperty('confirmation_sent_at')
    const action = new URL(String(answer.body['action_link']))
    expect([action.pathname, action.searchParams.get('type'), action.searchParams.get('token')]).toEqual([
      '/auth/v1/verify',
      'signup',
      answer.body['hashed_token'],
    ])
    // The data as it was given, and nothing that it wasn't; where the link leads can be read in it, as in GoTrue.
    expect(answer.body['user_metadata']).toEqual({ name: 'Ann' })
    expect(action.search).toMatch(/^\?token=[0-9a-f]+&type=signup&redirect_to=http:\/\/[\w.:/-]+$/)
    // Where it may not lead is not said, but not followed either.
    expect(answer.body['redirect_to']).toBe(action.searchParams.get('redirect_to'))
    expect(answer.text).not.toContain('evil')
    expect(answer.text).not.toContain('scrypt')
    const [token] = await tokensOf(answer)
    expect(token).toMatchObject({ purpose: 'confirmation', address: email, password_hash: expect.stringMatching(/^scrypt/) as string })
    expect(await rows('select password_hash as h from auth_users where id = ?', String(answer.body['id']))).toEqual([{ h: null }])
    // Nobody is written to, and neither the code nor the link is kept.
    expect(await messagesTo(email)).toEqual([])
    const stored = JSON.stringify(await rows('select * from auth_one_time_tokens'))
    expect(stored).not.toContain(String(answer.body['hashed_token']))

    // Once more is a new link for the same person; what waited on the old one is gone with it.
    const again = await link({ type: 'signup', email, password: 'another password' })
    expect(again.body['id']).toBe(answer.body['id'])
    expect(again.body['hashed_token']).not.toBe(answer.body['hashed_token'])
    expect((await tokensOf(again))[0]!.password_hash).not.toBe(token!.password_hash)
  })

  test('of each other kind, with what the row says of it', async () => {
    const { id, email } = await confirmed()
    const next = newEmail()
    for (const [type, purpose, address] of [
      ['magiclink', 'recovery', email],
      ['recovery', 'recovery', email],
      ['email_change_current', 'email_change_current', email],
      ['email_change_new', 'email_change_new', next],
    ] as const) {
      const answer = await link({ type, email, ...(type.startsWith('email') ? { new_email: next } : {}) })
      expect([answer.status, answer.body['id'], answer.body['verification_type']]).toEqual([200, id, type])
      expect(await tokensOf(answer)).toContainEqual({ purpose, address, password_hash: null, metadata: null })
      expect(new URL(String(answer.body['action_link'])).searchParams.get('type')).toBe(type.startsWith('email') ? 'email_change' : type)
      expect(answer.body).toHaveProperty(type.startsWith('email') ? 'email_change_sent_at' : 'recovery_sent_at')
      expect(answer.body['email']).toBe(email)
    }
    expect((await admin(`users/${id}`)).body['new_email']).toBe(next)
    expect(await rows(`select distinct actor from auth_audit where user_id = ? and action = 'link_generated'`, id)).toEqual([
      { actor: 'service' },
    ])
    // The half that is confirmed stays so while the new address is the same.
    const half = () => rows('select email_change_confirmed as half from auth_users where id = ?', id)
    await database.prepare(`update auth_users set email_change_confirmed = 'current' where id = ?`).bind(id).run()
    await link({ type: 'email_change_new', email, new_email: next })
    expect(await half()).toEqual([{ half: 'current' }])
    await link({ type: 'email_change_new', email, new_email: newEmail() })
    expect(await half()).toEqual([{ half: null }])
  })

  test('to sign in is one to sign up for an address that nobody has, as in GoTrue', async () => {
    const email = newEmail()
    const answer = await link({ type: 'magiclink', email, data: { name: 'Ann' } })
    expect([answer.status, answer.body['verification_type'], answer.body['email']]).toEqual([200, 'signup', email])
    expect(await tokensOf(answer)).toMatchObject([{ purpose: 'confirmation', password_hash: null }])
  })

  test('is refused by name when it can’t be, and then changes nothing', async () => {
    const { id, email } = await confirmed()
    const other = await confirmed()
    const cases: [Record<string, unknown>, unknown[]][] = [
      [{ type: 'signup', email, password: PASSWORD }, [422, 'email_exists']],
      [{ type: 'invite', email }, [422, 'email_exists']],
      [{ type: 'signup', email: newEmail() }, [400, 'validation_failed']],
      [{ type: 'signup', email: newEmail(), password: 'short' }, [422, 'weak_password']],
      [{ type: 'recovery', email: newEmail() }, [404, 'user_not_found']],
      [{ type: 'email_change_new', email: newEmail(), new_email: newEmail() }, [404, 'user_not_found']],
      [{ type: 'email_change_new', email }, [400, 'validation_failed']],
      [{ type: 'email_change_new', email, new_email: 'x' }, [400, 'validation_failed']],
      [{ type: 'email_change_current', email, new_email: other.email }, [422, 'email_exists']],
      [{ type: 'reauthentication', email }, [400, 'validation_failed']],
      [{ type: 'magiclink' }, [400, 'validation_failed']],
      [{ email }, [400, 'validation_failed']],
    ]
    for (const [body, refused] of cases) expect([body, ...told(await link(body))]).toEqual([body, ...refused])
    expect(await rows('select id from auth_one_time_tokens where user_id = ?', id)).toEqual([])
    expect((await admin(`users/${id}`)).body).not.toHaveProperty('new_email')
  })

  test('fifty at once to one new address are one person with one token', async () => {
    const email = newEmail()
    const answers = await Promise.all(Array.from({ length: 50 }, () => link({ type: 'invite', email })))
    const made = answers.filter(({ status }) => status === 200)
    expect(made.length).toBeGreaterThan(0)
    expect(new Set(made.map(({ body }) => body['id'])).size).toBe(1)
    expect(await tokensOf(made[0]!)).toHaveLength(1)
  })
})

describe('an invitation', () => {
  test('goes out by mail, names what the administrator says of the person, and can be sent again until they come', async () => {
    const email = newEmail()
    const first = await invite({ email, data: { name: 'Ann', sub: 'x' } })
    expect(first.body).toMatchObject({ email, user_metadata: { name: 'Ann' }, app_metadata: { provider: 'email' } })
    expect(first.body).toHaveProperty('invited_at')
    expect(first.text).not.toContain('token')
    const again = await invite({ email })
    expect([again.status, again.body['id']]).toEqual([200, first.body['id']])
    const mails = await messagesTo(email)
    expect(mails.map(({ kind }) => kind)).toEqual(['invite', 'invite'])
    expect(await tokensOf(first)).toHaveLength(1)
    await admin(`users/${String(first.body['id'])}`, { method: 'PUT', body: { email_confirm: true } })
    expect(told(await invite({ email }))).toEqual([422, 'email_exists'])
    expect(await messagesTo(email)).toHaveLength(2)
    expect(
      await rows(`select action from auth_audit where user_id = ? and action = 'user_invited'`, String(first.body['id'])),
    ).toHaveLength(2)
  })

  test('is an administrator’s, at both addresses that SDKs know', async () => {
    const { access_token: token } = await signUpAnonymously()
    for (const path of ['/auth/v1/invite', '/auth/v1/admin/invite']) {
      expect((await call(path, { body: { email: newEmail() }, apiKey: apiKeys.secretKey })).status).toBe(200)
      expect(told(await call(path, { body: { email: newEmail() }, token }))).toEqual([403, 'not_admin'])
      expect(told(await call(path, { body: { email: newEmail() } }))).toEqual([401, 'no_authorization'])
      expect(told(await call(path, { apiKey: apiKeys.secretKey }))).toEqual([405, 'method_not_allowed'])
    }
    expect(told(await invite({}))).toEqual([400, 'validation_failed'])
    expect(told(await call('/auth/v1/invited', { apiKey: apiKeys.secretKey }))).toEqual([404, 'path_unknown'])
    expect(told(await call('/auth/v1/invited', { apiKey: null }))).toEqual([401, 'api_key_missing'])
  })
})
