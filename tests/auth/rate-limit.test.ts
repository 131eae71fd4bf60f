// Real Durable Objects, with rates that the operator's configuration makes small.
import { env } from 'cloudflare:workers'
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeAll, expect, test } from 'vitest'
import demo from '../../app'
import type { RateLimiter } from '../../src/index'
import { serve } from '../support/backend'
import { messageTo } from '../support/messages'
import { call, database, kv, newEmail, PASSWORD, refresh } from './client'

const limiters = (env as unknown as { RATE_LIMITER: DurableObjectNamespace<RateLimiter> }).RATE_LIMITER
const SLOW = { requests: 1, seconds: 3600 }

beforeAll(async () => {
  const rates = {
    signup: { ...SLOW, burst: 2 },
    anonymous: { ...SLOW, burst: 3 },
    account: { ...SLOW, burst: 3 },
    guess: { ...SLOW, burst: 2 },
    device: { ...SLOW, burst: 3 },
    token: { ...SLOW, burst: 20 },
    password: { ...SLOW, burst: 3 },
    refresh: { ...SLOW, burst: 2 },
    factor: { ...SLOW, burst: 3 },
    leave: { ...SLOW, burst: 3 },
    mail_gap: { requests: 1, seconds: 1, burst: 50 },
    mail_share: { ...SLOW, burst: 2 },
    mailbox: { ...SLOW, burst: 4 },
    sms_gap: { requests: 1, seconds: 1, burst: 50 },
    sms_share: { ...SLOW, burst: 2 },
    sms_number: { ...SLOW, burst: 4 },
  }
  await kv.put('config', JSON.stringify({ rates }))
})

const from = (ip: string, headers: Record<string, string> = {}) => ({ headers: { 'cf-connecting-ip': ip, ...headers } })
const anonymously = (ip: string, headers?: Record<string, string>) => call('/auth/v1/signup', { body: {}, ...from(ip, headers) })

test('sign-up is limited by address, says when to come back, and leaves other addresses alone', async () => {
  const statuses = []
  for (let i = 0; i < 4; i++) statuses.push((await anonymously('203.0.113.1')).status)
  expect(statuses).toEqual([200, 200, 200, 429])
  const refused = await anonymously('203.0.113.1')
  expect(refused.body['error_code']).toBe('over_request_rate_limit')
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_000)
  expect((await anonymously('203.0.113.2')).status).toBe(200)
})

test('a crowd at once gets exactly the burst', async () => {
  const answers = await Promise.all(Array.from({ length: 30 }, () => anonymously('203.0.113.3')))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(3)
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(27)
})

test('P29: no header that a client writes makes a new address', async () => {
  for (let i = 0; i < 3; i++) await anonymously('203.0.113.4')
  for (const headers of [
    { 'x-forwarded-for': '198.51.100.9' },
    { 'x-real-ip': '198.51.100.9' },
    { 'x-client-ip': '198.51.100.9' },
    { forwarded: 'for=198.51.100.9' },
  ]) {
    expect((await anonymously('203.0.113.4', headers)).status).toBe(429)
  }
})

test('one IPv6 subscriber has one count, whatever address they take', async () => {
  const statuses = []
  for (let i = 0; i < 4; i++) statuses.push((await anonymously(`2001:db8:0:1::${i}`)).status)
  expect(statuses).toEqual([200, 200, 200, 429])
})

test('guesses at one account are limited from wherever they come, whether it exists or not', async () => {
  const email = newEmail()
  await call('/auth/v1/signup', { body: { email, password: PASSWORD }, ...from('198.51.100.1') })
  for (const account of [email, newEmail()]) {
    const statuses = []
    for (let i = 0; i < 5; i++) {
      const body = { email: i % 2 === 0 ? account : account.toUpperCase(), password: 'guess' }
      statuses.push((await call('/auth/v1/token?grant_type=password', { body, ...from(`198.51.${100 + i}.7`) })).status)
    }
    expect(statuses).toEqual([400, 400, 400, 429, 429])
  }
})

/** Networks of their own, so that none is limited as one. */
let networks = 0
const elsewhere = () => `10.${((networks += 1) >> 8) & 255}.${networks & 255}.9`
const tryPassword = (email: string, password: string, ip: string, headers: Record<string, string> = {}) =>
  call('/auth/v1/token?grant_type=password', { body: { email, password }, ...from(ip, headers) })

