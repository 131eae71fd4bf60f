// What people say about a trip, as a tree. Seen with the trip; moderators may remove what they can see.
import { index, integer, sqliteTable, text, type AnySQLiteColumn } from 'drizzle-orm/sqlite-core'
import { owner, table, type Expression, type PolicyArgument } from 'perigee'
import { profiles } from './profiles'
import { tripIsVisible, trips } from './trips'

export const comments = sqliteTable(
  'comments',
  {
    id: text('id').primaryKey(),
    tripId: text('trip_id')
      .notNull()
      .references(() => trips.id, { onDelete: 'cascade' }),
    authorId: text('author_id')
      .notNull()
      .references(() => profiles.id, { onDelete: 'cascade' }),
    // Not CASCADE: replies outlive what they answer, and a deep tree of cascades fails on D1.
    parentId: text('parent_id').references((): AnySQLiteColumn => comments.id, { onDelete: 'set null' }),
    body: text('body', { length: 2000 }).notNull(),
    createdAt: integer('created_at', { mode: 'timestamp_ms' }).notNull(),
  },
  (t) => [
    index('comments_trip').on(t.tripId, t.createdAt, t.id),
    index('comments_author').on(t.authorId, t.createdAt, t.id),
    index('comments_parent').on(t.parentId, t.createdAt, t.id),
  ],
)

type Argument = PolicyArgument<typeof comments>

function onVisibleTrip({ row, and, eq, exists, ...words }: Argument): Expression {
  return exists(trips, (t) => and(eq(t.id, row.tripId), tripIsVisible(t, { and, eq, exists, ...words })))
}

/** A reply stays on the trip of what it answers. */
function onParentsTrip({ row, or, and, eq, isNull, exists }: Argument): Expression {
  return or(
    isNull(row.parentId),
    exists(comments, (parent) => and(eq(parent.id, row.parentId), eq(parent.tripId, row.tripId))),
  )
}

const written = (argument: Argument): Expression =>
  argument.and(argument.eq(argument.row.authorId, argument.auth.uid), onVisibleTrip(argument), onParentsTrip(argument))

export default table(comments, {
  read: onVisibleTrip,
  insert: written,
  update: { using: owner(comments.authorId), check: written },
  delete: ({ row, auth, or, and, eq, exists }) =>
    or(
      eq(row.authorId, auth.uid),
      exists(trips, (t) => and(eq(t.id, row.tripId), eq(t.ownerId, auth.uid))),
      auth.hasRole('moderator'),
    ),
  columns: {
    authorId: { default: ({ auth }) => auth.uid },
    createdAt: { readOnly: true, default: ({ now }) => now },
  },
})
