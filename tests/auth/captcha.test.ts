// Bots: the captcha on the routes of gotrue §1 that say so, against a provider that checks what it is sent and takes a token once.
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, expect, inject, test, vi } from 'vitest'
import { createBackend } from '../../src/backend'
import { app } from '../../src/define'
import type { Env } from '../../src/platform'
import { serve, sql } from '../support/backend'

vi.setConfig({ testTimeout: 30_000 })
const bindings = env as unknown as Env
const SECRET = { PERIGEE_CAPTCHA_SECRET: 'captcha-secret-of-tests', PERIGEE_CAPTCHA_URL: `${inject('outside')}/siteverify` }
const guarded = app({ name: 'Guarded', tables: [], auth: { captcha: { provider: 'turnstile' } } })
const { stranger, service, person } = serve(guarded, { ...bindings, ...SECRET })
let tokens = 0
const human = () => `human-${(tokens += 1)}`
const meta = (token: unknown) => ({ gotrue_meta_security: { captcha_token: token } })
const PASSWORD = 'correct horse battery'
const count = async () => Number((await sql('select count(*) as n from auth_users'))[0]!['n'])
const ask = (path: string, body: object, headers: Record<string, string> = {}) =>
  stranger(`/auth/v1${path}`, { body, headers: { 'cf-connecting-ip': '203.0.113.9', ...headers } })
const facts = ({ status, json }: { status: number; json: never }) => {
  const { error_code, msg } = json as { error_code?: string; msg?: string }
  return [status, error_code, msg]
}

beforeAll(async () => {
  expect((await ask('/signup', { email: 'ada@example.com', password: PASSWORD, ...meta(human()) })).status).toBe(200)
})

test('without a token, or with one that shows no human, nobody gets in, nothing is written and nobody is told apart', async () => {
  const before = await count()
  const attempts: [string, object][] = [
    ['/signup', { email: 'x@example.com', password: PASSWORD }],
    ['/signup', {}],
    ['/token?grant_type=password', { email: 'ada@example.com', password: PASSWORD }],
    ['/token?grant_type=password', { email: 'nobody@example.com', password: PASSWORD }],
  ]
  for (const [path, body] of attempts) {
    for (const extra of [{}, meta(''), meta('  '), meta(null), meta(7), { gotrue_meta_security: null }, { gotrue_meta_security: [] }])
      expect(facts(await ask(path, { ...body, ...extra }))).toEqual([
        400,
        'captcha_failed',
        'captcha protection: request disallowed (no captcha_token found)',
      ])
    expect(facts(await ask(path, { ...body, ...meta('robot') }))).toEqual([
      400,
      'captcha_failed',
      'captcha protection: request disallowed (invalid-input-response)',
    ])
    expect(facts(await ask(path, { ...body, ...meta('human'.repeat(2_000)) }))[1]).toBe('captcha_failed')
  }
  expect(await count()).toBe(before)
})

test('a human gets in, with the address that Cloudflare saw', async () => {
  const body = { email: 'ada@example.com', password: PASSWORD }
  expect((await ask('/token?grant_type=password', { ...body, ...meta(`${human()}@203.0.113.9`) })).status).toBe(200)
  const forged = await ask(
    '/token?grant_type=password',
    { ...body, ...meta(`${human()}@198.51.100.1`) },
    { 'x-forwarded-for': '198.51.100.1' },
  )
  expect(facts(forged)[1]).toBe('captcha_failed')
  expect((await ask('/token?grant_type=password', { ...body, password: 'wrong', ...meta(human()) })).json).toMatchObject({
    error_code: 'invalid_credentials',
  })
})

test('P28: a token is good once, at fifty places at once too, whether the provider minds or not', async () => {
  const token = human()
  expect((await ask('/signup', meta(token))).status).toBe(200)
  expect(facts(await ask('/signup', meta(token)))[2]).toMatch(/timeout-or-duplicate/)
  for (const crowd of [human(), 'sloppy-1']) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask('/signup', meta(crowd))))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter((answer) => facts(answer)[1] === 'captcha_failed')).toHaveLength(49)
  }
})

test('P28: a person’s token is no way around it, anonymous or not; the secret key is', async () => {
  const anonymous = (await ask('/signup', meta(human()))).json as { access_token: string; refresh_token: string }
  const bearer = { authorization: `Bearer ${anonymous.access_token}` }
  expect(facts(await ask('/signup', {}, bearer))[1]).toBe('captcha_failed')
  expect(facts(await ask('/token?grant_type=password', { email: 'ada@example.com', password: PASSWORD }, bearer))[1]).toBe('captcha_failed')
  expect((await service('/auth/v1/token?grant_type=password', { body: { email: 'ada@example.com', password: PASSWORD } })).status).toBe(200)
  // A phone refreshes by itself: nobody is there to solve anything.
  expect((await ask('/token?grant_type=refresh_token', { refresh_token: anonymous.refresh_token })).status).toBe(200)
})

test('closed: a provider that fails, or a secret that is missing or wrong, lets nobody in and says that it isn’t the phone’s fault', async () => {
  const wrong = serve(guarded, { ...bindings, ...SECRET, PERIGEE_CAPTCHA_SECRET: 'wrong' })
  const missing = serve(guarded, { ...bindings, PERIGEE_CAPTCHA_URL: SECRET.PERIGEE_CAPTCHA_URL })
  const gone = serve(guarded, { ...bindings, ...SECRET, PERIGEE_CAPTCHA_URL: 'http://127.0.0.1:1/siteverify' })
  const before = await count()
  const answers = [
    await ask('/signup', meta('broken-1')),
    await wrong.stranger('/auth/v1/signup', { body: meta(human()) }),
    await missing.stranger('/auth/v1/signup', { body: meta(human()) }),
    await gone.stranger('/auth/v1/signup', { body: meta(human()) }),
  ]
  for (const answer of answers) {
    expect(facts(answer).slice(0, 2)).toEqual([503, 'unexpected_failure'])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(answer.text).not.toMatch(/secret/i)
  }
  expect(await count()).toBe(before)
})

test('a provider that doesn’t answer is waited for three seconds, no longer', async () => {
  const started = performance.now()
  expect((await ask('/signup', meta('slow-1'))).status).toBe(503)
  expect(performance.now() - started).toBeLessThan(6_000)
})

test('an app that asks for no captcha takes no notice of the field', async () => {
  const open = serve(app({ name: 'Open', tables: [] }))
  expect((await open.stranger('/auth/v1/signup', { body: meta('robot') })).status).toBe(200)
  await expect(person()).rejects.toThrow('captcha_failed')
})

test('/health says when the secret is missing', async () => {
  const health = async (bound: Partial<Env>) => {
    const backend = createBackend(guarded)
    const context = createExecutionContext()
    const answer = await backend.fetch(new Request('http://localhost/health'), { ...bindings, ...bound } as Env, context)
    await waitOnExecutionContext(context)
    return (await answer.json()) as { captcha?: string }
  }
  expect((await health({})).captcha).toMatch('PERIGEE_CAPTCHA_SECRET')
  expect(await health(SECRET)).not.toHaveProperty('captcha')
})
