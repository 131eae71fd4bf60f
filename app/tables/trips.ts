// A hike, written down: for its owner alone, for a team, or for everyone.
import { sql } from 'drizzle-orm'
import { check, index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { owner, table, type Expression, type PolicyArgument } from 'perigee'
import { inTeam, memberships } from './memberships'
import { profiles } from './profiles'
import { teams } from './teams'

export const trips = sqliteTable(
  'trips',
  {
    id: text('id').primaryKey(),
    ownerId: text('owner_id')
      .notNull()
      .references(() => profiles.id, { onDelete: 'cascade' }),
    teamId: text('team_id').references(() => teams.id, { onDelete: 'set null' }),
    visibility: text('visibility', { enum: ['public', 'team', 'private'] })
      .notNull()
      .default('private'),
    title: text('title', { length: 120 }).notNull(),
    notes: text('notes', { length: 10_000 }),
    distanceM: integer('distance_m'),
    startedAt: integer('started_at', { mode: 'timestamp_ms' }),
    tags: text('tags', { mode: 'json' }).$type<string[]>().notNull().default([]),
    createdAt: integer('created_at', { mode: 'timestamp_ms' }).notNull(),
  },
  // One index for each way of being allowed to read, in the order of the list: the newest 20 are found without a scan.
  (t) => [
    index('trips_public').on(t.visibility, t.createdAt, t.id),
    index('trips_owner').on(t.ownerId, t.createdAt, t.id),
    index('trips_team').on(t.teamId, t.createdAt, t.id),
    index('trips_owner_started').on(t.ownerId, t.startedAt, t.id),
    check('trips_distance', sql`distance_m is null or distance_m >= 0`),
  ],
)

type Trip = Pick<PolicyArgument<typeof trips>['row'], 'visibility' | 'ownerId' | 'teamId'>
type Words = Pick<PolicyArgument<typeof trips>, 'auth' | 'or' | 'and' | 'eq' | 'exists'>

/** The caller may read the trip, and with it its waypoints and comments. */
export function tripIsVisible(trip: Trip, { auth, or, and, eq, exists }: Words): Expression {
  return or(
    eq(trip.visibility, 'public'),
    eq(trip.ownerId, auth.uid),
    and(
      eq(trip.visibility, 'team'),
      exists(memberships, (m) => and(eq(m.teamId, trip.teamId), eq(m.userId, auth.uid))),
    ),
  )
}

/** The caller's own trip, put into no team or into one they are in. */
function ownInOwnTeam({ row, auth, or, and, eq, isNull, exists }: PolicyArgument<typeof trips>): Expression {
  return and(eq(row.ownerId, auth.uid), or(isNull(row.teamId), inTeam(row.teamId, { auth, and, eq, exists })))
}

export default table(trips, {
  read: ({ row, ...words }) => tripIsVisible(row, words),
  insert: ownInOwnTeam,
  update: { using: owner(trips.ownerId), check: ownInOwnTeam },
  delete: owner(trips.ownerId),
  columns: {
    ownerId: { default: ({ auth }) => auth.uid },
    createdAt: { readOnly: true, default: ({ now }) => now },
  },
  computed: {
    distance_km: { type: 'real', value: ({ row, round, div }) => round(div(row.distanceM, 1000), 1) },
    is_mine: { type: 'boolean', value: ({ row, auth, and, eq, isNotNull }) => and(isNotNull(auth.uid), eq(row.ownerId, auth.uid)) },
  },
  searchable: ['title', 'notes'],
})
