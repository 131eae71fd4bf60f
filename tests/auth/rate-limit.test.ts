// Real Durable Objects, with rates that the operator's configuration makes small.
import { env } from 'cloudflare:workers'
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeAll, expect, test } from 'vitest'
import type { RateLimiter } from '../../src/index'
import { call, kv, newEmail, PASSWORD, refresh } from './client'

const limiters = (env as unknown as { RATE_LIMITER: DurableObjectNamespace<RateLimiter> }).RATE_LIMITER
const SLOW = { requests: 1, seconds: 3600 }

beforeAll(async () => {
  const rates = {
    signup: { ...SLOW, burst: 2 },
    anonymous: { ...SLOW, burst: 3 },
    account: { ...SLOW, burst: 2 },
    password: { ...SLOW, burst: 3 },
    refresh: { ...SLOW, burst: 2 },
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

test('no header that a client writes makes a new address', async () => {
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
    for (let i = 0; i < 4; i++) {
      const body = { email: i % 2 === 0 ? account : account.toUpperCase(), password: 'guess' }
      statuses.push((await call('/auth/v1/token?grant_type=password', { body, ...from(`198.51.${100 + i}.7`) })).status)
    }
    expect(statuses).toEqual([400, 400, 429, 429])
  }
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
