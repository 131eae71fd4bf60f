// Administration with the secret key: making people and changing them. And nobody else.
import { afterAll, describe, expect, test } from 'vitest'
import {
  admin,
  apiKeys,
  call,
  claimsOf,
  database,
  newEmail,
  PASSWORD,
  refresh,
  rows,
  signIn,
  signUp,
  signUpAnonymously,
  told,
  type Answer,
  type Call,
  type SessionBody,
} from './client'

const ADMIN = '/auth/v1/admin'
const idIn = ({ body }: Answer) => String(body['id'])

async function made(body: Record<string, unknown> = {}): Promise<Answer> {
  const answer = await admin('users', { body: { email: newEmail(), ...body } })
  expect(answer.status, answer.text).toBe(200)
  return answer
}

describe('P14: who may', () => {
  test('the secret key as API key, as bearer, as both, and its old form as a JWT', async () => {
    const { secretKey, serviceRoleJwt, publishableKey, anonJwt } = apiKeys
    for (const asked of [
      { apiKey: secretKey },
      { apiKey: secretKey, token: secretKey },
      { apiKey: serviceRoleJwt, token: serviceRoleJwt },
      { apiKey: publishableKey, token: secretKey },
      { apiKey: null, token: serviceRoleJwt },
      { apiKey: secretKey, token: anonJwt },
    ]) {
      expect((await admin('users?per_page=1', asked)).status).toBe(200)
    }
  })

  test('nobody else, at any address, and a person never, whatever their roles, their session or their key', async () => {
    const { access_token: token, user } = await signUpAnonymously()
    await database
      .prepare(`update auth_users set app_metadata = '{"roles":["service_role"],"role":"service_role"}' where id = ?`)
      .bind(user.id)
      .run()
    const { access_token: ended } = await signUpAnonymously()
    await call('/auth/v1/logout', { method: 'POST', token: ended })
    const strangers: [Call, unknown[]][] = [
      [{ apiKey: null }, [401, 'api_key_missing']],
      [{ apiKey: 'sb_secret_wrong' }, [401, 'api_key_invalid']],
      [{ apiKey: apiKeys.publishableKey }, [401, 'no_authorization']],
      [{ apiKey: apiKeys.publishableKey, token: apiKeys.publishableKey }, [403, 'not_admin']],
      [{ apiKey: apiKeys.anonJwt, token: apiKeys.anonJwt }, [403, 'not_admin']],
      [{ apiKey: apiKeys.publishableKey, token }, [403, 'not_admin']],
      [{ apiKey: apiKeys.secretKey, token }, [403, 'not_admin']],
      [{ apiKey: apiKeys.secretKey, token: ended }, [403, 'not_admin']],
      [{ apiKey: apiKeys.secretKey, token: `${token}x` }, [403, 'bad_jwt']],
      [{ apiKey: null, token }, [401, 'api_key_missing']],
      [
        { apiKey: apiKeys.secretKey, headers: { origin: 'https://app.example', 'user-agent': 'Mozilla/5.0' } },
        [401, 'secret_key_in_browser'],
      ],
      [
        { apiKey: null, token: apiKeys.secretKey, headers: { origin: 'https://a.example', 'user-agent': 'Mozilla/5.0' } },
        [401, 'secret_key_in_browser'],
      ],
    ]
    for (const [asked, refused] of strangers) {
      for (const [method, path] of [
        ['GET', 'users'],
        ['POST', 'users'],
        ['PUT', `users/${user.id}`],
        ['DELETE', `users/${user.id}`],
        ['GET', 'audit'],
        ['POST', `users/${user.id}/roles`],
        ['GET', 'nothing'],
      ]) {
        const answer = await admin(path!, { ...asked, method: method! })
        expect([path, method, ...told(answer)]).toEqual([path, method, ...refused])
        expect(answer.text).not.toContain(user.id)
      }
    }
    expect(await rows('select id from auth_users where id = ?', user.id)).toHaveLength(1)
  })

  test('P22: an address that is none, a method that none takes, an id that is none', async () => {
    expect(told(await admin('nothing'))).toEqual([404, 'path_unknown'])
    const wrong = await admin('users', { method: 'DELETE' })
    expect([...told(wrong), wrong.headers.get('allow')]).toEqual([405, 'method_not_allowed', 'GET, POST'])
    for (const id of ['x', '..%2f..%2faudit', '%00', '00000000-0000-0000-0000-00000000000g', "' or 1=1 --"]) {
      expect(told(await admin(`users/${id}`))).toEqual([404, 'validation_failed'])
      expect(told(await admin(`users/${id}`, { method: 'DELETE' }))).toEqual([404, 'validation_failed'])
    }
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PUT', '', {}],
      ['DELETE', '', undefined],
      ['POST', '/logout', {}],
      ['GET', '/roles', undefined],
      ['POST', '/roles', { roles: ['a'] }],
    ] as const) {
      expect(told(await admin(`users/${crypto.randomUUID()}${path}`, { method, body }))).toEqual([404, 'user_not_found'])
    }
  })
})

