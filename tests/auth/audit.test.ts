// What is written down of who did what to whom, in the batch of the deed.
import { expect, test } from 'vitest'
import { sweepAuthentication } from '../../src/auth'
import { call, database, PASSWORD, refresh, signIn, signUp, signUpAnonymously, type SessionBody } from './client'

interface Entry {
  readonly action: string
  readonly actor: string
  readonly actor_id: string | null
  readonly details: Record<string, unknown>
}

async function entriesOf(userId: string): Promise<Entry[]> {
  const { results } = await database
    .prepare('select action, actor, actor_id, details from auth_audit where user_id = ? order by at, rowid')
    .bind(userId)
    .all<{ action: string; actor: string; actor_id: string | null; details: string }>()
  return results.map((row) => ({ ...row, details: JSON.parse(row.details) as Record<string, unknown> }))
}

test('sign-up, sign-in, changes and sign-out leave an entry each, by whom and of which request; what was refused leaves none', async () => {
  const { user } = await signUp()
  const session = (await signIn(user.email)).body as unknown as SessionBody
  const token = session.access_token
  await signIn(user.email, 'wrong password')
  await call('/auth/v1/user', { method: 'PUT', token, body: { data: { name: 'Ann' } } })
  await call('/auth/v1/user', { method: 'PUT', token, body: { password: PASSWORD } })
  await call('/auth/v1/logout?scope=local', { method: 'POST', token })
  await call('/auth/v1/logout?scope=local', { method: 'POST', token })
  const entries = await entriesOf(user.id)
  expect(entries.map(({ action }) => action)).toEqual(['user_signedup', 'login', 'user_modified', 'logout'])
  expect(entries.every(({ actor, actor_id }) => actor === 'person' && actor_id === user.id)).toBe(true)
  expect(entries.every(({ details }) => typeof details['request'] === 'string')).toBe(true)
  expect(entries[2]?.details['fields']).toEqual(['data'])
  expect(entries[3]?.details['scope']).toBe('local')
})

test('a refresh leaves none, the reuse of an old refresh token that ends a session one', async () => {
  const { user, refresh_token: first } = await signUpAnonymously()
  const second = (await refresh(first)).body.refresh_token
  await refresh(second)
  await database.prepare(`update auth_sessions set refreshed_at = refreshed_at - 60000 where user_id = ?`).bind(user.id).run()
  expect((await refresh(first)).body['error_code']).toBe('refresh_token_already_used')
  await refresh(first)
  const entries = await entriesOf(user.id)
  expect(entries.map(({ action, actor }) => [action, actor])).toEqual([
    ['user_signedup', 'person'],
    ['token_revoked', 'system'],
  ])
})

test('entries go after 90 days, one-time tokens, flows and challenges when they expire, in chunks', async () => {
  const { user } = await signUpAnonymously()
  const at = Date.now()
  const day = 86_400_000
  await database.batch([
    database
      .prepare(
        `insert into auth_audit (id, at, action, actor) select 'old' || value, cast(? as integer), 'login', 'person' from json_each(?)`,
      )
      .bind(String(at - 90 * day - 1), JSON.stringify(Array.from({ length: 2500 }, (_, i) => i))),
    database
      .prepare(`insert into auth_audit (id, at, action, actor) values ('young', cast(? as integer), 'login', 'person')`)
      .bind(String(at - 90 * day + 1000)),
    // Wrong codes are remembered a quarter of an hour longer than the code.
    ...[at - 900_001, at + 1000].flatMap((expires) => [
      database
        .prepare(
          `insert into auth_one_time_tokens (id, user_id, purpose, address, link_hash, code_hash, created_at, expires_at) values (?1, ?2, ?1, 'a', ?1, 'c', 0, cast(?3 as integer))`,
        )
        .bind(String(expires), user.id, String(expires)),
      database
        .prepare(`insert into auth_flows (id, method, created_at, expires_at) values (?1, 'otp', 0, cast(?1 as integer))`)
        .bind(String(expires)),
      database
        .prepare(`insert into auth_challenges (id, kind, created_at, expires_at) values (?1, 'factor', 0, cast(?1 as integer))`)
        .bind(String(expires)),
    ]),
  ])
  expect(await sweepAuthentication({ db: database }, at)).toEqual({
    auth_sessions: 0,
    auth_factors: 0,
    auth_one_time_tokens: 1,
    auth_flows: 1,
    auth_challenges: 1,
    auth_audit: 2500,
  })
  expect(await sweepAuthentication({ db: database }, at)).toEqual({
    auth_sessions: 0,
    auth_factors: 0,
    auth_one_time_tokens: 0,
    auth_flows: 0,
    auth_challenges: 0,
    auth_audit: 0,
  })
  expect(await database.prepare(`select count(*) as n from auth_audit where id = 'young'`).first('n')).toBe(1)
})
