// A mail or a text message as the engine's rooms ask for it: what it is for and what it carries. How it looks is the template's affair.
import type { Channel, MailKind, MessageVariables, SmsKind } from '../define'
import type { PersonAnswer } from '../platform'

interface MessageOf<C extends Channel, K> {
  readonly channel: C
  /** A mail address, or a number in E.164 with the plus. */
  readonly to: string
  readonly kind: K
  /** BCP 47, what the person would like; see `languageOf`. */
  readonly locale: string
  readonly variables: MessageVariables
  /** When what it carries is good for nothing any more, UTC ms: afterwards it isn't sent. */
  readonly expiresAt?: number
  /** Who it is about, for the app's own hook; kept only when there is one. */
  readonly user?: PersonAnswer
}

export type Message = MessageOf<'email', MailKind> | (MessageOf<'sms', SmsKind> & { readonly via?: 'sms' | 'whatsapp' })

/** The job that sends one. No app can declare a job of that name. */
export const MESSAGE_JOB = 'perigee:message'
