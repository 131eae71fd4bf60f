// Why a message can't be asked for, and why one couldn't be delivered.
import { defineErrors } from '../core'

export const messageErrors = defineErrors({
  email_transport_missing: { status: 503, title: 'This installation has no way to send mail.', retry: false },
  sms_transport_missing: { status: 503, title: 'This installation has no way to send text messages.', retry: false },
})

/** A delivery that failed. Its text goes to the log and the job's row, so it holds nothing of the message. */
export class DeliveryError extends Error {
  /** `never`: the same message would fail again. Else when to try again, seconds; null for the usual wait. */
  readonly again: 'never' | number | null

  constructor(message: string, again: 'never' | number | null = null) {
    super(message)
    this.name = 'DeliveryError'
    this.again = again
  }
}
