// Cloudflare Email Service, through the Worker's binding (https://developers.cloudflare.com/email-service/api/send-emails/workers-api/).
// It knows no idempotency key: a Worker that dies between sending and recording sends twice.
import { DeliveryError } from '../errors'
import { senderOf, type Sender } from '../sender'
import type { Transport } from '../transport'

/** Errors that the same message meets again: what it is made of, or whom it is for. */
const NEVER = new Set([
  'E_VALIDATION_ERROR',
  'E_FIELD_MISSING',
  'E_TOO_MANY_RECIPIENTS',
  'E_RECIPIENT_SUPPRESSED',
  'E_CONTENT_TOO_LARGE',
  'E_HEADER_NOT_ALLOWED',
])
/** Errors that pass, but not soon, seconds. */
const LATER: Readonly<Record<string, number>> = { E_RATE_LIMIT_EXCEEDED: 60, E_DAILY_LIMIT_EXCEEDED: 3600 }

const addressOf = ({ name, email }: Sender['from']) => (name === '' ? email : { name, email })

export const cloudflare: Transport = {
  name: 'cloudflare',
  async send({ app, env }, { message, subject, text, html }) {
    const { from, replyTo } = senderOf(app, env)
    try {
      await env.EMAIL!.send({
        from: addressOf(from),
        to: message.to,
        subject,
        text,
        ...(html === null ? {} : { html }),
        ...(replyTo === null ? {} : { replyTo: addressOf(replyTo) }),
      })
    } catch (error) {
      const { code } = error as { code?: unknown }
      const name = typeof code === 'string' && /^E_[A-Z_]{1,50}$/.test(code) ? code : 'unknown'
      throw new DeliveryError(`Cloudflare refused the mail (${name}).`, NEVER.has(name) ? 'never' : (LATER[name] ?? null))
    }
  },
}
