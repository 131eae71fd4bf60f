import { expect, test } from 'vitest'
import { call, claimsOf, database, refresh, signUpAnonymously, type SessionBody } from './client'

const FIFTY = Array.from({ length: 50 })
const sessionsOf = (userId: string) =>
  database
    .prepare('select * from auth_sessions where user_id = ?')
    .bind(userId)
    .all()
    .then(({ results }) => results)

test('P12: fifty refreshes of one token at once end with one live session and nobody signed out', async () => {
  const { refresh_token, user } = await signUpAnonymously()
  const answers = await Promise.all(FIFTY.map(() => refresh(refresh_token)))
  expect(answers.map(({ status }) => status)).toEqual(FIFTY.map(() => 200))
  const sessions = answers.map(({ body }) => body as unknown as SessionBody)
  expect(new Set(sessions.map((session) => session.refresh_token)).size).toBe(1)
  expect(sessions[0]!.refresh_token).not.toBe(refresh_token)
  expect(await sessionsOf(user.id)).toMatchObject([{ refresh_counter: 1 }])
  const reads = await Promise.all(sessions.map(({ access_token: token }) => call('/auth/v1/user', { token })))
  expect(reads.map(({ status }) => status)).toEqual(FIFTY.map(() => 200))
})

test('P12: a phone, its widget and its share sheet may all be behind: nobody meets 409 or 429, and one token comes of it', async () => {
  const first = await signUpAnonymously()
  const second = (await refresh(first.refresh_token)).body as unknown as SessionBody
  const third = (await refresh(second.refresh_token)).body as unknown as SessionBody
  const crowd = [first, second, third].flatMap(({ refresh_token }) => Array.from({ length: 20 }, () => refresh_token))
  const answers = await Promise.all(crowd.map(refresh))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  const tokens = new Set(answers.map(({ body }) => body.refresh_token))
  // Those who came before the one rotation got the third, all others the fourth.
  expect(tokens.size).toBeLessThanOrEqual(2)
  expect(await sessionsOf(first.user.id)).toMatchObject([{ refresh_counter: 3 }])
})

test('phones that all keep refreshing with what they got stay signed in', async () => {
  const { refresh_token, user } = await signUpAnonymously()
  const finals = await Promise.all(
    Array.from({ length: 8 }, async () => {
      let token = refresh_token
      for (let i = 0; i < 6; i++) {
        const answer = await refresh(token)
        expect(answer.status).toBe(200)
        token = (answer.body as unknown as SessionBody).refresh_token
      }
      return token
    }),
  )
  expect((await Promise.all(finals.map(refresh))).map(({ status }) => status)).toEqual(finals.map(() => 200))
  expect(await sessionsOf(user.id)).toHaveLength(1)
})

test('P12: fifty replays at once end the session, and every answer says so', async () => {
  const { refresh_token, user } = await signUpAnonymously()
  const second = (await refresh(refresh_token)).body as unknown as SessionBody
  await refresh(second.refresh_token)
  await database.prepare('update auth_sessions set refreshed_at = refreshed_at - 10001 where user_id = ?').bind(user.id).run()
  const answers = await Promise.all(FIFTY.map(() => refresh(refresh_token)))
  const codes = answers.map(({ body }) => String(body['error_code']))
  expect(codes.filter((code) => code === 'refresh_token_already_used')).toHaveLength(1)
  expect(codes.filter((code) => code === 'refresh_token_not_found')).toHaveLength(49)
  expect(answers.every(({ status }) => status === 400)).toBe(true)
  expect(await sessionsOf(user.id)).toHaveLength(0)
})

test('a sign-out among refreshes wins: afterwards nothing of the session works', async () => {
  const { refresh_token, access_token, user } = await signUpAnonymously()
  const answers = await Promise.all([
    ...Array.from({ length: 20 }, () => refresh(refresh_token)),
    call('/auth/v1/logout', { method: 'POST', token: access_token }),
    ...Array.from({ length: 20 }, () => refresh(refresh_token)),
  ])
  expect(answers[20]!.status).toBe(204)
  for (const { status, body } of answers.toSpliced(20, 1))
    expect([200, 'refresh_token_not_found']).toContain(status === 200 ? 200 : body['error_code'])
  expect(await sessionsOf(user.id)).toEqual([])
  const issued = answers.flatMap(({ body }) => ('access_token' in body ? [body.access_token] : []))
  for (const token of [access_token, ...issued]) expect((await call('/auth/v1/user', { token })).status).toBe(403)
})

test('fifty changes of metadata at once lose none', async () => {
  const { access_token: token } = await signUpAnonymously()
  const answers = await Promise.all(FIFTY.map((_, i) => call('/auth/v1/user', { method: 'PUT', token, body: { data: { [`k${i}`]: i } } })))
  expect(answers.map(({ status }) => status)).toEqual(FIFTY.map(() => 200))
  const { body } = await call('/auth/v1/user', { token })
  expect(Object.keys(body.user_metadata)).toHaveLength(50)
})

test('of people who want one address at once, one gets it', async () => {
  const people = await Promise.all(Array.from({ length: 10 }, () => signUpAnonymously()))
  const email = `wanted-${crypto.randomUUID()}@example.com`
  const answers = await Promise.all(
    people.map(({ access_token: token }) => call('/auth/v1/user', { method: 'PUT', token, body: { email } })),
  )
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  for (const { body } of answers.filter(({ status }) => status !== 200)) expect(body['error_code']).toBe('email_exists')
  const { n } = (await database.prepare('select count(*) as n from auth_identities where email = ?').bind(email).first<{ n: number }>())!
  expect(n).toBe(1)
})

test('the person who signs up twice with different passwords at once keeps the one that was answered', async () => {
  const email = `twice-${crypto.randomUUID()}@example.com`
  const passwords = ['password one', 'password two', 'password three']
  const answers = await Promise.all(passwords.map((password) => call('/auth/v1/signup', { body: { email, password } })))
  const winner = answers.findIndex(({ status }) => status === 200)
  const tries = await Promise.all(passwords.map((password) => call('/auth/v1/token?grant_type=password', { body: { email, password } })))
  expect(tries.map(({ status }) => status === 200)).toEqual(passwords.map((_, i) => i === winner))
})

test('a session id is never of two people', async () => {
  const people = await Promise.all(Array.from({ length: 10 }, () => signUpAnonymously()))
  expect(new Set(people.map(({ access_token }) => claimsOf(access_token)['session_id'])).size).toBe(10)
})
