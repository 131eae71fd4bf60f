// What sign-in can be asked about passkeys: to make one, to sign in with one, and to look after those there are.
import type { AuthenticationContext, Caller, SessionAnswer } from './authentication'
import type { Outcome } from './services'

/** `RegistrationResponseJSON` of WebAuthn, as far as it is read. */
export interface AttestationAnswer {
  /** base64url. */
  readonly id: string
  readonly rawId: string
  readonly type: 'public-key'
  readonly response: {
    readonly clientDataJSON: string
    readonly attestationObject: string
    readonly transports?: string[] | undefined
  }
}

/** `AuthenticationResponseJSON` of WebAuthn, as far as it is read. */
export interface AssertionAnswer {
  /** base64url. */
  readonly id: string
  readonly rawId: string
  readonly type: 'public-key'
  readonly response: {
    readonly clientDataJSON: string
    readonly authenticatorData: string
    readonly signature: string
    readonly userHandle?: string | undefined
  }
}

/** What a phone hands to its authenticator, and until when the answer counts. */
export interface PasskeyChallenge {
  readonly challenge_id: string
  /** `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON`. */
  readonly options: Readonly<Record<string, unknown>>
  /** UTC seconds. */
  readonly expires_at: number
}

export interface PasskeyAnswer {
  readonly id: string
  readonly friendly_name?: string
  /** ISO 8601. */
  readonly created_at: string
  readonly last_used_at?: string
}

export interface PasskeyOperations {
  beginPasskey(context: AuthenticationContext, caller: Caller): Promise<Outcome<PasskeyChallenge>>
  addPasskey(
    context: AuthenticationContext,
    caller: Caller,
    challengeId: string,
    credential: AttestationAnswer,
  ): Promise<Outcome<PasskeyAnswer>>
  beginPasskeySignIn(context: AuthenticationContext): Promise<Outcome<PasskeyChallenge>>
  signInWithPasskey(context: AuthenticationContext, challengeId: string, credential: AssertionAnswer): Promise<Outcome<SessionAnswer>>
  passkeys(caller: Caller): Promise<Outcome<readonly PasskeyAnswer[]>>
  renamePasskey(context: AuthenticationContext, caller: Caller, passkeyId: string, friendlyName: string): Promise<Outcome<PasskeyAnswer>>
  removePasskey(context: AuthenticationContext, caller: Caller, passkeyId: string): Promise<Outcome<null>>
  /** For administrators. */
  passkeysOf(userId: string): Promise<Outcome<readonly PasskeyAnswer[]>>
  /** For administrators. */
  removePasskeyOf(context: AuthenticationContext, userId: string, passkeyId: string): Promise<Outcome<null>>
}
