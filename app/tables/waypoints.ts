// Points along a trip. Seen by whoever sees the trip, written by its owner.
import { index, integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { table, type Expression, type PolicyArgument } from 'perigee'
import { tripIsVisible, trips } from './trips'

export const waypoints = sqliteTable(
  'waypoints',
  {
    id: text('id').primaryKey(),
    tripId: text('trip_id')
      .notNull()
      .references(() => trips.id, { onDelete: 'cascade' }),
    lat: real('lat').notNull(),
    lon: real('lon').notNull(),
    elevationM: real('elevation_m'),
    label: text('label', { length: 120 }),
    recordedAt: integer('recorded_at', { mode: 'timestamp_ms' }).notNull(),
  },
  (t) => [index('waypoints_trip').on(t.tripId, t.recordedAt, t.id)],
)

function onOwnTrip({ row, auth, and, eq, exists }: PolicyArgument<typeof waypoints>): Expression {
  return exists(trips, (t) => and(eq(t.id, row.tripId), eq(t.ownerId, auth.uid)))
}

export default table(waypoints, {
  read: ({ row, and, eq, exists, ...words }) =>
    exists(trips, (t) => and(eq(t.id, row.tripId), tripIsVisible(t, { and, eq, exists, ...words }))),
  insert: onOwnTrip,
  update: onOwnTrip,
  delete: onOwnTrip,
  columns: {
    recordedAt: { default: ({ now }) => now },
  },
})
