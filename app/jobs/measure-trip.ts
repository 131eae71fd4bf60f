// How far a trip has gone, along its waypoints: now, and every ten minutes for as long as new ones come.
import { job, type JobDeclaration } from 'perigee'
import * as z from 'zod'
import { trips } from '../tables/trips'
import { waypoints } from '../tables/waypoints'

const AGAIN_SECONDS = 600
/** A trip without a new waypoint for so long is over. */
const OVER_MS = 2 * 3_600_000

const payload = z.object({ trip: z.string() })

const measureTrip: JobDeclaration<typeof payload> = job(
  'measure-trip',
  { payload, description: 'Adds up the distance of a trip while it goes on.' },
  async ({ payload: { trip }, db, now, finish }) => {
    const points = await db.query(waypoints, { where: { tripId: trip }, columns: ['lat', 'lon', 'recordedAt'], order: ['recordedAt'] })
    const metres = points.slice(1).reduce((sum, point, i) => sum + between(points[i]!, point), 0)
    const latest = points.at(-1)
    await finish((batch) => {
      const measured = batch.update(trips, { distanceM: Math.round(metres) }, { where: { id: trip } })
      if (latest && now.getTime() - Date.parse(latest.recordedAt) < OVER_MS) batch.enqueue(measureTrip, { trip }, { delay: AGAIN_SECONDS })
      return [measured]
    })
  },
)

export default measureTrip

interface Point {
  readonly lat: number
  readonly lon: number
}

/** Metres along the great circle (haversine). */
function between(a: Point, b: Point): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180
  const half = (from: number, to: number) => Math.sin(radians(to - from) / 2) ** 2
  const h = half(a.lat, b.lat) + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * half(a.lon, b.lon)
  return 2 * 6_371_000 * Math.asin(Math.sqrt(h))
}
