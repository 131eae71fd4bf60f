// One attempt at the job that sends a message.
import type { AppDefinition } from '../define'
import { keysOf, type Env } from '../platform'
import { sealOf } from './enqueue'
import { DeliveryError } from './errors'
import type { Message } from './message'
import { render } from './render'
import { transportOf } from './transport'

export interface DeliveryContext {
  readonly app: AppDefinition
  readonly env: Env
  readonly db: D1Database
  /** UTC ms. */
  readonly now: number
}

export interface Delivered {
  /** What was wrong with the app's template, in the place of which the built-in one went out. */
  readonly problem: string | null
}

/** Renders a message and hands it to its transport. `payload` is the job's. Throws `DeliveryError`, and what a template or a hook throws. */
export async function deliverMessage(context: DeliveryContext, job: string, payload: string | null): Promise<Delivered> {
  const { app, env, now } = context
  const { sealed } = JSON.parse(payload ?? '{}') as { sealed?: string }
  if (sealed === undefined) throw new DeliveryError('Its payload holds no message.', 'never')
  const message = JSON.parse(await (await keysOf(env)).unseal(sealed, sealOf(job))) as Message
  if (message.expiresAt !== undefined && message.expiresAt <= now)
    throw new DeliveryError('Its code expired before it could be sent.', 'never')
  const transport = transportOf(app, env, message.channel)
  if (transport === null) throw new DeliveryError(`This installation has no way to send a message by ${message.channel}.`)
  const { rendered, problem } = render(app, job, message)
  await transport.send(context, rendered)
  return { problem }
}
