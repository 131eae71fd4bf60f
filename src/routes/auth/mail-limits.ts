// How often a mail or a text message is sent for the asking. Counted by the address or number that is named, whether or not anybody has it, so that a refusal
// tells nobody who is known; strangers apart from devices that its owner signed in on, so that nobody uses up what the owner needs.
import { authErrors } from '../../auth'
import { addressOf, AppError, networkOf, type ErrorDefinition } from '../../core'
import { takeRate, tryRate, type AppContext, type RateClass, type RateSubject } from '../../middleware'
import { requireHuman } from './human'
import { knownDevice } from './sign-in-limits'

/** Takes one after the other, each only if those before let it through. Errors: `refusal` (429) with Retry-After. */
export async function takeEach(c: AppContext, steps: readonly (readonly RateSubject[])[], refusal: ErrorDefinition): Promise<void> {
  for (const subjects of steps) {
    const refused = await tryRate(c, subjects)
    if (refused === null) continue
    const headers = refused.occurrence.headers ?? {}
    throw new AppError(refusal, {
      message: `For security purposes, you can only request this after ${headers['retry-after']} seconds.`,
      headers,
    })
  }
}

/**
 * By what a message to `subject`, a mail address or number as it is kept, is counted; `kind` is what is asked for. A network has a share of its own, also of
 * the gaps: one that asks again and again uses that up, and nobody else's. A device that shows its key is counted by itself.
 */
export async function messageSubjects(
  c: AppContext,
  subject: string,
  kind: string,
  { gap, share, whole }: Readonly<Record<'gap' | 'share' | 'whole', RateClass>>,
): Promise<readonly (readonly RateSubject[])[]> {
  const spaced = (of: string) => [{ class: gap, subject: `${kind}${of}` }]
  const known = await knownDevice(c, subject)
  if (known !== null) {
    const own = `${subject} ${known.device}`
    return [spaced(own), [{ class: whole, subject: own }]]
  }
  const here = `${subject} ${networkOf(c.req.header('cf-connecting-ip'))}`
  return [spaced(here), [{ class: share, subject: here }], spaced(subject), [{ class: whole, subject }]]
}

/**
 * Counts one mail: by address on the network, then, if a human shows that they are one, by what is asked for and whose mailbox it goes to.
 * `subject` is the mail address, or with `person` whoever asks in a session. Errors: `over_request_rate_limit`, `over_email_send_rate_limit` (429)
 * with Retry-After; `captcha_failed`.
 */
export async function takeMail(
  c: AppContext,
  kind: string,
  subject: string,
  {
    asksHuman = false,
    person = false,
    counted = [{ class: 'mail_address', subject: addressOf(c.req.header('cf-connecting-ip')) }],
  }: {
    readonly asksHuman?: boolean
    readonly person?: boolean
    /** By what on the network, when not as other mails are. */
    readonly counted?: readonly RateSubject[]
  } = {},
): Promise<void> {
  await takeRate(c, counted)
  // Behind the limits by address, because it asks somebody else; before those by mailbox, which nobody is to use up for its owner.
  if (asksHuman) await requireHuman(c)
  const steps: readonly (readonly RateSubject[])[] = person
    ? [[{ class: 'mail_gap', subject: `${kind} ${subject}` }], [{ class: 'mailbox', subject }]]
    : await messageSubjects(c, subject, `${kind} `, { gap: 'mail_gap', share: 'mail_share', whole: 'mailbox' })
  await takeEach(c, steps, authErrors.over_email_send_rate_limit)
}
