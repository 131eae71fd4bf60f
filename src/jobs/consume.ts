// The queue's consumer: one dispatch table, each message by itself. A message that can't be read is dropped with a word in the log, and one whose
// work the database refuses comes back later; neither holds up the others.
import type { Changes } from '../changes'
import type { AppDefinition, Model } from '../define'
import { log } from '../observability'
import { openStores, type Env, type Store } from '../platform'
import { runJob, type RunContext } from './runner'
import { runWebhook } from './webhook'

export interface ConsumeContext {
  readonly app: AppDefinition
  readonly model: Model
  readonly env: Env
  readonly changes: Changes
  /** Keeps the isolate alive for what follows a write. */
  readonly later: (work: Promise<unknown>) => void
}

type Kind = 'job' | 'webhook' | 'consumer'
type Context = RunContext & Pick<ConsumeContext, 'changes'>
type Handler = (context: Context, store: Store, name: string) => Promise<unknown>

/** What each kind of message is for, by the member that names its work. */
const HANDLERS: { readonly [K in Kind]: Handler } = {
  job: runJob,
  webhook: (context, _, endpoint) => runWebhook(context, endpoint),
  consumer: ({ changes, stores, env }, store, name) => changes.run(name, store, stores, env),
}

/** How many messages of a batch are worked on at once. */
const AT_ONCE = 5
/** Seconds until a message comes back that the database or the queue failed, the longer the more often. */
const AGAIN_SECONDS = [5, 15, 60, 300] as const

/** Settles every message of the batch. */
export async function consume({ app, model, env, changes, later }: ConsumeContext, batch: MessageBatch): Promise<void> {
  const stores = openStores(env, () => undefined, later)
  const context = { app, model, stores, env, changes }
  const waiting = [...batch.messages]
  const work = async () => {
    for (let message = waiting.shift(); message; message = waiting.shift()) await settle(context, message)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

async function settle(context: Context, message: Message): Promise<void> {
  const found = handlerOf(context, message.body)
  if (found === null) {
    log('error', 'queue.unreadable', { message: message.id })
    message.ack()
    return
  }
  try {
    await found()
    message.ack()
  } catch (error) {
    log('error', 'queue.failed', { message: message.id, attempts: message.attempts, error })
    message.retry({ delaySeconds: AGAIN_SECONDS[Math.min(message.attempts, AGAIN_SECONDS.length) - 1] ?? AGAIN_SECONDS[0] })
  }
}

function handlerOf(context: Context, body: unknown): (() => Promise<unknown>) | null {
  if (typeof body !== 'object' || body === null) return null
  const message = body as Partial<Readonly<Record<string, unknown>>>
  const kind = (Object.keys(HANDLERS) as Kind[]).find((one) => typeof message[one] === 'string')
  const store = context.stores.all.find(({ name }) => name === message.store)
  return kind && store ? () => HANDLERS[kind](context, store, message[kind] as string) : null
}
