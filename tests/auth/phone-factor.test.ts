// A second factor by text message.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import demo from '../../app'
import { serve, sql, type Answer } from '../support/backend'
import { messagesTo, messageTo } from '../support/messages'
import { claimsOf, type SessionBody } from './client'
import { anotherSession, member } from './factors'

const app = { ...demo, auth: { ...demo.auth, mfa: { phone: true } } }
const backend = serve(app)
const FIFTY = Array.from({ length: 50 })

let last = 41_780_000_000
const newPhone = () => String(last++)
const told = ({ status, json }: Answer) => [status, (json as { error_code?: string } | null)?.error_code]
const ask = (token: string, path: string, body: unknown = {}) =>
  backend.stranger(`/auth/v1/factors${path}`, { body, headers: { authorization: `Bearer ${token}` } })

async function enroll(token: string, phone: string): Promise<string> {
  const answer = await ask(token, '', { factor_type: 'phone', phone: `+${phone}`, friendly_name: phone })
  expect(answer.status, answer.text).toBe(200)
  expect(answer.json).toMatchObject({ type: 'phone', phone: `+${phone}`, friendly_name: phone })
  return (answer.json as { id: string }).id
}
async function challenge(token: string, id: string, phone: string): Promise<{ challenge: string; code: string }> {
  const answer = await ask(token, `/${id}/challenge`)
  expect(answer.status, answer.text).toBe(200)
  return { challenge: (answer.json as { id: string }).id, code: String((await messageTo(phone, app)).variables['code']) }
}
const verify = (token: string, id: string, challengeId: string, code: string) =>
  ask(token, `/${id}/verify`, { challenge_id: challengeId, code })
const wrong = (code: string) => (code === '000000' ? '111111' : '000000')

beforeEach(async () => {
  await sql('DELETE FROM sys_outbox')
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a number', () => {
  test('becomes a factor by the code that was sent to it, and makes the session aal2', async () => {
    const { access_token: token } = await member()
    const phone = newPhone()
    const id = await enroll(token, phone)
    const { challenge: asked, code } = await challenge(token, id, phone)
    const [kept] = await sql('select id, code_hash from auth_challenges where id = ?', asked)
    expect(kept!['code_hash']).toMatch(/^[\w-]{43}$/)
    expect(JSON.stringify(await sql('select payload from sys_jobs'))).not.toContain(`"${code}"`)
    const answer = await verify(token, id, asked, code)
    expect(answer.status, answer.text).toBe(200)
    const session = answer.json as unknown as SessionBody & { user: { factors: unknown[] } }
    expect(claimsOf(session.access_token)).toMatchObject({ aal: 'aal2', amr: [{ method: 'mfa/phone' }, { method: 'anonymous' }] })
    expect(session.user.factors).toMatchObject([{ id, factor_type: 'phone', phone, status: 'verified' }])
    // It is no way in, and no phone of the person.
    expect(session.user).toMatchObject({ phone: '' })
  })

  test('is a verified factor once, and an unverified one is replaced', async () => {
    const { access_token: token } = await member()
    const phone = newPhone()
    const first = await enroll(token, phone)
    const second = await enroll(token, phone)
    expect(await sql('select id from auth_factors where phone = ?', phone)).toEqual([{ id: second }])
    expect(told(await ask(token, `/${first}/challenge`))).toEqual([404, 'mfa_factor_not_found'])
    const { challenge: asked, code } = await challenge(token, second, phone)
    const { access_token: strong } = (await verify(token, second, asked, code)).json as unknown as SessionBody
    expect(told(await ask(strong, '', { factor_type: 'phone', phone, friendly_name: 'again' }))).toEqual([
      422,
      'mfa_verified_factor_exists',
    ])
  })

  test.each([[undefined], ['1'], ['abc'], ['+0123456789']])('%s is none', async (phone) => {
    const { access_token: token } = await member()
    const answer = await ask(token, '', { factor_type: 'phone', phone })
    expect(told(answer)).toEqual([400, 'validation_failed'])
  })
})

describe('a code', () => {
  test('may be mistyped, counts five tries in all, and is taken once', async () => {
    const { access_token: token } = await member()
    const phone = newPhone()
    const id = await enroll(token, phone)
    const { challenge: asked, code } = await challenge(token, id, phone)
    expect(told(await verify(token, id, asked, wrong(code)))).toEqual([422, 'mfa_verification_failed'])
    const answers = await Promise.all(FIFTY.map(() => verify(token, id, asked, wrong(code))))
    expect(answers.filter((answer) => told(answer)[1] === 'mfa_verification_failed')).toHaveLength(4)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(46)
    expect((await verify(token, id, asked, code)).status).toBe(429)
    vi.setSystemTime(Date.now() + 60_000)
    expect((await verify(token, id, asked, code)).status).toBe(200)
    expect(told(await verify(token, id, asked, code))).toEqual([422, 'mfa_factor_not_found'])
  })

  test('fifty right ones at once give one session', async () => {
    const { access_token: token } = await member()
    const phone = newPhone()
    const id = await enroll(token, phone)
    const { challenge: asked, code } = await challenge(token, id, phone)
    const answers = await Promise.all(FIFTY.map(() => verify(token, id, asked, code)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  test('of one factor is none of another, and lives five minutes', async () => {
    const { access_token: token } = await member()
    const [one, other] = [newPhone(), newPhone()]
    const [first, second] = [await enroll(token, one), await enroll(token, other)]
    const [a, b] = [await challenge(token, first, one), await challenge(token, second, other)]
    if (a.code !== b.code) expect(told(await verify(token, second, b.challenge, a.code))).toEqual([422, 'mfa_verification_failed'])
    expect(told(await verify(token, second, a.challenge, a.code))).toEqual([422, 'mfa_factor_not_found'])
    vi.setSystemTime(Date.now() + 300_000)
    expect(told(await verify(token, first, a.challenge, a.code))).toEqual([422, 'mfa_challenge_expired'])
  })

  test('goes to nobody for a stranger, for another channel than there are, or where phones are no factors', async () => {
    const { access_token: token, user } = await member()
    const phone = newPhone()
    const id = await enroll(token, phone)
    const stranger = await member()
    expect(told(await ask(stranger.access_token, `/${id}/challenge`))).toEqual([404, 'mfa_factor_not_found'])
    expect(told(await ask(token, `/${id}/challenge`, { channel: 'pigeon' }))).toEqual([400, 'validation_failed'])
    const off = serve(demo)
    const refused = await off.stranger(`/auth/v1/factors/${id}/challenge`, { body: {}, headers: { authorization: `Bearer ${token}` } })
    expect(told(refused)).toEqual([422, 'mfa_phone_verify_not_enabled'])
    expect(await messagesTo(phone, app)).toEqual([])
    // Another session of the same person may ask.
    await challenge((await anotherSession(user.id)).access_token, id, phone)
  })
})
