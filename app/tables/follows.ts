// Whose journal somebody reads. A junction of profiles with profiles; everyone sees it.
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { anyone, nobody, owner, table } from 'perigee'
import { profiles } from './profiles'

export const follows = sqliteTable(
  'follows',
  {
    followerId: text('follower_id')
      .notNull()
      .references(() => profiles.id, { onDelete: 'cascade' }),
    followeeId: text('followee_id')
      .notNull()
      .references(() => profiles.id, { onDelete: 'cascade' }),
    createdAt: integer('created_at', { mode: 'timestamp_ms' }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.followerId, t.followeeId] }), index('follows_followee').on(t.followeeId, t.followerId)],
)

export default table(follows, {
  read: anyone(),
  insert: owner(follows.followerId),
  update: nobody(),
  delete: owner(follows.followerId),
  columns: {
    followerId: { default: ({ auth }) => auth.uid },
    createdAt: { readOnly: true, default: ({ now }) => now },
  },
})
