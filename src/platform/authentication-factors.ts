// What sign-in can be asked about second factors and recovery codes.
import type { AuthenticationContext, Caller, SessionAnswer } from './authentication'
import type { Outcome } from './services'

export interface EnrollFactorInput {
  /** As it was sent; the service knows which there are. */
  readonly factorType: string
  readonly friendlyName: string
  /** Of TOTP: what the authenticator app shows; the app's name when null. */
  readonly issuer: string | null
  readonly phone: string | null
}

export interface ChallengeFactorInput {
  /** Of a phone: `sms` or `whatsapp`; null for the default. */
  readonly channel: string | null
  /** Of WebAuthn, as it was sent: `{ rpId, rpOrigins }`. */
  readonly webauthn: Readonly<Record<string, unknown>> | null
}

export interface VerifyFactorInput {
  readonly challengeId: string
  readonly code: string | null
  /** Of WebAuthn, as it was sent: `{ type, credential_response }`. */
  readonly webauthn: Readonly<Record<string, unknown>> | null
}

/** What an enrolment or a challenge shows, as GoTrue does: `id`, `type` and what the kind of factor adds. */
export type FactorAnswer = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string }

/** What an administrator changes about a factor; what is undefined stays. */
export interface FactorChange {
  readonly friendlyName?: string | undefined
  /** E.164 without the plus. */
  readonly phone?: string | undefined
}

/** Second factors of the person who calls. Proving one makes their session aal2. */
export interface FactorOperations {
  enrollFactor(context: AuthenticationContext, caller: Caller, input: EnrollFactorInput): Promise<Outcome<FactorAnswer>>
  challengeFactor(
    context: AuthenticationContext,
    caller: Caller,
    factorId: string,
    input: ChallengeFactorInput,
  ): Promise<Outcome<FactorAnswer>>
  /** The number that a challenge of the factor would write to; null when it writes to none, or there is no such factor. */
  factorNumber(caller: Caller, factorId: string): Promise<Outcome<{ readonly phone: string; readonly proved: boolean } | null>>
  verifyFactor(context: AuthenticationContext, caller: Caller, factorId: string, input: VerifyFactorInput): Promise<Outcome<SessionAnswer>>
  unenrollFactor(context: AuthenticationContext, caller: Caller, factorId: string): Promise<Outcome<{ readonly id: string }>>
  /** How many recovery codes there are and how many are left; never a code. */
  recoveryCodes(caller: Caller): Promise<Outcome<FactorAnswer>>
  /** Ten codes, shown this once. */
  generateRecoveryCodes(context: AuthenticationContext, caller: Caller, friendlyName: string): Promise<Outcome<FactorAnswer>>
  /** Ten others; the old ones count no more. */
  regenerateRecoveryCodes(context: AuthenticationContext, caller: Caller): Promise<Outcome<FactorAnswer>>
  verifyRecoveryCode(context: AuthenticationContext, caller: Caller, code: string): Promise<Outcome<SessionAnswer>>
  /** For administrators. */
  factorsOf(userId: string): Promise<Outcome<readonly Readonly<Record<string, unknown>>[]>>
  /** For administrators. Answers the factor that is gone. */
  removeFactorOf(context: AuthenticationContext, userId: string, factorId: string): Promise<Outcome<Readonly<Record<string, unknown>>>>
  /** For administrators. Errors: `mfa_factor_not_found` (404), `mfa_factor_name_conflict`, `validation_failed`. */
  changeFactorOf(
    context: AuthenticationContext,
    userId: string,
    factorId: string,
    change: FactorChange,
  ): Promise<Outcome<Readonly<Record<string, unknown>>>>
  removeRecoveryCodes(context: AuthenticationContext, caller: Caller): Promise<Outcome<{ readonly id: string }>>
}
