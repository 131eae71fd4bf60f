// Whether an identity token counts (OpenID Connect Core 1.0 §3.1.3.7): pure but for the keys it is given. Believes nothing before the signature,
// and asks for no key before the token says that it is from whom it must be.
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors as joseErrors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
} from 'jose'
import { equalConstantTime, toBase64Url, toHex, utf8 } from '../core'

/** What Apple, Google and everybody else sign with; never a secret of both sides, never nothing. */
export const ID_TOKEN_ALGORITHMS = ['RS256', 'ES256'] as const
export const MAX_ID_TOKEN_LENGTH = 16_384
/** How far clocks may be apart, in seconds. */
export const CLOCK_TOLERANCE = 30
/** The longest that a token may have before it expires, in seconds: a week. Providers give an hour, Apple a day. */
const MAX_LIFETIME = 7 * 86_400

export interface IdTokenRules {
  /** Fixed texts: `iss` is one of them, to the letter. */
  readonly issuers: readonly string[]
  /** `aud` is one of them, and nobody else. */
  readonly clientIds: readonly string[]
  /** UTC ms. */
  readonly now: number
}

/** Why a token doesn't count. */
export type IdTokenProblem = 'malformed' | 'algorithm' | 'issuer' | 'audience' | 'unknown_key' | 'signature' | 'dates' | 'subject'

export type IdTokenVerdict =
  | { readonly ok: true; readonly claims: JWTPayload & { readonly sub: string } }
  | { readonly ok: false; readonly problem: IdTokenProblem }

const refuse = (problem: IdTokenProblem) => ({ ok: false as const, problem })

/** The issuer that a token claims, unverified; null when it can't be read. */
export function claimedIssuer(token: string): string | null {
  if (token.length > MAX_ID_TOKEN_LENGTH) return null
  try {
    return decodeJwt(token).iss ?? null
  } catch {
    return null
  }
}

/** One of ours and nobody else: a token that is also for another app may have been caught there. */
function isForUs({ aud, azp }: JWTPayload, clientIds: readonly string[]): boolean {
  const audiences = typeof aud === 'string' ? [aud] : Array.isArray(aud) ? aud : []
  if (audiences.length === 0 || !audiences.every((one) => clientIds.includes(one))) return false
  return audiences.length === 1 || (typeof azp === 'string' && clientIds.includes(azp))
}

function isOfNow({ exp, iat }: JWTPayload, now: number): boolean {
  return typeof exp === 'number' && typeof iat === 'number' && iat <= now / 1000 + CLOCK_TOLERANCE && exp <= now / 1000 + MAX_LIFETIME
}

function problemOf(error: unknown): IdTokenProblem {
  if (error instanceof joseErrors.JWSSignatureVerificationFailed) return 'signature'
  if (error instanceof joseErrors.JWTExpired || error instanceof joseErrors.JWTClaimValidationFailed) return 'dates'
  if (error instanceof joseErrors.JOSEAlgNotAllowed) return 'algorithm'
  if (error instanceof joseErrors.JWKSNoMatchingKey) return 'unknown_key'
  return 'malformed'
}

/** Whether a key set has a key for this token's header. */
export async function hasKeyFor(keys: JSONWebKeySet, token: string): Promise<boolean> {
  try {
    const { alg, kid } = decodeProtectedHeader(token)
    await createLocalJWKSet(keys)({ alg: alg!, ...(kid === undefined ? {} : { kid }) })
    return true
  } catch (error) {
    // Several fit a token that names none: which one it is, its signature tells.
    return error instanceof joseErrors.JWKSMultipleMatchingKeys
  }
}

async function verifySignature(token: string, set: JSONWebKeySet, now: number): Promise<JWTPayload> {
  const options = { algorithms: [...ID_TOKEN_ALGORITHMS], currentDate: new Date(now), clockTolerance: CLOCK_TOLERANCE }
  try {
    return (await jwtVerify(token, createLocalJWKSet(set), options)).payload
  } catch (error) {
    if (!(error instanceof joseErrors.JWKSMultipleMatchingKeys)) throw error
    for await (const key of error) {
      const verified = await jwtVerify(token, key, options).catch((other: unknown) => {
        if (other instanceof joseErrors.JWSSignatureVerificationFailed) return null
        throw other
      })
      if (verified !== null) return verified.payload
    }
    throw new joseErrors.JWSSignatureVerificationFailed()
  }
}

/** Judges a token. `keys` is asked once, for a token that is ours by all that it says. Throws what `keys` throws. */
export async function verifyIdToken(
  token: string,
  { issuers, clientIds, now }: IdTokenRules,
  keys: (token: string) => Promise<JSONWebKeySet | null>,
): Promise<IdTokenVerdict> {
  if (token.length > MAX_ID_TOKEN_LENGTH) return refuse('malformed')
  try {
    const { alg } = decodeProtectedHeader(token)
    if (!ID_TOKEN_ALGORITHMS.some((one) => one === alg)) return refuse('algorithm')
    const claims = decodeJwt(token)
    if (claims.iss === undefined || !issuers.includes(claims.iss)) return refuse('issuer')
    if (!isForUs(claims, clientIds)) return refuse('audience')
  } catch {
    return refuse('malformed')
  }
  const set = await keys(token)
  if (set === null) return refuse('unknown_key')
  try {
    const payload = await verifySignature(token, set, now)
    if (!isOfNow(payload, now)) return refuse('dates')
    const { sub } = payload
    if (typeof sub !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(sub)) return refuse('subject')
    return { ok: true, claims: { ...payload, sub } }
  } catch (error) {
    return refuse(problemOf(error))
  }
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text)))
}

/** Whether the token was given out with this access token (§3.1.3.6); true when it doesn't say. */
export async function isForAccessToken({ at_hash: hash }: JWTPayload, accessToken: string): Promise<boolean> {
  if (hash === undefined) return true
  const half = toBase64Url((await sha256(accessToken)).subarray(0, 16))
  return typeof hash === 'string' && equalConstantTime(utf8(half), utf8(hash.replaceAll('=', '')))
}

/** What the nonce says: both sides have none, it fits, only one side has one, or it is another's. */
export async function judgeNonce({ nonce: claimed }: JWTPayload, raw: string | null): Promise<'none' | 'fits' | 'one-sided' | 'mismatch'> {
  const inToken = typeof claimed === 'string' && claimed !== ''
  if (!inToken && raw === null) return 'none'
  if (!inToken || raw === null) return 'one-sided'
  return equalConstantTime(utf8(toHex(await sha256(raw))), utf8(claimed)) ? 'fits' : 'mismatch'
}
