// People who hike together. Whoever founds a team writes the first membership: their own, as owner.
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { owner, table } from 'perigee'
import { inTeam, leadsTeam } from './memberships'

export const teams = sqliteTable(
  'teams',
  {
    id: text('id').primaryKey(),
    name: text('name', { length: 80 }).notNull(),
    // No reference to profiles: a team outlives its founder's account.
    createdBy: text('created_by').notNull(),
    createdAt: integer('created_at', { mode: 'timestamp_ms' }).notNull(),
  },
  (t) => [index('teams_created_by').on(t.createdBy)],
)

export default table(teams, {
  read: ({ row, auth, or, eq, ...words }) => or(eq(row.createdBy, auth.uid), inTeam(row.id, { auth, eq, ...words })),
  insert: owner(teams.createdBy),
  update: ({ row, ...words }) => leadsTeam(row.id, words),
  delete: owner(teams.createdBy),
  columns: {
    createdBy: { readOnly: true, default: ({ auth }) => auth.uid },
    createdAt: { readOnly: true, default: ({ now }) => now },
  },
})
