// Who is in which team, and as what. A junction of teams with profiles, and the table that other policies look into.
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { table, type Expression, type Operand, type PolicyArgument } from 'perigee'
import { profiles } from './profiles'
import { teams } from './teams'

export const memberships = sqliteTable(
  'memberships',
  {
    teamId: text('team_id')
      .notNull()
      .references(() => teams.id, { onDelete: 'cascade' }),
    userId: text('user_id')
      .notNull()
      .references(() => profiles.id, { onDelete: 'cascade' }),
    role: text('role', { enum: ['owner', 'admin', 'member'] })
      .notNull()
      .default('member'),
    joinedAt: integer('joined_at', { mode: 'timestamp_ms' }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.teamId, t.userId] }), index('memberships_user').on(t.userId, t.teamId)],
)

/** The words of a policy that the predicates below are made of. */
type Words = Pick<PolicyArgument<typeof memberships>, 'auth' | 'and' | 'eq' | 'inArray' | 'exists'>

/** The caller is in the team. */
export function inTeam(teamId: Operand<string>, { auth, and, eq, exists }: Omit<Words, 'inArray'>): Expression {
  return exists(memberships, (m) => and(eq(m.teamId, teamId), eq(m.userId, auth.uid)))
}

/** The caller is the team's owner or one of its admins. */
export function leadsTeam(teamId: Operand<string>, { auth, and, eq, inArray, exists }: Words): Expression {
  return exists(memberships, (m) => and(eq(m.teamId, teamId), eq(m.userId, auth.uid), inArray(m.role, ['owner', 'admin'])))
}

// Insert and update are judged on the table as it becomes, so a row must never be its own reason to pass: whoever adds or changes
// somebody must not be that somebody. The one exception is the founder's own first row.
export default table(memberships, {
  read: ({ row, ...words }) => inTeam(row.teamId, words),
  insert: ({ row, auth, or, and, eq, ne, exists, inArray }) =>
    or(
      and(
        eq(row.userId, auth.uid),
        eq(row.role, 'owner'),
        exists(teams, (t) => and(eq(t.id, row.teamId), eq(t.createdBy, auth.uid))),
      ),
      and(ne(row.userId, auth.uid), ne(row.role, 'owner'), leadsTeam(row.teamId, { auth, and, eq, inArray, exists })),
    ),
  update: ({ row, auth, and, eq, ne, inArray, exists }) =>
    and(ne(row.userId, auth.uid), ne(row.role, 'owner'), leadsTeam(row.teamId, { auth, and, eq, inArray, exists })),
  delete: ({ row, auth, or, and, eq, ne, inArray, exists }) =>
    or(eq(row.userId, auth.uid), and(ne(row.role, 'owner'), leadsTeam(row.teamId, { auth, and, eq, inArray, exists }))),
  columns: {
    joinedAt: { readOnly: true, default: ({ now }) => now },
  },
})
