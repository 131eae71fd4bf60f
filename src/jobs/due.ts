// What the clock asks of a store: whatever should have begun by now, of any kind.
import type { Env, Store } from '../platform'
import { sendDueWebhooks } from '../webhooks'
import { sendOverdue } from './overdue'

/** Sends what is due, and answers when to look again (UTC ms); null when nothing waits. Rejects when the database or the queue doesn't take it. */
export async function sendDue(store: Store, env: Env, now: number): Promise<number | null> {
  const times = [await sendOverdue(store, env, now), store.name === 'db' ? await sendDueWebhooks(store, env, now) : null]
  const waiting = times.filter((at) => at !== null)
  return waiting.length > 0 ? Math.min(...waiting) : null
}
