// Whose mails they are.
import type { AppDefinition } from '../define'
import type { Env } from '../platform'
import { DeliveryError } from './errors'
import { readMailbox, type Mailbox } from './mailbox'

export interface Sender {
  readonly from: Mailbox
  readonly replyTo: Mailbox | null
}

/** The address that mails come from; null when neither the operator nor the app names a good one. */
export function fromOf(app: AppDefinition, env: Env): Mailbox | null {
  const text = env.PERIGEE_MAIL_FROM ?? app.auth?.messages?.from
  const from = text === undefined ? null : readMailbox(text)
  return from && { ...from, name: from.name === '' ? app.name : from.name }
}

/** Throws `DeliveryError`: it may be set while the mail waits. */
export function senderOf(app: AppDefinition, env: Env): Sender {
  const from = fromOf(app, env)
  if (from === null) throw new DeliveryError('No sender is set: `auth.messages.from` of the app, or PERIGEE_MAIL_FROM.')
  const replyTo = app.auth?.messages?.replyTo
  return { from, replyTo: replyTo === undefined ? null : readMailbox(replyTo) }
}
