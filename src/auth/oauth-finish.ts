// GET and POST /callback: a browser is back from a provider. Its state counts once; what comes of it, also what went wrong, is where it goes next.
import { AppError, isUuid } from '../core'
import { run, type AuthenticationContext, type OAuthEnd, type OAuthReturn } from '../platform'
import { endpointsOf } from './discovery'
import { authErrors } from './errors'
import { withName, type ExternalAccount } from './external-account'
import { admit, type Ending } from './external-sign-in'
import { issueFlowCode } from './flow'
import { linkIdentity } from './link-identity'
import { accountOfCode, type OAuthAccount } from './oauth-account'
import { callbackOf, SECRETS_PURPOSE, type OAuthSecrets } from './oauth-begin'
import { sealResult, showTokens } from './oauth-result'
import { findProvider, type Provider } from './provider'
import { withFragment, withQuery } from './redirect'
import { newSession, openSession, showSession, type Session } from './session'
import type { Person } from './person'
import type { Workshop } from './workshop'

interface Flow {
  readonly id: string
  readonly provider: string
  /** Whether the app exchanges a code; else the browser gets the session. */
  readonly hasChallenge: boolean
  readonly redirectTo: string
  readonly linking: { readonly userId: string; readonly sessionId: string } | null
  readonly sealedSecrets: string
}

/** Takes a state, once whoever comes at the same time. Errors: `bad_oauth_state`, `flow_state_already_used`, with where to go where that is known. */
async function takeState({ db, now }: Workshop, state: string | null, site: string): Promise<Flow> {
  if (state === null || !isUuid(state))
    throw new Failure(site, new AppError(authErrors.bad_oauth_callback, { message: 'OAuth state parameter missing or invalid' }))
  const [taken, there] = await run(db, [
    {
      sql: `update auth_flows set issued_at = ?1 where id = ?2 and method = 'oauth' and issued_at is null and expires_at > cast(?1 as integer)
        returning provider, code_challenge, redirect_to, linking_user_id, linking_session_id, sealed_provider`,
      params: [String(now), state],
    },
    { sql: `select redirect_to, expires_at from auth_flows where id = ? and method = 'oauth'`, params: [state] },
  ])
  const row = taken!.results[0]
  if (row === undefined) {
    const known = there!.results[0]
    const used = known !== undefined && Number(known['expires_at']) > now
    throw new Failure(
      String(known?.['redirect_to'] ?? site),
      new AppError(used ? authErrors.flow_state_already_used : authErrors.bad_oauth_state),
    )
  }
  const linking = row['linking_user_id']
  return {
    id: state,
    provider: String(row['provider']),
    hasChallenge: row['code_challenge'] !== null,
    redirectTo: String(row['redirect_to'] ?? site),
    linking: typeof linking === 'string' ? { userId: linking, sessionId: String(row['linking_session_id']) } : null,
    sealedSecrets: String(row['sealed_provider']),
  }
}

/** What goes wrong, and where the browser is told. */
class Failure extends Error {
  readonly redirectTo: string
  readonly reason: AppError

  constructor(redirectTo: string, reason: AppError) {
    super(reason.message, { cause: reason })
    this.redirectTo = redirectTo
    this.reason = reason
  }
}

/** Apple tells the name in the form that it posts, and only to the first sign-in. */
function nameOf(user: string | null): string {
  if (user === null || user.length > 2_000) return ''
  try {
    const { name } = JSON.parse(user) as { name?: { firstName?: unknown; lastName?: unknown } }
    return [name?.firstName, name?.lastName].filter((part) => typeof part === 'string').join(' ')
  } catch {
    return ''
  }
}

async function accountOf(workshop: Workshop, context: AuthenticationContext, flow: Flow, returned: OAuthReturn): Promise<OAuthAccount> {
  const { app, env, keys } = workshop
  const provider: Provider | null = findProvider(app, env, flow.provider)
  if (provider === null) throw new AppError(authErrors.validation_failed, { message: 'Unsupported provider: provider is not enabled' })
  const { namesIssuer } = await endpointsOf(workshop, provider)
  if (returned.issuer === null ? namesIssuer : !provider.issuers.includes(returned.issuer)) {
    throw new AppError(authErrors.bad_oauth_callback, { message: 'The answer comes from another provider' })
  }
  if (returned.error !== null) throw new ProviderRefusal(returned.error, returned.errorDescription ?? '')
  if (returned.code === null)
    throw new AppError(authErrors.bad_oauth_callback, { message: 'OAuth callback with missing authorization code' })
  const { verifier, nonce } = JSON.parse(await keys.unseal(flow.sealedSecrets, SECRETS_PURPOSE)) as OAuthSecrets
  const found = await accountOfCode(workshop, provider, { code: returned.code, verifier, nonce, callback: callbackOf(context) })
  return provider.declaration.kind === 'apple' ? { ...found, account: withName(found.account, nameOf(returned.user)) } : found
}

/** What the provider itself says went wrong, mostly that somebody changed their mind. */
class ProviderRefusal extends Error {
  readonly error: string
  readonly description: string

  constructor(error: string, description: string) {
    super(error)
    this.error = error
    this.description = description
  }
}

