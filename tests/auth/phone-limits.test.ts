// How often numbers are written to, and what an app without phones says.
import { describe, expect, test, vi } from 'vitest'
import demo from '../../app'
import type { AuthRules } from '../../src/define'
import type { Env } from '../../src/platform'
import { serve, sql } from '../support/backend'
import { sendMessages } from '../support/messages'
import { app, bindings, bodyOf, member, newPhone, PASSWORD } from './phones'

describe('limits', () => {
  const production = serve(app({ hooks: { sendSms: () => undefined } }), {
    ...bindings,
    PERIGEE_ENV: 'production',
    PERIGEE_HOSTS: 'localhost',
  })
  /** Of a country to itself: what production counts would be in the way of development's looser limits. */
  const elsewhere = () => `49${newPhone()}`
  const from = (ip: string, body: unknown) => production.stranger('/auth/v1/otp', { body, headers: { 'cf-connecting-ip': ip } })

  test('a number is written to once a minute, known or not, and the answer says when again', async () => {
    for (const phone of [(await member(elsewhere())).phone, elsewhere()]) {
      expect((await from('192.0.2.1', { phone })).status).toBe(200)
      const answer = await from('198.51.100.7', { phone })
      expect([answer.status, bodyOf(answer).error_code]).toEqual([429, 'over_sms_send_rate_limit'])
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(50)
      expect(bodyOf(answer).msg).toMatch(/^For security purposes, you can only request this after \d+ seconds\.$/)
    }
  })

  test('an address and its network write to so many numbers', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 12; i++) statuses.push((await from('203.0.113.9', { phone: elsewhere() })).status)
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 200), 429, 429])
    const other = elsewhere()
    expect((await from('203.0.113.9', { phone: other })).status).toBe(429)
    // What was refused counts against nobody's number.
    expect((await from('203.0.113.200', { phone: other })).status).toBe(200)
  })

  test('where a captcha is asked, who shows none uses up nobody’s number, and a resend asks too', async () => {
    const asking = serve(app({ captcha: { provider: 'turnstile' } }), { ...bindings, PERIGEE_CAPTCHA_SECRET: 'x' } as Env)
    const phone = `351${newPhone()}`
    for (const [path, body] of [
      ['otp', { phone }],
      ['signup', { phone, password: PASSWORD }],
      ['resend', { phone, type: 'sms' }],
    ] as const) {
      const answer = await asking.stranger(`/auth/v1/${path}`, { body })
      expect([path, answer.status, bodyOf(answer).error_code]).toEqual([path, 400, 'captcha_failed'])
    }
    expect((await from('192.0.35.1', { phone })).status).toBe(200)
  })

  test('strangers who name a number keep no code from who is signed in and proved it as a factor', async () => {
    const guarded = serve(app({ mfa: { phone: true }, hooks: { sendSms: () => undefined } }), {
      ...bindings,
      PERIGEE_ENV: 'production',
      PERIGEE_HOSTS: 'localhost',
    })
    const { id, token } = await member()
    const challenge = async (status: string, ip: string) => {
      const [factor, phone] = [crypto.randomUUID(), elsewhere()]
      await sql(
        `insert into auth_factors (id, user_id, type, status, phone, created_at, updated_at) values (?, ?, 'phone', ?, ?, 1, 1)`,
        factor,
        id,
        status,
        phone,
      )
      const ask = () =>
        guarded.stranger(`/auth/v1/factors/${factor}/challenge`, {
          body: {},
          headers: { authorization: `Bearer ${token}`, 'cf-connecting-ip': ip },
        })
      expect((await from(`198.51.${ip.split('.')[2]}.1`, { phone })).status).toBe(200)
      return [(await ask()).status, (await ask()).status]
    }
    // Whoever only says that a number is theirs is a stranger to it.
    expect(await challenge('unverified', '192.0.71.1')).toEqual([429, 429])
    expect(await challenge('verified', '192.0.72.1')).toEqual([200, 429])
  })

  test('numbers of other countries than the app names are not written to', async () => {
    const swiss = serve(app({ phone: { prefixes: ['41'] } }))
    expect((await swiss.stranger('/auth/v1/otp', { body: { phone: newPhone() } })).status).toBe(200)
    const answer = await swiss.stranger('/auth/v1/otp', { body: { phone: '882161234567' } })
    expect([answer.status, bodyOf(answer).error_code]).toEqual([400, 'validation_failed'])
  })

  test("a test number's code is the known one in development, and in production a secret like any other", async () => {
    const rules: AuthRules = { phone: { testNumbers: { '4930000001': '123456', '33130000001': '123456' } } }
    const hooks: AuthRules['hooks'] = { sendSms: () => undefined }
    const live = serve(app({ ...rules, hooks }), { ...bindings, PERIGEE_ENV: 'production', PERIGEE_HOSTS: 'localhost' })
    const trying = async ({ stranger }: typeof live, phone: string) => {
      const asked = await stranger('/auth/v1/otp', { body: { phone }, headers: { 'cf-connecting-ip': `192.0.${phone.slice(0, 2)}.1` } })
      return [asked.status, (await stranger('/auth/v1/verify', { body: { type: 'sms', phone, token: '123456' } })).status]
    }
    expect(await trying(live, '4930000001')).toEqual([200, 403])
    expect(await trying(serve(app(rules)), '33130000001')).toEqual([200, 200])
  })
})

