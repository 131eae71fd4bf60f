// People's access tokens: ES256 JWTs (RFC 7519) that any isolate verifies by itself. Says who asks, never what they may.
import { decodeProtectedHeader, errors as joseErrors, jwtVerify, SignJWT, type JWTPayload } from 'jose'
import { isUuid, type Principal } from '../core'
import type { Keys } from '../platform'
import { currentSigner, holdsKey, SIGNING_ALGORITHM, verifierOf } from './signing-keys'

export const AUDIENCE = 'authenticated'

/** The path that an issuer's URL ends with. */
export const ISSUER_PATH = '/auth/v1'
const MAX_TOKEN_LENGTH = 32_768
const REMEMBERED = 2_000

/** Every claim of a token; what a hook of the app may have its say about. */
export type AllClaims = AccessTokenClaims & {
  readonly iss: string
  readonly sub: string
  readonly aud: string
  readonly iat: number
  readonly exp: number
}

/** What a token says of a person beside the registered claims (shared protocol notes: gotrue §2). */
export interface AccessTokenClaims {
  readonly email: string
  readonly phone: string
  readonly app_metadata: Readonly<Record<string, unknown>>
  readonly user_metadata: Readonly<Record<string, unknown>>
  readonly role: 'authenticated'
  readonly aal: 'aal1' | 'aal2'
  readonly amr: readonly Readonly<Record<string, unknown>>[]
  readonly session_id: string
  readonly is_anonymous: boolean
}

/** Signs a token for `subject` that is good for `lifetime` seconds, with the claims as `revise` has them. */
export async function writeAccessToken(
  claims: AccessTokenClaims,
  {
    subject,
    issuer,
    lifetime,
    now,
    keys,
    db,
    revise = async (all) => ({ ...all }),
  }: {
    subject: string
    issuer: string
    lifetime: number
    now: number
    keys: Keys
    db: D1Database
    revise?: (claims: AllClaims) => Promise<Readonly<Record<string, unknown>>>
  },
): Promise<{ token: string; expiresAt: number }> {
  const issuedAt = Math.floor(now / 1000)
  const expiresAt = issuedAt + lifetime
  const payload = await revise({ ...claims, iss: issuer, sub: subject, aud: AUDIENCE, iat: issuedAt, exp: expiresAt })
  const { kid, key } = await currentSigner(keys, db, now)
  const token = await new SignJWT({ ...payload }).setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: 'JWT', kid }).sign(key)
  return { token, expiresAt }
}

/** Why a token doesn't count. */
export type TokenProblem = 'malformed' | 'algorithm' | 'unknown_key' | 'signature' | 'expired' | 'issuer' | 'audience' | 'claims'

export type Verification = { readonly ok: true; readonly principal: Principal } | { readonly ok: false; readonly problem: TokenProblem }

/** Reads the claims of a payload whose signature, dates and audience are already known to be good. */
export function readClaims(payload: JWTPayload, isOurHost: (host: string) => boolean): Verification {
  const issuer = URL.parse(payload.iss ?? '')
  if (issuer === null || issuer.pathname !== ISSUER_PATH || !isOurHost(issuer.host)) return { ok: false, problem: 'issuer' }
  const { sub, session_id: sessionId, role, aal, exp } = payload
  const complete = typeof sub === 'string' && isUuid(sub) && typeof sessionId === 'string' && isUuid(sessionId) && typeof exp === 'number'
  if (!complete || role !== 'authenticated') return { ok: false, problem: 'claims' }
  return {
    ok: true,
    principal: { role, uid: sub, sessionId, claims: payload, aal: aal === 'aal2' ? 'aal2' : 'aal1', attested: false },
  }
}

interface Remembered {
  readonly principal: Principal
  readonly kid: string
  /** UTC ms. */
  readonly expiresAt: number
}

const remembered = new WeakMap<Keys, Map<string, Remembered>>()

function recall(keys: Keys, token: string, now: number): Principal | null {
  const tokens = remembered.get(keys)
  const found = tokens?.get(token)
  if (tokens === undefined || found === undefined) return null
  if (now < found.expiresAt && holdsKey(keys, found.kid, now)) return found.principal
  tokens.delete(token)
  return null
}

function remember(keys: Keys, token: string, entry: Remembered): void {
  const tokens = remembered.get(keys) ?? new Map<string, Remembered>()
  remembered.set(keys, tokens)
  tokens.set(token, entry)
  const oldest = tokens.keys().next().value
  if (tokens.size > REMEMBERED && oldest !== undefined) tokens.delete(oldest)
}

function problemOf(error: unknown): TokenProblem {
  if (error instanceof joseErrors.JWTExpired) return 'expired'
  if (error instanceof joseErrors.JWTClaimValidationFailed) return error.claim === 'aud' ? 'audience' : 'claims'
  if (error instanceof joseErrors.JWSSignatureVerificationFailed) return 'signature'
  if (error instanceof joseErrors.JOSEAlgNotAllowed) return 'algorithm'
  return 'malformed'
}

/**
 * Verifies a person's token: algorithm pinned, our key, our issuer, our audience, not expired, a person and a session in it.
 * A token seen before costs neither a signature check nor a call; an unknown `kid` costs at most one call.
 * Whether the session still lives isn't asked here: the statement that reads or writes asks.
 */
export async function verifyAccessToken(
  token: string,
  { keys, db, isOurHost, now }: { keys: Keys; db: D1Database; isOurHost: (host: string) => boolean; now: number },
): Promise<Verification> {
  const known = recall(keys, token, now)
  if (known !== null) return { ok: true, principal: known }
  if (token.length > MAX_TOKEN_LENGTH) return { ok: false, problem: 'malformed' }

  let header: ReturnType<typeof decodeProtectedHeader>
  try {
    header = decodeProtectedHeader(token)
  } catch {
    return { ok: false, problem: 'malformed' }
  }
  if (header.alg !== SIGNING_ALGORITHM) return { ok: false, problem: 'algorithm' }
  if (typeof header.kid !== 'string') return { ok: false, problem: 'unknown_key' }
  const key = await verifierOf(keys, db, header.kid, now)
  if (key === null) return { ok: false, problem: 'unknown_key' }

  try {
    const { payload } = await jwtVerify(token, key, { algorithms: [SIGNING_ALGORITHM], audience: AUDIENCE, currentDate: new Date(now) })
    const verification = readClaims(payload, isOurHost)
    if (verification.ok) {
      remember(keys, token, { principal: verification.principal, kid: header.kid, expiresAt: payload.exp! * 1000 })
    }
    return verification
  } catch (error) {
    return { ok: false, problem: problemOf(error) }
  }
}
