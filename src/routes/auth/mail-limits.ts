// How often a mail is sent for the asking. Counted by the address that is named, whether or not anybody has it, so that a refusal tells nobody who is known.
import { authErrors } from '../../auth'
import { addressOf, AppError } from '../../core'
import { takeRate, tryRate, type AppContext, type RateSubject } from '../../middleware'
import { requireHuman } from './human'

/**
 * Counts one mail: by address on the network, then, if a human shows that they are one, by what is asked for and whose mailbox it goes to.
 * `subject` is the mail address, or whoever else asks again and again. Errors: `over_request_rate_limit`, `over_email_send_rate_limit` (429) with
 * Retry-After; `captcha_failed`.
 */
export async function takeMail(
  c: AppContext,
  kind: string,
  subject: string,
  {
    asksHuman = false,
    counted = [{ class: 'mail_address', subject: addressOf(c.req.header('cf-connecting-ip')) }],
  }: {
    readonly asksHuman?: boolean
    /** By what on the network, when not as other mails are. */
    readonly counted?: readonly RateSubject[]
  } = {},
): Promise<void> {
  await takeRate(c, counted)
  // Behind the limits by address, because it asks somebody else; before those by mailbox, which nobody is to use up for its owner.
  if (asksHuman) await requireHuman(c)
  for (const one of [
    { class: 'mail_gap', subject: `${kind} ${subject}` },
    { class: 'mailbox', subject },
  ] as const) {
    const refusal = await tryRate(c, [one])
    if (refusal === null) continue
    const headers = refusal.occurrence.headers ?? {}
    throw new AppError(authErrors.over_email_send_rate_limit, {
      message: `For security purposes, you can only request this after ${headers['retry-after']} seconds.`,
      headers,
    })
  }
}