describe('an app without phones', () => {
  const without = serve({ ...demo, auth: {} })

  test.each([
    ['signup', { phone: '41791234567', password: PASSWORD }, 400, 'Phone signups are disabled'],
    ['otp', { phone: '41791234567' }, 400, 'Unsupported phone provider'],
    ['resend', { type: 'sms', phone: '41791234567' }, 400, 'Phone logins are disabled'],
    ['token?grant_type=password', { phone: '41791234567', password: PASSWORD }, 422, 'Phone logins are disabled'],
  ])('%s says so as GoTrue does', async (path, body, status, msg) => {
    const answer = await without.stranger(`/auth/v1/${path}`, { body })
    expect([answer.status, bodyOf(answer).error_code, bodyOf(answer).msg]).toEqual([status, 'phone_provider_disabled', msg])
  })

  test('and one without a way to send in production refuses by name', async () => {
    const mute = serve(app(), { ...bindings, PERIGEE_ENV: 'production', PERIGEE_HOSTS: 'localhost' })
    const answer = await mute.stranger('/auth/v1/otp', { body: { phone: newPhone() } })
    expect([answer.status, bodyOf(answer).error_code]).toEqual([503, 'sms_transport_missing'])
  })
})

test('neither a code nor a number is in a log, nor a code readable in the database, nor a number in the audit', async () => {
  await sql('DELETE FROM sys_jobs')
  const lines: string[] = []
  for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const)
    vi.spyOn(console, level).mockImplementation((...args: unknown[]) => void lines.push(args.map(String).join(' ')))
  const sent: string[] = []
  let failing = true
  const talking = app({
    hooks: {
      sendSms({ sms }) {
        sent.push(sms.otp)
        if (failing) throw new Error(`${sms.otp} to ${sms.phone}`)
      },
    },
  })
  const production = { ...bindings, PERIGEE_ENV: 'production', PERIGEE_HOSTS: 'localhost' }
  const { stranger } = serve(talking, production)
  const phone = `34${newPhone()}`
  const answers = [await stranger('/auth/v1/otp', { body: { phone }, headers: { 'cf-connecting-ip': '192.0.34.1' } })]
  await sendMessages(talking, production)
  failing = false
  await sql("UPDATE sys_jobs SET due_at = 0, attempts = 0 WHERE state = 'queued'")
  await sendMessages(talking, production)
  const code = sent.at(-1)!
  const tables = await Promise.all(['auth_one_time_tokens', 'sys_jobs', 'auth_audit'].map((table) => sql(`SELECT * FROM ${table}`)))
  for (const token of [code === '000000' ? '111111' : '000000', code])
    answers.push(await stranger('/auth/v1/verify', { body: { type: 'sms', phone, token } }))
  vi.restoreAllMocks()
  expect(answers.map(({ status }) => status)).toEqual([200, 403, 200])
  expect(lines.filter((line) => line.includes('job.retry'))).toHaveLength(1)
  for (const secret of [code, phone]) for (const line of lines) expect(line).not.toContain(secret)
  // Six digits may stand in a time or an id by chance, so whole values are compared, and texts where a code would be written.
  for (const row of tables.flat()) for (const value of Object.values(row)) expect(String(value)).not.toBe(code)
  expect(tables[1]!.map(({ payload, error }) => `${String(payload)} ${String(error)}`).join()).not.toMatch(
    new RegExp(`["' ]${code}["' ]|${phone}`),
  )
  expect(JSON.stringify(tables[2])).not.toContain(phone)
})
