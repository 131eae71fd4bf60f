// Notes in folders, declared without any index: for the advisor, which has to find those that are missing.
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { anyone, app, owner, table } from '../../../src/define'

export const folders = sqliteTable('folders', { id: text('id').primaryKey(), name: text('name').notNull() })

export const members = sqliteTable('members', { folderId: text('folder_id').notNull(), userId: text('user_id').notNull() }, (t) => [
  primaryKey({ columns: [t.folderId, t.userId] }),
])

export const notes = sqliteTable('notes', {
  id: text('id').primaryKey(),
  folderId: text('folder_id').references(() => folders.id),
  authorId: text('author_id').notNull(),
  topic: text('topic').notNull(),
  createdAt: integer('created_at', { mode: 'timestamp_ms' }).notNull(),
})

const open = { read: anyone(), insert: anyone(), update: anyone(), delete: anyone() }

export default app({
  name: 'Unindexed',
  tables: [
    table(folders, open),
    table(members, open),
    table(notes, {
      read: ({ row, auth, or, and, eq, exists }) =>
        or(
          eq(row.authorId, auth.uid),
          exists(members, (m) => and(eq(m.folderId, row.folderId), eq(m.userId, auth.uid))),
        ),
      insert: owner(notes.authorId),
      update: owner(notes.authorId),
      delete: owner(notes.authorId),
    }),
  ],
})
