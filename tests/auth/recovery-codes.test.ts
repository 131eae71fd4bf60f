// Recovery codes: for who lost the other factors. Each works once, and they never stand alone.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import demo from '../../app'
import { sweepAuthentication } from '../../src/auth'
import { anotherSession, challenge, codeOf, enroll, factors, factorsOf, member, prove, run, secured, verify } from './factors'
import { serve } from '../support/backend'
import { messagesTo } from '../support/messages'
import { admin, call, claimsOf, database, refresh, type Answer, type SessionBody } from './client'

const FIFTY = Array.from({ length: 50 })
const CODES = '/recovery-codes'
const errors = (answers: readonly Answer[]) => answers.map(({ body }) => body['error_code'])
const told = ({ status, body }: Answer) => [status, body['error_code']]

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Math.floor(Date.now() / 30_000) * 30_000 + 15_000)
})
afterEach(() => {
  vi.useRealTimers()
})

const generate = (token: string, body?: unknown) => factors(token, CODES, body, 'POST')
const redeem = (token: string, code: unknown) => factors(token, `${CODES}/verify`, { code })
const left = async (token: string) => (await factors(token, CODES)).body

/** Somebody with an authenticator app and codes, in an aal2 session. */
async function prepared() {
  const { session, app } = await secured()
  const answer = await generate(session.access_token)
  expect(answer.status, answer.text).toBe(200)
  return { session, app, answer, codes: answer.body['codes'] as string[], id: String(answer.body['id']) }
}

describe('a set of codes', () => {
  test('is ten, shown once, kept as hashes, counted, and a factor among the others', async () => {
    const { session, answer, codes, id } = await prepared()
    expect(answer.body).toMatchObject({ type: 'recovery_code', friendly_name: 'Recovery codes', total: 10 })
    expect(new Set(codes).size).toBe(10)
    for (const code of codes) expect(code).toMatch(/^[a-z2-7]{16}$/)
    expect(await left(session.access_token)).toEqual({ id, type: 'recovery_code', total: 10, remaining: 10 })
    const user = await call('/auth/v1/user', { token: session.access_token })
    expect(factorsOf({ user: user.body } as unknown as SessionBody)).toContainEqual(
      expect.objectContaining({ id, factor_type: 'recovery_code', status: 'verified' }),
    )
    const kept = JSON.stringify([
      await run('select * from auth_recovery_codes'),
      await run('select * from auth_audit'),
      await left(session.access_token),
    ])
    for (const code of codes) expect(kept).not.toContain(code)
    expect(await run("select id from auth_audit where action = 'recovery_codes_generated' and user_id = ?", session.user.id)).toHaveLength(
      1,
    )
  })

  test('needs a strong session and another factor, and there is one', async () => {
    const weak = await member()
    expect(told(await generate(weak.access_token))).toEqual([403, 'insufficient_aal'])
    expect(told(await factors(weak.access_token, CODES))).toEqual([404, 'mfa_factor_not_found'])
    await run("update auth_sessions set aal = 'aal2' where user_id = ?", weak.user.id)
    const strong = (await refresh(weak.refresh_token)).body
    expect(told(await generate(strong.access_token))).toEqual([422, 'mfa_recovery_codes_sole_factor'])
    const { session } = await prepared()
    expect(told(await generate(session.access_token))).toEqual([422, 'mfa_verified_factor_exists'])
  })

  test('stays as it is when its person is banned', async () => {
    const { session, codes } = await prepared()
    const { access_token: token, user } = session
    const before = await run('select code_hash from auth_recovery_codes where user_id = ? order by 1', user.id)
    await admin(`users/${user.id}`, { method: 'PUT', body: { ban_duration: '1h' } })
    expect(told(await factors(token, `${CODES}/regenerate`, undefined, 'POST'))).toEqual([403, 'user_banned'])
    expect(told(await factors(token, CODES, undefined, 'DELETE'))).toEqual([403, 'user_banned'])
    expect(told(await redeem(token, codes[0]))).toEqual([403, 'user_banned'])
    expect(await run('select code_hash from auth_recovery_codes where user_id = ? order by 1', user.id)).toEqual(before)
  })

  test('fifty at once make one set, and its codes are those that were shown', async () => {
    const { session } = await secured()
    const answers = await Promise.all(FIFTY.map(() => generate(session.access_token, { friendly_name: 'On paper' })))
    const [made] = answers.filter(({ status }) => status === 200)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(new Set(errors(answers.filter(({ status }) => status !== 200)))).toEqual(new Set(['mfa_verified_factor_exists']))
    expect(await left(session.access_token)).toMatchObject({ total: 10, remaining: 10 })
    const { access_token: token } = await anotherSession(session.user.id)
    expect((await redeem(token, (made!.body['codes'] as string[])[0])).status).toBe(200)
  })

  test('the last other factor does not go while there are codes', async () => {
    const { session, app } = await prepared()
    expect(told(await factors(session.access_token, `/${app.id}`, undefined, 'DELETE'))).toEqual([422, 'mfa_recovery_codes_sole_factor'])
    expect((await factors(session.access_token, CODES, undefined, 'DELETE')).status).toBe(200)
    expect((await factors(session.access_token, `/${app.id}`, undefined, 'DELETE')).status).toBe(200)
    expect(await run('select * from auth_recovery_codes where user_id = ?', session.user.id)).toEqual([])
  })

  test('goes by its own address only, and only for a strong session', async () => {
    const { session, id } = await prepared()
    expect(told(await factors(session.access_token, `/${id}`, undefined, 'DELETE'))).toEqual([422, 'validation_failed'])
    const { access_token: weak } = await anotherSession(session.user.id)
    expect(told(await factors(weak, CODES, undefined, 'DELETE'))).toEqual([403, 'insufficient_aal'])
    expect(told(await factors(weak, `${CODES}/regenerate`, undefined, 'POST'))).toEqual([403, 'insufficient_aal'])
    expect((await left(weak))['remaining']).toBe(10)
  })
})

