// Who follows the change log and how far each has come, one set a store.
import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** A consumer's cursor. It moves in the transaction that holds what the consumer did, by compare-and-set. */
export const sysConsumers = sqliteTable('sys_consumers', {
  name: text('name').primaryKey(),
  epoch: text('epoch').notNull(),
  /** All up to here is done or set aside. */
  seq: integer('seq').notNull(),
  /** How often the change behind the cursor was tried in vain. */
  attempts: integer('attempts').notNull().default(0),
  /** The change that was tried; NULL when it isn't known, as of a page of the engine's own consumers. */
  failingSeq: integer('failing_seq'),
  failingSince: integer('failing_since'),
  /** Not to be tried before, UTC ms. */
  nextAt: integer('next_at'),
  /** Why it failed last, cut; no values of rows. */
  error: text('error'),
  updatedAt: integer('updated_at').notNull(),
  /** When a version of the Worker last said that it has this consumer's code. */
  seenAt: integer('seen_at').notNull(),
})

/** Changes that a consumer gave up on or was told to skip, for 30 days. The change is kept, since the log forgets it. */
export const sysChangeFailures = sqliteTable(
  'sys_change_failures',
  {
    consumer: text('consumer').notNull(),
    epoch: text('epoch').notNull(),
    seq: integer('seq').notNull(),
    /** JSON object: the row of the log. */
    change: text('change').notNull(),
    reason: text('reason').notNull(),
    attempts: integer('attempts').notNull(),
    /** Asked to be tried again, UTC ms. */
    replayAt: integer('replay_at'),
    at: integer('at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.consumer, t.epoch, t.seq] }),
    index('sys_change_failures_at').on(t.at),
    index('sys_change_failures_replay')
      .on(t.consumer, t.seq)
      .where(sql`replay_at IS NOT NULL`),
  ],
)
