// Signing in with the identity token that a phone got from Apple or Google itself (shared protocol notes: gotrue §5). What is wrong with a token
// is told in two or three texts: which of its parts failed would help nobody but a forger.
import type { JSONWebKeySet, JWTPayload } from 'jose'
import { AppError, toBase64Url, utf8 } from '../core'
import { readFault, type AuthenticationContext, type Caller, type IdTokenInput, type Statement } from '../platform'
import { authErrors, oauthError } from './errors'
import { accountOfClaims, type ExternalAccount } from './external-account'
import { admit, type Ending } from './external-sign-in'
import { CLOCK_TOLERANCE, claimedIssuer, hasKeyFor, isForAccessToken, judgeNonce, verifyIdToken } from './id-token'
import { linkIdentity } from './link-identity'
import type { Person } from './person'
import { endpointsOf } from './discovery'
import { findIssuer, findProvider, type Provider } from './provider'
import { remoteAgain, remoteDocument } from './remote'
import { newSession, openSession, type Session } from './session'
import { ownMetadata } from './user-metadata'
import type { Workshop } from './workshop'

/** Providers that GoTrue takes identity tokens of, with their issuer where it is one; those that the app doesn't declare are off, any other is unknown. */
const KNOWN: ReadonlyMap<string, string | null> = new Map([
  ['apple', 'https://appleid.apple.com'],
  ['google', 'https://accounts.google.com'],
  ['facebook', 'https://www.facebook.com'],
  ['kakao', 'https://kauth.kakao.com'],
  ['azure', null],
  ['keycloak', null],
  ['snapchat', null],
])

/** The provider whose token it is, by its name or, as older SDKs tell it, by its issuer. Errors: `validation_failed`, `provider_disabled`. */
function providerOf({ app, env }: Workshop, { provider: name, issuer, idToken }: IdTokenInput): Provider {
  const provider = name === null ? findIssuer(app, env, issuer ?? '') : findProvider(app, env, name)
  if (provider !== null && provider.declaration.kind !== 'github' && provider.clientIds.length > 0) return provider
  if (provider !== null || KNOWN.has(name ?? '')) {
    const told = provider?.issuers[0] ?? KNOWN.get(name ?? '') ?? claimedIssuer(idToken)?.slice(0, 120) ?? ''
    throw new AppError(authErrors.provider_disabled, { message: `Provider (issuer "${told}") is not enabled` })
  }
  throw new AppError(authErrors.validation_failed, { message: `Custom OIDC provider "${(name ?? '').slice(0, 60)}" not allowed` })
}

function isKeySet(document: unknown): document is JSONWebKeySet {
  return typeof document === 'object' && document !== null && Array.isArray((document as { keys?: unknown }).keys)
}

/** The provider's keys, read anew when none of those that are known is the token's. */
export async function keysFor(workshop: Workshop, provider: Provider, token: string): Promise<JSONWebKeySet | null> {
  const { jwks } = await endpointsOf(workshop, provider)
  if (jwks === null) return null
  const known = (await remoteDocument(workshop, jwks, provider.loopback, isKeySet)) as JSONWebKeySet
  if (await hasKeyFor(known, token)) return known
  const again = await remoteAgain(workshop, jwks, provider.loopback, isKeySet, (document) => hasKeyFor(document as JSONWebKeySet, token))
  return again as JSONWebKeySet | null
}

/** Takes a nonce for good, or fails the batch: whoever caught the token comes too late. Kept until the token expires. */
async function takeNonce(
  { now }: Workshop,
  provider: Provider,
  { nonce, exp }: JWTPayload,
): Promise<(took: Statement) => readonly Statement[]> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(`${provider.name} ${String(nonce)}`)))
  return (took) => [
    {
      sql: `insert into auth_flows (id, method, provider, created_at, expires_at) select ?, 'id_token', ?, ?, ? where ${took.sql}`,
      params: [
        `nonce:${toBase64Url(digest)}`,
        provider.name,
        String(now),
        String((Math.ceil(exp!) + CLOCK_TOLERANCE) * 1000),
        ...took.params,
      ],
    },
  ]
}

interface Proof {
  readonly account: ExternalAccount
  readonly once: (took: Statement) => readonly Statement[]
}

/** Errors: `oauth_error`, `validation_failed`, `provider_disabled`, `service_unavailable`. */
async function prove(workshop: Workshop, input: IdTokenInput): Promise<Proof> {
  const provider = providerOf(workshop, input)
  const { issuers, clientIds, declaration } = provider
  const verdict = await verifyIdToken(input.idToken, { issuers, clientIds, now: workshop.now }, (token) =>
    keysFor(workshop, provider, token),
  )
  if (!verdict.ok) {
    if (verdict.problem === 'audience') throw oauthError('invalid request', 'Unacceptable audience in id_token')
    if (verdict.problem === 'subject') throw oauthError('invalid request', 'Missing sub claim in id_token')
    throw oauthError('invalid request', 'Bad ID token', verdict.problem)
  }
  const { claims } = verdict
  if (input.accessToken !== null && !(await isForAccessToken(claims, input.accessToken))) {
    throw oauthError('invalid request', 'Bad ID token', 'at_hash')
  }
  const account = accountOfClaims(provider, claims)
  if (declaration.skipNonceCheck) return { account, once: () => [] }
  const nonce = await judgeNonce(claims, input.nonce)
  if (nonce === 'one-sided') throw oauthError('invalid request', 'Passed nonce and nonce in id_token should either both exist or not.')
  if (nonce === 'mismatch') throw oauthError('invalid nonce', 'Nonces mismatch')
  return { account, once: nonce === 'fits' ? await takeNonce(workshop, provider, claims) : () => [] }
}

/** A replayed nonce, where `error` says so. */
function replayOf(error: unknown): unknown {
  const fault = readFault(error)
  return fault.kind === 'unique' && fault.table === 'auth_flows' ? oauthError('invalid nonce', 'Nonce has been used already') : error
}

/** Errors: of `prove` and `admit`; `oauth_error` for a nonce that was used already. */
export async function signInWithIdToken(
  workshop: Workshop,
  context: AuthenticationContext,
  input: IdTokenInput,
): Promise<{ session: Session; person: Person }> {
  const { account, once } = await prove(workshop, input)
  const session = newSession(workshop, 'oauth', account.provider)
  const ending: Ending = {
    statements: async (userId, condition) => openSession(workshop, context, session, { id: userId }, condition),
    took: { sql: 'exists (select 1 from auth_sessions where id = ?)', params: [session.id] },
  }
  try {
    return { session, person: await admit(workshop, context, account, ownMetadata(input.data), ending, once) }
  } catch (error) {
    throw replayOf(error)
  }
}

/** The same for a person who is signed in, and stays so in the same session. Errors: of `prove` and `linkIdentity`; `manual_linking_disabled`. */
export async function linkIdToken(
  workshop: Workshop,
  context: AuthenticationContext,
  caller: Caller,
  input: IdTokenInput,
): Promise<{ session: Session; person: Person }> {
  checkLinking(workshop)
  const { account, once } = await prove(workshop, input)
  try {
    return await linkIdentity(workshop, context, caller, account, once)
  } catch (error) {
    throw replayOf(error)
  }
}

/** Errors: `manual_linking_disabled`. */
export function checkLinking({ app }: Workshop): void {
  if (app.auth?.manualLinking === false) throw new AppError(authErrors.manual_linking_disabled)
}