describe('a code', () => {
  test('makes a session aal2, as typed in any case and groups, and is told in amr and in the audit', async () => {
    const { session, codes, id } = await prepared()
    const weak = await anotherSession(session.user.id)
    const typed = ` ${codes[0]!.toUpperCase().match(/.{4}/g)!.join('-')} `
    const answer = await redeem(weak.access_token, typed)
    expect(answer.status, answer.text).toBe(200)
    expect(claimsOf(answer.body.access_token)).toMatchObject({
      aal: 'aal2',
      amr: [{ method: 'mfa/recovery_code' }, { method: 'password' }],
    })
    expect((await left(answer.body.access_token))['remaining']).toBe(9)
    expect(told(await refresh(weak.refresh_token))).toEqual([400, 'refresh_token_already_used'])
    const [entry] = await run("select details from auth_audit where action = 'recovery_codes_verified' and user_id = ?", session.user.id)
    expect(JSON.parse(String(entry!['details']))).toMatchObject({ factor: id, type: 'recovery_code' })
  })

  test('works as the code of an authenticator app, too, and resets its lock', async () => {
    const { session, app, codes } = await prepared()
    const { access_token: token } = await anotherSession(session.user.id)
    await verify(token, app.id, await challenge(token, app.id), '000000')
    const answer = await verify(token, app.id, await challenge(token, app.id), codes[3]!)
    expect(answer.status, answer.text).toBe(200)
    expect(claimsOf(answer.body.access_token)['amr']).toMatchObject([{ method: 'mfa/recovery_code' }, { method: 'password' }])
    expect(await run('select failures from auth_factors where id = ?', app.id)).toEqual([{ failures: 0 }])
    // An app that waits to be verified isn't verified by it.
    const second = await enroll(answer.body.access_token, 'second')
    const tried = await verify(answer.body.access_token, second.id, await challenge(answer.body.access_token, second.id), codes[4]!)
    expect(told(tried)).toEqual([422, 'mfa_verification_failed'])
    expect((await left(token))['remaining']).toBe(9)
  })

  test('works once: fifty at once, by both ways, give one session', async () => {
    const { session, app, codes } = await prepared()
    const { access_token: token } = await anotherSession(session.user.id)
    const asked = await Promise.all(FIFTY.slice(25).map(() => challenge(token, app.id)))
    const answers = await Promise.all([
      ...FIFTY.slice(25).map(() => redeem(token, codes[0])),
      ...asked.map((one) => verify(token, app.id, one, codes[0]!)),
    ])
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(await left(session.access_token)).toMatchObject({ remaining: 9 })
    expect(told(await redeem((await anotherSession(session.user.id)).access_token, codes[0]))).toEqual([422, 'mfa_verification_failed'])
  })

  test('of somebody else, a wrong one and none at all are one answer', async () => {
    const [ann, ben] = [await prepared(), await prepared()]
    const { access_token: token } = await anotherSession(ann.session.user.id)
    const without = await member()
    for (const [who, code] of [
      [token, ben.codes[0]],
      [token, 'a'.repeat(16)],
      [token, 'x'],
      [token, 'a'.repeat(10_000)],
      [without.access_token, 'a'.repeat(16)],
    ] as const) {
      expect(told(await redeem(who, code))).toEqual([422, 'mfa_verification_failed'])
    }
    for (const code of ['', ' - ', null, 7, { a: 1 }]) expect(told(await redeem(token, code))).toEqual([400, 'validation_failed'])
  })

  test('P19: of fifty wrong ones at once exactly five are judged; replacing the codes lifts the lock', async () => {
    const { session, codes } = await prepared()
    const { access_token: token } = await anotherSession(session.user.id)
    const answers = await Promise.all(FIFTY.map(() => redeem(token, 'a'.repeat(16))))
    expect(errors(answers).filter((code) => code === 'mfa_verification_failed')).toHaveLength(5)
    const locked = answers.filter(({ status }) => status === 429)
    expect(locked).toHaveLength(45)
    expect(
      locked.every(({ headers, body }) => headers.get('retry-after') === '60' && body['error_code'] === 'mfa_recovery_codes_locked'),
    ).toBe(true)
    expect(told(await redeem(token, codes[0]))).toEqual([429, 'mfa_recovery_codes_locked'])

    const replaced = await factors(session.access_token, `${CODES}/regenerate`, undefined, 'POST')
    expect(replaced.body).toMatchObject({ type: 'recovery_code', total: 10, friendly_name: 'Recovery codes' })
    expect(told(await redeem(token, codes[0]))).toEqual([422, 'mfa_verification_failed'])
    expect((await redeem(token, (replaced.body['codes'] as string[])[0])).status).toBe(200)
    expect(await left(session.access_token)).toMatchObject({ total: 10, remaining: 9 })
  })

  test('what it made strong is weak again when the codes go', async () => {
    const { session, app, codes } = await prepared()
    const byCode = (await redeem((await anotherSession(session.user.id)).access_token, codes[0])).body as unknown as SessionBody
    const byApp = await prove((await anotherSession(session.user.id)).access_token, app)
    await factors(byApp.access_token, CODES, undefined, 'DELETE')
    expect(claimsOf((await refresh(byCode.refresh_token)).body.access_token)['aal']).toBe('aal1')
    expect(claimsOf((await refresh(byApp.refresh_token)).body.access_token)['aal']).toBe('aal2')
  })
})

