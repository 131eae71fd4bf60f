// The engine's own bookkeeping, one set a store.
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** What was written, in the order of commits. Triggers write it; docs/storage.md says how long it is kept. */
export const sysChanges = sqliteTable('sys_changes', {
  seq: integer('seq').primaryKey({ autoIncrement: true }),
  table: text('tbl').notNull(),
  /** `I`, `U` or `D`. */
  op: text('op').notNull(),
  /** JSON list of the primary key's values. */
  key: text('key').notNull(),
  /** JSON list of the names of changed columns; NULL for inserts and deletes. */
  columns: text('columns'),
  /** JSON object: the columns that somebody downstream needs of the row as it was. */
  old: text('old'),
  /** JSON object of the row as it became; NULL when over the size cap, then it is read by key. */
  new: text('new'),
  /** JSON {uid, request, origin}, for tables with `audit` or `sync`. */
  context: text('context'),
  at: integer('at').notNull(),
})

/**
 * Row 1: who is writing and where the log stood when the running batch began. Inside a batch, and never after it, row 50 holds what a batch that
 * is undone answers, and rows from 100 on what operations leave for later ones. Meaningful inside a batch only.
 */
export const sysStatement = sqliteTable('sys_statement', {
  id: integer('id').primaryKey(),
  startSeq: integer('start_seq').notNull().default(0),
  context: text('context'),
})

/** One row: the store's identity. Restore and import change the epoch, so that old cursors are refused. */
export const sysStore = sqliteTable('sys_store', {
  id: integer('id').primaryKey(),
  epoch: text('epoch').notNull(),
  /** The log holds nothing up to this `seq` any more; a cursor before it has a gap. */
  prunedSeq: integer('pruned_seq').notNull().default(0),
  createdAt: integer('created_at').notNull(),
})

/** Answers of writes that carried an Idempotency-Key, for 24 hours. */
export const sysIdempotency = sqliteTable(
  'sys_idempotency',
  {
    /** Hash of principal, route and key. */
    id: text('id').primaryKey(),
    /** Hash of the request's body and query. */
    fingerprint: text('fingerprint').notNull(),
    /** JSON {status, headers, body}. */
    answer: text('answer'),
    at: integer('at').notNull(),
  },
  (t) => [index('sys_idempotency_at').on(t.at)],
)

/** What code of the app did under a stated reason with the engine's rights, for 90 days. */
export const sysAudit = sqliteTable(
  'sys_audit',
  {
    /** UUIDv7. */
    id: text('id').primaryKey(),
    at: integer('at').notNull(),
    /** The person for whom the code ran; NULL for a stranger. */
    uid: text('uid'),
    function: text('function'),
    reason: text('reason').notNull(),
    request: text('request'),
    /** JSON list of {op, table}. */
    operations: text('operations').notNull(),
    /** `done`, or `failed` when all of it was undone. */
    outcome: text('outcome').notNull(),
  },
  (t) => [index('sys_audit_at').on(t.at)],
)
