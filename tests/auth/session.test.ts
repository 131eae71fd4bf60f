import { expect, test } from 'vitest'
import {
  call,
  claimsOf,
  database,
  newEmail,
  PASSWORD,
  refresh,
  signIn,
  signUp,
  signUpAnonymously,
  type Answer,
  type SessionBody,
} from './client'

const session = (answer: Answer) => answer.body as unknown as SessionBody
const problem = ({ status, body }: Answer) => [status, body['error_code']]
const sessionIdOf = (token: string) => String(claimsOf(token)['session_id'])
const isAlive = async (token: string) => (await call('/auth/v1/user', { token })).status === 200

/** Makes a session as if it had last been refreshed that long ago. */
function age(token: string, milliseconds: number): Promise<unknown> {
  return database
    .prepare('update auth_sessions set refreshed_at = refreshed_at - ? where id = ?')
    .bind(milliseconds, sessionIdOf(token))
    .run()
}

test('P12: refreshing rotates the refresh token and keeps the session', async () => {
  const first = await signUpAnonymously()
  const second = session(await refresh(first.refresh_token))
  expect(second.refresh_token).not.toBe(first.refresh_token)
  expect(sessionIdOf(second.access_token)).toBe(sessionIdOf(first.access_token))
  expect(second.user).toMatchObject({ id: first.user.id })
  expect(claimsOf(second.access_token)['amr']).toEqual(claimsOf(first.access_token)['amr'])
  const third = session(await refresh(second.refresh_token))
  expect(await isAlive(third.access_token)).toBe(true)
})

test('P12: a phone that lost the answer gets it again with the previous token, however late', async () => {
  const first = await signUpAnonymously()
  const second = session(await refresh(first.refresh_token))
  await age(first.access_token, 86_400_000)
  expect(session(await refresh(first.refresh_token)).refresh_token).toBe(second.refresh_token)
})

test('P12: a token older than the previous one is answered within ten seconds', async () => {
  const first = await signUpAnonymously()
  const second = session(await refresh(first.refresh_token))
  const third = session(await refresh(second.refresh_token))
  expect(session(await refresh(first.refresh_token)).refresh_token).toBe(third.refresh_token)
})

test('P12: how far behind a token is decides, in and out of the interval, and the answer says what it was', async () => {
  // By how often the session was refreshed since, and how long ago: the status, the code, and GoTrue's diagnosis.
  const rows: readonly [number, number, number, string | undefined, string | null][] = [
    [0, 0, 200, undefined, null],
    [0, 20_000, 200, undefined, null],
    [1, 0, 200, undefined, 'fail-to-save'],
    [1, 20_000, 200, undefined, 'fail-to-save'],
    [2, 0, 200, undefined, 'concurrent-refresh'],
    [2, 9_000, 200, undefined, 'concurrent-refresh'],
    [2, 10_001, 400, 'refresh_token_already_used', null],
    [5, 9_000, 200, undefined, 'concurrent-refresh'],
    [5, 20_000, 400, 'refresh_token_already_used', null],
  ]
  for (const [behind, milliseconds, status, code, cause] of rows) {
    const first = await signUpAnonymously()
    let current = first
    for (let i = 0; i < behind; i++) current = session(await refresh(current.refresh_token))
    await age(first.access_token, milliseconds)
    const answer = await refresh(first.refresh_token)
    const told = `${behind} behind, ${milliseconds} ms`
    expect([answer.status, answer.body['error_code']], told).toEqual([status, code])
    if (status !== 200) {
      for (const token of [first.access_token, current.access_token]) expect(await isAlive(token), told).toBe(false)
      expect(problem(await refresh(current.refresh_token)), told).toEqual([400, 'refresh_token_not_found'])
      continue
    }
    expect(answer.headers.get('sb-auth-refresh-token-reuse'), told).toBe(String(cause !== null))
    expect(answer.headers.get('sb-auth-refresh-token-reuse-cause'), told).toBe(cause)
    expect(answer.headers.get('sb-auth-user-id')).toBe(first.user.id)
    expect(answer.headers.get('sb-auth-session-id')).toBe(sessionIdOf(first.access_token))
    expect(answer.headers.get('sb-auth-refresh-token-counter'), told).toBe(String(Math.max(1, behind)))
    // Whoever comes with an older one gets the current one, and rotates nothing.
    if (behind > 0) expect(session(answer).refresh_token, told).toBe(current.refresh_token)
    expect(await isAlive(session(answer).access_token)).toBe(true)
  }
})

test('P12: a replayed refresh token ends its whole family', async () => {
  const first = await signUpAnonymously()
  const second = session(await refresh(first.refresh_token))
  const third = session(await refresh(second.refresh_token))
  await age(first.access_token, 10_001)
  expect(problem(await refresh(first.refresh_token))).toEqual([400, 'refresh_token_already_used'])
  expect(problem(await refresh(third.refresh_token))).toEqual([400, 'refresh_token_not_found'])
  for (const { access_token: token } of [first, second, third]) {
    expect(problem(await call('/auth/v1/user', { token }))).toEqual([403, 'session_not_found'])
  }
})

test('a replay ends no other session of the person', async () => {
  const email = newEmail()
  const first = await signUp(email)
  const other = session(await signIn(email))
  const second = session(await refresh(first.refresh_token))
  await refresh(second.refresh_token)
  await age(first.access_token, 10_001)
  await refresh(first.refresh_token)
  expect(await isAlive(other.access_token)).toBe(true)
})

