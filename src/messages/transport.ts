// The one interface behind which messages leave, and which way is open here. In development that is the outbox, unless somebody asks for another.
import { AppError } from '../core'
import type { AppDefinition, Channel, MessageVariables } from '../define'
import { isDevelopment, type Env } from '../platform'
import { messageErrors } from './errors'
import type { Message } from './message'
import { fromOf } from './sender'
import { cloudflare } from './transports/cloudflare'
import { hook } from './transports/hook'
import { outbox } from './transports/outbox'
import { resend } from './transports/resend'
import { twilio } from './transports/twilio'

/** A message with its words. */
export interface Rendered {
  /** The job's: the same in every attempt. Providers take it as idempotency key. */
  readonly id: string
  readonly message: Message
  /** The language that it is written in, BCP 47. */
  readonly locale: string
  /** Empty for a text message. */
  readonly subject: string
  readonly text: string
  /** Null for a text message. */
  readonly html: string | null
  readonly variables: MessageVariables
}

export interface TransportContext {
  readonly app: AppDefinition
  readonly env: Env
  readonly db: D1Database
  /** UTC ms. */
  readonly now: number
}

export interface Transport {
  readonly name: string
  /** Delivers it. Throws `DeliveryError`. */
  send(context: TransportContext, rendered: Rendered): Promise<void>
}

/** Which transports have what they need here, the likeliest first. */
function openTransports(app: AppDefinition, env: Env, channel: Channel): Transport[] {
  if (channel === 'sms') return env.PERIGEE_TWILIO_ACCOUNT && env.PERIGEE_TWILIO_SECRET && env.PERIGEE_TWILIO_FROM ? [twilio] : []
  if (fromOf(app, env) === null) return []
  return [...(env.PERIGEE_RESEND_KEY ? [resend] : []), ...(env.EMAIL ? [cloudflare] : [])]
}

/** The way out for a channel; null when there is none. */
export function transportOf(app: AppDefinition, env: Env, channel: Channel): Transport | null {
  if (isDevelopment(env) && env.PERIGEE_MESSAGES !== 'send') return outbox
  const { hooks, messages } = app.auth ?? {}
  if (channel === 'email' ? hooks?.sendEmail : hooks?.sendSms) return hook
  const wanted = messages?.transports?.[channel]
  return openTransports(app, env, channel).find(({ name }) => wanted === undefined || name === wanted) ?? null
}

const MISSING: Readonly<Record<Channel, string>> = {
  email:
    'Set PERIGEE_RESEND_KEY, or bind EMAIL, and name the sender in `auth.messages.from` or PERIGEE_MAIL_FROM; or declare `auth.hooks.sendEmail`.',
  sms: 'Set PERIGEE_TWILIO_ACCOUNT, PERIGEE_TWILIO_SECRET and PERIGEE_TWILIO_FROM; or declare `auth.hooks.sendSms`.',
}

/** Errors: `email_transport_missing`, `sms_transport_missing`. */
export function requireTransport(app: AppDefinition, env: Env, channel: Channel): Transport {
  const transport = transportOf(app, env, channel)
  if (transport === null) throw new AppError(messageErrors[`${channel}_transport_missing`], { cause: MISSING[channel] })
  return transport
}
