// Who somebody is to other hikers. Its id is the person's id; the app writes the row after sign-up.
import { sql } from 'drizzle-orm'
import { check, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { anyone, owner, table } from 'perigee'
import { follows } from './follows'

export const profiles = sqliteTable(
  'profiles',
  {
    id: text('id').primaryKey(),
    handle: text('handle', { length: 30 }).notNull().unique(),
    displayName: text('display_name', { length: 80 }).notNull(),
    bio: text('bio', { length: 500 }),
    homeTown: text('home_town', { length: 80 }),
    moderationNotes: text('moderation_notes'),
    createdAt: integer('created_at', { mode: 'timestamp_ms' }).notNull(),
  },
  () => [check('profiles_handle_form', sql`length(handle) between 2 and 30`)],
)

export default table(profiles, {
  read: anyone(),
  insert: owner(profiles.id),
  update: owner(profiles.id),
  delete: owner(profiles.id),
  // Who isn't signed in may see a profile a minute old.
  cache: { maxAge: 60 },
  columns: {
    id: { default: ({ auth }) => auth.uid },
    // Only for oneself and for those whom one follows: whoever follows you doesn't thereby learn where you live.
    homeTown: {
      read: ({ row, auth, or, and, eq, exists }) =>
        or(
          eq(row.id, auth.uid),
          exists(follows, (f) => and(eq(f.followerId, row.id), eq(f.followeeId, auth.uid))),
        ),
    },
    moderationNotes: { hidden: true },
    createdAt: { readOnly: true, default: ({ now }) => now },
  },
})
