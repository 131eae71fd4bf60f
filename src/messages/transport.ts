// The one interface behind which messages leave, and which way is open here. In development that is the outbox, unless somebody asks for another.
import { AppError } from '../core'
import type { AppDefinition, Channel, MessageVariables } from '../define'
import { isDevelopment, type Env } from '../platform'
import { messageErrors } from './errors'
import type { Message } from './message'
import { outbox } from './transports/outbox'

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

/** The way out for a channel; null when there is none. */
export function transportOf(_app: AppDefinition, env: Env, _channel: Channel): Transport | null {
  return isDevelopment(env) ? outbox : null
}

/** Errors: `email_transport_missing`, `sms_transport_missing`. */
export function requireTransport(app: AppDefinition, env: Env, channel: Channel): Transport {
  const transport = transportOf(app, env, channel)
  if (transport === null) throw new AppError(messageErrors[`${channel}_transport_missing`])
  return transport
}
