// Outgoing webhooks: who is told, and what is on its way to them. In the primary store only.
import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** An endpoint: a receiver's address, what it is told of, and its secrets. Until deleted. */
export const sysWebhooks = sqliteTable('sys_webhooks', {
  /** UUIDv7. */
  id: text('id').primaryKey(),
  url: text('url').notNull(),
  description: text('description'),
  /** JSON list of patterns: `trips.updated`, `trips.*`, `*`. */
  events: text('events').notNull(),
  /** JSON list of {secret, until}, newest first, sealed with the root key's sealing key; `until` is UTC ms, null of the newest. */
  secrets: text('secrets').notNull(),
  /** `enabled` or `disabled`. */
  state: text('state').notNull().default('enabled'),
  /** `asked`, `gone` or `exhausted`. */
  disabledReason: text('disabled_reason'),
  disabledAt: integer('disabled_at'),
  /** The receiver asked for silence until then, UTC ms. */
  notBefore: integer('not_before').notNull().default(0),
  /** JSON {store: {next, until}} of a replay that goes on; NULL when none does. Nothing behind `next` is sent meanwhile. */
  replay: text('replay'),
  lastSuccessAt: integer('last_success_at'),
  lastFailureAt: integer('last_failure_at'),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
})

/** One event for one endpoint, for 30 days. */
export const sysWebhookDeliveries = sqliteTable(
  'sys_webhook_deliveries',
  {
    pos: integer('pos').primaryKey({ autoIncrement: true }),
    /** The `webhook-id`: the same at every attempt, and made of endpoint, store, epoch and seq, so that a change becomes one delivery. */
    id: text('id').notNull(),
    endpoint: text('endpoint').notNull(),
    store: text('store').notNull(),
    /** The change's `seq`; where the log stood for what is no change. */
    seq: integer('seq').notNull(),
    /** What is sent in order: the table and the row's key. */
    key: text('key').notNull(),
    type: text('type').notNull(),
    /** The JSON that is signed and sent. */
    body: text('body').notNull(),
    /** `held` behind another of its key, `ready`, `delivered` or `failed`. */
    state: text('state').notNull().default('held'),
    /** Of one that is ready: when to try, or until when whoever tries it has it, UTC ms. */
    nextAt: integer('next_at'),
    attempts: integer('attempts').notNull().default(0),
    /** Who tries it. */
    lease: text('lease'),
    /** HTTP status of the last answer; NULL when there was none. */
    lastStatus: integer('last_status'),
    lastReason: text('last_reason'),
    lastAt: integer('last_at'),
    createdAt: integer('created_at').notNull(),
    finishedAt: integer('finished_at'),
  },
  (t) => [
    uniqueIndex('sys_webhook_deliveries_id').on(t.id),
    index('sys_webhook_deliveries_endpoint').on(t.endpoint, t.pos),
    index('sys_webhook_deliveries_order')
      .on(t.endpoint, t.key, t.seq, t.pos)
      .where(sql`${t.state} <> 'delivered'`),
    index('sys_webhook_deliveries_ready')
      .on(t.endpoint, t.nextAt)
      .where(sql`${t.state} = 'ready'`),
  ],
)
