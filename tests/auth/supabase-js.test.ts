// The SDK that phones' teams ship, unmodified, against the Worker.
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { exports } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { apiKeys, newEmail, PASSWORD } from './client'

/** One phone: its own client and storage. */
function phone(apiKey: string = apiKeys.publishableKey): SupabaseClient {
  const fetcher = (exports as unknown as { default: Fetcher }).default
  const storage = new Map<string, string>()
  return createClient('http://localhost:8787', apiKey, {
    auth: {
      autoRefreshToken: false,
      storage: {
        getItem: (key) => storage.get(key) ?? null,
        setItem: (key, value) => void storage.set(key, value),
        removeItem: (key) => void storage.delete(key),
      },
    },
    global: { fetch: (input, init) => fetcher.fetch(new Request(input as RequestInfo, init as RequestInit)) },
  })
}

test('signing up, out and in again', async () => {
  const client = phone()
  const email = newEmail()
  const up = await client.auth.signUp({ email, password: PASSWORD, options: { data: { name: 'Ada' } } })
  expect(up.error).toBe(null)
  expect(up.data.session?.access_token).toBeTruthy()
  expect(up.data.user).toMatchObject({ email, user_metadata: { name: 'Ada' } })
  expect((await client.auth.getUser()).data.user?.id).toBe(up.data.user!.id)
  expect((await client.auth.signOut()).error).toBe(null)
  expect((await client.auth.getSession()).data.session).toBe(null)
  const back = await client.auth.signInWithPassword({ email, password: PASSWORD })
  expect(back.data.user?.id).toBe(up.data.user!.id)
})

test('claims are verified in the phone with the published keys', async () => {
  const client = phone()
  const { data } = await client.auth.signInAnonymously({ options: { data: { theme: 'dark' } } })
  expect(data.user?.is_anonymous).toBe(true)
  const claims = await client.auth.getClaims()
  expect(claims.error).toBe(null)
  expect(claims.data?.claims).toMatchObject({ sub: data.user!.id, role: 'authenticated', is_anonymous: true })
  expect(claims.data?.header).toMatchObject({ alg: 'ES256', kid: expect.any(String) })
})

test('refreshing, and taking a session to another phone', async () => {
  const [one, other] = [phone(), phone()]
  const first = (await one.auth.signInAnonymously()).data.session!
  const refreshed = await one.auth.refreshSession()
  expect(refreshed.error).toBe(null)
  expect(refreshed.data.session?.refresh_token).not.toBe(first.refresh_token)
  const { access_token, refresh_token } = refreshed.data.session!
  expect((await other.auth.setSession({ access_token, refresh_token })).data.user?.id).toBe(first.user.id)
})

test('an anonymous person keeps their id when they give an address', async () => {
  const client = phone()
  const id = (await client.auth.signInAnonymously()).data.user!.id
  const email = newEmail()
  expect((await client.auth.updateUser({ email, password: PASSWORD })).data.user).toMatchObject({ id, email, is_anonymous: false })
  expect((await phone().auth.signInWithPassword({ email, password: PASSWORD })).data.user?.id).toBe(id)
})

test('errors arrive as the SDK names them', async () => {
  const client = phone()
  const wrong = await client.auth.signInWithPassword({ email: newEmail(), password: 'guess' })
  expect(wrong.error).toMatchObject({
    name: 'AuthApiError',
    code: 'invalid_credentials',
    status: 400,
    message: 'Invalid login credentials',
  })
  const weak = await client.auth.signUp({ email: newEmail(), password: '123' })
  expect(weak.error).toMatchObject({ name: 'AuthWeakPasswordError', reasons: ['length'] })
  const otp = await client.auth.verifyOtp({ type: 'email', email: newEmail(), token: '000000' })
  expect(otp.error).toMatchObject({ code: 'otp_expired', status: 403 })
  const stranger = await phone(`${apiKeys.publishableKey}x`).auth.signInAnonymously()
  expect(stranger.error).toMatchObject({ status: 401 })
})

test('a sign-out on one phone signs the others out, too', async () => {
  const [one, other] = [phone(), phone()]
  const email = newEmail()
  await one.auth.signUp({ email, password: PASSWORD })
  await other.auth.signInWithPassword({ email, password: PASSWORD })
  await one.auth.signOut({ scope: 'global' })
  expect((await other.from('profiles').select('id').limit(1)).status).toBe(401)
  expect((await other.auth.getUser()).error).not.toBe(null)
})

test('a person writes and reads their own row with the session that sign-up gave', async () => {
  const client = phone()
  const { data } = await client.auth.signInAnonymously()
  const handle = `h${crypto.randomUUID().slice(0, 8)}`
  const written = await client.from('profiles').insert({ handle, display_name: 'Ada' }).select('id, handle').single()
  expect(written.error).toBe(null)
  expect(written.data).toEqual({ id: data.user!.id, handle })
})