/** A person, the address of their phone, and what it keeps of its sign-up. */
async function owner() {
  const email = newEmail()
  const ip = elsewhere()
  const answer = await call('/auth/v1/signup', { body: { email, password: PASSWORD }, ...from(ip) })
  const cookies = answer.headers.get('set-cookie') ?? ''
  return { email, ip, key: answer.headers.get('x-device-key') ?? '', cookie: cookies.split(';')[0] ?? '', cookies }
}

/** Strangers from many places, until they are refused. */
async function hammer(email: string) {
  const answers = await Promise.all(Array.from({ length: 50 }, () => tryPassword(email, 'guess', elsewhere())))
  return answers.map(({ status }) => status)
}

test('fifty guesses at once from fifty places: exactly the account’s cap passes, the rest are told when to come back', async () => {
  const { email } = await owner()
  const answers = await Promise.all(Array.from({ length: 50 }, () => tryPassword(email, 'guess', elsewhere())))
  expect(answers.filter(({ status }) => status === 400)).toHaveLength(3)
  const refused = answers.filter(({ status }) => status === 429)
  expect(refused).toHaveLength(47)
  for (const { headers, body } of refused) {
    expect(body['error_code']).toBe('over_request_rate_limit')
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(3_000)
  }
})

test('one guesser from one network has a share of their own, and leaves the others theirs', async () => {
  const { email } = await owner()
  const statuses = []
  for (let i = 0; i < 3; i++) statuses.push((await tryPassword(email, 'guess', `172.16.3.${i}`)).status)
  expect(statuses).toEqual([400, 400, 429])
  expect((await tryPassword(email, PASSWORD, elsewhere())).status).toBe(200)
  expect((await tryPassword(email, PASSWORD, elsewhere())).status).toBe(429)
})

test('whoever hammers an account from elsewhere doesn’t lock its owner out of the phone they signed in on', async () => {
  for (const shown of ['key', 'cookie'] as const) {
    const { email, key, cookie } = await owner()
    const headers: Record<string, string> = shown === 'key' ? { 'x-device-key': `nonsense, ${key}` } : { cookie: `other=1; ${cookie}` }
    expect(await hammer(email)).toContain(429)
    // On the way, from a network where nobody knows it.
    expect((await tryPassword(email, PASSWORD, elsewhere())).status).toBe(429)
    expect((await tryPassword(email, PASSWORD, elsewhere(), headers)).status).toBe(200)
    // It has tries of its own, and no more.
    const statuses = []
    for (let i = 0; i < 4; i++) statuses.push((await tryPassword(email, 'guess', elsewhere(), headers)).status)
    expect(statuses).toEqual([400, 400, 429, 429])
  }
})

test('nor do neighbours behind the same carrier’s address, who use up its tries on other accounts', async () => {
  const { email, ip, key } = await owner()
  const flood = await Promise.all(Array.from({ length: 50 }, () => tryPassword(newEmail(), 'guess', ip)))
  expect(flood.filter(({ status }) => status === 429).length).toBeGreaterThan(40)
  expect((await tryPassword(email, PASSWORD, ip)).status).toBe(429)
  expect((await tryPassword(email, PASSWORD, ip, { 'x-device-key': key })).status).toBe(200)
})

test('nor out of an address they signed in from, when the phone keeps nothing; also after they signed out', async () => {
  const { email, ip } = await owner()
  await database.prepare('delete from auth_sessions where user_id = (select id from auth_users where email = ?)').bind(email).run()
  await hammer(email)
  const statuses = []
  for (let i = 0; i < 2; i++) statuses.push((await tryPassword(email, PASSWORD, ip)).status)
  expect(statuses).toEqual([200, 200])
  expect((await tryPassword(email, PASSWORD, ip.replace(/9$/, '8'))).status).toBe(429)
})

