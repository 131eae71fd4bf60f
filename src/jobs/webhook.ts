// Sends webhooks out of the queue, and sees to it that somebody comes back when something is due again.
import { isDevelopment, keysOf, sendMessages, wakeAlarm } from '../platform'
import { work } from '../webhooks'
import type { RunContext } from './runner'

/** How many times faster than written in the schedule a developer has retries come; see `PERIGEE_WEBHOOK_SPEED`. */
function speedOf({ env }: RunContext): number {
  const speed = Number(env.PERIGEE_WEBHOOK_SPEED ?? 1)
  return isDevelopment(env) && speed >= 1 ? speed : 1
}

/** Sends what one endpoint is to be told now. Throws only when the database doesn't answer. */
export async function runWebhook(context: RunContext, endpoint: string): Promise<void> {
  const { env, model, stores } = context
  const { name, db } = stores.primary
  const { next } = await work(
    {
      db,
      keys: await keysOf(env),
      loopback: isDevelopment(env),
      speed: speedOf(context),
      fetch: (input, init) => fetch(input, init),
      model,
      stores,
    },
    endpoint,
  )
  if (next === null) return
  if (next > Date.now()) await wakeAlarm(env, name, next)
  else if (env.JOBS) await sendMessages(env.JOBS, [{ message: { webhook: endpoint, store: name }, delayMs: 0 }])
}
