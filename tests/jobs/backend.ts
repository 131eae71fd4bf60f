// The errands behind a real backend whose queue keeps what it is sent until a test delivers it: so a message can be lost, late or doubled.
import {
  createMessageBatch,
  createScheduledController,
  getQueueResult,
  createExecutionContext,
  waitOnExecutionContext,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { createBackend } from '../../src/backend'
import { metered, type DatabaseCall, type Env, type QueueMessage } from '../../src/platform'
import errands from '../apps/errands'
import { serve } from '../support/backend'

export { sql, type Answer, type Person } from '../support/backend'

export interface Sent {
  readonly body: QueueMessage
  readonly delaySeconds: number
}

/** In the order of sending. */
export const sent: Sent[] = []
const bindings = env as unknown as Env
/** What reached the database since a test last emptied it. */
export const calls: DatabaseCall[] = []
const watched = (db: Parameters<typeof metered>[0]) => metered(db, 'db', (one) => void calls.push(one))
/** The database, the bucket and the rest are the real ones. The alarm isn't bound: the real one would send to the Worker of the other tests. */
const held: Env = {
  DB: {
    ...watched(bindings.DB),
    withSession(start?: string) {
      const session = bindings.DB.withSession(start)
      return { ...watched(session), getBookmark: () => session.getBookmark() }
    },
  } as D1Database,
  KV: bindings.KV,
  RATE_LIMITER: bindings.RATE_LIMITER,
  MEDIA: bindings.MEDIA!,
  PERIGEE_ENV: 'development',
  PERIGEE_ROOT_KEY: bindings.PERIGEE_ROOT_KEY!,
  JOBS: {
    sendBatch: async (messages: Iterable<{ body: QueueMessage; delaySeconds?: number }>) => {
      for (const { body, delaySeconds = 0 } of messages) sent.push({ body, delaySeconds })
    },
  } as unknown as Queue<QueueMessage>,
}

const backend = createBackend(errands)
export const { mount, person, service, stranger } = serve(errands, held)

export interface Delivered {
  readonly acked: number
  readonly retried: number
}

/** Delivers messages as one batch. */
export async function deliver(bodies: readonly unknown[]): Promise<Delivered> {
  const messages = bodies.map((body) => ({ id: crypto.randomUUID(), timestamp: new Date(), attempts: 1, body }))
  const batch = createMessageBatch('perigee-jobs', messages)
  const context = createExecutionContext()
  await backend.queue(batch, held, context)
  await waitOnExecutionContext(context)
  const { explicitAcks, retryMessages } = await getQueueResult(batch, context)
  return { acked: explicitAcks.length, retried: retryMessages.length }
}

/** Delivers what was sent and is due at once, until nothing more is. */
export async function drain(): Promise<void> {
  for (let due = takeDue(); due.length > 0; due = takeDue()) await deliver(due)
}

function takeDue(): QueueMessage[] {
  const all = sent.splice(0)
  sent.push(...all.filter(({ delaySeconds }) => delaySeconds > 0))
  return all.filter(({ delaySeconds }) => delaySeconds === 0).map(({ body }) => body)
}

/** The minute's cron, or another one's. */
export async function tick(cron = '* * * * *', scheduledTime = Date.now()): Promise<void> {
  await backend.scheduled(createScheduledController({ cron, scheduledTime: new Date(scheduledTime) }), held)
}
