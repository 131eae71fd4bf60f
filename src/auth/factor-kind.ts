// What a kind of second factor has to say for itself. Who may, how often, once only, and what a session gets for it is the same for all of them.
import type { AppError } from '../core'
import type {
  AuthenticationContext,
  Caller,
  ChallengeFactorInput,
  EnrollFactorInput,
  SqlValue,
  Statement,
  VerifyFactorInput,
} from '../platform'
import type { Factor, FactorType } from './factor'
import type { Person } from './person'
import type { Workshop } from './workshop'

/** How long a challenge can be answered. */
export const CHALLENGE_MS = 300_000

/** Columns of `auth_factors` that a kind writes. */
export type FactorColumns = Partial<
  Record<
    'sealed_secret' | 'last_step' | 'phone' | 'credential_id' | 'public_key' | 'counter' | 'transports' | 'aaguid',
    Exclude<SqlValue, ArrayBuffer | Uint8Array>
  >
>

export interface Enrolment {
  readonly columns: FactorColumns
  /** What the answer says beside `id`, `type` and `friendly_name`; asked once the factor is there. */
  show(person: Person): Readonly<Record<string, unknown>>
  /** Unverified factors of the person that it takes the place of; SQL over `auth_factors`. */
  readonly replaces?: Statement
  /** What has to hold besides, SQL over the person `u`, and what is told when it doesn't. */
  readonly condition?: Statement
  refusal?(person: Person): AppError | null
}

export interface Challenge {
  /** Of WebAuthn, base64url. */
  readonly challenge?: string
  /** Of a message, base64url. */
  readonly codeHash?: string
  /** Written with the challenge, if it is: a message to send. */
  readonly statements?: readonly Statement[]
  /** What the answer says beside `id`, `type` and `expires_at`. */
  readonly show?: Readonly<Record<string, unknown>>
  /** Called when all of it is written. */
  committed?(): void
}

/** A try that was counted already, with the challenge that it used up. */
export interface Attempt {
  readonly caller: Caller
  readonly person: Person
  readonly factor: Factor
  /** Of the factor, as the database has them. */
  readonly secrets: {
    readonly sealedSecret: string | null
    readonly publicKey: string | null
    readonly credentialId: string | null
    readonly counter: number | null
  }
  readonly challenge: { readonly id: string; readonly challenge: string | null; readonly codeHash: string | null }
}

/** A right answer. It counts only if it is still to be had when it is taken. */
export interface Proof {
  /** What the session is strong by, as `amr` says it; when the factor goes, the session is weak again. */
  readonly by: { readonly type: FactorType; readonly factorId: string }
  /** Changes a row if nobody took the same proof before; see `takeFactor`. */
  readonly take: Statement
}

export interface FactorKind {
  /** A wrong answer leaves the challenge as it is: what it asks for came at a cost. Tries are counted all the same, and a right answer is the last. */
  readonly manyTries?: boolean
  /** Whether the app has it. */
  enabled(workshop: Workshop): boolean
  /** Errors: `validation_failed`. Asks no database. */
  enroll(workshop: Workshop, context: AuthenticationContext, factorId: string, input: EnrollFactorInput): Promise<Enrolment>
  challenge(
    workshop: Workshop,
    context: AuthenticationContext,
    of: { readonly person: Person; readonly factor: Factor; readonly id: string },
    input: ChallengeFactorInput,
  ): Promise<Challenge>
  /** What an answer has to have at all; before anything is counted or used up. Errors: `validation_failed`. */
  check(input: VerifyFactorInput): void
  /** The proof in an answer; null when it is wrong. */
  judge(workshop: Workshop, context: AuthenticationContext, attempt: Attempt, input: VerifyFactorInput): Promise<Proof | null>
}
