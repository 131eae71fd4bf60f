// What administrators give and take beside a person's row, the ends of people, and what is written down of it all.
import { afterAll, describe, expect, test } from 'vitest'
import { messageTo } from '../support/messages'
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
  type SessionBody,
} from './client'

describe('a deletion', () => {
  const owned = [
    'auth_sessions',
    'auth_identities',
    'auth_factors',
    'auth_passkeys',
    'auth_one_time_tokens',
    'auth_recovery_codes',
    'auth_challenges',
  ]

  async function withEverything(): Promise<SessionBody> {
    const session = await signUp()
    const { id } = session.user
    const insert = (sql: string) => database.prepare(sql).bind(id)
    await database.batch([
      insert(`insert into auth_factors (id, user_id, type, created_at, updated_at) values ('f' || ?1, ?1, 'totp', 0, 0)`),
      insert(
        `insert into auth_passkeys (id, user_id, credential_id, public_key, counter, created_at) values ('p' || ?1, ?1, ?1, 'k', 0, 0)`,
      ),
      insert(
        `insert into auth_one_time_tokens (id, user_id, purpose, address, link_hash, code_hash, created_at, expires_at) values ('t' || ?1, ?1, 'recovery', 'a', ?1, 'c', 0, 99999999999999)`,
      ),
      insert(`insert into auth_recovery_codes (code_hash, user_id, created_at) values (?1, ?1, 0)`),
      insert(`insert into auth_challenges (id, kind, user_id, created_at, expires_at) values (?1, 'factor', ?1, 0, 99999999999999)`),
      insert(`insert into auth_flows (id, method, user_id, created_at, expires_at) values (?1, 'otp', ?1, 0, 99999999999999)`),
      insert(
        `insert into auth_flows (id, method, linking_user_id, created_at, expires_at) values ('l' || ?1, 'oauth', ?1, 0, 99999999999999)`,
      ),
    ])
    return session
  }

  const leftOf = async (id: string) => {
    const counts = await Promise.all([
      ...owned.map((table) => rows(`select count(*) as n from ${table} where user_id = ?`, id)),
      rows('select count(*) as n from auth_flows where user_id = ?1 or linking_user_id = ?1', id),
    ])
    return counts.reduce((sum, [row]) => sum + Number(row!['n']), 0)
  }

  test('P13: takes everything with it, at once, and the address is free again', async () => {
    const { user, access_token: token, refresh_token: refreshToken } = await withEverything()
    expect(await leftOf(user.id)).toBe(9)
    const answer = await admin(`users/${user.id}`, { method: 'DELETE' })
    expect([answer.status, answer.text, answer.d1Calls]).toEqual([200, '{}', 1])
    expect(await leftOf(user.id)).toBe(0)
    expect(await rows('select id from auth_users where id = ?', user.id)).toEqual([])
    expect(told(await call('/auth/v1/user', { token }))).toEqual([403, 'user_not_found'])
    expect(told(await refresh(refreshToken))).toEqual([400, 'refresh_token_not_found'])
    expect((await call('/rest/v1/profiles?limit=1', { token })).status).toBe(401)
    expect(told(await admin(`users/${user.id}`, { method: 'DELETE' }))).toEqual([404, 'user_not_found'])
    expect((await admin('users', { body: { email: user.email } })).status).toBe(200)
    const entries = await rows('select action, actor, details from auth_audit where user_id = ? order by rowid', user.id)
    expect(entries.map(({ action }) => action)).toEqual(['user_signedup', 'user_deleted'])
    expect(JSON.stringify(entries)).not.toContain('@')
  })

  test('a soft one empties the row and keeps the id; twice is once', async () => {
    const { user, access_token: token } = await withEverything()
    for (let i = 0; i < 2; i++) {
      const answer = await admin(`users/${user.id}`, { method: 'DELETE', body: { should_soft_delete: true } })
      expect([answer.status, answer.text]).toEqual([200, '{}'])
    }
    expect(await leftOf(user.id)).toBe(0)
    const shown = await admin(`users/${user.id}`)
    expect(shown.body).toMatchObject({ id: user.id, email: '', phone: '', user_metadata: {}, app_metadata: {}, identities: [] })
    expect(shown.body).toHaveProperty('deleted_at')
    expect(shown.text).not.toContain(user.email)
    expect((await call('/auth/v1/user', { token })).status).toBe(403)
    expect(told(await signIn(user.email))).toEqual([400, 'invalid_credentials'])
    expect(await rows(`select action from auth_audit where user_id = ? and action = 'user_deleted'`, user.id)).toHaveLength(1)
    expect((await admin('users', { body: { email: user.email } })).status).toBe(200)
    expect((await admin(`users/${(await signUp()).user.id}`, { method: 'DELETE', text: 'null' })).status).toBe(200)
    for (const body of [{ should_soft_delete: 'yes' }, { should_soft_delete: 1 }]) {
      expect(told(await admin(`users/${user.id}`, { method: 'DELETE', body }))).toEqual([400, 'validation_failed'])
    }
  })
})

