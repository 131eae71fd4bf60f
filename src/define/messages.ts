// What an app says about its mails and text messages: `app({ auth: { messages: … } })`.

import type { Html } from './html'

export type Channel = 'email' | 'sms'

/** What a mail is for. The last seven only tell that something happened, and carry no code. */
export type MailKind =
  | 'confirmation'
  | 'magic_link'
  | 'recovery'
  | 'invite'
  /** To the address that a person has. */
  | 'email_change_current'
  /** To the address that is to become theirs. */
  | 'email_change_new'
  | 'reauthentication'
  | 'password_changed'
  | 'email_changed'
  | 'phone_changed'
  | 'identity_linked'
  | 'identity_unlinked'
  | 'mfa_factor_enrolled'
  | 'mfa_factor_unenrolled'

/** What a text message is for; each carries a code. */
export type SmsKind = 'phone_confirmation' | 'phone_change' | 'phone_reauthentication' | 'mfa_phone'

export type MessageKind = MailKind | SmsKind

/** What a template may write. Nothing in it is to be trusted: people choose their addresses and their data themselves. */
export interface MessageVariables {
  /** The digits that prove that the message arrived. */
  readonly code?: string
  /** The same for programs: what `verifyOtp({ token_hash })` takes. */
  readonly tokenHash?: string
  /** Where a tap leads. */
  readonly link?: string
  readonly siteUrl?: string
  readonly redirectTo?: string
  /** The person's address. */
  readonly email?: string
  /** The address that is to become theirs; of the notice that it did, the new one. */
  readonly newEmail?: string
  readonly oldEmail?: string
  readonly phone?: string
  readonly oldPhone?: string
  /** Of the notices about identities. */
  readonly provider?: string
  /** Of the notices about factors: `totp`, `phone`, `webauthn`. */
  readonly factorType?: string
  /** `user_metadata`. */
  readonly data?: Readonly<Record<string, unknown>>
}

/** What a template is given. */
export interface TemplateArgument extends MessageVariables {
  readonly appName: string
  /** BCP 47, the template's. */
  readonly locale: string
}

/** A mail of the app's own words, written by a function. */
export interface MailWords {
  readonly subject: string
  /** A whole document, or what stands in the built-in one. Made by `html`, which escapes; a plain text stands as text. */
  readonly html: Html | string
  /** For who reads no HTML; made of `html` when absent. */
  readonly text?: string
}

/** The same written down: `{{code}}`, `{{link}}`, `{{data.name}}` … are filled in, escaped. Supabase's `{{ .Token }}` and its like are understood. */
export interface WrittenMail {
  readonly subject: string
  readonly html: string
  readonly text?: string
}

export type MailTemplate = WrittenMail | ((argument: TemplateArgument) => MailWords)
/** The text of a text message. */
export type SmsTemplate = string | ((argument: TemplateArgument) => string)

/** One template for all languages, or one a language (BCP 47). */
type ByLanguage<T> = T | { readonly languages: Readonly<Record<string, T>> }

export type MessageTemplates = { readonly [K in MailKind]?: ByLanguage<MailTemplate> } & {
  readonly [K in SmsKind]?: ByLanguage<SmsTemplate>
}

export interface MessageRules {
  /** Of mails: `notes@example.com` or `Notes <notes@example.com>`. The Worker's variable PERIGEE_MAIL_FROM stands over it. */
  readonly from?: string
  readonly replyTo?: string
  /** The language of who asks for no other, BCP 47; `en` when absent. */
  readonly locale?: string
  /** In the place of the built-in ones. */
  readonly templates?: MessageTemplates
  /** Which way messages leave when several are open; the first that has its credentials when absent. A hook comes before all. */
  readonly transports?: { readonly email?: 'cloudflare' | 'resend'; readonly sms?: 'twilio' }
}
