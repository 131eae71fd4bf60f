// A message asked for: one statement in the batch of what asks for it, so that there is never the one without the other. What it carries is sealed.
import { uuidv7 } from '../core'
import type { AppDefinition } from '../define'
import { openOutbox, type Env, type JobMessage, type Keys, type Statement } from '../platform'
import { MESSAGE_JOB, type Message } from './message'
import { requireTransport } from './transport'

/** What asking for a message needs. The same object must be given to `messageStatements` and `messagesCommitted`. */
export interface MessageWorkshop {
  readonly app: AppDefinition
  readonly env: Env
  readonly keys: Keys
  /** UTC ms. */
  readonly now: number
  readonly later: (work: Promise<unknown>) => void
  /** Has a job begin at once, where somebody waits for what it brings; without it the queue is told, which takes a second. */
  readonly begin?: (job: string) => void
}

/** How long the queue's word of it may be on its way before it counts as lost. */
const GRACE_MS = 30_000
const ATTEMPTS = 10
const STORE = 'db'

/** Jobs that were asked for and of which the queue doesn't know yet. */
const asked = new WeakMap<MessageWorkshop, string[]>()

/** Under which purpose a message is sealed: one of another job doesn't open. */
export const sealOf = (job: string): string => `message:${job}`

/**
 * The statements that ask for a message, for the caller's batch; it is asked for only if `condition` holds there: an expression of SQL whose parameters
 * are plain `?`. Follow the batch with `messagesCommitted`. Errors: `email_transport_missing`, `sms_transport_missing`.
 */
export async function messageStatements(
  workshop: MessageWorkshop,
  message: Message,
  condition: Statement = { sql: '1', params: [] },
): Promise<Statement[]> {
  const { app, env, keys, now } = workshop
  requireTransport(app, env, message.channel)
  const id = uuidv7(now)
  const { channel, kind } = message
  const { user: _, ...rest } = message
  const hooked = (channel === 'email' ? app.auth?.hooks?.sendEmail : app.auth?.hooks?.sendSms) !== undefined
  const payload = JSON.stringify({ channel, kind, sealed: await keys.seal(JSON.stringify(hooked ? message : rest), sealOf(id)) })
  asked.set(workshop, [...(asked.get(workshop) ?? []), id])
  return [
    {
      sql: `insert into sys_jobs (id, name, state, payload, due_at, look_at, attempts, max_attempts, created_at)
        select ?, ?, 'queued', ?, ?, ?, '0', ?, ? where (${condition.sql})`,
      params: [id, MESSAGE_JOB, payload, String(now), String(now + GRACE_MS), String(ATTEMPTS), String(now), ...condition.params],
    },
  ]
}

/** Has the messages sent that were asked for with this workshop, after its batch. What wasn't committed does nothing; what is lost on the way is found in the table. */
export function messagesCommitted(workshop: MessageWorkshop): void {
  const ids = asked.get(workshop) ?? []
  if (ids.length === 0) return
  asked.delete(workshop)
  for (const id of ids) workshop.begin?.(id)
  const messages = workshop.begin ? [] : ids.map((job): JobMessage => ({ message: { job, store: STORE }, delayMs: 0 }))
  openOutbox(workshop.env, workshop.later).committed(STORE, messages, workshop.now + GRACE_MS)
}

/** The id of the message that `messageStatements` made: it is the job's, and what clients are told. */
export const messageId = (statements: readonly Statement[]): string => String(statements[0]?.params[0] ?? '')
