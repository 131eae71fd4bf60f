// Asks a provider, with the code that a browser brought back, whose account it was (RFC 6749 §4.1.3, OpenID Connect Core 1.0 §3.1.3, §5.3;
// GitHub's REST API). Trusts nothing that came through the browser beyond the code.
import type { JWTPayload } from 'jose'
import { AppError } from '../core'
import { clientSecret } from './client-secret'
import { endpointsOf } from './discovery'
import { authErrors } from './errors'
import { accountOfClaims, accountOfGithub, type ExternalAccount } from './external-account'
import { isForAccessToken, verifyIdToken } from './id-token'
import { keysFor } from './native-sign-in'
import type { ProviderTokens } from './oauth-result'
import type { Endpoints, Provider } from './provider'
import { ask, type RemoteAnswer } from './remote'
import type { Workshop } from './workshop'

export interface OAuthAccount {
  readonly account: ExternalAccount
  readonly tokens: ProviderTokens
}

type Members = Readonly<Record<string, unknown>>

function failed(message: string, cause: unknown): AppError {
  return new AppError(authErrors.unexpected_failure, { message, cause })
}

const objectOf = (json: unknown): Members => (typeof json === 'object' && json !== null ? (json as Members) : {})
const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** Asks; what doesn't answer, or not well, is one error to the phone and its reason in the log. Never with a word of what was sent. */
async function askWell(provider: Provider, address: string, init: RequestInit, what: string): Promise<RemoteAnswer> {
  let answer: RemoteAnswer
  try {
    answer = await ask(address, provider.loopback, init)
  } catch (cause) {
    throw failed(what, cause)
  }
  if (answer.status !== 200)
    throw failed(what, new Error(`${provider.name} answered ${answer.status} ${textOf(objectOf(answer.json)['error']) ?? ''}`))
  return answer
}

/** Form encoding (RFC 6749 §2.3.1), a space as those read it, too, who undo percent signs alone. */
const formEncoded = (text: string) => encodeURIComponent(text).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)

async function exchange(
  workshop: Workshop,
  provider: Provider,
  { token, secretIn }: Endpoints,
  { code, verifier, callback }: { readonly code: string; readonly verifier: string; readonly callback: string },
): Promise<Members> {
  const secret = await clientSecret(workshop, provider)
  const clientId = provider.clientIds[0]!
  const inHeader = secret !== null && secretIn === 'header'
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: callback,
    ...(provider.declaration.kind === 'apple' ? {} : { code_verifier: verifier }),
    ...(inHeader ? {} : { client_id: clientId }),
    ...(secret === null || inHeader ? {} : { client_secret: secret }),
  })
  const basic = inHeader ? { authorization: `Basic ${btoa(`${formEncoded(clientId)}:${formEncoded(secret)}`)}` } : {}
  const { json } = await askWell(
    provider,
    token,
    {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded', ...basic },
      body: body.toString(),
    },
    'Unable to exchange external code',
  )
  const answer = objectOf(json)
  // GitHub says 200 to a wrong code.
  if (textOf(answer['access_token']) === null) {
    throw failed('Unable to exchange external code', new Error(`${provider.name} gave no token: ${textOf(answer['error']) ?? 'no reason'}`))
  }
  return answer
}

const NO_PROFILE = 'Error getting user profile from external provider'

async function githubAccount(provider: Provider, { userinfo }: Endpoints, accessToken: string): Promise<ExternalAccount> {
  const init = { headers: { authorization: `Bearer ${accessToken}`, accept: 'application/vnd.github+json', 'user-agent': 'Perigee' } }
  const [user, emails] = await Promise.all([
    askWell(provider, userinfo!, init, NO_PROFILE),
    askWell(provider, `${userinfo!}/emails`, init, 'Error getting user email from external provider'),
  ])
  const account = accountOfGithub(provider, objectOf(user.json), Array.isArray(emails.json) ? emails.json.map(objectOf) : [])
  if (account === null) throw failed(NO_PROFILE, new Error('GitHub told no id.'))
  return account
}

async function openIdAccount(
  workshop: Workshop,
  provider: Provider,
  { userinfo }: Endpoints,
  { idToken, accessToken, nonce }: { readonly idToken: string; readonly accessToken: string; readonly nonce: string },
): Promise<ExternalAccount> {
  const rules = { issuers: provider.issuers, clientIds: [provider.clientIds[0]!], now: workshop.now }
  const verdict = await verifyIdToken(idToken, rules, (token) => keysFor(workshop, provider, token))
  if (!verdict.ok) throw failed(NO_PROFILE, new Error(`The identity token does not count: ${verdict.problem}`))
  const { claims } = verdict
  if (claims['nonce'] !== nonce || !(await isForAccessToken(claims, accessToken))) {
    throw failed(NO_PROFILE, new Error('The identity token is of another sign-in.'))
  }
  let more: JWTPayload = {}
  if (claims['email'] === undefined && userinfo !== null) {
    const { json } = await askWell(
      provider,
      userinfo,
      { headers: { authorization: `Bearer ${accessToken}`, accept: 'application/json' } },
      NO_PROFILE,
    )
    more = objectOf(json)
    if (more.sub !== claims.sub) throw failed(NO_PROFILE, new Error('The profile is of somebody else.'))
  }
  return accountOfClaims(provider, { ...more, ...claims })
}

/** Whose account a code is of. Errors: `unexpected_failure`, `service_unavailable`. */
export async function accountOfCode(
  workshop: Workshop,
  provider: Provider,
  {
    code,
    verifier,
    nonce,
    callback,
  }: { readonly code: string; readonly verifier: string; readonly nonce: string; readonly callback: string },
): Promise<OAuthAccount> {
  const endpoints = await endpointsOf(workshop, provider)
  const answer = await exchange(workshop, provider, endpoints, { code, verifier, callback })
  const accessToken = textOf(answer['access_token'])!
  const tokens = { accessToken, refreshToken: textOf(answer['refresh_token']) }
  if (provider.declaration.kind === 'github') return { account: await githubAccount(provider, endpoints, accessToken), tokens }
  const idToken = textOf(answer['id_token'])
  if (idToken === null) throw failed(NO_PROFILE, new Error(`${provider.name} gave no identity token.`))
  return { account: await openIdAccount(workshop, provider, endpoints, { idToken, accessToken, nonce }), tokens }
}
