// What a person finds in the app that happened meanwhile. Only the app's own code writes them; whoever they are for marks them as read.
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { nobody, owner, table } from 'perigee'
import { comments } from './comments'
import { profiles } from './profiles'
import { trips } from './trips'

export const notifications = sqliteTable(
  'notifications',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => profiles.id, { onDelete: 'cascade' }),
    tripId: text('trip_id')
      .notNull()
      .references(() => trips.id, { onDelete: 'cascade' }),
    commentId: text('comment_id')
      .notNull()
      .references(() => comments.id, { onDelete: 'cascade' }),
    actorId: text('actor_id')
      .notNull()
      .references(() => profiles.id, { onDelete: 'cascade' }),
    createdAt: integer('created_at', { mode: 'timestamp_ms' }).notNull(),
    readAt: integer('read_at', { mode: 'timestamp_ms' }),
  },
  (t) => [
    index('notifications_user').on(t.userId, t.createdAt, t.id),
    index('notifications_trip').on(t.tripId),
    index('notifications_comment').on(t.commentId),
    index('notifications_actor').on(t.actorId),
  ],
)

export default table(notifications, {
  read: owner(notifications.userId),
  insert: nobody(),
  update: owner(notifications.userId),
  delete: owner(notifications.userId),
  columns: {
    userId: { readOnly: true },
    tripId: { readOnly: true },
    commentId: { readOnly: true },
    actorId: { readOnly: true },
    createdAt: { readOnly: true },
  },
})