describe('roles', () => {
  const rolesOf = (answer: Answer) => answer.body['roles']
  const grant = (id: string, ...roles: string[]) => admin(`users/${id}/roles`, { body: { roles } })
  const remove = (id: string, ...roles: string[]) => admin(`users/${id}/roles`, { method: 'DELETE', body: { roles } })

  test('fifty administrators who give fifty roles at once overwrite none', async () => {
    const { user } = await signUpAnonymously()
    const names = Array.from({ length: 50 }, (_, i) => `role-${i}`)
    const answers = await Promise.all(names.map((name) => grant(user.id, name)))
    expect(answers.every(({ status, d1Calls }) => status === 200 && d1Calls === 1)).toBe(true)
    expect((rolesOf(await admin(`users/${user.id}/roles`)) as string[]).toSorted()).toEqual(names.toSorted())
    await Promise.all(names.slice(0, 40).map((name) => remove(user.id, name)))
    expect((rolesOf(await admin(`users/${user.id}/roles`)) as string[]).toSorted()).toEqual(names.slice(40).toSorted())
    expect(
      await rows(`select id from auth_audit where user_id = ? and action = 'role_granted' and actor = 'service'`, user.id),
    ).toHaveLength(50)
  })

  test('come with the next token, leave what else stands in app_metadata, and go with the next call', async () => {
    const { user, refresh_token: refreshToken } = await signUpAnonymously()
    await admin(`users/${user.id}`, { method: 'PUT', body: { app_metadata: { plan: 'gold' } } })
    expect(rolesOf(await grant(user.id, 'moderator', 'editor', 'moderator'))).toEqual(['moderator', 'editor'])
    const session = (await refresh(refreshToken)).body
    expect(claimsOf(session.access_token)['app_metadata']).toEqual({ plan: 'gold', roles: ['moderator', 'editor'] })
    expect(rolesOf(await remove(user.id, 'moderator', 'never had'))).toEqual(['editor'])
    const taken = () => rows('select revoked_roles as r from auth_sessions where user_id = ?', user.id)
    expect(JSON.parse(String((await taken())[0]!['r']))).toContain('moderator')
    // Given again, the old token counts again.
    await grant(user.id, 'moderator')
    expect(JSON.parse(String((await taken())[0]!['r']))).not.toContain('moderator')
    // Written as a whole, what is left out is taken.
    await admin(`users/${user.id}`, { method: 'PUT', body: { app_metadata: { roles: ['moderator'] } } })
    expect(JSON.parse(String((await taken())[0]!['r']))).toContain('editor')
    await admin(`users/${user.id}`, { method: 'PUT', body: { app_metadata: { roles: null } } })
    expect(JSON.parse(String((await taken())[0]!['r']))).toEqual(expect.arrayContaining(['editor', 'moderator']))
    expect(rolesOf(await admin(`users/${user.id}/roles`))).toEqual([])
  })

  test('are refused by name when they can’t be, up to a hundred', async () => {
    const { user } = await signUpAnonymously()
    for (const roles of [undefined, [], [''], ['a b'], ['x'.repeat(65)], [1], 'admin', Array.from({ length: 101 }, (_, i) => `r${i}`)]) {
      expect(told(await admin(`users/${user.id}/roles`, { body: { roles } }))).toEqual([400, 'validation_failed'])
    }
    expect((await grant(user.id, ...Array.from({ length: 100 }, (_, i) => `r${i}`))).status).toBe(200)
    const full = await grant(user.id, 'one-more')
    expect([...told(full), full.body['msg']]).toEqual([400, 'validation_failed', 'A person can have 100 roles at most'])
    expect(rolesOf(await admin(`users/${user.id}/roles`))).toHaveLength(100)
  })
})

