// The queue, the objects and the alarm behind the outbox. The table `sys_jobs` is the truth: whatever fails here is made up by who looks there.
import type { Env } from './env'

/** What the queue carries: names of work, never the work. */
export type QueueMessage =
  /** A job of `sys_jobs` in this store. */
  | { readonly job: string; readonly store: string }
  /** An endpoint that has something to be told. */
  | { readonly webhook: string; readonly store: string }
  /** A consumer of the change log of this store. */
  | { readonly consumer: string; readonly store: string }

export interface JobMessage {
  readonly message: QueueMessage
  /** 0 for at once. */
  readonly delayMs: number
}

export interface Outbox {
  /** Null when no bucket is bound. */
  readonly objects: R2Bucket | null
  /** Sends messages for jobs that a batch took in, and sees to it that somebody looks at `look` (UTC ms) at the latest whether they arrived. */
  committed(store: string, messages: readonly JobMessage[], look: number): void
}

/** What a queue takes at once. */
const MAX_BATCH = 100

/** Sends messages now. Rejects when the queue doesn't take them. */
export async function sendMessages(queue: Queue<QueueMessage>, messages: readonly JobMessage[]): Promise<void> {
  for (let i = 0; i < messages.length; i += MAX_BATCH) {
    const batch = messages.slice(i, i + MAX_BATCH).map(({ message, delayMs }) => {
      const delaySeconds = Math.ceil(delayMs / 1000)
      return { body: message, ...(delaySeconds > 0 ? { delaySeconds } : {}) }
    })
    await queue.sendBatch(batch)
  }
}

/** How much earlier an alarm must be than the one that is known, to be worth a call. */
const SLACK_MS = 5_000
/** Until when an isolate knows the alarm of a store to be set. */
const known = new WeakMap<object, Map<string, number>>()

/** Has the store's alarm ring at `at` (UTC ms) or earlier. One call an isolate and half a minute, however many jobs there are. */
export async function wakeAlarm({ ALARM }: Env, store: string, at: number): Promise<void> {
  if (!ALARM) return
  const stores = known.get(ALARM) ?? new Map<string, number>()
  known.set(ALARM, stores)
  const set = stores.get(store) ?? 0
  if (set > Date.now() && at > set - SLACK_MS) return
  stores.set(store, at)
  await ALARM.getByName(store).wake(store, at)
}

/** `later` keeps the isolate alive until a promise is settled. */
export function openOutbox(env: Env, later: (work: Promise<unknown>) => void): Outbox {
  return {
    objects: env.MEDIA ?? null,
    committed(store, messages, look) {
      const { JOBS } = env
      // Both may fail: the minute's cron finds what is overdue.
      if (JOBS && messages.length > 0) later(sendMessages(JOBS, messages).catch(() => undefined))
      later(wakeAlarm(env, store, look).catch(() => undefined))
    },
  }
}
