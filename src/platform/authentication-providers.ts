// What sign-in can be asked about providers: identity tokens, and the identities that a person has.
import type { AuthenticationContext, Caller, SessionAnswer } from './authentication'
import type { Outcome } from './services'

/** A session, with what the provider gave for its own API: once, and never kept. */
export type ProviderSessionAnswer = SessionAnswer & { readonly provider_token?: string; readonly provider_refresh_token?: string }

/** What a phone shows of a native sign-in (shared protocol notes: gotrue §5). */
export interface IdTokenInput {
  /** A provider's name, or null when the token's issuer is to tell among the declared ones. */
  readonly provider: string | null
  readonly issuer: string | null
  readonly idToken: string
  readonly accessToken: string | null
  /** Raw; the token has its SHA-256, in hexadecimal. */
  readonly nonce: string | null
  /** What the phone knows beside the token, such as the name that Apple tells it only once: into `user_metadata`. */
  readonly data: Readonly<Record<string, unknown>>
}

/** What an app asks for when it sends a browser to a provider. */
export interface OAuthRequest {
  readonly provider: string
  /** Separated by spaces or commas; beside those that the app declares. */
  readonly scopes: string
  readonly challenge: { readonly text: string; readonly method: 's256' | 'plain' } | null
  /** For the provider's own page, such as `login_hint`; names that decide who gets in are left out. */
  readonly passedOn: Readonly<Record<string, string>>
}

/** What a browser brings back from a provider; null for what it lacks. */
export interface OAuthReturn {
  readonly state: string | null
  readonly code: string | null
  /** RFC 9207. */
  readonly issuer: string | null
  readonly error: string | null
  readonly errorDescription: string | null
  /** Apple's, the first time: JSON with the name. */
  readonly user: string | null
}

/** Where the browser goes that comes back from a provider. Whatever is wrong stands in that address. */
export interface OAuthEnd {
  readonly url: string
  /** What went wrong, for the log: more than the browser is told, and nothing secret. */
  readonly problem: string | null
}

export interface ProviderOperations {
  /** The address at the provider that a browser is to be sent to; `caller` is who adds the account to theirs. */
  beginOAuth(context: AuthenticationContext, caller: Caller | null, request: OAuthRequest): Promise<Outcome<{ readonly url: string }>>
  finishOAuth(context: AuthenticationContext, returned: OAuthReturn): Promise<Outcome<OAuthEnd>>
  signInWithIdToken(context: AuthenticationContext, input: IdTokenInput): Promise<Outcome<SessionAnswer>>
  /** Adds the identity to a person who is signed in; their session goes on. */
  linkIdToken(context: AuthenticationContext, caller: Caller, input: IdTokenInput): Promise<Outcome<SessionAnswer>>
  /** Exchanges the code that a link or a provider ended in, with the verifier of whoever began (RFC 7636). */
  exchangeCode(context: AuthenticationContext, code: string, verifier: string): Promise<Outcome<ProviderSessionAnswer>>
  /** Takes an identity away, never the last one. */
  unlinkIdentity(context: AuthenticationContext, caller: Caller, identityId: string): Promise<Outcome<null>>
}