test('P23: what people write of themselves gives them nothing', async () => {
  const forged = {
    app_metadata: { roles: ['moderator'] },
    roles: ['moderator'],
    role: 'service_role',
    aud: 'admin',
    sub: crypto.randomUUID(),
    email_verified: true,
    is_anonymous: false,
    ['__proto__']: { roles: ['moderator'] },
  }
  const up = await call('/auth/v1/signup', {
    text: JSON.stringify({ data: forged }).replace('"roles":["moderator"],"role"', '"__proto__":{"roles":["moderator"]},"role"'),
  })
  const { access_token: token, refresh_token: refreshToken, user } = up.body as unknown as SessionBody
  expect((await call('/auth/v1/user', { method: 'PUT', token, body: { data: forged } })).status).toBe(200)
  for (const key of ['app_metadata', 'role', 'banned_until', 'email_confirm']) {
    const refused = await call('/auth/v1/user', { method: 'PUT', token, body: { [key]: { roles: ['moderator'] } } })
    if (key === 'app_metadata') expect(told(refused)).toEqual([403, 'not_admin'])
  }
  const claims = claimsOf((await refresh(refreshToken)).body.access_token)
  expect(claims).toMatchObject({ sub: user.id, role: 'authenticated', aud: 'authenticated', app_metadata: {}, is_anonymous: true })
  expect(JSON.stringify(claims['user_metadata'])).not.toMatch(/"sub"|email_verified|__proto__/)
  const shown = (await admin(`users/${user.id}`)).body
  expect([shown['role'], shown['aud'], shown['app_metadata']]).toEqual(['authenticated', 'authenticated', {}])
})