describe('a new person', () => {
  test('has what was given, signs in with the password, and is in one call', async () => {
    const email = newEmail()
    const answer = await admin('users', {
      body: {
        email: ` ${email.toUpperCase()} `,
        password: PASSWORD,
        email_confirm: true,
        user_metadata: { name: 'Ann', sub: 'forged', ['__proto__']: 1 },
        app_metadata: { plan: 'gold' },
        phone: null,
        role: 'authenticated',
      },
    })
    expect(answer.status).toBe(200)
    expect(answer.d1Calls).toBe(1)
    expect(answer.body).toMatchObject({
      email,
      phone: '',
      role: 'authenticated',
      aud: 'authenticated',
      app_metadata: { provider: 'email', providers: ['email'], plan: 'gold' },
      user_metadata: { name: 'Ann', email_verified: true },
      identities: [{ provider: 'email', email, identity_data: { email, email_verified: true } }],
      is_anonymous: false,
    })
    expect(answer.body).toHaveProperty('email_confirmed_at')
    expect(answer.body).not.toHaveProperty('last_sign_in_at')
    expect(answer.text).not.toMatch(/scrypt|forged|password/)
    const session = await signIn(email)
    expect([session.status, session.body.user.id]).toEqual([200, idIn(answer)])
    expect(claimsOf(session.body.access_token)['app_metadata']).toMatchObject({ plan: 'gold' })
  })

  test('can have an id, a number, a hash from elsewhere, and a ban from the beginning', async () => {
    const id = crypto.randomUUID()
    const answer = await made({
      id: id.toUpperCase(),
      phone: '+1 415 5550100',
      phone_confirm: true,
      password_hash: '$2b$04$abcdefghijklmnopqrstuuRfF5c4o8gGmYbHjsTJ4XkMb0Fq9qM4S',
      ban_duration: '24h',
    })
    expect(answer.body).toMatchObject({ id, phone: '14155550100', app_metadata: { provider: 'email', providers: ['email', 'phone'] } })
    expect(Date.parse(String(answer.body['banned_until'])) - Date.now()).toBeGreaterThan(23 * 3_600_000)
    expect(await rows('select password_hash as h from auth_users where id = ?', id)).toMatchObject([
      { h: expect.stringMatching(/^\$2b\$/) as string },
    ])
    expect(told(await admin('users', { body: { email: newEmail(), phone: '14155550100' } }))).toEqual([422, 'phone_exists'])
  })

  test('is refused by name when it can’t be, and then nothing is left of it', async () => {
    const { user } = await signUp()
    const before = await rows('select count(*) as n from auth_identities')
    const email = newEmail()
    const cases: [Record<string, unknown>, unknown[]][] = [
      [{}, [400, 'validation_failed']],
      [{ email: 'nobody' }, [400, 'validation_failed']],
      [{ phone: '12' + '3'.repeat(20) }, [400, 'validation_failed']],
      [{ email: user.email.toUpperCase() }, [422, 'email_exists']],
      [{ email, id: user.id }, [422, 'user_already_exists']],
      [{ email, id: 'x' }, [400, 'validation_failed']],
      [{ email, id: '00000000-0000-0000-0000-000000000000' }, [400, 'validation_failed']],
      [{ email, password: 'a', password_hash: 'b' }, [400, 'validation_failed']],
      [{ email, password: 'é'.repeat(37) }, [400, 'validation_failed']],
      [{ email, password_hash: 'secret' }, [400, 'validation_failed']],
      [{ email, ban_duration: 'forever' }, [400, 'validation_failed']],
      [{ email, role: 'service_role' }, [400, 'validation_failed']],
      [{ email, aud: 'other' }, [400, 'validation_failed']],
      [{ email, app_metadata: [] }, [400, 'validation_failed']],
      [{ email, app_metadata: { roles: 'admin' } }, [400, 'validation_failed']],
      [{ email, app_metadata: { roles: ['no spaces'] } }, [400, 'validation_failed']],
      [{ email, user_metadata: { x: 'y'.repeat(9_000) } }, [400, 'validation_failed']],
      [{ email, app_metadata: { x: '\u0000' } }, [400, 'validation_failed']],
      [{ email: 1 }, [400, 'validation_failed']],
    ]
    for (const [body, refused] of cases) {
      const answer = await admin('users', { body })
      expect([body, ...told(answer)]).toEqual([body, ...refused])
    }
    expect(await rows('select id from auth_users where email = ?', email)).toEqual([])
    expect(await rows('select count(*) as n from auth_identities')).toEqual(before)
    expect(told(await admin('users', { method: 'POST', text: '[' }))).toEqual([400, 'bad_json'])
  })

  test('fifty at once with one address are one person, whole', async () => {
    const email = newEmail()
    const answers = await Promise.all(Array.from({ length: 50 }, () => admin('users', { body: { email } })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter((answer) => answer.body['error_code'] === 'email_exists')).toHaveLength(49)
    const [person] = await rows('select id from auth_users where email = ?', email)
    expect(await rows('select id from auth_identities where user_id = ?', String(person!['id']))).toHaveLength(1)
    expect(await rows(`select id from auth_audit where user_id = ? and action = 'user_signedup'`, String(person!['id']))).toHaveLength(1)
  })
})

describe('a page of people', () => {
  const mark = crypto.randomUUID().slice(0, 8)

  test('the newest first, in one call, with the headers that SDKs read', async () => {
    for (let i = 0; i < 5; i++) await made({ email: `${mark}-${i}@example.com`, user_metadata: { full_name: `Zoë ${mark} ${i}` } })
    const first = await admin(`users?page=&per_page=2&filter=${mark.toUpperCase()}`)
    expect(first.d1Calls).toBe(1)
    expect(first.headers.get('x-total-count')).toBe('5')
    expect(first.headers.get('link')).toBe(
      `<${ADMIN}/users?page=2&per_page=2&filter=${mark.toUpperCase()}>; rel="next", <${ADMIN}/users?page=3&per_page=2&filter=${mark.toUpperCase()}>; rel="last"`,
    )
    expect(first.headers.get('access-control-expose-headers')).toMatch(/X-Total-Count.*Link|Link.*X-Total-Count/i)
    const emails = (answer: Answer) => (answer.body['users'] as { email: string }[]).map(({ email }) => email[9])
    expect(emails(first)).toEqual(['4', '3'])
    const last = await admin(`users?page=3&per_page=2&filter=${mark}`)
    expect(emails(last)).toEqual(['0'])
    expect(last.headers.get('link')).not.toContain('next')
    expect(emails(await admin(`users?page=9&filter=${mark}`))).toEqual([])
    expect(emails(await admin(`users?filter=${mark}&sort=created_at%20asc`))).toEqual(['0', '1', '2', '3', '4'])
    expect(emails(await admin(`users?filter=${encodeURIComponent(`${mark} 3`)}`))).toEqual(['3'])
    expect((await admin('users?per_page=1')).body['aud']).toBe('authenticated')
    // A page costs what a page costs, and the count of all.
    const { detail } = (
      await rows(`explain query plan select u.id from auth_users u where 1 order by u.created_at desc, u.id desc limit 50`)
    )[0]!
    expect(detail).toContain('auth_users_created')
  })

  test('what is asked wrongly is refused by name, on both sides of the limit', async () => {
    expect((await admin('users?per_page=1000')).status).toBe(200)
    expect((await admin('users?page=0&per_page=1')).status).toBe(200)
    for (const query of [
      'per_page=1001',
      'per_page=0',
      'page=-1',
      'page=1.5',
      'page=x',
      'page=99999999999',
      'sort=email',
      'sort=created_at%20up',
    ]) {
      expect([query, ...told(await admin(`users?${query}`))]).toEqual([query, 400, 'validation_failed'])
    }
    for (const filter of ['%', '_', "'", `"`, '\\', 'x'.repeat(500), '\u0000']) {
      expect((await admin(`users?filter=${encodeURIComponent(filter)}`)).body['users']).toEqual([])
    }
  })
})

describe('a change', () => {
  test('of addresses, confirmations and metadata, merged key by key; what was sent to the old address is good for nothing', async () => {
    const id = idIn(await made({ user_metadata: { a: 1, b: { c: 2 } }, app_metadata: { x: 1 } }))
    await database
      .prepare(
        `insert into auth_one_time_tokens (id, user_id, purpose, address, link_hash, code_hash, created_at, expires_at) values (?1, ?2, 'recovery', 'a', ?1, 'c', 0, 99999999999999)`,
      )
      .bind(crypto.randomUUID(), id)
      .run()
    const kept = await admin(`users/${id}`, {
      method: 'PUT',
      body: { user_metadata: { a: null, d: [1] }, app_metadata: { x: null, y: true }, email_confirm: true },
    })
    expect(kept.d1Calls).toBe(2)
    expect(kept.body).toMatchObject({ user_metadata: { b: { c: 2 }, d: [1] }, app_metadata: { provider: 'email', y: true } })
    expect(kept.body.user_metadata).not.toHaveProperty('a')
    expect(kept.body['app_metadata']).not.toHaveProperty('x')
    expect(kept.body).toHaveProperty('email_confirmed_at')
    expect(kept.body['identities']).toMatchObject([{ identity_data: { email_verified: true } }])
    expect(await rows('select id from auth_one_time_tokens where user_id = ?', id)).toHaveLength(1)

    const email = newEmail()
    const moved = await admin(`users/${id}`, { method: 'PUT', body: { email, phone: '4912345678', phone_confirm: true } })
    expect(moved.body).toMatchObject({
      email,
      phone: '4912345678',
      identities: [
        { provider: 'email', email, identity_data: { email, email_verified: false } },
        { provider: 'phone', identity_data: { phone: '4912345678', phone_verified: true } },
      ],
    })
    expect(await rows('select id from auth_one_time_tokens where user_id = ?', id)).toEqual([])
    const { user } = await signUp()
    expect(told(await admin(`users/${id}`, { method: 'PUT', body: { email: user.email, user_metadata: { z: 1 } } }))).toEqual([
      422,
      'email_exists',
    ])
    expect(told(await admin(`users/${user.id}`, { method: 'PUT', body: { phone: '+4912345678' } }))).toEqual([422, 'phone_exists'])
    expect((await admin(`users/${id}`)).body.user_metadata).not.toHaveProperty('z')
  })

  test('makes an anonymous person permanent only with a confirmed address, under the same id', async () => {
    const { user } = await signUpAnonymously()
    const email = newEmail()
    expect((await admin(`users/${user.id}`, { method: 'PUT', body: { email } })).body).toMatchObject({
      id: user.id,
      email,
      is_anonymous: true,
    })
    expect((await admin(`users/${user.id}`, { method: 'PUT', body: { email, email_confirm: true } })).body).toMatchObject({
      id: user.id,
      is_anonymous: false,
      app_metadata: { provider: 'email', providers: ['email'] },
    })
  })

  test('P13: a new password ends all sessions, and a refresh says that there is none', async () => {
    const session = await signUp()
    const other = (await signIn(session.user.email)).body as unknown as SessionBody
    expect(told(await admin(`users/${session.user.id}`, { method: 'PUT', body: { password: 'short' } }))).toEqual([422, 'weak_password'])
    expect((await call('/auth/v1/user', { token: session.access_token })).status).toBe(200)
    expect((await admin(`users/${session.user.id}`, { method: 'PUT', body: { password: 'another password' } })).status).toBe(200)
    for (const { access_token: token, refresh_token: refreshToken } of [session, other]) {
      expect(told(await call('/auth/v1/user', { token }))).toEqual([403, 'session_not_found'])
      expect((await call('/rest/v1/profiles?limit=1', { token })).status).toBe(401)
      expect(told(await refresh(refreshToken))).toEqual([400, 'refresh_token_not_found'])
    }
    expect((await signIn(session.user.email)).status).toBe(400)
    expect((await signIn(session.user.email, 'another password')).status).toBe(200)
  })

  test('P13: a ban is felt on the next call, everywhere, and ends by itself or by `none`', async () => {
    const session = await signUp()
    const { access_token: token, refresh_token: refreshToken, user } = session
    const ban = (duration: string) => admin(`users/${user.id}`, { method: 'PUT', body: { ban_duration: duration } })
    expect((await ban('1h')).body).toHaveProperty('banned_until')
    expect(told(await call('/auth/v1/user', { token }))).toEqual([403, 'user_banned'])
    expect((await call('/rest/v1/profiles?limit=1', { token })).status).toBe(401)
    expect((await call('/rest/v1/profiles', { token, body: { handle: 'banned', display_name: 'x' } })).status).toBe(401)
    expect(told(await call('/auth/v1/user', { method: 'PUT', token, body: { data: { x: 1 } } }))).toEqual([403, 'user_banned'])
    expect(told(await refresh(refreshToken))).toEqual([400, 'user_banned'])
    expect(told(await signIn(user.email))).toEqual([400, 'user_banned'])
    expect((await ban('none')).body).not.toHaveProperty('banned_until')
    expect((await call('/rest/v1/profiles?limit=1', { token })).status).toBe(200)
    expect((await refresh(refreshToken)).status).toBe(200)
    await ban('100ms')
    await ban('-1h')
    expect((await call('/rest/v1/profiles?limit=1', { token })).status).toBe(200)
    expect(await rows('select action from auth_audit where user_id = ? order by rowid', user.id)).toMatchObject([
      { action: 'user_signedup' },
      { action: 'user_banned' },
      { action: 'user_unbanned' },
      { action: 'user_banned' },
      { action: 'user_banned' },
    ])
  })

  test('P13: signed out by an administrator, all sessions are gone', async () => {
    const { access_token: token, refresh_token: refreshToken, user } = await signUpAnonymously()
    expect((await admin(`users/${user.id}/logout`, { method: 'POST' })).status).toBe(204)
    expect(told(await call('/auth/v1/user', { token }))).toEqual([403, 'session_not_found'])
    expect(told(await refresh(refreshToken))).toEqual([400, 'refresh_token_not_found'])
  })
})

afterAll(async () => {
  // Nothing that anybody did here left an address or a number in the log.
  expect(JSON.stringify(await rows('select details from auth_audit'))).not.toMatch(/@|14155550100|4912345678/)
})
