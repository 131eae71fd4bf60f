// The messages that people were sent: runs the jobs that wait, and reads the outbox.
import { createExecutionContext, createMessageBatch, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import demo from '../../app'
import { createBackend } from '../../src/backend'
import type { AppDefinition } from '../../src/define'
import { MESSAGE_JOB, readOutbox, type OutboxMessage } from '../../src/messages'
import type { Env } from '../../src/platform'

const bindings = env as unknown as Env

const WAITING = `select id, state from sys_jobs where name = '${MESSAGE_JOB}' and ((state = 'queued' and attempts = 0) or (state = 'running' and attempts = 1))`

/** Has every message sent that was asked for; `app` is whose templates and hooks are used, the demo's when absent. */
export async function sendMessages(app: AppDefinition = demo, bound: Env = bindings): Promise<void> {
  const backend = createBackend(app)
  for (;;) {
    const { results } = await bindings.DB.prepare(WAITING).all<{ id: string; state: string }>()
    if (results.length === 0) return
    const messages = results
      .filter(({ state }) => state === 'queued')
      .map(({ id }) => ({ id, timestamp: new Date(), attempts: 1, body: { job: id, store: 'db' } }))
    if (messages.length === 0) {
      // The local queue was faster, and is at it.
      await scheduler.wait(10)
      continue
    }
    const context = createExecutionContext()
    await backend.queue(createMessageBatch('perigee-jobs', messages), bound, context)
    await waitOnExecutionContext(context)
  }
}

/** What was sent to an address or a number (with or without the plus), the newest first. */
export async function messagesTo(to: string, app: AppDefinition = demo): Promise<OutboxMessage[]> {
  await sendMessages(app)
  return readOutbox(bindings.DB, { to, limit: 100 })
}

/** The newest one. Throws when there is none. */
export async function messageTo(to: string, app: AppDefinition = demo): Promise<OutboxMessage> {
  const [newest] = await messagesTo(to, app)
  if (!newest) throw new Error(`Nothing was sent to ${to}.`)
  return newest
}