test('where the app has no recovery codes none are made, and those that there are count for nothing', async () => {
  const { session, app, codes } = await prepared()
  const off = serve({ ...demo, auth: { ...demo.auth, mfa: { recoveryCodes: false } } })
  const { access_token: token } = await anotherSession(session.user.id)
  const ask = (as: string, path: string, body: unknown = {}) =>
    off.stranger(`/auth/v1/factors${path}`, { body, headers: { authorization: `Bearer ${as}` } })
  expect((await ask(session.access_token, CODES)).json).toMatchObject({ error_code: 'mfa_recovery_codes_enroll_not_enabled' })
  expect((await ask(token, `${CODES}/verify`, { code: codes[0] })).json).toMatchObject({
    error_code: 'mfa_recovery_codes_verify_not_enabled',
  })
  const answer = await ask(token, `/${app.id}/verify`, { challenge_id: await challenge(token, app.id), code: codes[0] })
  expect([answer.status, answer.json]).toMatchObject([422, { error_code: 'mfa_verification_failed' }])
  expect(await left(token)).toMatchObject({ remaining: 10 })
})

test('P20: a session keeps what it proved by another factor, and only that', async () => {
  const { session, app, codes } = await prepared()
  const both = (await redeem((await prove((await anotherSession(session.user.id)).access_token, app)).access_token, codes[0]))
    .body as unknown as SessionBody
  expect(claimsOf(both.access_token)['amr']).toMatchObject([{ method: 'mfa/recovery_code' }, { method: 'totp' }, { method: 'password' }])
  // Another app of theirs, which this session never proved.
  const second = await enroll(session.access_token, 'second')
  const other = await prove(session.access_token, second)
  await factors(other.access_token, CODES, undefined, 'DELETE')
  const kept = (await refresh(both.refresh_token)).body as unknown as SessionBody
  expect(claimsOf(kept.access_token)).toMatchObject({ aal: 'aal2', amr: [{ method: 'totp' }, { method: 'password' }] })
  await factors(other.access_token, `/${app.id}`, undefined, 'DELETE')
  expect(claimsOf((await refresh(kept.refresh_token)).body.access_token)).toMatchObject({ aal: 'aal1', amr: [{ method: 'password' }] })
  expect(claimsOf((await refresh(other.refresh_token)).body.access_token)).toMatchObject({ aal: 'aal2' })
})

test('who has a confirmed address is told by mail when a factor comes and goes, once', async () => {
  const person = await member()
  await run('update auth_users set email_confirmed_at = 1 where id = ?', person.user.id)
  const [row] = await run('select email from auth_users where id = ?', person.user.id)
  const app = await enroll(person.access_token, 'App')
  const { access_token: token } = await prove(person.access_token, app)
  await Promise.all(FIFTY.map(() => factors(token, `/${app.id}`, undefined, 'DELETE')))
  const mails = await messagesTo(String(row!['email']))
  expect(mails.map(({ kind }) => kind).toSorted()).toEqual(['mfa_factor_enrolled', 'mfa_factor_unenrolled'])
  expect(JSON.stringify(mails)).not.toContain(app.secret)
})

test('factors that nobody verified are forgotten, those with a challenge under way are not', async () => {
  const { access_token: token } = await member()
  const [left, asked] = [await enroll(token, 'left'), await enroll(token, 'asked')]
  vi.setSystemTime(Date.now() + 301_000)
  await challenge(token, asked.id)
  await sweepAuthentication({ db: database }, Date.now())
  expect(await run('select id from auth_factors where id in (?, ?)', left.id, asked.id)).toEqual([{ id: asked.id }])
  expect((await verify(token, asked.id, await challenge(token, asked.id), await codeOf(asked))).status).toBe(200)
})
