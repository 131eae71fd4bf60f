// How much is written of each trip. Read with the engine's rights, so that its own policy says who sees what: those who see the trip.
import { sql } from 'drizzle-orm'
import { integer, sqliteView, text } from 'drizzle-orm/sqlite-core'
import { view } from 'perigee'
import { comments } from '../tables/comments'
import { tripIsVisible, trips } from '../tables/trips'
import { waypoints } from '../tables/waypoints'

// Counted for each trip that is asked for: GROUP BY would count all of them first.
export const tripStats = sqliteView('trip_stats', {
  tripId: text('trip_id'),
  ownerId: text('owner_id'),
  teamId: text('team_id'),
  visibility: text('visibility', { enum: ['public', 'team', 'private'] }),
  createdAt: integer('created_at', { mode: 'timestamp_ms' }),
  waypoints: integer('waypoints'),
  comments: integer('comments'),
}).as(sql`
  select ${trips.id}, ${trips.ownerId}, ${trips.teamId}, ${trips.visibility}, ${trips.createdAt},
    (select count(*) from ${waypoints} where ${waypoints.tripId} = ${trips.id}),
    (select count(*) from ${comments} where ${comments.tripId} = ${trips.id})
  from ${trips}`)

export default view(tripStats, {
  description: 'How many waypoints and comments each trip has.',
  read: ({ row, ...words }) => tripIsVisible(row, words),
  key: ['tripId'],
  references: [{ columns: [tripStats.tripId], foreignColumns: [trips.id] }],
})
