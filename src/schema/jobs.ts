// Work that is done later: what is to do, how it stands, and what became of it. One set a store, in the transaction of what asked for it.
import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

export const sysJobs = sqliteTable(
  'sys_jobs',
  {
    /** UUIDv7. */
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    /** `queued`, `running`, `done`, `dead` or `cancelled`. */
    state: text('state').notNull(),
    /** JSON; NULL when it lies in R2. */
    payload: text('payload'),
    /** The object in R2 that holds a payload of more than 100 kB. */
    payloadKey: text('payload_key'),
    /** No second one of the name is taken in while one that has it is queued or running. */
    uniqueKey: text('unique_key'),
    /** Of a run that the clock began: the time it is the run of, UTC ms. */
    cronAt: integer('cron_at'),
    /** When it may begin, UTC ms; while it runs, when its lease ends. */
    dueAt: integer('due_at').notNull(),
    /** When to look whether its message was lost, UTC ms. */
    lookAt: integer('look_at').notNull(),
    attempts: integer('attempts').notNull().default(0),
    maxAttempts: integer('max_attempts').notNull(),
    /** Random, of the attempt that runs; whoever commits must have it. */
    lease: text('lease'),
    /** Why the last attempt failed, without secrets, cut. */
    error: text('error'),
    /** JSON {uid, request, origin, function} of who asked for it. */
    context: text('context'),
    createdAt: integer('created_at').notNull(),
    /** When it was done, given up or cancelled, UTC ms. */
    finishedAt: integer('finished_at'),
  },
  (t) => [
    index('sys_jobs_look')
      .on(t.lookAt)
      .where(sql`state IN ('queued', 'running')`),
    index('sys_jobs_finished')
      .on(t.state, t.finishedAt)
      .where(sql`finished_at IS NOT NULL`),
    uniqueIndex('sys_jobs_unique')
      .on(t.name, t.uniqueKey)
      .where(sql`unique_key IS NOT NULL AND state IN ('queued', 'running')`),
    uniqueIndex('sys_jobs_cron')
      .on(t.name, t.cronAt)
      .where(sql`cron_at IS NOT NULL`),
  ],
)
