// GET /authorize and /user/identities/authorize: a browser is sent to a provider, with a state that only its own return knows (RFC 6749 §4.1,
// RFC 7636, OpenID Connect Core 1.0 §3.1.2). What a client passes on decides nothing about who gets in.
import { AppError, toBase64Url, utf8 } from '../core'
import { run, type AuthenticationContext, type Caller, type OAuthRequest } from '../platform'
import { clientSecret } from './client-secret'
import { endpointsOf } from './discovery'
import { authErrors } from './errors'
import { beginFlow } from './flow'
import { requireStrength } from './link-identity'
import { findProvider, type Provider } from './provider'
import { livePerson } from './session'
import { checkLinking } from './native-sign-in'
import type { Workshop } from './workshop'

/** How long somebody may take on the provider's pages. */
const FLOW_SECONDS = 600

/** What we keep of a flow until the browser is back; sealed. */
export interface OAuthSecrets {
  readonly verifier: string
  readonly nonce: string
}

export const SECRETS_PURPOSE = 'oauth-flow'

/** Names that are ours to say, whatever their case, and those by which a request object could say them all (RFC 9101). */
const RESERVED = new Set(
  (
    'client_id client_secret client_assertion client_assertion_type redirect_uri response_type response_mode state scope code code_challenge ' +
    'code_challenge_method code_verifier grant_type nonce request request_uri registration apikey provider scopes redirect_to ' +
    'skip_http_redirect invite_token'
  ).split(' '),
)
const MAX_PASSED_ON = 20
const MAX_VALUE = 500

/** The parameters that go on to the provider as they are. */
export function passable(given: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(given)
    .filter(([name, value]) => !RESERVED.has(name.toLowerCase()) && /^[\w.-]{1,60}$/.test(name) && value.length <= MAX_VALUE)
    .slice(0, MAX_PASSED_ON)
}

/** Scope tokens (RFC 6749 §3.3), each once. Errors: `validation_failed`. */
export function scopesOf(declared: readonly string[], asked: string): string {
  const more = asked.split(/[\s,]+/).filter((scope) => scope !== '')
  if (asked.length > 1_000 || !more.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope))) {
    throw new AppError(authErrors.validation_failed, { message: 'scopes has a character that no scope can have' })
  }
  return [...new Set([...declared, ...more])].join(' ')
}

/** Where the provider sends the browser back to: ours, under a name that is ours. */
export function callbackOf({ issuer }: AuthenticationContext): string {
  return `${issuer}/callback`
}

/** Errors: `validation_failed`, in GoTrue's words. */
function providerOf({ app, env }: Workshop, name: string): Provider {
  const refuse = (message: string) => new AppError(authErrors.validation_failed, { message: `Unsupported provider: ${message}` })
  const provider = findProvider(app, env, name)
  if (provider === null) throw refuse('provider is not enabled')
  if (provider.clientIds.length === 0) throw refuse('missing OAuth client ID')
  return provider
}

const random = () => toBase64Url(crypto.getRandomValues(new Uint8Array(32)))

async function s256(verifier: string): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(verifier))))
}

/** Errors: `validation_failed`, `manual_linking_disabled`, `insufficient_aal`, those of `livePerson`, `service_unavailable` when the provider isn't to be found. */
export async function beginOAuth(
  workshop: Workshop,
  context: AuthenticationContext,
  caller: Caller | null,
  request: OAuthRequest,
): Promise<{ readonly url: string }> {
  const { keys, db, now } = workshop
  if (caller !== null) {
    checkLinking(workshop)
    requireStrength(await livePerson(workshop, caller))
  }
  const provider = providerOf(workshop, request.provider)
  const { kind, scopes } = provider.declaration
  const scope = scopesOf(scopes, request.scopes)
  const { authorization } = await endpointsOf(workshop, provider)
  // Better told now than once somebody has signed in over there.
  await clientSecret(workshop, provider)
  const secrets: OAuthSecrets = { verifier: random(), nonce: random() }
  const flow = beginFlow(now, {
    method: 'oauth',
    provider: provider.name,
    challenge: request.challenge,
    redirectTo: context.redirectTo,
    linking: caller,
    sealedProvider: await keys.seal(JSON.stringify(secrets), SECRETS_PURPOSE),
    seconds: FLOW_SECONDS,
  })
  await run(db, [flow.statement])

  const url = new URL(authorization)
  // What the provider's own address says stays.
  for (const [name, value] of passable(request.passedOn)) if (!url.searchParams.has(name)) url.searchParams.set(name, value)
  const own: Record<string, string> = {
    client_id: provider.clientIds[0]!,
    redirect_uri: callbackOf(context),
    response_type: 'code',
    scope,
    state: flow.id,
  }
  if (kind !== 'github') own['nonce'] = secrets.nonce
  if (kind === 'apple') own['response_mode'] = 'form_post'
  else Object.assign(own, { code_challenge: await s256(secrets.verifier), code_challenge_method: 'S256' })
  for (const [name, value] of Object.entries(own)) url.searchParams.set(name, value)
  // Apple reads a plus as a plus.
  url.search = url.search.replaceAll('+', '%20')
  return { url: url.href }
}