test('garbage, a changed token and a token from the future are refused without a word about sessions', async () => {
  const { refresh_token, access_token } = await signUpAnonymously()
  const changed = `${refresh_token.slice(0, 30)}${refresh_token[30] === 'A' ? 'B' : 'A'}${refresh_token.slice(31)}`
  for (const text of ['x', changed, 'abcdefghijk', 'invalid-refresh-token', access_token, '\u0000', 'x'.repeat(5_000)]) {
    const answer = await refresh(text)
    expect(problem(answer)).toEqual([400, 'validation_failed'])
    expect(answer.body['msg']).toBe('Invalid Refresh Token: Refresh Token Not Found')
  }
  // A phone whose person was brought along from GoTrue with its first kind of tokens: swift signs out at this code alone.
  expect(problem(await refresh('v1mhxk3p7q2z'))).toEqual([400, 'refresh_token_not_found'])
  expect(problem(await call('/auth/v1/token?grant_type=refresh_token', { body: {} }))).toEqual([400, 'validation_failed'])
  await refresh(refresh_token)
  const current = session(await refresh(refresh_token))
  await database.prepare('update auth_sessions set refresh_counter = 0 where id = ?').bind(sessionIdOf(access_token)).run()
  expect(problem(await refresh(current.refresh_token))).toEqual([400, 'validation_failed'])
})

test('P13: after sign-out, after deletion and while banned, refreshing fails with the code that SDKs know', async () => {
  const out = await signUpAnonymously()
  await call('/auth/v1/logout', { method: 'POST', token: out.access_token })
  expect(problem(await refresh(out.refresh_token))).toEqual([400, 'refresh_token_not_found'])

  const deleted = await signUpAnonymously()
  await database.prepare('delete from auth_users where id = ?').bind(deleted.user.id).run()
  expect(problem(await refresh(deleted.refresh_token))).toEqual([400, 'refresh_token_not_found'])
  expect(problem(await call('/auth/v1/user', { token: deleted.access_token }))).toEqual([403, 'user_not_found'])

  const banned = await signUpAnonymously()
  await database
    .prepare('update auth_users set banned_until = ? where id = ?')
    .bind(Date.now() + 60_000, banned.user.id)
    .run()
  expect(problem(await refresh(banned.refresh_token))).toEqual([400, 'user_banned'])
  expect(problem(await call('/auth/v1/user', { token: banned.access_token }))).toEqual([403, 'user_banned'])
  await database.prepare('update auth_users set banned_until = null where id = ?').bind(banned.user.id).run()
  expect((await refresh(banned.refresh_token)).status).toBe(200)
})

test('sign-out ends this session, the others, or all', async () => {
  const email = newEmail()
  await signUp(email)
  const three = async () => {
    const signedIn = await Promise.all([signIn(email), signIn(email), signIn(email)])
    return signedIn.map((answer) => session(answer).access_token) as [string, string, string]
  }
  const alive = (tokens: readonly string[]) => Promise.all(tokens.map(isAlive))
  const end = (token: string, query: string) => call(`/auth/v1/logout${query}`, { method: 'POST', token })

  const local = await three()
  const answer = await end(local[0], '?scope=local')
  expect([answer.status, answer.text]).toEqual([204, ''])
  expect(await alive(local)).toEqual([false, true, true])
  const others = await three()
  expect((await end(others[1], '?scope=others')).status).toBe(204)
  expect(await alive(others)).toEqual([false, true, false])
  const global = await three()
  expect((await end(global[2], '?scope=global')).status).toBe(204)
  expect(await alive(global)).toEqual([false, false, false])
  const byDefault = await three()
  expect((await end(byDefault[0], '')).status).toBe(204)
  expect(await alive(byDefault)).toEqual([false, false, false])

  const wrong = await three()
  expect(problem(await end(wrong[0], '?scope=mine'))).toEqual([400, 'validation_failed'])
  expect(await alive(wrong)).toEqual([true, true, true])
})

test('the token of a session that has ended signs nobody out', async () => {
  const email = newEmail()
  const { access_token } = await signUp(email)
  const other = session(await signIn(email)).access_token
  await call('/auth/v1/logout?scope=local', { method: 'POST', token: access_token })
  expect(problem(await call('/auth/v1/logout', { method: 'POST', token: access_token }))).toEqual([403, 'session_not_found'])
  expect(await isAlive(other)).toBe(true)
})

test('the very next read with the token of an ended session is refused', async () => {
  const { access_token: token } = await signUpAnonymously()
  const read = () => call('/rest/v1/profiles?select=id&limit=1', { token })
  expect((await read()).status).toBe(200)
  await call('/auth/v1/logout', { method: 'POST', token })
  const answer = await read()
  expect([answer.status, answer.body['code']]).toEqual([401, 'PGRST303'])
})

test('P13: a new password ends the other sessions, not this one', async () => {
  const email = newEmail()
  const { access_token: token } = await signUp(email)
  const other = session(await signIn(email))
  expect((await call('/auth/v1/user', { method: 'PUT', token, body: { password: `${PASSWORD}!` } })).status).toBe(200)
  expect(await isAlive(token)).toBe(true)
  expect(await isAlive(other.access_token)).toBe(false)
  expect(problem(await refresh(other.refresh_token))).toEqual([400, 'refresh_token_not_found'])
  expect((await signIn(email)).status).toBe(400)
  expect((await signIn(email, `${PASSWORD}!`)).status).toBe(200)
})