test('nor does a thief who was signed out, whose token still reads, use up what the owner does about it', async () => {
  const email = newEmail()
  const signedUp = await call('/auth/v1/signup', { body: { email, password: PASSWORD }, ...from(elsewhere()) })
  const thief = signedUp.body.access_token
  const back = await tryPassword(email, PASSWORD, elsewhere())
  const { access_token: token } = back.body
  await call('/auth/v1/logout?scope=others', { method: 'POST', token })
  const ask = (bearer: string, path: string, method: string, body?: unknown) =>
    call(`/auth/v1/${path}`, { method, token: bearer, ...(body === undefined ? {} : { body }), ...from(elsewhere()) })
  for (const [path, method, body] of [
    ['user', 'PUT', { password: `${PASSWORD} anew` }],
    ['factors', 'POST', { factor_type: 'totp' }],
    ['user/export', 'GET'],
  ] as const) {
    const statuses = new Set<number>()
    for (let i = 0; i < 5; i++) statuses.add((await ask(thief, path, method, body)).status)
    expect([...statuses], path).toEqual([403, 429])
    expect((await ask(token, path, method, body)).status, path).toBe(200)
  }
})

test('one network uses up its share of a mailbox or a number and no more, and nothing of a device that its owner signed in on', async () => {
  const texting = serve({ ...demo, auth: { phone: true } })
  const asking = {
    mail: async (to: string, ip: string, headers: Record<string, string> = {}) =>
      (await call('/auth/v1/recover', { body: { email: to }, ...from(ip, headers) })).status,
    text: async (phone: string, ip: string, headers: Record<string, string> = {}) =>
      (await texting.stranger('/auth/v1/otp', { body: { phone }, ...from(ip, headers) })).status,
  }
  const { email, key } = await owner()
  const number = `41783${String(Date.now()).slice(-6)}`
  await texting.stranger('/auth/v1/otp', { body: { phone: number }, ...from(elsewhere()) })
  const code = String((await messageTo(number, { ...demo, auth: { phone: true } })).variables['code'])
  const held = (await texting.stranger('/auth/v1/verify', { body: { type: 'sms', phone: number, token: code } })).headers
  for (const [kind, to, device, left] of [
    ['mail', email, key, 2],
    ['mail', newEmail(), 'none', 2],
    ['text', number, held.get('x-device-key')!, 1],
    ['text', `41784${String(Date.now()).slice(-6)}`, 'none', 2],
  ] as const) {
    const statuses = []
    const [ip, other] = [elsewhere(), elsewhere()]
    for (let i = 0; i < 6; i++) statuses.push(await asking[kind](to, ip))
    expect([to, statuses]).toEqual([to, [200, 200, 429, 429, 429, 429]])
    for (let i = 0; i < left; i++) expect([to, await asking[kind](to, other)]).toEqual([to, 200])
    // Strangers have used up all that they have.
    expect([to, await asking[kind](to, elsewhere())]).toEqual([to, 429])
    const own = []
    for (let i = 0; i < 5; i++) own.push(await asking[kind](to, ip, { 'x-device-key': device }))
    expect([to, own]).toEqual([to, device === 'none' ? [429, 429, 429, 429, 429] : [200, 200, 200, 200, 429]])
  }
})

test('nor do tries that are refused use up what a whole network may hash', async () => {
  const email = newEmail()
  for (let i = 0; i < 8; i++) await tryPassword(email, 'guess', '198.18.7.1')
  // Two were let through, and the network has three.
  expect((await tryPassword(newEmail(), 'x', '198.18.7.2')).status).toBe(400)
  const signUps = await Promise.all(
    Array.from({ length: 8 }, () => call('/auth/v1/signup', { body: { email: newEmail(), password: PASSWORD }, ...from('198.18.8.1') })),
  )
  expect(signUps.filter(({ status }) => status === 200)).toHaveLength(2)
  expect((await tryPassword(newEmail(), 'x', '198.18.8.2')).status).toBe(400)
})

test('a key is of no use for another account, changed, or where nobody signed in; and forgers learn nothing', async () => {
  const [ada, bob] = [await owner(), await owner()]
  await hammer(ada.email)
  await hammer('nobody@example.com')
  const forged: readonly Record<string, string>[] = [
    { 'x-device-key': bob.key },
    { cookie: bob.cookie },
    { cookie: ada.cookie.replace(/=.*/, `=${bob.key}`) },
    { 'x-device-key': ada.key.slice(0, -3) + (ada.key.endsWith('AAA') ? 'BBB' : 'AAA') },
    { 'x-device-key': 'x'.repeat(4_000) },
    { 'x-device-id': ada.key },
  ]
  for (const headers of forged)
    for (const email of [ada.email, 'nobody@example.com']) {
      const { status, body } = await tryPassword(email, PASSWORD, elsewhere(), headers)
      expect([status, body['msg']]).toEqual([429, 'Request rate limit reached'])
    }
  const costs = await Promise.all(
    [ada.email, 'nobody@example.com'].map(async (email) => (await tryPassword(email, 'x', elsewhere())).d1Calls),
  )
  expect(costs).toEqual([1, 1])
})

