// A backend that sends browsers to providers, the providers behind `fetch`, and a browser's way there and back.
import { env } from 'cloudflare:workers'
import { exportPKCS8, generateKeyPair } from 'jose'
import { app, apple, github, google, openid, type AuthRules } from 'perigee'
import { afterAll, beforeAll, vi } from 'vitest'
import type { Env } from '../../src/platform'
import { serve, type Ask } from '../support/backend'
import { fakeOAuth, isAppleSecret, type FakeOAuth } from '../support/fake-oauth'
import { tokenSigner, type TokenSigner } from '../support/fake-provider'
import type { AnswerBody } from './client'

// Fifty at once take a while on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

export const CALLBACK = 'http://localhost/auth/v1/callback'
export const SITE = 'https://app.example.com'
const TEAM = { teamId: 'TEAM000001', keyId: 'KEY0000001', clientId: 'com.example.web' }
const appleKeys = await generateKeyPair('ES256', { extractable: true })

const rules: AuthRules = {
  siteUrl: SITE,
  redirectUrls: ['myapp://**', 'https://web.example.com/**'],
  confirmEmail: true,
  providers: [
    apple({ clientIds: [TEAM.clientId, 'com.example.ios'], teamId: TEAM.teamId, keyId: TEAM.keyId }),
    google({ clientIds: ['google-web', 'google-ios'] }),
    github({ clientIds: ['github-web'] }),
    openid('acme', { issuer: 'https://op.acme.example', clientIds: ['trails'], scopes: ['groups'] }),
    openid('bare', { issuer: 'https://op.bare.example', clientIds: ['trails'] }),
  ],
}
const bound = {
  ...(env as unknown as Env),
  // As it comes out of a secret whose line ends were written out.
  PERIGEE_AUTH_APPLE_SECRET: (await exportPKCS8(appleKeys.privateKey)).replaceAll('\n', '\\n'),
  PERIGEE_AUTH_GOOGLE_SECRET: 'google:secret',
  PERIGEE_AUTH_GITHUB_SECRET: 'github-secret',
  PERIGEE_AUTH_ACME_SECRET: 'acme secret+%',
}
export const backend = serve(app({ name: 'Redirects', tables: [], auth: rules }), bound)
export const unset = serve(app({ name: 'Unset', tables: [], auth: rules }))
export const unlinkable = serve(
  app({ name: 'Unlinkable', tables: [], auth: { ...rules, manualLinking: false, disableSignup: true } }),
  bound,
)

export let fakes: Readonly<Record<'apple' | 'google' | 'github' | 'acme' | 'bare', FakeOAuth>>
export let acme: TokenSigner
/** What the next answer of acme's token endpoint says instead. */
let tampered: ((answer: Record<string, unknown>) => Record<string, unknown>) | undefined
const signers: TokenSigner[] = []
export const lines: string[] = []

const json = (body: unknown) => new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } })

async function internet(request: Request): Promise<Response> {
  for (const fake of Object.values(fakes)) {
    const answered = await fake.answer(request)
    if (answered !== null) return answered
  }
  const { url } = request
  if (url === 'https://appleid.apple.com/auth/keys') return json(signers[0]!.keys())
  if (url === 'https://www.googleapis.com/oauth2/v3/certs') return json(signers[1]!.keys())
  for (const { issuer, keys } of signers) {
    const at = (path: string) => `${issuer}${path}`
    if (url === at('/keys')) return json(keys())
    if (url === at('/.well-known/openid-configuration')) {
      return json({
        issuer,
        jwks_uri: at('/keys'),
        authorization_endpoint: at('/authorize?tenant=1'),
        token_endpoint: at('/token'),
        userinfo_endpoint: at('/userinfo'),
        authorization_response_iss_parameter_supported: issuer === 'https://op.acme.example',
      })
    }
  }
  return new Response('nobody lives here', { status: 404 })
}

