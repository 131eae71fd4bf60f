// A trip begins: the trip, its first waypoint and the job that measures it, or none of them.
import { fn, one, signedIn } from 'perigee'
import * as z from 'zod'
import measureTrip from '../jobs/measure-trip'
import { trips } from '../tables/trips'
import { waypoints } from '../tables/waypoints'

export default fn(
  'start_trip',
  {
    args: z.object({ title: z.string().min(1).max(120), lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) }),
    returns: one(trips),
    volatility: 'write',
    who: signedIn(),
    description: 'Begins a private trip where the caller stands.',
  },
  async ({ args, db, auth, now }) => {
    const [[trip]] = await db.batch((batch) => {
      const begun = batch.insert(trips, { ownerId: auth.uid, title: args.title, startedAt: now })
      batch.insert(waypoints, { tripId: begun.ref('id'), lat: args.lat, lon: args.lon })
      batch.enqueue(measureTrip, { trip: begun.ref('id') })
      return [begun]
    })
    return trip ?? null
  },
)
