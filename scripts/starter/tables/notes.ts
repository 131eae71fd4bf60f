// Notes that only their owner sees and changes.
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { owner, table } from 'perigee'

export const notes = sqliteTable('notes', {
  id: text('id').primaryKey(),
  ownerId: text('owner_id').notNull(),
  text: text('text').notNull(),
  createdAt: integer('created_at', { mode: 'timestamp_ms' }).notNull(),
})

export default table(notes, {
  read: owner(notes.ownerId),
  insert: owner(notes.ownerId),
  update: owner(notes.ownerId),
  delete: owner(notes.ownerId),
  columns: { ownerId: { default: ({ auth }) => auth.uid }, createdAt: { readOnly: true, default: ({ now }) => now } },
})