beforeAll(async () => {
  const [a, g, o, b] = await Promise.all([
    tokenSigner('https://appleid.apple.com'),
    tokenSigner('https://accounts.google.com'),
    tokenSigner('https://op.acme.example'),
    tokenSigner('https://op.bare.example', 'ES256'),
  ])
  signers.push(a, g, o, b)
  acme = o
  const callback = CALLBACK
  const openId = (signer: TokenSigner, secret: string) =>
    ({
      kind: 'openid',
      authorization: `${signer.issuer}/authorize`,
      token: `${signer.issuer}/token`,
      clientId: 'trails',
      signer,
      secret,
      callback,
    }) as const
  fakes = {
    apple: fakeOAuth({
      kind: 'apple',
      authorization: 'https://appleid.apple.com/auth/authorize',
      token: 'https://appleid.apple.com/auth/token',
      clientId: TEAM.clientId,
      signer: a,
      secret: (secret) => isAppleSecret(secret, appleKeys.publicKey, TEAM),
      callback,
    }),
    google: fakeOAuth({
      kind: 'openid',
      authorization: 'https://accounts.google.com/o/oauth2/v2/auth',
      token: 'https://oauth2.googleapis.com/token',
      userinfo: 'https://openidconnect.googleapis.com/v1/userinfo',
      clientId: 'google-web',
      signer: g,
      secret: 'google:secret',
      callback,
    }),
    github: fakeOAuth({
      kind: 'github',
      authorization: 'https://github.com/login/oauth/authorize',
      token: 'https://github.com/login/oauth/access_token',
      userinfo: 'https://api.github.com/user',
      clientId: 'github-web',
      signer: null,
      secret: 'github-secret',
      callback,
    }),
    acme: fakeOAuth({
      ...openId(o, 'acme secret+%'),
      userinfo: `${o.issuer}/userinfo`,
      inToken: ['sub'],
      over: (answer) => tampered?.(answer) ?? answer,
    }),
    bare: fakeOAuth(openId(b, '')),
  }
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => internet(new Request(input as RequestInfo, init)))
  for (const level of ['log', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((...args: unknown[]) => void lines.push(args.map(String).join(' ')))
  }
})

afterAll(() => {
  vi.restoreAllMocks()
})

type Name = keyof typeof fakes
type Claims = Readonly<Record<string, unknown>>

export const VERIFIER = 'v'.repeat(64)
export const newSubject = () => `s${crypto.randomUUID()}`
export const newEmail = () => `p${crypto.randomUUID()}@example.com`

export async function challengeOf(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
  const text = btoa(String.fromCharCode(...new Uint8Array(digest)))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

export async function pkce(verifier = VERIFIER): Promise<Record<string, string>> {
  return { code_challenge: await challengeOf(verifier), code_challenge_method: 's256' }
}

export const authorize = (provider: string, query: Readonly<Record<string, string>> = {}, at = backend) =>
  at.nobody(`/auth/v1/authorize?${new URLSearchParams({ provider, ...query }).toString()}`)

/** Where the browser is sent to. */
export async function begin(provider: string, query: Readonly<Record<string, string>> = {}): Promise<string> {
  const { status, headers, text } = await authorize(provider, { redirect_to: 'myapp://callback', ...query })
  if (status !== 302) throw new Error(text)
  return headers.get('location')!
}

export async function comeBack(members: URLSearchParams, posted = false, at = backend): Promise<URL> {
  const { status, headers, text } = posted
    ? await at.nobody('/auth/v1/callback', {
        body: members.toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://appleid.apple.com' },
      })
    : await at.nobody(`/auth/v1/callback?${members.toString()}`)
  if (status !== 302) throw new Error(`${status} ${text}`)
  return new URL(headers.get('location')!)
}

/** The way there and back; where the browser ends. */
export async function visit(name: Name, account: Claims, query: Readonly<Record<string, string>> = {}): Promise<URL> {
  const returned = await fakes[name].consent(await begin(name, query), account)
  if (name === 'acme') returned.set('iss', acme.issuer)
  return comeBack(returned, name === 'apple')
}

export async function exchange(code: string, verifier = VERIFIER, ask: Ask = backend.stranger) {
  const { status, json: body } = await ask('/auth/v1/token?grant_type=pkce', { body: { auth_code: code, code_verifier: verifier } })
  return { status, body: body as unknown as AnswerBody }
}

export async function signIn(name: Name, account: Claims) {
  const end = await visit(name, account, await pkce())
  return exchange(end.searchParams.get('code') ?? '')
}

export function tamper(answer: typeof tampered): void {
  tampered = answer
}
