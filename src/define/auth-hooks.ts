// Code of the app that sign-in calls at set moments, with the inputs of GoTrue's hooks. Each has five seconds.

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

export interface AuthHooks {
  /** Sends every mail, in the place of a transport. A throw is tried again, a refusal of a 4xx isn't. */
  readonly sendEmail?: (input: SendEmailInput, argument: SendHookArgument) => Promise<SendHookAnswer> | SendHookAnswer
  /** The same for text messages. */
  readonly sendSms?: (input: SendSmsInput, argument: SendHookArgument) => Promise<SendHookAnswer> | SendHookAnswer
}
