import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { anotherSession, challenge, codeOf, enroll, factors, factorsOf, member, prove, run, secured, verify } from './factors'
import { call, claimsOf, refresh, signUpAnonymously } from './client'

const FIFTY = Array.from({ length: 50 })
const codes = (answers: readonly { body: { readonly [name: string]: unknown } }[]) => answers.map(({ body }) => body['error_code'])

// In the middle of a step, so that no code passes while a test runs.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Math.floor(Date.now() / 30_000) * 30_000 + 15_000)
})
afterEach(() => {
  vi.useRealTimers()
})
const later = (ms: number) => vi.setSystemTime(Date.now() + ms)

describe('enrolment', () => {
  test('gives a secret, its URI and a drawing once, and the factor waits unverified in the user object', async () => {
    const { access_token: token, user } = await member()
    const { id, secret, answer } = await enroll(token, 'My phone')
    expect(answer.body).toMatchObject({ id, type: 'totp', friendly_name: 'My phone' })
    const totp = answer.body['totp'] as Record<string, string>
    expect(totp['qr_code']).toMatch(/^<svg [^>]+>.*<\/svg>$/)
    expect(totp['uri']).toContain(`secret=${secret}`)
    expect(answer.headers.get('cache-control')).toBe('no-store')

    const shown = await call('/auth/v1/user', { token })
    expect(shown.body['factors']).toMatchObject([{ id, status: 'unverified', factor_type: 'totp', friendly_name: 'My phone' }])
    expect(shown.text).not.toContain(secret)
    const [row] = await run('select * from auth_factors where id = ?', id)
    expect(JSON.stringify(row)).not.toContain(secret)
    expect(await run("select details from auth_audit where action = 'factor_in_progress' and user_id = ?", user.id)).toHaveLength(1)
  })

  test('a user without factors has no member `factors`', async () => {
    const { access_token: token } = await member()
    expect((await call('/auth/v1/user', { token })).body).not.toHaveProperty('factors')
  })

  test('an anonymous person has no second factor', async () => {
    const { access_token: token } = await signUpAnonymously()
    const answer = await factors(token, '', { factor_type: 'totp' })
    expect([answer.status, answer.body['error_code']]).toEqual([403, 'no_authorization'])
  })

  test.each([
    [{ factor_type: 'sms' }, 400, 'validation_failed'],
    [{ factor_type: '__proto__' }, 400, 'validation_failed'],
    [{}, 400, 'validation_failed'],
    [{ factor_type: 'phone', phone: '+41791234567' }, 422, 'mfa_phone_enroll_not_enabled'],
    [{ factor_type: 'recovery_code' }, 400, 'validation_failed'],
    [{ factor_type: 'totp', friendly_name: 'x'.repeat(101) }, 400, 'validation_failed'],
    [{ factor_type: 'totp', friendly_name: 'a\u0000b' }, 400, 'validation_failed'],
    [{ factor_type: 'totp', issuer: '\ud800' }, 400, 'validation_failed'],
    [{ factor_type: 'totp', issuer: 'x'.repeat(61) }, 400, 'validation_failed'],
  ])('%j is refused', async (body, status, code) => {
    const { access_token: token } = await member()
    const answer = await factors(token, '', body)
    expect([answer.status, answer.body['error_code']]).toEqual([status, code])
  })

  test('a name is a factor once; no name may be had often', async () => {
    const { access_token: token } = await member()
    await enroll(token, 'Mine')
    const again = await factors(token, '', { factor_type: 'totp', friendly_name: 'Mine' })
    expect([again.status, again.body['error_code']]).toEqual([422, 'mfa_factor_name_conflict'])
    await enroll(token)
    await enroll(token)
  })

  test('fifty at once leave ten, and who waits five minutes without a challenge makes room', async () => {
    const { access_token: token, user } = await member()
    const answers = await Promise.all(FIFTY.map(() => factors(token, '', { factor_type: 'totp' })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10)
    expect(new Set(codes(answers.filter(({ status }) => status !== 200)))).toEqual(new Set(['too_many_enrolled_mfa_factors']))
    const kept = String(answers.find(({ status }) => status === 200)!.body['id'])
    later(299_000)
    await challenge(token, kept)
    expect((await factors(token, '', { factor_type: 'totp' })).status).toBe(422)
    later(1_000)
    await enroll(token)
    expect(await run('select id from auth_factors where user_id = ?', user.id)).toHaveLength(2)
  })
})

describe('verification', () => {
  test('makes the session aal2, with new tokens, and says how in amr', async () => {
    const before = await member()
    const app = await enroll(before.access_token)
    const after = await prove(before.access_token, app)
    expect(claimsOf(before.access_token)['aal']).toBe('aal1')
    expect(claimsOf(after.access_token)).toMatchObject({
      aal: 'aal2',
      session_id: claimsOf(before.access_token)['session_id'],
      amr: [{ method: 'totp' }, { method: 'anonymous' }],
    })
    expect(after.expires_in).toBe(3600)
    expect(factorsOf(after)).toMatchObject([{ id: app.id, status: 'verified' }])
    const refreshed = await refresh(after.refresh_token)
    expect(claimsOf(refreshed.body.access_token)).toMatchObject({ aal: 'aal2', amr: [{ method: 'totp' }, { method: 'anonymous' }] })
    const [entry] = await run("select details from auth_audit where action = 'mfa_code_login' and user_id = ?", before.user.id)
    expect(JSON.parse(String(entry!['details']))).toMatchObject({ factor: app.id, type: 'totp' })
  })

  test('ends other weak sessions, keeps strong ones, and removes unverified factors of its type', async () => {
    const { session: strong, app } = await secured()
    const [weak, own] = [await anotherSession(strong.user.id), await anotherSession(strong.user.id)]
    await run(
      "insert into auth_factors (id, user_id, type, status, friendly_name, created_at, updated_at) values (?, ?, 'totp', 'unverified', 'left', '0', '0'), (?, ?, 'phone', 'unverified', 'other', '0', '0')",
      crypto.randomUUID(),
      strong.user.id,
      crypto.randomUUID(),
      strong.user.id,
    )
    const raised = await prove(own.access_token, app)
    expect(factorsOf(raised).map((factor) => factor['factor_type'])).toEqual(['phone', 'totp'])
    const alive = await Promise.all([strong, weak, raised].map(({ access_token: token }) => call('/auth/v1/user', { token })))
    expect(alive.map(({ status }) => status)).toEqual([200, 403, 200])
    expect(alive[1]!.body['error_code']).toBe('session_not_found')
  })

  test('P12: the refresh token of before gets nothing, neither at once nor after the next refresh, and a replay ends the session', async () => {
    const before = await member()
    const rotated = (await refresh(before.refresh_token)).body
    const app = await enroll(rotated.access_token)
    const after = await prove(rotated.access_token, app)
    for (const token of [rotated.refresh_token, before.refresh_token]) {
      const answer = await refresh(token)
      expect([answer.status, answer.body['error_code']]).toEqual([400, 'refresh_token_already_used'])
    }
    const next = await refresh(after.refresh_token)
    expect(next.status).toBe(200)
    expect((await refresh(rotated.refresh_token)).body['error_code']).toBe('refresh_token_already_used')
    expect((await refresh(next.body.refresh_token)).status).toBe(200)
    later(11_000)
    expect((await refresh(rotated.refresh_token)).body['error_code']).toBe('refresh_token_already_used')
    expect((await refresh(next.body.refresh_token)).body['error_code']).toBe('refresh_token_not_found')
  })

  test('P12: a refresh that meets the verification gets one of the two sessions, never strength from the weak token', async () => {
    for (let round = 0; round < 5; round++) {
      const before = await member()
      const app = await enroll(before.access_token)
      const asked = await challenge(before.access_token, app.id)
      const code = await codeOf(app)
      const [verified, ...refreshed] = await Promise.all([
        verify(before.access_token, app.id, asked, code),
        ...Array.from({ length: 10 }, () => refresh(before.refresh_token)),
      ])
      expect(verified.status).toBe(200)
      for (const { status, body } of refreshed) {
        if (status === 200) expect(claimsOf(body.access_token)['aal']).toBe('aal1')
        else expect(body['error_code']).toBe('refresh_token_already_used')
      }
    }
  })

  test('a wrong code is mfa_verification_failed and uses up the challenge', async () => {
    const { access_token: token } = await member()
    const app = await enroll(token)
    const asked = await challenge(token, app.id)
    const wrong = await verify(token, app.id, asked, '000000')
    expect([wrong.status, wrong.body['error_code'], wrong.body['msg']]).toEqual([
      422,
      'mfa_verification_failed',
      'Invalid TOTP code entered',
    ])
    const again = await verify(token, app.id, asked, await codeOf(app))
    expect([again.status, again.body['error_code']]).toEqual([422, 'mfa_factor_not_found'])
  })

  test('an empty code uses up nothing', async () => {
    const { access_token: token } = await member()
    const app = await enroll(token)
    const asked = await challenge(token, app.id)
    for (const body of [{ challenge_id: asked }, { challenge_id: asked, code: '' }, { challenge_id: asked, code: null }]) {
      const answer = await factors(token, `/${app.id}/verify`, body)
      expect([answer.status, answer.body['error_code']]).toEqual([400, 'validation_failed'])
    }
    expect((await verify(token, app.id, asked, await codeOf(app))).status).toBe(200)
  })

  test('a challenge is good for five minutes', async () => {
    const { access_token: token } = await member()
    const app = await enroll(token)
    const [one, other] = [await challenge(token, app.id), await challenge(token, app.id)]
    later(299_000)
    expect((await verify(token, app.id, one, '000000')).body['error_code']).toBe('mfa_verification_failed')
    later(1_000)
    const late = await verify(token, app.id, other, await codeOf(app))
    expect([late.status, late.body['error_code']]).toEqual([422, 'mfa_challenge_expired'])
    const [{ failures }] = (await run('select failures from auth_factors where id = ?', app.id)) as [{ failures: number }]
    expect(failures).toBe(1)
  })

  test('P19: a code is taken once, by whatever challenge, and so is none older than it', async () => {
    const { session, app } = await secured()
    const weak = () => anotherSession(session.user.id)
    const one = await weak()
    expect((await verify(one.access_token, app.id, await challenge(one.access_token, app.id), await codeOf(app))).status).toBe(200)
    for (const steps of [0, -1]) {
      const two = await weak()
      const answer = await verify(two.access_token, app.id, await challenge(two.access_token, app.id), await codeOf(app, steps))
      expect([answer.status, answer.body['error_code']], `${steps}`).toEqual([422, 'mfa_verification_failed'])
    }
    const three = await weak()
    expect((await verify(three.access_token, app.id, await challenge(three.access_token, app.id), await codeOf(app, 1))).status).toBe(200)
  })

  test('P19: fifty tries of a right code with a challenge each give one session', async () => {
    const { session, app } = await secured()
    const { access_token: token } = await anotherSession(session.user.id)
    const asked = await Promise.all(FIFTY.map(() => challenge(token, app.id)))
    const code = await codeOf(app)
    const answers = await Promise.all(asked.map((id) => verify(token, app.id, id, code)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const rest = new Set(codes(answers.filter(({ status }) => status !== 200)))
    expect([...rest].every((one) => one === 'mfa_verification_failed' || one === 'over_request_rate_limit')).toBe(true)
    const raised = answers.find(({ status }) => status === 200)!
    expect((await refresh(raised.body.refresh_token)).status).toBe(200)
  })

  test('P19: fifty tries of one challenge are one try', async () => {
    const { access_token: token } = await member()
    const app = await enroll(token)
    const asked = await challenge(token, app.id)
    const code = await codeOf(app)
    const answers = await Promise.all(FIFTY.map(() => verify(token, app.id, asked, code)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(new Set(codes(answers.filter(({ status }) => status !== 200)))).toEqual(new Set(['mfa_factor_not_found']))
  })

  test('P19: of fifty wrong codes at once exactly five are judged, then nobody is, and the lock doubles', async () => {
    const { access_token: token } = await member()
    const app = await enroll(token)
    const asked = await Promise.all(FIFTY.map(() => challenge(token, app.id)))
    const answers = await Promise.all(asked.map((id) => verify(token, app.id, id, '000000')))
    expect(answers.filter(({ body }) => body['error_code'] === 'mfa_verification_failed')).toHaveLength(5)
    const locked = answers.filter(({ status }) => status === 429)
    expect(locked).toHaveLength(45)
    expect(
      locked.every(({ headers, body }) => headers.get('retry-after') === '60' && body['error_code'] === 'over_request_rate_limit'),
    ).toBe(true)

    // The right code is no better now: whoever guesses must not learn anything.
    const early = await verify(token, app.id, await challenge(token, app.id), await codeOf(app))
    expect(early.status).toBe(429)
    later(60_000)
    expect((await verify(token, app.id, await challenge(token, app.id), '000000')).body['error_code']).toBe('mfa_verification_failed')
    const longer = await verify(token, app.id, await challenge(token, app.id), await codeOf(app))
    expect([longer.status, longer.headers.get('retry-after')]).toEqual([429, '120'])
    later(120_000)
    expect((await verify(token, app.id, await challenge(token, app.id), await codeOf(app))).status).toBe(200)
    expect(await run('select failures, locked_until from auth_factors where id = ?', app.id)).toEqual([{ failures: 0, locked_until: null }])
  })

  test('P20: a factor that a weak session left unverified does not get past one that was verified since', async () => {
    const thief = await member()
    const theirs = await enroll(thief.access_token, 'theirs')
    const asked = await challenge(thief.access_token, theirs.id)
    // The owner's factor is of another type, so the unverified one stays.
    await run(
      "insert into auth_factors (id, user_id, type, status, friendly_name, created_at, updated_at) values (?, ?, 'phone', 'verified', 'mine', '0', '0')",
      crypto.randomUUID(),
      thief.user.id,
    )
    const answer = await verify(thief.access_token, theirs.id, asked, await codeOf(theirs))
    expect([answer.status, answer.body['error_code']]).toEqual([403, 'insufficient_aal'])
    expect((await factors(thief.access_token, `/${theirs.id}/challenge`, {})).body['error_code']).toBe('insufficient_aal')
  })
})

describe('strangers', () => {
  test('nobody without a token, and none of another person, finds a factor', async () => {
    const { app } = await secured()
    const stranger = await member()
    expect((await call(`/auth/v1/factors/${app.id}/challenge`, { body: {} })).status).toBe(401)
    for (const [path, body, method] of [
      ['/challenge', {}, undefined],
      ['/verify', { challenge_id: crypto.randomUUID(), code: '123456' }, undefined],
      ['', undefined, 'DELETE'],
    ] as const) {
      const theirs = await factors(stranger.access_token, `/${app.id}${path}`, body, method)
      const nobodys = await factors(stranger.access_token, `/${crypto.randomUUID()}${path}`, body, method)
      expect([theirs.status, theirs.body['error_code'], theirs.text]).toEqual([404, 'mfa_factor_not_found', nobodys.text])
    }
  })

  test('a challenge of one factor is none of another, of a person neither', async () => {
    const [ann, ben] = [await secured(), await secured()]
    const theirs = await challenge(ann.session.access_token, ann.app.id)
    const answer = await verify(ben.session.access_token, ben.app.id, theirs, await codeOf(ben.app))
    expect([answer.status, answer.body['error_code']]).toEqual([422, 'mfa_factor_not_found'])
    expect((await verify(ann.session.access_token, ann.app.id, theirs, await codeOf(ann.app))).status).toBe(200)
  })

  test.each(['..', '%2e%2e', 'x', "'", '00000000-0000-0000-0000-00000000000g', '%00'])('P22: the id %s is no factor', async (id) => {
    const { access_token: token } = await member()
    for (const [path, method] of [
      ['/challenge', 'POST'],
      ['/verify', 'POST'],
      ['', 'DELETE'],
    ] as const) {
      const answer = await factors(
        token,
        `/${id}${path}`,
        method === 'DELETE' ? undefined : { challenge_id: crypto.randomUUID(), code: '1' },
        method,
      )
      // `..` leads a client's own URL elsewhere: to /verify, which finds nothing to verify.
      expect([400, 404, 405, 501]).toContain(answer.status)
    }
  })

  test('a signed-out or banned person proves nothing', async () => {
    const gone = await member()
    const app = await enroll(gone.access_token)
    const asked = await challenge(gone.access_token, app.id)
    await run('update auth_users set banned_until = ? where id = ?', String(Date.now() + 60_000), gone.user.id)
    expect((await verify(gone.access_token, app.id, asked, await codeOf(app))).body['error_code']).toBe('user_banned')
    await run('update auth_users set banned_until = null where id = ?', gone.user.id)
    await call('/auth/v1/logout', { token: gone.access_token, method: 'POST' })
    expect((await verify(gone.access_token, app.id, asked, await codeOf(app))).body['error_code']).toBe('session_not_found')
  })

  test('another method is 405', async () => {
    const { access_token: token } = await member()
    const answer = await factors(token, '', undefined, 'PUT')
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
    const deep = await factors(token, `/${crypto.randomUUID()}/verify`, undefined, 'GET')
    expect([deep.status, deep.headers.get('allow')]).toEqual([405, 'POST'])
  })
})
