// What sign-in can be asked about providers: identity tokens, and the identities that a person has.
import type { AuthenticationContext, Caller, SessionAnswer } from './authentication'
import type { Outcome } from './services'

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

export interface ProviderOperations {
  signInWithIdToken(context: AuthenticationContext, input: IdTokenInput): Promise<Outcome<SessionAnswer>>
  /** Adds the identity to a person who is signed in; their session goes on. */
  linkIdToken(context: AuthenticationContext, caller: Caller, input: IdTokenInput): Promise<Outcome<SessionAnswer>>
  /** Takes an identity away, never the last one. */
  unlinkIdentity(context: AuthenticationContext, caller: Caller, identityId: string): Promise<Outcome<null>>
}
