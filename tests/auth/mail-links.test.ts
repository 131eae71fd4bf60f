// Links of mails: where they lead, what looking at them does, codes for apps (PKCE), and how often a mail is sent at all.
import { beforeEach, describe, expect, test } from 'vitest'
import { serve, sql } from '../support/backend'
import { sendMessages } from '../support/messages'
import {
  backend,
  bindings,
  bodyOf,
  FIFTY,
  idOf,
  mailApp,
  mailsTo,
  mailTo,
  member,
  newEmail,
  open,
  PASSWORD,
  post,
  seen,
  sessionsOf,
} from './mails'

beforeEach(async () => {
  await sql('DELETE FROM sys_outbox')
})

const asking = (email: string, redirect: string, headers: Record<string, string> = {}, path = 'otp') =>
  backend.stranger(`/auth/v1/${path}?redirect_to=${encodeURIComponent(redirect)}`, { body: { email }, headers })

describe('a link', () => {
  test('signs in behind a redirect, with the session in the fragment, in no cache and told to nobody', async () => {
    const { email, id } = await member()
    await asking(email, 'mail://home?tab=1')
    const { answer, to, query, fragment } = await open(email)
    expect([answer.status, to!.href.split('#')[0], query!.get('tab')]).toEqual([303, 'mail://home?tab=1', '1'])
    expect([answer.headers.get('cache-control'), answer.headers.get('referrer-policy')]).toEqual(['no-store', 'no-referrer'])
    expect([...fragment.keys()]).toEqual(['access_token', 'expires_at', 'expires_in', 'refresh_token', 'sb', 'token_type', 'type'])
    expect([fragment.get('token_type'), fragment.get('type'), fragment.get('expires_in')]).toEqual(['bearer', 'magiclink', '3600'])
    const user = await backend.stranger('/auth/v1/user', { headers: { authorization: `Bearer ${fragment.get('access_token')}` } })
    expect(bodyOf(user).id).toBe(id)
    const again = await open(email)
    expect([again.answer.status, again.to!.href.split('#')[0]]).toEqual([303, 'mail://home?tab=1'])
    expect(Object.fromEntries(again.fragment)).toEqual({
      error: 'access_denied',
      error_code: 'otp_expired',
      error_description: 'Email link is invalid or has expired',
      sb: '',
    })
  })

  test('P15: that is only looked at, or fetched before anybody opens it, is not used up', async () => {
    const { email } = await member()
    await post('otp', { email })
    const looked = await open(email, { method: 'HEAD' })
    expect([looked.answer.status, looked.to, looked.answer.text]).toEqual([200, null, ''])
    for (const headers of [
      { purpose: 'prefetch' },
      { 'sec-purpose': 'prefetch;prerender' },
      { 'sec-purpose': 'prefetch;anonymous-client-ip' },
      { 'x-purpose': 'preview' },
      { 'x-moz': 'prefetch' },
    ]) {
      const ahead = await open(email, { headers })
      expect([ahead.answer.status, ahead.to, ahead.answer.headers.get('cache-control')]).toEqual([503, null, 'no-store'])
    }
    expect((await open(email)).fragment.has('access_token')).toBe(true)
  })

  test('P9: opened fifty times at once opens one session', async () => {
    const { email, id } = await member()
    await post('otp', { email })
    const before = await sessionsOf(id)
    const opened = await Promise.all(FIFTY.map(() => open(email)))
    expect(opened.filter(({ fragment }) => fragment.has('access_token'))).toHaveLength(1)
    expect(await sessionsOf(id)).toBe(before + 1)
  })

  test('P7: names our host whatever the request says it came through', async () => {
    const { email } = await member()
    const evil = 'evil.example'
    await asking(email, '', {
      'x-forwarded-host': evil,
      'x-forwarded-proto': 'https',
      'x-original-host': evil,
      'x-host': evil,
      forwarded: `host=${evil}`,
      'x-external-url': `https://${evil}`,
    })
    const mail = await mailTo(email)
    expect(JSON.stringify(mail)).not.toContain(evil)
    expect(new URL(String(mail.variables['link'])).origin).toBe('http://localhost')
    const behind = serve(mailApp(), { ...bindings, PERIGEE_ENV: 'development', PERIGEE_HOSTS: 'api.site.example' })
    await post('otp', { email }, behind.stranger)
    expect(new URL(String((await mailTo(email)).variables['link'])).origin).toBe('https://api.site.example')
  })

  test('P8: leads to the site from wherever it may not, also when it is changed afterwards', async () => {
    const { email } = await member()
    for (const [redirect, headers, end] of [
      ['https://evil.example/x', {}, 'https://site.example'],
      ['https://site.example.evil/x', {}, 'https://site.example'],
      ['javascript:alert(1)', {}, 'https://site.example'],
      ['//evil.example', {}, 'https://site.example'],
      ['mails://home', {}, 'https://site.example'],
      ['', { referer: 'https://evil.example/' }, 'https://site.example'],
      ['', { referer: 'https://site.example/from' }, 'https://site.example/from'],
      ['', { redirect_to: 'mail://header' }, 'mail://header'],
      ['https://site.example/deep?x=1#top', {}, 'https://site.example/deep?x=1'],
    ] as const) {
      await asking(email, redirect, headers)
      expect((await mailTo(email)).variables['redirectTo']).toBe(end)
    }
    const link = new URL(String((await mailTo(email)).variables['link']))
    link.searchParams.set('redirect_to', 'https://evil.example/steal')
    const answer = await backend.nobody(`${link.pathname}${link.search}`)
    expect(answer.headers.get('location')).toMatch(/^https:\/\/site\.example#access_token=/)
  })

  test('without its parts is refused here, and of an unknown kind behind the redirect', async () => {
    for (const query of ['', '?token=x', '?type=signup', '?token=&type=signup'])
      expect(seen(await backend.nobody(`/auth/v1/verify${query}`))).toEqual([400, 'validation_failed'])
    for (const type of ['sms', 'constructor', 'reauthentication', 'x'.repeat(3_000)]) {
      const answer = await backend.nobody(`/auth/v1/verify?token=x&type=${type}&redirect_to=https://evil.example`)
      const to = new URL(answer.headers.get('location')!)
      expect([answer.status, to.origin, new URLSearchParams(to.hash.slice(1)).get('error')]).toEqual([
        303,
        'https://site.example',
        'invalid_request',
      ])
    }
    const { email, id } = await member()
    await post('otp', { email })
    await sql('UPDATE auth_users SET banned_until = ? WHERE id = ?', String(Date.now() + 60_000), id)
    expect((await open(email)).fragment.get('error_code')).toBe('user_banned')
  })
})

async function challenge(): Promise<{ verifier: string; members: { code_challenge: string; code_challenge_method: string } }> {
  const verifier = `${crypto.randomUUID()}${crypto.randomUUID()}`
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)))
  const text = btoa(String.fromCharCode(...digest))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
  return { verifier, members: { code_challenge: text, code_challenge_method: 's256' } }
}
const exchange = (code: string | null, verifier: string) => post('token?grant_type=pkce', { auth_code: code, code_verifier: verifier })

