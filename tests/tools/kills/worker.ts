// The engine with the errands mounted on it, and two addresses for the test that kills it: how things stand, and time that passes.
import { createAuthentication } from '../../../src/auth'
import { createBackend } from '../../../src/backend'
import { expectedSchema, planMigration } from '../../../src/migrations'
import type { Env } from '../../../src/platform'
import errands from '../../apps/errands'

export { Alarm } from '../../../src/durable-objects/alarm'
export { ChangeFeed } from '../../../src/durable-objects/change-feed'
export { RateLimiter } from '../../../src/durable-objects/rate-limiter'
export const Authentication = createAuthentication(errands)

const backend = createBackend(errands)
const COUNTS = `SELECT (SELECT count(*) FROM marks) AS effects, (SELECT count(DISTINCT note) FROM marks) AS distinctEffects,
  (SELECT count(*) FROM errands) AS batches, (SELECT count(*) FROM sys_jobs) AS jobs,
  (SELECT count(*) FROM sys_jobs WHERE state = 'done') AS done, (SELECT coalesce(sum(attempts), 0) FROM sys_jobs) AS attempts,
  (SELECT count(*) FROM sys_jobs WHERE state IN ('dead', 'cancelled')) AS ended`

async function fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url)
  if (pathname === '/kills/mount') {
    const { statements } = planMigration({ tables: [] }, expectedSchema(errands))
    await env.DB.batch(statements.map((statement) => env.DB.prepare(statement)))
    return new Response('ok')
  }
  if (pathname === '/kills/counts') return Response.json(await env.DB.prepare(COUNTS).first())
  if (pathname === '/kills/pass') {
    // As if so much time had gone by for every job that waits or runs: a lease may end while its attempt is still at work.
    const ms = Number(searchParams.get('ms'))
    await env.DB.prepare("UPDATE sys_jobs SET due_at = due_at - ?1, look_at = look_at - ?1 WHERE state IN ('queued', 'running')")
      .bind(String(ms))
      .run()
    await backend.scheduled({ cron: '* * * * *', scheduledTime: Date.now(), noRetry: () => undefined } as ScheduledController, env)
    return new Response('ok')
  }
  return backend.fetch(request, env, ctx)
}

export default { ...backend, fetch }
