// Unmodified supabase-js against the built Worker, and providers on ports of their own: `oidc-provider` from npm through a browser's whole way,
// and an Apple and a Google that sign tokens for phones.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hashedNonce, tokenSigner, type TokenSigner } from '../../support/fake-provider'
import { build, startServer, type Build, type Server } from '../../support/server'
import { browse, certified, CLIENT_SECRET, type Certified } from './certified'

/** Somebody who publishes keys, and signs tokens with them. */
async function publisher(): Promise<TokenSigner & { close(): void }> {
  const held: { signer?: TokenSigner } = {}
  const server = createServer((request, response) => {
    const { issuer, keys } = held.signer!
    const at = (path: string) => `${issuer}${path}`
    const discovery = { issuer, jwks_uri: at('/keys'), authorization_endpoint: at('/authorize'), token_endpoint: at('/token') }
    const body = request.url === '/keys' ? keys() : request.url === '/.well-known/openid-configuration' ? discovery : null
    response.writeHead(body === null ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  held.signer = await tokenSigner(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return { ...held.signer, close: () => void server.close() }
}

let built: Build
let server: Server
let provider: Certified
let apple: Awaited<ReturnType<typeof publisher>>
let google: Awaited<ReturnType<typeof publisher>>

beforeAll(async () => {
  ;[provider, apple, google] = await Promise.all([certified(), publisher(), publisher()])
  built = build('tests/clients/providers/wrangler.toml')
  server = await startServer(built, {
    PERIGEE_AUTH_CERTIFIED_ISSUER: provider.issuer,
    PERIGEE_AUTH_CERTIFIED_SECRET: CLIENT_SECRET,
    PERIGEE_AUTH_APPLE_ISSUER: apple.issuer,
    PERIGEE_AUTH_GOOGLE_ISSUER: google.issuer,
  })
  provider.open(`${server.url}/auth/v1/callback`)
}, 120_000)

afterAll(async () => {
  await server?.close()
  built?.remove()
  apple?.close()
  google?.close()
  await provider?.close()
})

/** A phone of its own; `pkce` as the SDKs for phones have it. */
function phone(flowType: 'pkce' | 'implicit' = 'pkce'): SupabaseClient {
  const items = new Map<string, string>()
  const storage = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  }
  return createClient(server.url, server.keys.publishableKey, { auth: { storage, flowType, autoRefreshToken: false } })
}

let count = 0
/** Somebody with an account at the certified provider. */
function account(): { readonly sub: string; readonly email: string } {
  const sub = `guest-${count++}`
  const email = `${sub}@hostel.example`
  provider.accounts.set(sub, { email, email_verified: true, name: `Guest ${sub}` })
  return { sub, email }
}

const PROVIDER = 'custom:certified' as 'google'
const options = { redirectTo: 'hostel://home', skipBrowserRedirect: true }

test('signInWithOAuth and exchangeCodeForSession, by way of oidc-provider’s pages', async () => {
  const { sub, email } = account()
  const own = phone()
  const begun = await own.auth.signInWithOAuth({ provider: PROVIDER, options: { ...options, queryParams: { login_hint: email } } })
  expect(begun.error).toBe(null)
  const end = await browse(begun.data.url!, sub)
  expect(end.href).toMatch(/^hostel:\/\/home\?code=[^&#]+$/)
  const code = end.searchParams.get('code')!
  const { data, error } = await own.auth.exchangeCodeForSession(code)
  expect(error).toBe(null)
  expect(data.user).toMatchObject({ email, app_metadata: { provider: 'custom:certified' }, user_metadata: { full_name: `Guest ${sub}` } })
  expect(data.session).toMatchObject({ provider_token: expect.any(String), refresh_token: expect.any(String) })
  expect((await own.auth.getUser()).data.user?.id).toBe(data.user!.id)
  const replayed = await phone().auth.exchangeCodeForSession(code)
  expect(replayed.error).not.toBe(null)
})

test('the implicit flow ends in a session that setSession takes', async () => {
  const { sub, email } = account()
  const own = phone('implicit')
  const { data } = await own.auth.signInWithOAuth({ provider: PROVIDER, options })
  const members = new URLSearchParams((await browse(data.url!, sub)).hash.slice(1))
  const set = await own.auth.setSession({ access_token: members.get('access_token')!, refresh_token: members.get('refresh_token')! })
  expect(set.data.user?.email).toBe(email)
})

test('who says no at the provider is told so in the app', async () => {
  const { data } = await phone().auth.signInWithOAuth({ provider: PROVIDER, options })
  const end = await browse(data.url!, null)
  expect(end.href).toMatch(/^hostel:\/\/home\?/)
  expect(end.searchParams.get('error')).toBe('access_denied')
  expect(new URLSearchParams(end.hash.slice(1)).get('error_description')).toBe('Not today')
})

test('signInWithIdToken with Apple’s and Google’s tokens', async () => {
  const nonce = crypto.randomUUID()
  const email = 'native@hostel.example'
  const fromApple = await apple.idToken({
    aud: 'com.example.hostel',
    sub: 'a1',
    email,
    email_verified: true,
    nonce: await hashedNonce(nonce),
  })
  const own = phone()
  const first = await own.auth.signInWithIdToken({ provider: 'apple', token: fromApple, nonce })
  expect(first.error).toBe(null)
  expect(first.data.user).toMatchObject({ email, is_anonymous: false })
  const replayed = await phone().auth.signInWithIdToken({ provider: 'apple', token: fromApple, nonce })
  expect([replayed.error?.status, replayed.error?.message]).toEqual([400, 'Nonce has been used already'])
  const fromGoogle = await google.idToken({ aud: 'hostel-android', sub: 'g1', email, email_verified: true })
  const second = await phone().auth.signInWithIdToken({ provider: 'google', token: fromGoogle })
  expect(second.data.user?.id).toBe(first.data.user!.id)
  const foreign = await google.idToken({ aud: 'another-app', sub: 'g1', email, email_verified: true })
  const refused = await phone().auth.signInWithIdToken({ provider: 'google', token: foreign })
  expect([refused.error?.status, refused.error?.message]).toEqual([400, 'Unacceptable audience in id_token'])
})

test('linkIdentity by token and by redirect, getUserIdentities, unlinkIdentity: an anonymous person keeps their id', async () => {
  const { sub } = account()
  const own = phone()
  const id = (await own.auth.signInAnonymously()).data.user!.id
  const token = await google.idToken({ aud: 'hostel-ios', sub: 'g2', email: 'linked@hostel.example', email_verified: true })
  const linked = await own.auth.linkIdentity({ provider: 'google', token })
  expect(linked.error).toBe(null)
  expect((await own.auth.getUser()).data.user).toMatchObject({ id, is_anonymous: false, email: 'linked@hostel.example' })

  const begun = await own.auth.linkIdentity({ provider: PROVIDER, options })
  expect(begun.error).toBe(null)
  const end = await browse(begun.data.url!, sub)
  const exchanged = await own.auth.exchangeCodeForSession(end.searchParams.get('code')!)
  expect(exchanged.data.user?.id).toBe(id)

  const { data } = await own.auth.getUserIdentities()
  expect(data?.identities.map(({ provider: name }) => name)).toEqual(['google', 'custom:certified'])
  expect((await own.auth.unlinkIdentity(data!.identities[0]!)).error).toBe(null)
  const last = await own.auth.unlinkIdentity(data!.identities[1]!)
  expect(last.error?.code).toBe('single_identity_not_deletable')
  const again = await phone().auth.signInWithIdToken({
    provider: 'google',
    token: await google.idToken({ aud: 'hostel-ios', sub: 'g2', email: 'other@hostel.example', email_verified: true }),
  })
  expect(again.data.user?.id).not.toBe(id)
})

test('an account of somebody else’s can’t be linked', async () => {
  const [one, other] = [phone(), phone()]
  const token = () => google.idToken({ aud: 'hostel-web', sub: 'g3', email: 'g3@hostel.example', email_verified: true })
  await one.auth.signInWithIdToken({ provider: 'google', token: await token() })
  await other.auth.signInAnonymously()
  const { error } = await other.auth.linkIdentity({ provider: 'google', token: await token() })
  expect([error?.status, error?.code]).toEqual([422, 'identity_already_exists'])
})
