// People with second factors: an authenticator app as the tests hold it, and sessions that need no password.
import { expect } from 'vitest'
import { fromBase32, stepAt, totpCode } from '../../src/auth/totp'
import { writeRefreshToken } from '../../src/auth/refresh-token'
import { deriveKeys } from '../../src/platform'
import { call, database, newEmail, refresh, signUpAnonymously, type Answer, type SessionBody } from './client'

const keys = await deriveKeys('dGVzdHMtb25seS1yb290LWtleS1vZi10aGlydHktdHdvLWJ5dGVz')

export const run = (sql: string, ...params: (string | number | null)[]) =>
  database
    .prepare(sql)
    .bind(...params)
    .all<Record<string, unknown>>()
    .then(({ results }) => results)

/** Somebody with an address and no password: those cost 140 ms. */
export async function member(): Promise<SessionBody> {
  const session = await signUpAnonymously()
  await run('update auth_users set is_anonymous = 0, email = ? where id = ?', newEmail(), session.user.id)
  return session
}

/** Another sign-in of the same person, at aal1. */
export async function anotherSession(userId: string): Promise<SessionBody> {
  const id = crypto.randomUUID()
  await run(
    `insert into auth_sessions (id, user_id, aal, amr, refresh_counter, refreshed_at, created_at)
      values (?, ?, 'aal1', '[{"method":"password","timestamp":1}]', '0', '0', '0')`,
    id,
    userId,
  )
  const answer = await refresh(await writeRefreshToken({ sessionId: id, counter: 0 }, keys.refreshMac))
  expect(answer.status, answer.text).toBe(200)
  return answer.body as unknown as SessionBody
}

export const factors = (token: string, path = '', body?: unknown, method?: string): Promise<Answer> =>
  call(`/auth/v1/factors${path}`, { token, ...(body === undefined ? {} : { body }), ...(method === undefined ? {} : { method }) })

export const factorsOf = (session: Pick<SessionBody, 'user'>): readonly Record<string, unknown>[] =>
  (session.user as { readonly factors?: readonly Record<string, unknown>[] }).factors ?? []

export interface Authenticator {
  readonly id: string
  readonly secret: string
  readonly answer: Answer
}

export async function enroll(token: string, name = ''): Promise<Authenticator> {
  const answer = await factors(token, '', { factor_type: 'totp', friendly_name: name })
  expect(answer.status, answer.text).toBe(200)
  const totp = answer.body['totp'] as { secret: string }
  return { id: String(answer.body['id']), secret: totp.secret, answer }
}

/** What the app shows now, or some steps of 30 s from now. */
export const codeOf = ({ secret }: Pick<Authenticator, 'secret'>, steps = 0): Promise<string> =>
  totpCode(fromBase32(secret)!, stepAt(Date.now()) + steps)

export async function challenge(token: string, factorId: string): Promise<string> {
  const answer = await factors(token, `/${factorId}/challenge`, {})
  expect(answer.status, answer.text).toBe(200)
  return String(answer.body['id'])
}

export const verify = (token: string, factorId: string, challengeId: string, code: string): Promise<Answer> =>
  factors(token, `/${factorId}/verify`, { challenge_id: challengeId, code })

export async function prove(token: string, app: Pick<Authenticator, 'id' | 'secret'>, steps = 0): Promise<SessionBody> {
  const answer = await verify(token, app.id, await challenge(token, app.id), await codeOf(app, steps))
  expect(answer.status, answer.text).toBe(200)
  return answer.body as unknown as SessionBody
}

/** Somebody with an authenticator app, in an aal2 session. The app's present code wasn't used. */
export async function secured(): Promise<{ session: SessionBody; app: Authenticator }> {
  const { access_token: token } = await member()
  const app = await enroll(token, 'App')
  return { session: await prove(token, app, -1), app }
}