test('the device’s key goes out with a session, in a header and a cookie that no script reads, once, and not for anonymous people', async () => {
  const { key, cookies, email } = await owner()
  expect(key).toMatch(/^[\w-]{47}$/)
  expect(cookies).toMatch(new RegExp(`^perigee-device-[\\w-]{12}=${key}; Max-Age=15552000; Path=/auth/v1; HttpOnly$`))
  expect(cookies).not.toContain(email)
  const again = await tryPassword(email, PASSWORD, elsewhere(), { 'x-device-key': key })
  expect([again.status, again.headers.get('x-device-key'), again.headers.get('set-cookie')]).toEqual([200, null, null])
  const anonymous = await call('/auth/v1/signup', { body: {}, ...from(elsewhere()) })
  expect(anonymous.headers.get('x-device-key')).toBe(null)
  const refreshed = await refresh(again.body.refresh_token)
  expect(refreshed.headers.get('x-device-key')).toMatch(/^[\w-]{47}$/)
})

test('P29: sign-ins are counted by what Cloudflare saw, exactly', async () => {
  const crowd = await Promise.all(
    Array.from({ length: 50 }, (_, i) => tryPassword(newEmail(), 'x', `2001:db8:77:1::${i}`, { 'x-forwarded-for': `198.51.100.${i}` })),
  )
  // The network has three tries, the address twenty.
  expect(crowd.filter(({ status }) => status === 400)).toHaveLength(3)
  expect(crowd.filter(({ status }) => status === 429)).toHaveLength(47)
})

test('hashing passwords is limited by network', async () => {
  const statuses = []
  for (let i = 0; i < 5; i++) {
    const answer = await call('/auth/v1/token?grant_type=password', {
      body: { email: newEmail(), password: 'guess' },
      ...from(`192.0.2.${i}`),
    })
    statuses.push(answer.status)
  }
  expect(statuses.slice(0, 3)).toEqual([400, 400, 400])
  expect(statuses.slice(3)).toEqual([429, 429])
})

test('a refresh is never refused with 429: phones would sign people out', async () => {
  const answer = await call('/auth/v1/signup', { body: {}, ...from('203.0.113.9') })
  const token = answer.body.refresh_token
  expect((await refresh(token)).status).toBe(200)
  expect((await refresh(token)).status).toBe(200)
  const refused = await refresh(token)
  expect([refused.status, refused.body['error_code']]).toEqual([503, 'over_request_rate_limit'])
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
})

test('a limiter remembers through eviction, and is forgotten when it has been quiet', async () => {
  const stub = limiters.getByName(`test:${crypto.randomUUID()}`)
  const rate = { requests: 1, seconds: 1, burst: 1 }
  expect((await stub.take(rate)).allowed).toBe(true)
  await evictDurableObject(stub)
  expect((await stub.take(rate)).allowed).toBe(false)

  await runInDurableObject(stub, (_, { storage }) => expect(storage.kv.get('arrival')).toEqual(expect.any(Number)))
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  expect(await runDurableObjectAlarm(stub)).toBe(true)
  await runInDurableObject(stub, async (_, { storage }) => {
    expect([...storage.kv.list()]).toEqual([])
    expect(await storage.getAlarm()).toBe(null)
  })
  expect((await stub.take(rate)).allowed).toBe(true)
})

test('an alarm that comes too early forgets nothing', async () => {
  const stub = limiters.getByName(`test:${crypto.randomUUID()}`)
  const rate = { ...SLOW, burst: 1 }
  await stub.take(rate)
  expect(await runDurableObjectAlarm(stub)).toBe(true)
  expect((await stub.take(rate)).allowed).toBe(false)
  await runInDurableObject(stub, async (_, { storage }) => {
    expect(await storage.getAlarm()).toBeGreaterThan(Date.now())
    await storage.deleteAlarm()
  })
})
