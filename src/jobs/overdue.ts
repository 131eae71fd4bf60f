// Finds in a store what should have begun and hasn't: its message was lost, or no queue could keep it so long. Sending twice does no harm.
import { run, sendMessages, type Env, type JobMessage, type Store } from '../platform'
import { DELAY_LIMIT_MS } from '../query'

const CHUNK = 500
const ROUNDS = 10
/** How long after it was sent again a job is looked at again: as late as it is, within these. */
const AGAIN_MS = 60_000
const SELDOM_MS = 3_600_000

const NOW = 'cast(?1 as integer)'
const OPEN = "`state` in ('queued', 'running')"

/** Sends what is due, gives up what ran out of attempts, and answers when to look again (UTC ms); null when nothing waits. Rejects when the queue doesn't take it. */
export async function sendOverdue(store: Store, env: Env, now: number): Promise<number | null> {
  for (let round = 0; round < ROUNDS; round++) {
    const [, late, next] = await run(store.db, [
      {
        sql: `update \`sys_jobs\` set \`state\` = 'dead', \`lease\` = null, \`error\` = coalesce(\`error\`, 'Its last attempt outlived its lease.'), \`finished_at\` = ${NOW} where \`state\` = 'running' and \`look_at\` <= ${NOW} and \`due_at\` <= ${NOW} and \`attempts\` >= \`max_attempts\``,
        params: [String(now)],
      },
      {
        sql: `update \`sys_jobs\` set \`look_at\` = ${NOW} + min(max(${NOW} - \`due_at\`, ${AGAIN_MS}), ${SELDOM_MS}) where \`id\` in (select \`id\` from \`sys_jobs\` where ${OPEN} and \`look_at\` <= ${NOW} order by \`look_at\` limit ${CHUNK}) returning \`id\`, \`due_at\` as dueAt`,
        params: [String(now)],
      },
      { sql: `select min(\`look_at\`) as at from \`sys_jobs\` where ${OPEN}`, params: [] },
    ])
    const jobs = (late?.results ?? []) as { id: string; dueAt: number }[]
    const messages = jobs.map(({ id, dueAt }): JobMessage => ({
      message: { job: id, store: store.name },
      delayMs: Math.min(Math.max(0, dueAt - now), DELAY_LIMIT_MS),
    }))
    if (env.JOBS && messages.length > 0) await sendMessages(env.JOBS, messages)
    if (jobs.length < CHUNK) return (next?.results[0]?.['at'] as number | null) ?? null
  }
  return now
}
