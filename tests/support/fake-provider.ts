// An Apple, a Google or anybody else who gives out identity tokens: signs real ones with keys of its own, and answers what is asked of it.
// Where it lives is up to who uses it: behind `fetch` in one process, or behind a real port.
import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from 'jose'

interface Key {
  readonly kid: string
  readonly alg: 'RS256' | 'ES256'
  readonly publicJwk: JWK
  readonly privateKey: CryptoKey
}

async function newKey(alg: Key['alg']): Promise<Key> {
  const pair = await generateKeyPair(alg, { extractable: true })
  const kid = crypto.randomUUID()
  return { kid, alg, privateKey: pair.privateKey, publicJwk: { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' } }
}

export interface TokenOptions {
  /** Seconds from now; an hour when absent. */
  readonly expiresIn?: number
  readonly issuedIn?: number
  /** Over the header's. */
  readonly header?: Readonly<Record<string, unknown>>
  /** Signs with a key that isn't published, under the published key's name. */
  readonly forged?: boolean
}

export interface TokenSigner {
  readonly issuer: string
  /** What it publishes. */
  keys(): { readonly keys: readonly JWK[] }
  /** A token for `claims`; `sub`, `aud` and whatever else a test is about come with them. */
  idToken(claims: JWTPayload, options?: TokenOptions): Promise<string>
  /** From now on another key signs, and only that is published. */
  rotate(): Promise<void>
  readonly privateKey: () => CryptoKey
}

export async function tokenSigner(issuer: string, alg: Key['alg'] = 'RS256'): Promise<TokenSigner> {
  let key = await newKey(alg)
  const other = await newKey(alg)
  return {
    issuer,
    keys: () => ({ keys: [key.publicJwk] }),
    privateKey: () => key.privateKey,
    async rotate() {
      key = await newKey(alg)
    },
    idToken(claims, { expiresIn = 3600, issuedIn = 0, header = {}, forged = false } = {}) {
      const now = Math.floor(Date.now() / 1000)
      return new SignJWT({ iss: issuer, iat: now + issuedIn, exp: now + expiresIn, ...claims })
        .setProtectedHeader({ alg, kid: key.kid, ...header })
        .sign(forged ? other.privateKey : key.privateKey)
    },
  }
}

/** SHA-256 in hexadecimal: what an app gives the provider for a nonce. */
export async function hashedNonce(nonce: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(nonce))
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The claim that binds a token to an access token (OpenID Connect Core 1.0 §3.1.3.6). */
export async function accessTokenHash(accessToken: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(accessToken))
  const half = String.fromCharCode(...new Uint8Array(digest).subarray(0, 16))
  return btoa(half).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
