// A backend with providers, and the providers: they sign real tokens, and answer at their own addresses behind `fetch`.
import { app, apple, google, openid } from 'perigee'
import { afterAll, beforeAll, beforeEach, vi } from 'vitest'
import { serve, type Ask } from '../support/backend'
import { tokenSigner, type TokenOptions, type TokenSigner } from '../support/fake-provider'
import type { AnswerBody } from './client'

// Fifty at once take a while on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

export const IOS = 'com.example.trails'
export const WEB = 'web.apps.googleusercontent.com'
const ANDROID = 'android.apps.googleusercontent.com'

export const providers = [
  apple({ clientIds: ['com.example.web', IOS] }),
  google({ clientIds: [WEB, 'ios.apps.googleusercontent.com', ANDROID] }),
  openid('acme', { issuer: 'https://id.acme.example', clientIds: ['trails'] }),
  openid('azure', { issuer: 'https://login.microsoftonline.com/tenant/v2.0', clientIds: ['trails'] }),
  openid('odd', { issuer: 'https://odd.example.com', clientIds: ['trails'] }),
  openid('lax', { issuer: 'https://lax.example.com', clientIds: ['trails'], skipNonceCheck: true }),
]
export const backend = serve(app({ name: 'Providers', tables: [], auth: { providers, confirmEmail: true } }))
/** The same people, where an address counts without proof. */
export const lenient = serve(app({ name: 'Lenient', tables: [], auth: { providers, confirmEmail: false } }))
/** The same, with phones, where a change of address asks the new one alone. */
export const both = serve(app({ name: 'Both', tables: [], auth: { providers, phone: true, confirmEmail: true, secureEmailChange: false } }))
export const closed = serve(app({ name: 'Closed', tables: [], auth: { providers, disableSignup: true, manualLinking: false } }))
export const none = serve(app({ name: 'None', tables: [] }))

export let signers: Readonly<Record<string, TokenSigner>>
/** Whom the Worker asked, in order. */
export const asked: string[] = []

/** What an address answers instead. */
export const instead = new Map<string, () => Response>()

const json = (body: unknown) => new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } })

function answer(address: string): Response {
  asked.push(address)
  const other = instead.get(address)
  if (other !== undefined) return other()
  const { apple: a, google: g } = signers
  if (address === 'https://appleid.apple.com/auth/keys') return json(a!.keys())
  if (address === 'https://www.googleapis.com/oauth2/v3/certs') return json(g!.keys())
  for (const signer of Object.values(signers)) {
    if (address === `${signer.issuer}/.well-known/openid-configuration`) {
      const at = (path: string) => `${signer.issuer}${path}`
      return json({ issuer: signer.issuer, jwks_uri: at('/keys'), authorization_endpoint: at('/authorize'), token_endpoint: at('/token') })
    }
    if (address === `${signer.issuer}/keys`) return json(signer.keys())
  }
  return new Response('nobody lives here', { status: 404 })
}

beforeAll(async () => {
  signers = {
    apple: await tokenSigner('https://appleid.apple.com'),
    google: await tokenSigner('https://accounts.google.com'),
    acme: await tokenSigner('https://id.acme.example', 'ES256'),
    azure: await tokenSigner('https://login.microsoftonline.com/tenant/v2.0'),
    lax: await tokenSigner('https://lax.example.com'),
    odd: await tokenSigner('https://odd.example.com'),
  }
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => answer(new Request(input as RequestInfo).url))
})

afterAll(() => {
  vi.restoreAllMocks()
})

beforeEach(() => {
  asked.length = 0
})

export type Claims = Readonly<Record<string, unknown>>

const AUDIENCES: Readonly<Record<string, string>> = { apple: IOS, google: ANDROID }
export const newSubject = () => `s${crypto.randomUUID()}`
export const newEmail = () => `p${crypto.randomUUID()}@example.com`

/** A token as the provider gives it out to our app. */
export function token(provider: string, claims: Claims, options?: TokenOptions): Promise<string> {
  return signers[provider]!.idToken({ aud: AUDIENCES[provider] ?? 'trails', sub: newSubject(), ...claims }, options)
}

export async function grant(ask: Ask, body: Claims) {
  const { status, json: answered, text } = await ask('/auth/v1/token?grant_type=id_token', { body })
  return { status, body: answered as unknown as AnswerBody, text }
}

export async function signIn(provider: string, claims: Claims, body: Claims = {}, ask: Ask = backend.stranger) {
  return grant(ask, { provider, id_token: await token(provider, claims), ...body })
}

export const withToken = (accessToken: string): Ask => {
  return (address, given = {}) =>
    backend.stranger(address, { ...given, headers: { ...given.headers, authorization: `Bearer ${accessToken}` } })
}
