// The family of mail: links and codes that prove who reads a mailbox, to sign up and in with, and to change the address.
import type { AuthenticationContext, Caller, PersonAnswer, SessionAnswer, SignUpInput } from './authentication'
import type { Outcome } from './services'

/** Of an app that gets a code when the link is opened (PKCE, RFC 7636). */
export interface MailChallenge {
  readonly text: string
  readonly method: 's256' | 'plain'
}

export interface MailInput {
  /** As it is kept. */
  readonly email: string
  readonly challenge: MailChallenge | null
}

export interface OtpInput extends MailInput {
  readonly data: Readonly<Record<string, unknown>>
  /** Whether who isn't known becomes a person. */
  readonly createUser: boolean
}

/** What a mail's code or link is presented for, as SDKs name it. */
export type MailProof = 'signup' | 'invite' | 'magiclink' | 'recovery' | 'email' | 'email_change'

/** Digits with the address that they were sent to, and whether somebody with it signed in on the device before; or the text of a link. */
export type MailToken = { readonly email: string; readonly code: string; readonly known: boolean } | { readonly hash: string }

/** A session, or that one half of a change of address is done. */
export type MailAnswer =
  | { readonly kind: 'session'; readonly session: SessionAnswer }
  | { readonly kind: 'half' }
  /** For the app that began it: what it exchanges. */
  | { readonly kind: 'code'; readonly code: string; readonly redirectTo: string }

export interface MailOperations {
  /** Answers the same user whether the address was new, waits or is somebody's. */
  signUpToConfirm(
    context: AuthenticationContext,
    input: SignUpInput & { readonly credentials: NonNullable<SignUpInput['credentials']>; readonly challenge: MailChallenge | null },
  ): Promise<Outcome<PersonAnswer>>
  sendMagicLink(context: AuthenticationContext, input: OtpInput): Promise<Outcome<null>>
  sendRecovery(context: AuthenticationContext, input: MailInput): Promise<Outcome<null>>
  resendConfirmation(context: AuthenticationContext, input: MailInput): Promise<Outcome<null>>
  /** Both mails of a change of address once more; `email` is the address that the person has. */
  resendEmailChange(context: AuthenticationContext, input: MailInput): Promise<Outcome<null>>
  sendReauthentication(context: AuthenticationContext, caller: Caller): Promise<Outcome<null>>
  /** Asks both ends for a confirmation; answers the person with `new_email`. */
  changeEmail(
    context: AuthenticationContext,
    caller: Caller,
    email: string,
    challenge: MailChallenge | null,
  ): Promise<Outcome<PersonAnswer>>
  /** `exchange`: whether an app that gets a code may get it, as when its link is opened. */
  verifyMail(context: AuthenticationContext, type: MailProof, token: MailToken, exchange: boolean): Promise<Outcome<MailAnswer>>
}