/** Ends in a code for the app that began. */
async function finishWithCode(
  workshop: Workshop,
  context: AuthenticationContext,
  flow: Flow,
  { account, tokens }: OAuthAccount,
): Promise<string> {
  const { keys, db, now } = workshop
  const sealed = await sealResult(keys, { tokens, account: flow.linking === null ? null : account })
  const keep = { sql: 'update auth_flows set sealed_provider = ? where id = ?', params: [sealed, flow.id] }
  if (flow.linking !== null) {
    const { userId } = flow.linking
    const { code, statement } = await issueFlowCode(flow.id, userId, now)
    const [owner] = await run(db, [ownerOf(account), keep, statement])
    refuseOwned(owner!.results[0]?.['user_id'], userId)
    return withQuery(flow.redirectTo, { code })
  }
  let issued = ''
  const ending: Ending = {
    async statements(userId, condition) {
      const { code, statement } = await issueFlowCode(flow.id, userId, now, {
        sql: `exists (select 1 from auth_users u where u.id = ? and ${condition.sql})`,
        params: [userId, ...condition.params],
      })
      issued = code
      return [keep, statement]
    },
    took: { sql: 'exists (select 1 from auth_flows where id = ? and code_hash is not null)', params: [flow.id] },
  }
  await admit(workshop, context, account, {}, ending)
  return withQuery(flow.redirectTo, { code: issued })
}

function ownerOf({ provider, subject }: ExternalAccount) {
  return { sql: 'select user_id from auth_identities where provider = ? and subject = ?', params: [provider, subject] }
}

/** Told here as well as when the code is exchanged, because here apps look for it. Errors: `identity_already_exists`. */
function refuseOwned(owner: unknown, userId: string): void {
  if (owner === undefined) return
  const message = owner === userId ? 'Identity is already linked' : 'Identity is already linked to another user'
  throw new AppError(authErrors.identity_already_exists, { message })
}

/** Ends in a session that stands in the address itself, for apps without PKCE. */
async function finishWithSession(
  workshop: Workshop,
  context: AuthenticationContext,
  flow: Flow,
  { account, tokens }: OAuthAccount,
): Promise<string> {
  let signedIn: { readonly session: Session; readonly person: Person }
  if (flow.linking !== null) signedIn = await linkIdentity(workshop, context, flow.linking, account)
  else {
    const session = newSession(workshop, 'oauth', account.provider)
    const ending: Ending = {
      statements: async (userId, condition) => openSession(workshop, context, session, { id: userId }, condition),
      took: { sql: 'exists (select 1 from auth_sessions where id = ?)', params: [session.id] },
    }
    signedIn = { session, person: await admit(workshop, context, account, {}, ending) }
  }
  const { access_token, refresh_token, expires_in, expires_at, token_type } = await showSession(
    workshop,
    context,
    signedIn.session,
    signedIn.person,
  )
  return withFragment(flow.redirectTo, {
    access_token,
    refresh_token,
    token_type,
    expires_in: String(expires_in),
    expires_at: String(expires_at),
    ...showTokens(tokens),
  })
}

const DENIED = new Set(['signup_disabled', 'user_banned', 'provider_email_needs_verification'])
/** GoTrue's names of OAuth for a status; `server_error` for any other. */
const OAUTH_ERRORS: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  401: 'unauthorized_client',
  403: 'access_denied',
  503: 'temporarily_unavailable',
}

/** An address that tells of an error in its query and, for apps that look there, in its fragment. */
function errorAddress(redirectTo: string, members: Readonly<Record<string, string>>): string {
  return withFragment(withQuery(redirectTo, members), members)
}

function tell(redirectTo: string, { definition, message }: AppError): string {
  const error = DENIED.has(definition.code) ? 'access_denied' : (OAUTH_ERRORS[definition.status] ?? 'server_error')
  return errorAddress(redirectTo, { error, error_code: definition.code, error_description: message })
}

/** Why, for the log: an error's own reason where it has one. */
function problemOf({ definition, message, occurrence }: AppError): string {
  const { cause } = occurrence
  return `${definition.code}: ${cause instanceof Error ? cause.message : message}`
}

/** Never throws what a browser can be told. */
export async function finishOAuth(workshop: Workshop, context: AuthenticationContext, returned: OAuthReturn): Promise<OAuthEnd> {
  let redirectTo = context.siteUrl
  try {
    const flow = await takeState(workshop, returned.state, context.siteUrl)
    redirectTo = flow.redirectTo
    const found = await accountOf(workshop, context, flow, returned)
    const finish = flow.hasChallenge ? finishWithCode : finishWithSession
    return { url: await finish(workshop, context, flow, found), problem: null }
  } catch (error) {
    // Anybody can bring such a state: no line in the log for each.
    if (error instanceof Failure) return { url: tell(error.redirectTo, error.reason), problem: null }
    if (error instanceof ProviderRefusal) {
      const members = { error: error.error.slice(0, 100), error_description: error.description.slice(0, 500) }
      return { url: errorAddress(redirectTo, members), problem: null }
    }
    if (error instanceof AppError) return { url: tell(redirectTo, error), problem: problemOf(error) }
    throw error
  }
}
