// Code of the app that sign-in calls at set moments, with the inputs of GoTrue's hooks. Each has five seconds.
import type { Database, ReadDatabase } from './function-database'
import type { Finish } from './job'

/** What every hook is told of its call. */
export interface HookMetadata {
  readonly uuid: string
  /** ISO 8601. */
  readonly time: string
  readonly name: string
  readonly ip_address?: string
}

/** A user as `GET /user` shows it. */
export type HookUser = Readonly<Record<string, unknown>>

/** An answer that refuses; `http_code` is 403 when absent. */
export interface HookRefusal {
  readonly error: { readonly http_code?: number; readonly message: string }
}

/** How long a hook may take, seconds. */
export const HOOK_SECONDS = 5

export interface SendHookArgument {
  /** The same in every attempt at this message: give it to the provider as idempotency key. */
  readonly id: string
  /** Aborted when the time is over. */
  readonly signal: AbortSignal
}

export type SendHookAnswer = void | null | Readonly<Record<string, never>> | HookRefusal

export interface SendEmailInput {
  readonly metadata: HookMetadata
  /** Null where a mail is about nobody yet. */
  readonly user: HookUser | null
  /** GoTrue's names. A change of address is two mails, each a call of its own that fills only its half: to the current address `token` and `token_hash_new`, to the new one `token_new` and `token_hash`. */
  readonly email_data: {
    readonly token: string
    readonly token_hash: string
    readonly redirect_to: string
    /** `signup`, `magiclink`, `recovery`, `invite`, `email_change`, `reauthentication`, or the name of a notice. */
    readonly email_action_type: string
    readonly site_url: string
    readonly token_new: string
    readonly token_hash_new: string
    readonly old_email: string
    readonly old_phone: string
    readonly provider: string
    readonly factor_type: string
  }
  /** The mail as the engine would send it. */
  readonly message: {
    readonly to: string
    readonly kind: string
    readonly locale: string
    readonly subject: string
    readonly text: string
    readonly html: string
    readonly link: string
  }
}

export interface SendSmsInput {
  readonly metadata: HookMetadata
  readonly user: HookUser | null
  readonly sms: { readonly otp: string; readonly phone: string; readonly sms_type: string }
  /** The text as the engine would send it, and by which way: `sms` or `whatsapp`. */
  readonly message: { readonly to: string; readonly kind: string; readonly locale: string; readonly text: string; readonly via: string }
}

/** What a hook that is waited for has to work with. */
export interface HookArgument {
  /** Reads the app's tables with the engine's rights: nobody is signed in yet. Each read is one more call to D1. */
  readonly db: Omit<ReadDatabase, 'rows' | 'asService'>
  /** Aborted when the time is over. */
  readonly signal: AbortSignal
}

/** Every claim of a token, as it would be without the hook. */
export type TokenClaims = Readonly<Record<string, unknown>>

export interface AccessTokenInput {
  readonly metadata: HookMetadata
  readonly user_id: string
  readonly claims: TokenClaims
  /** How the session was opened, as in `amr`; `token_refresh` when it is refreshed. */
  readonly authentication_method: string
}

export interface BeforeUserCreatedInput {
  readonly metadata: HookMetadata
  readonly user: HookUser
}

export interface AfterUserCreatedInput {
  readonly metadata: HookMetadata
  /** As they are when the hook runs. */
  readonly user: HookUser
}

export interface AfterUserDeletedInput {
  readonly metadata: HookMetadata
  /** Nothing else of them is left. */
  readonly user_id: string
  /** Whether an empty row with their id was kept. */
  readonly soft: boolean
}

/** As a job has them (docs/jobs.md): it may write, and what `finish` writes is written once, however often the hook is tried. */
export interface AfterUserCreatedArgument {
  readonly db: Omit<Database, 'rows' | 'asService'>
  /** The same in every attempt: the idempotency key for effects outside the database. `attempt` counts from 1. */
  readonly job: { readonly id: string; readonly attempt: number }
  readonly signal: AbortSignal
  readonly finish: Finish
}

export interface PasswordVerificationInput {
  readonly metadata: HookMetadata
  /** Null when nobody has the address: a stranger's try must take as long and end as a friend's. */
  readonly user_id: string | null
  /** Whether the password is right. */
  readonly valid: boolean
}

export interface MfaVerificationInput {
  readonly metadata: HookMetadata
  readonly user_id: string
  readonly factor_id: string
  /** `totp`, `phone`, `webauthn`, `recovery_code`. */
  readonly factor_type: string
  readonly valid: boolean
}

/** `reject` refuses a right answer, too. */
export interface HookDecision {
  readonly decision: 'continue' | 'reject'
  /** Told to the phone. */
  readonly message?: string
  /** Ends the person's sessions. A rejected second factor always does. */
  readonly should_logout_user?: boolean
}

/** Nothing is the same as `{}`: the hook has nothing against it. */
export type HookAnswer<T> = T | HookRefusal | Readonly<Record<string, never>> | void | null

/** A hook that sign-in waits for. */
export type WaitedHook<Input, Answer> = (input: Input, argument: HookArgument) => Promise<HookAnswer<Answer>> | HookAnswer<Answer>

export interface AuthHooks {
  /** Before every token: what it answers as `claims` is what the token says. Claims that say who it is and how strong can't be changed. */
  readonly accessToken?: WaitedHook<AccessTokenInput, { readonly claims: TokenClaims }>
  /** Before a person is made, whichever way they come; a refusal keeps them out. */
  readonly beforeUserCreated?: WaitedHook<BeforeUserCreatedInput, never>
  /** After a person was made: a job, taken in by the transaction that made them. */
  readonly afterUserCreated?: (input: AfterUserCreatedInput, argument: AfterUserCreatedArgument) => unknown
  /** After a person was deleted, by an administrator or by themselves: a job, taken in by the transaction that deleted them. What is theirs in the app's tables goes here. */
  readonly afterUserDeleted?: (input: AfterUserDeletedInput, argument: AfterUserCreatedArgument) => unknown
  /** After a password was checked, before anybody is told. */
  readonly passwordVerification?: WaitedHook<PasswordVerificationInput, HookDecision>
  /** The same for a second factor. */
  readonly mfaVerification?: WaitedHook<MfaVerificationInput, HookDecision>
  /** Sends every mail, in the place of a transport. A throw is tried again, a refusal of a 4xx isn't. */
  readonly sendEmail?: (input: SendEmailInput, argument: SendHookArgument) => Promise<SendHookAnswer> | SendHookAnswer
  /** The same for text messages. */
  readonly sendSms?: (input: SendSmsInput, argument: SendHookArgument) => Promise<SendHookAnswer> | SendHookAnswer
}
