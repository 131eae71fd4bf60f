// Resend's HTTP API (https://resend.com/docs/api-reference/emails/send-email).
import { DeliveryError } from '../errors'
import { writeMailbox } from '../mailbox'
import { senderOf } from '../sender'
import type { Transport } from '../transport'
import { post, refused } from './http'

export const resend: Transport = {
  name: 'resend',
  async send({ app, env }, { id, message, subject, text, html }) {
    const { from, replyTo } = senderOf(app, env)
    const body = {
      from: writeMailbox(from),
      to: [message.to],
      subject,
      text,
      ...(html === null ? {} : { html }),
      ...(replyTo === null ? {} : { reply_to: writeMailbox(replyTo) }),
    }
    const headers = {
      authorization: `Bearer ${env.PERIGEE_RESEND_KEY ?? ''}`,
      'content-type': 'application/json',
      'idempotency-key': id,
      'user-agent': 'perigee',
    }
    const answer = await post('Resend', `${env.PERIGEE_RESEND_URL ?? 'https://api.resend.com'}/emails`, headers, JSON.stringify(body))
    if (answer.status >= 200 && answer.status < 300) return
    const name = answer.body['name']
    // The key was used by an attempt before this one whose words differed, so the mail is out.
    if (answer.status === 409 && name === 'invalid_idempotent_request') return
    if (answer.status === 409 && name !== 'concurrent_idempotent_requests')
      throw new DeliveryError(`Resend answered 409 (${String(name).slice(0, 60)}).`, 'never')
    throw refused('Resend', answer, name)
  },
}
