// Mails and text messages that a developer's own machine kept instead of sending them. In production the table stays empty.
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const sysOutbox = sqliteTable(
  'sys_outbox',
  {
    /** UUIDv7. */
    id: text('id').primaryKey(),
    at: integer('at').notNull(),
    /** `email` or `sms`. */
    channel: text('channel').notNull(),
    recipient: text('recipient').notNull(),
    /** What it is for: `confirmation`, `recovery` … */
    kind: text('kind').notNull(),
    /** BCP 47. */
    locale: text('locale').notNull(),
    /** NULL for a text message. */
    subject: text('subject'),
    text: text('text').notNull(),
    html: text('html'),
    /** JSON: the code, the link and its token, so that a test need not read them out of the text. */
    variables: text('variables').notNull().default('{}'),
  },
  (t) => [index('sys_outbox_at').on(t.at), index('sys_outbox_recipient').on(t.recipient, t.at)],
)