describe('a link that an app asked for with a challenge', () => {
  test.each([
    ['otp', 'magiclink', {}],
    ['recover', 'recovery', {}],
    ['signup', 'email/signup', { password: PASSWORD, data: { name: 'Ann' } }],
  ])('of /%s gives a code, which the app alone exchanges, once', async (path, method, more) => {
    const email = path === 'recover' ? (await member()).email : newEmail()
    const { verifier, members } = await challenge()
    const asked = await backend.stranger(`/auth/v1/${path}?redirect_to=mail://home?tab=1`, { body: { email, ...more, ...members } })
    expect(asked.status, asked.text).toBe(200)
    expect((await mailTo(email)).variables['tokenHash']).toMatch(/^pkce_/)
    const { answer, to, query } = await open(email)
    expect([answer.status, to!.protocol, query!.get('tab'), to!.hash]).toEqual([303, 'mail:', '1', ''])
    const session = await exchange(query!.get('code'), verifier)
    expect(session.status, session.text).toBe(200)
    expect(bodyOf(session).user).toMatchObject({ email, ...(path === 'signup' ? { user_metadata: { name: 'Ann' } } : {}) })
    const claims = JSON.parse(atob(bodyOf(session).access_token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as object
    expect(claims).toMatchObject({ amr: [{ method }] })
    expect(seen(await exchange(query!.get('code'), verifier))).toEqual([404, 'flow_state_not_found'])
    const again = await open(email)
    expect([again.query!.get('error_code'), again.fragment.get('error_code'), again.query!.get('tab')]).toEqual([
      'otp_expired',
      'otp_expired',
      '1',
    ])
  })

  test('P11: exchanged fifty times at once opens one session; a wrong verifier burns the code', async () => {
    const email = newEmail()
    const { verifier, members } = await challenge()
    await post('otp', { email, ...members })
    const code = (await open(email)).query!.get('code')
    expect(await sessionsOf(await idOf(email))).toBe(0)
    const answers = await Promise.all(FIFTY.map(() => exchange(code, verifier)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter((answer) => seen(answer)[1] === 'flow_state_not_found')).toHaveLength(49)
    expect(await sessionsOf(await idOf(email))).toBe(1)

    await post('otp', { email, ...members })
    const next = (await open(email)).query!.get('code')
    expect(seen(await exchange(next, `${verifier}x`))).toEqual([400, 'bad_code_verifier'])
    expect(seen(await exchange(next, verifier))).toEqual([404, 'flow_state_not_found'])
  })

  test('can be taken with its code or its hash as well, and then gives the session at once', async () => {
    const email = newEmail()
    const { members } = await challenge()
    await post('otp', { email, ...members })
    const { variables } = await mailTo(email)
    const { access_token: token } = bodyOf(await post('verify', { type: 'email', token_hash: variables['tokenHash'] }))
    expect(token).toBeTruthy()
    expect((await open(email)).query!.get('error_code')).toBe('otp_expired')
  })

  test('is good as long as the mail says, and its code for five minutes from then', async () => {
    const email = newEmail()
    const { verifier, members } = await challenge()
    await post('otp', { email, ...members })
    // Fifty-nine minutes go by.
    for (const table of ['auth_flows', 'auth_one_time_tokens'])
      await sql(`UPDATE ${table} SET created_at = created_at - 3540000, expires_at = expires_at - 3540000`)
    const code = (await open(email)).query!.get('code')
    await sql('UPDATE auth_flows SET expires_at = ?', String(Date.now()))
    expect(seen(await exchange(code, verifier))).toEqual([422, 'flow_state_expired'])
  })
})

describe('limits', () => {
  const production = serve(mailApp({ hooks: { sendEmail: () => undefined } }), {
    ...bindings,
    PERIGEE_ENV: 'production',
    PERIGEE_HOSTS: 'localhost',
  })
  const from = (ip: string, path: string, body: unknown) =>
    production.stranger(`/auth/v1/${path}`, { body, headers: { 'cf-connecting-ip': ip } })

  test('P18: a mailbox is written to once a minute for the same thing, known or not, and the answer says when again', async () => {
    for (const email of [(await member()).email, newEmail()]) {
      for (const [path, body] of [
        ['otp', { email }],
        ['recover', { email }],
        ['resend', { type: 'signup', email }],
      ] as const) {
        expect((await from('192.0.2.1', path, body)).status).toBe(200)
        const answer = await from('198.51.100.7', path, { ...body, email: email.toUpperCase() })
        expect(seen(answer)).toEqual([429, 'over_email_send_rate_limit'])
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(50)
        expect(bodyOf(answer).msg).toMatch(/^For security purposes, you can only request this after \d+ seconds\.$/)
      }
    }
  })

  test('an address asks for so many mails, whoever to, and what was refused counts against nobody', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 32; i++) statuses.push((await from('203.0.113.9', 'recover', { email: newEmail() })).status)
    expect(statuses).toEqual([...Array.from({ length: 30 }, () => 200), 429, 429])
    const email = newEmail()
    expect(seen(await from('203.0.113.9', 'recover', { email }))).toEqual([429, 'over_request_rate_limit'])
    expect((await from('203.0.113.10', 'recover', { email })).status).toBe(200)
  })

  test('an address tries so many codes, in answers and links together', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 16; i++) {
      statuses.push((await from('203.0.113.11', 'verify', { type: 'email', email: newEmail(), token: '000000' })).status)
      const link = await production.nobody('/auth/v1/verify?token=x&type=signup', { headers: { 'cf-connecting-ip': '203.0.113.11' } })
      statuses.push(link.status)
    }
    expect(statuses.slice(0, 30)).toEqual(Array.from({ length: 15 }, () => [403, 303]).flat())
    expect(statuses.slice(30)).toEqual([429, 429])
  })

  test('confirmation is on in production where the app says nothing, and without a way to send mail nobody is made', async () => {
    const silent = serve(mailApp({ confirmEmail: undefined as never }), {
      ...bindings,
      PERIGEE_ENV: 'production',
      PERIGEE_HOSTS: 'localhost',
    })
    expect((await silent.stranger('/auth/v1/settings')).json).toMatchObject({ mailer_autoconfirm: false })
    const email = newEmail()
    const answer = await silent.stranger('/auth/v1/signup', { body: { email, password: PASSWORD } })
    expect(seen(answer)).toEqual([503, 'email_transport_missing'])
    expect(await sql('SELECT id FROM auth_users WHERE email = ?', email)).toEqual([])
    expect((await backend.stranger('/auth/v1/settings')).json).toMatchObject({ mailer_autoconfirm: false })
    await sendMessages(mailApp())
    expect(await mailsTo(email)).toEqual([])
  })
})
