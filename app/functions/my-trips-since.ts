// The caller's own trips since a day, whoever else may see them.
import { fn, setOf, signedIn } from 'perigee'
import * as z from 'zod'
import { trips } from '../tables/trips'

export default fn(
  'my_trips_since',
  {
    args: z.object({ since: z.date() }),
    returns: setOf(trips),
    volatility: 'read',
    who: signedIn(),
    description: "The caller's trips that began at `since` or later, the newest first.",
  },
  ({ args, db, auth }) =>
    db.rows(trips, {
      where: ({ row, and, eq, gte }) => and(eq(row.ownerId, auth.uid), gte(row.startedAt, args.since)),
      order: [['startedAt', 'desc']],
    }),
)
