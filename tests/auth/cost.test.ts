// What sign-in asks of the database, counted. Kept here as the rule; bench/budgets.json holds the figures that may not grow.
import { beforeAll, expect, test } from 'vitest'
import { call, newEmail, PASSWORD, refresh, signIn, signUpAnonymously, type SessionBody } from './client'

beforeAll(async () => {
  await signUpAnonymously()
})

test('verifying a token that was seen before asks nothing', async () => {
  const { access_token: token } = await signUpAnonymously()
  const read = () => call('/rest/v1/profiles?select=id&limit=1', { token })
  await read()
  expect((await read()).d1Calls).toBe(1)
})

test('a new token of a known key asks nothing either', async () => {
  const { access_token: token } = await signUpAnonymously()
  expect((await call('/rest/v1/profiles?select=id&limit=1', { token })).d1Calls).toBe(1)
})

test('sign-up is one batch, sign-in a read and a batch, a refresh one batch, GET /user one read, PUT /user a read and a batch, sign-out one batch', async () => {
  const email = newEmail()
  const up = await call('/auth/v1/signup', { body: { email, password: PASSWORD } })
  const session = (await signIn(email)).body as unknown as SessionBody
  const token = session.access_token
  const costs = {
    signUp: up.d1Calls,
    signIn: (await signIn(email)).d1Calls,
    wrongPassword: (await signIn(email, 'guess')).d1Calls,
    refresh: (await refresh(session.refresh_token)).d1Calls,
    forgedRefresh: (await refresh('x')).d1Calls,
    user: (await call('/auth/v1/user', { token })).d1Calls,
    update: (await call('/auth/v1/user', { method: 'PUT', token, body: { data: { x: 1 } } })).d1Calls,
    jwks: (await call('/auth/v1/.well-known/jwks.json')).d1Calls,
    settings: (await call('/auth/v1/settings')).d1Calls,
    devices: (await call('/auth/v1/user/sessions', { token })).d1Calls,
    endDevice: (await call(`/auth/v1/user/sessions/${crypto.randomUUID()}`, { method: 'DELETE', token })).d1Calls,
    signOut: (await call('/auth/v1/logout', { method: 'POST', token })).d1Calls,
  }
  expect(costs).toEqual({
    signUp: 1,
    signIn: 2,
    wrongPassword: 1,
    refresh: 1,
    forgedRefresh: 0,
    user: 1,
    update: 2,
    jwks: 0,
    settings: 0,
    devices: 1,
    endDevice: 1,
    signOut: 1,
  })
})

test('no sign-in statement reads more rows for many people than for few', async () => {
  await Promise.all(Array.from({ length: 30 }, () => signUpAnonymously()))
  const { refresh_token, access_token: token } = await signUpAnonymously()
  const rows = async (answer: Promise<{ headers: Headers }>) => Number((await answer).headers.get('x-perigee-rows-read'))
  expect(await rows(call('/auth/v1/user', { token }))).toBeLessThan(12)
  expect(await rows(refresh(refresh_token))).toBeLessThan(15)
  expect(await rows(signIn(newEmail()))).toBeLessThan(3)
})