describe('leaving', () => {
  test('a person who signed in just now deletes their account; nobody is left of it', async () => {
    const { access_token: token, refresh_token: refreshToken, user } = await signUp()
    const answer = await call('/auth/v1/user', { method: 'DELETE', token })
    expect([answer.status, answer.text, answer.d1Calls]).toEqual([200, '{}', 1])
    expect(await rows('select id from auth_users where id = ?', user.id)).toEqual([])
    expect(told(await refresh(refreshToken))).toEqual([400, 'refresh_token_not_found'])
    expect(told(await call('/auth/v1/user', { method: 'DELETE', token }))).toEqual([403, 'user_not_found'])
    expect(await rows('select action, actor from auth_audit where user_id = ? order by rowid', user.id)).toMatchObject([
      { action: 'user_signedup' },
      { action: 'user_deleted', actor: 'person' },
    ])
  })

  test('who signed in longer ago than ten minutes signs in again first; a refresh is no sign-in', async () => {
    const session = await signUp()
    const { id, email } = session.user
    const age = (seconds: number) =>
      database
        .prepare(`update auth_sessions set amr = json_array(json_object('method', 'password', 'timestamp', ?)) where user_id = ?`)
        .bind(Math.floor(Date.now() / 1000) - seconds, id)
        .run()
    await age(601)
    const { access_token: token } = (await refresh(session.refresh_token)).body
    const refused = await call('/auth/v1/user', { method: 'DELETE', token })
    expect(told(refused)).toEqual([400, 'reauthentication_needed'])
    expect(await rows('select id from auth_users where id = ?', id)).toHaveLength(1)
    await age(590)
    const again = (await signIn(email)).body.access_token
    expect((await call('/auth/v1/user', { method: 'DELETE', token: again })).status).toBe(200)
  })

  test('or shows the code of reauthenticate(), which is counted, and nobody else’s', async () => {
    const email = newEmail()
    await admin('users', { body: { email, password: PASSWORD, email_confirm: true } })
    const session = (await signIn(email)).body as unknown as SessionBody
    const { access_token: token, user } = session
    await database.prepare(`update auth_sessions set amr = '[{"method":"password","timestamp":1}]' where user_id = ?`).bind(user.id).run()
    const leave = (nonce: string, by = token) => call('/auth/v1/user', { method: 'DELETE', token: by, body: { nonce } })
    expect(told(await leave('123456'))).toEqual([422, 'reauthentication_not_valid'])
    expect((await call('/auth/v1/reauthenticate', { token })).status).toBe(200)
    const code = String((await messageTo(email)).variables['code'])
    const other = await signUpAnonymously()
    await database.prepare(`update auth_users set is_anonymous = 0 where id = ?`).bind(other.user.id).run()
    expect(told(await leave(code, other.access_token))).toEqual([422, 'reauthentication_not_valid'])
    expect(told(await leave(code === '000000' ? '000001' : '000000'))).toEqual([422, 'reauthentication_not_valid'])
    const answers = await Promise.all(Array.from({ length: 5 }, () => leave(code)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(await rows('select id from auth_users where id = ?', user.id)).toEqual([])
  })

  test('who has a second factor needs it, an ended or banned session nothing, a stranger’s token even less', async () => {
    const { access_token: weak, refresh_token: refreshToken, user } = await signUpAnonymously()
    await database
      .prepare(`insert into auth_factors (id, user_id, type, status, created_at, updated_at) values (?1, ?1, 'totp', 'verified', 0, 0)`)
      .bind(user.id)
      .run()
    expect(told(await call('/auth/v1/user', { method: 'DELETE', token: weak }))).toEqual([401, 'insufficient_aal'])
    await database.prepare(`update auth_sessions set aal = 'aal2' where user_id = ?`).bind(user.id).run()
    const { access_token: token } = (await refresh(refreshToken)).body
    await admin(`users/${user.id}`, { method: 'PUT', body: { ban_duration: '1h' } })
    expect(told(await call('/auth/v1/user', { method: 'DELETE', token }))).toEqual([403, 'user_banned'])
    await admin(`users/${user.id}`, { method: 'PUT', body: { ban_duration: 'none' } })
    for (const asked of [{}, { token: apiKeys.publishableKey }, { apiKey: apiKeys.secretKey }]) {
      expect(told(await call('/auth/v1/user', { method: 'DELETE', ...asked }))).toEqual([401, 'no_authorization'])
    }
    // Anonymous people have no way to sign in again, so how long ago they did says nothing.
    await database.prepare(`update auth_sessions set amr = '[{"method":"anonymous","timestamp":1}]' where user_id = ?`).bind(user.id).run()
    expect((await call('/auth/v1/user', { method: 'DELETE', token })).status).toBe(200)
  })

  test('an export holds what sign-in knows of the person and no secret, and nobody else’s', async () => {
    const other = await signUpAnonymously()
    const { access_token: token, refresh_token: refreshToken, user } = await signUp(newEmail(), { name: 'Ann' })
    const answer = await call('/auth/v1/user/export', { token })
    expect([answer.status, answer.d1Calls]).toEqual([200, 1])
    expect(answer.body).toMatchObject({
      user: { id: user.id, email: user.email, user_metadata: { name: 'Ann' } },
      sessions: [{ current: true }],
      passkeys: [],
      audit: [{ action: 'user_signedup' }],
    })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    // Where an administrator sits is theirs.
    await admin(`users/${user.id}`, { method: 'PUT', body: { user_metadata: { a: 1 } }, headers: { 'cf-connecting-ip': '192.0.2.77' } })
    expect(await rows(`select ip from auth_audit where user_id = ? and actor = 'service'`, user.id)).toEqual([{ ip: '192.0.2.77' }])
    const again = await call('/auth/v1/user/export', { token })
    expect(again.text).toContain('user_modified')
    expect(again.text).not.toContain('192.0.2.77')
    for (const secret of [token, refreshToken, 'scrypt', other.user.id]) expect(answer.text).not.toContain(secret)
    await call('/auth/v1/logout', { method: 'POST', token })
    expect(told(await call('/auth/v1/user/export', { token }))).toEqual([403, 'session_not_found'])
    expect(told(await call('/auth/v1/user/export'))).toEqual([401, 'no_authorization'])
    expect(await rows(`select id from auth_audit where user_id = ? and action = 'user_exported'`, user.id)).toHaveLength(2)
  })
})

test('the audit log tells what was done, newest first, by whom as they are now called, and is asked by scope', async () => {
  const { user, access_token: token } = await signUp()
  await call('/auth/v1/user', { method: 'PUT', token, body: { data: { a: 1 } } })
  await admin(`users/${user.id}/roles`, { body: { roles: ['editor'] } })
  const log = await admin(`audit?query=user:${user.id}`)
  expect(log.d1Calls).toBe(1)
  expect(log.headers.get('x-total-count')).toBe('3')
  expect(log.body).toMatchObject([
    {
      payload: {
        action: 'role_granted',
        actor_username: 'service_role',
        log_type: 'team',
        traits: { user_id: user.id, roles: ['editor'] },
      },
    },
    { payload: { action: 'user_modified', actor_id: user.id, actor_username: user.email, actor_via_sso: false, log_type: 'user' } },
    { payload: { action: 'user_signedup', actor_id: user.id } },
  ])
  const entries = log.body as unknown as { id: string; created_at: string; ip_address: string; payload: { action: string } }[]
  expect(new Date(entries[0]!.created_at).toISOString()).toBe(entries[0]!.created_at)
  const actions = (answer: Answer) =>
    [...new Set((answer.body as unknown as typeof entries).map(({ payload }) => payload.action))].toSorted()
  expect(actions(await admin(`audit?query=author:${user.email.toUpperCase()}`))).toEqual(['user_modified', 'user_signedup'])
  expect(actions(await admin('audit?query=action:role_&per_page=1000'))).toEqual(expect.arrayContaining(['role_granted']))
  expect(actions(await admin('audit?query=type:team&per_page=1000'))).not.toContain('user_modified')
  for (const query of ['query=who:x', 'query=login', 'query=constructor:x', 'per_page=0', 'page=x']) {
    expect(told(await admin(`audit?${query}`))).toEqual([400, 'validation_failed'])
  }
  await admin(`users/${user.id}`, { method: 'DELETE' })
  const after = await admin(`audit?query=user:${user.id}`)
  expect(after.text).not.toContain('@')
  expect(actions(after)).toContain('user_deleted')
})

afterAll(async () => {
  // Nothing that anybody did here left an address or a number in the log.
  expect(JSON.stringify(await rows('select details from auth_audit'))).not.toContain('@')
})
