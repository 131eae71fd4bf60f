// Says who asks: an app by its API key, a person by their token. Looks nothing up once the isolate has seen the token.
import type { MiddlewareHandler } from 'hono'
import { authErrors, verifyAccessToken, type TokenProblem } from '../auth'
import { ANONYMOUS, AppError, SERVICE, type ErrorDefinition, type Principal } from '../core'
import { asUnavailable, isOurHost, keysOf } from '../platform'
import type { AppContext, AppEnv } from './context'

/** Paths under /auth/v1 that browsers and mail programs open, so without an API key (shared protocol notes: gotrue §2). */
const KEYLESS = /^\/auth\/v1\/(?:health$|\.well-known\/|callback(?:\/|$)|authorize$|oauth\/|sso\/saml\/|scim\/)/

function isKeyless(method: string, path: string): boolean {
  return KEYLESS.test(path) || (path === '/auth/v1/verify' && (method === 'GET' || method === 'HEAD'))
}

function bearerOf(c: AppContext): string | null {
  return /^bearer\s+(\S+)\s*$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? null
}

/** Browsers say who they are and where the page comes from; nothing that may hold a secret key does both. */
function isBrowser(c: AppContext): boolean {
  return c.req.header('origin') !== undefined && /\bMozilla\//.test(c.req.header('user-agent') ?? '')
}

const PROBLEMS: Readonly<Record<TokenProblem, { readonly data: ErrorDefinition; readonly message: string }>> = {
  malformed: { data: authErrors.jwt_invalid, message: 'The token is not a JWT that can be read' },
  algorithm: { data: authErrors.jwt_invalid, message: 'The token is signed with an algorithm that is not accepted' },
  unknown_key: { data: authErrors.jwt_invalid, message: 'No suitable key was found to verify the token' },
  signature: { data: authErrors.jwt_invalid, message: 'The signature of the token does not match' },
  expired: { data: authErrors.jwt_claims, message: 'JWT expired' },
  issuer: { data: authErrors.jwt_claims, message: 'JWT issued by someone else' },
  audience: { data: authErrors.jwt_claims, message: 'JWT not in audience' },
  claims: { data: authErrors.jwt_claims, message: 'JWT lacks a claim or has a wrong one' },
}

/** The principal of a bearer token; null when there is none or it is an API key. Errors: of `PROBLEMS`, in the dialect of the path. */
async function principalOfBearer(c: AppContext, dialect: 'auth' | 'data'): Promise<Principal | null> {
  const bearer = bearerOf(c)
  if (bearer === null) return null
  const keys = await keysOf(c.env)
  const role = keys.roleOfApiKey(bearer)
  if (role !== null) return role === 'service_role' ? SERVICE : null
  const verification = await verifyAccessToken(bearer, {
    keys,
    db: c.var.stores.primary.db,
    isOurHost: (host) => isOurHost(c.env, host, new URL(c.req.url).host),
    now: Date.now(),
  }).catch((error: unknown) => {
    throw asUnavailable(error) ?? error
  })
  if (verification.ok) return verification.principal
  const { data, message } = PROBLEMS[verification.problem]
  if (dialect === 'auth') {
    // GoTrue's words, at which clients look.
    const why = verification.problem === 'expired' ? 'token has invalid claims: token is expired' : message
    throw new AppError(authErrors.bad_jwt, { message: `invalid JWT: unable to parse or verify signature, ${why}` })
  }
  throw new AppError(data, { message, headers: { 'www-authenticate': `Bearer error="invalid_token", error_description="${message}"` } })
}

async function principalOfKey(
  c: AppContext,
  apiKey: string | undefined = c.req.header('apikey') ?? c.req.query('apikey'),
): Promise<Principal> {
  if (apiKey === undefined || apiKey === '') {
    throw new AppError(authErrors.api_key_missing, { hint: 'No `apikey` request header or url param was found.' })
  }
  const keys = await keysOf(c.env)
  const role = keys.roleOfApiKey(apiKey)
  if (role === null) throw new AppError(authErrors.api_key_invalid, { hint: 'Double check your API key: `npm run keys` prints them.' })
  const secrets = [apiKey, bearerOf(c)]
  if (isBrowser(c) && secrets.some((text) => text !== null && keys.roleOfApiKey(text) === 'service_role')) {
    throw new AppError(authErrors.secret_key_in_browser, {
      hint: 'Secret API keys belong on servers. Use the publishable key in a browser.',
    })
  }
  return role === 'service_role' ? SERVICE : ANONYMOUS
}

/**
 * Sets `principal` on the paths it guards. An API key is required; a person's token outranks it, and one that doesn't count is refused.
 * Under /auth/v1 a token that doesn't count is left to `requirePerson`: a phone must be able to refresh with an expired one in its header.
 * Errors: `api_key_missing`, `api_key_invalid`, `secret_key_in_browser`, `jwt_invalid`, `jwt_claims` (401), `root_key_missing` (503).
 */
export function authenticate(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const path = c.req.path
    if (!isKeyless(c.req.method, path)) {
      const app = await principalOfKey(c)
      const person = path.startsWith('/auth/') ? null : await principalOfBearer(c, 'data')
      c.set('principal', person ?? app)
    }
    await next()
  }
}

/**
 * Lets through nobody but the holder of the secret key, who sends it as API key, as bearer, or both. A person's token never does, whatever
 * it claims. Errors: `no_authorization` (401), `not_admin`, `bad_jwt` (403), and those of a missing or wrong API key.
 */
export function administrators(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const keys = await keysOf(c.env)
    const bearer = bearerOf(c)
    const role = bearer === null ? null : keys.roleOfApiKey(bearer)
    // The admin client of auth-js alone sends no API key.
    const sent = c.req.header('apikey') ?? c.req.query('apikey') ?? (role === 'service_role' ? bearer! : undefined)
    const app = await principalOfKey(c, sent)
    const person = role === null ? await principalOfBearer(c, 'auth') : null
    if (person !== null || (role !== 'service_role' && app.role !== 'service_role')) {
      throw bearer === null
        ? new AppError(authErrors.no_authorization)
        : new AppError(authErrors.not_admin, { message: 'User not allowed' })
    }
    c.set('principal', SERVICE)
    await next()
  }
}

/** A person, and the session that their token belongs to. */
export interface SignedIn {
  readonly userId: string
  readonly sessionId: string
  /** As the token says. */
  readonly aal: 'aal1' | 'aal2'
}

/** The person who calls an address under /auth/v1. Errors: `no_authorization` (401), `bad_jwt` (403). */
export async function requirePerson(c: AppContext): Promise<SignedIn> {
  const principal = await principalOfBearer(c, 'auth')
  if (principal === null) throw new AppError(authErrors.no_authorization)
  if (principal.uid === null || principal.sessionId === null) {
    throw new AppError(authErrors.bad_jwt, { message: 'invalid claim: missing sub claim' })
  }
  return { userId: principal.uid, sessionId: principal.sessionId, aal: principal.aal }
}
