// What an operator can ask of sign-in as a whole: its signing keys, and people brought along from elsewhere.
import type { AuthenticationContext } from './authentication'
import type { Outcome } from './services'

/** A pair that signs people's tokens; never its private half. Times are RFC 3339. */
export interface SigningKeyAnswer {
  readonly kid: string
  /** `pending`: published, and will sign; `signing`: signs now; `retired`: verifies what it signed; `expired`: neither. */
  readonly state: 'pending' | 'signing' | 'retired' | 'expired'
  readonly signs_from: string
  readonly created_at: string
  /** Until when what it signed is verified; null while no other has followed it. */
  readonly verifies_until: string | null
}

/** A person as an import brings them. Times are UTC ms. */
export interface ImportedPerson {
  readonly id: string
  readonly email: string | null
  readonly phone: string | null
  /** In one of the forms of auth/password-hash.ts. */
  readonly passwordHash: string | null
  readonly emailConfirmedAt: number | null
  readonly phoneConfirmedAt: number | null
  readonly isAnonymous: boolean
  readonly userMetadata: Readonly<Record<string, unknown>>
  readonly appMetadata: Readonly<Record<string, unknown>>
  readonly bannedUntil: number | null
  readonly lastSignInAt: number | null
  readonly createdAt: number
  readonly identities: readonly {
    readonly provider: string
    readonly subject: string
    readonly email: string | null
    readonly data: Readonly<Record<string, unknown>>
  }[]
}

export interface ImportAnswer {
  /** How many were made, and how many were there already with the same id. */
  readonly made: number
  readonly there: number
  /** Those who weren't taken: by id, and why. */
  readonly refused: readonly { readonly id: string; readonly reason: string }[]
}

export interface InstallationOperations {
  /** Newest first. */
  signingKeys(): Promise<Outcome<readonly SigningKeyAnswer[]>>
  /** Publishes a new pair, which signs 30 minutes later; while one is pending, that one. Errors: `too_many_signing_keys`. */
  rotateSigningKey(context: AuthenticationContext): Promise<Outcome<readonly SigningKeyAnswer[]>>
  /** One batch. Who is there already stays as they are, so it may be asked again. */
  importPeople(context: AuthenticationContext, people: readonly ImportedPerson[]): Promise<Outcome<ImportAnswer>>
}
