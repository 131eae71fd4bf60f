// Trips, the points along them, and what others say. Points follow a wandering line up and down again.
import type { Person } from './people'
import type { Random } from './random'
import type { Team } from './teams'
import {
  endings,
  middles,
  openings,
  ranges,
  remarks,
  replies,
  tags,
  titles,
  trailAdjectives,
  trailFeatures,
  trailNouns,
  waypointLabels,
} from './words'

const DAY = 86_400_000
const MINUTE = 60_000

export interface Trip {
  readonly id: string
  readonly owner: Person
  readonly team: Team | null
  readonly visibility: 'public' | 'team' | 'private'
  readonly range: (typeof ranges)[number]
  readonly distanceM: number
  /** UTC ms. */
  readonly started: number
  readonly created: number
  readonly title: string
  readonly notes: string
  readonly tags: readonly string[]
}

/** About two in five trips are public and one in four is private; the rest belong to a team of their owner's. */
export function trips(random: Random, everyone: readonly Person[], teams: readonly Team[], count: number, until: number): Trip[] {
  const teamsOf = new Map<Person, Team[]>()
  for (const team of teams) for (const member of team.members) teamsOf.set(member, [...(teamsOf.get(member) ?? []), team])
  return Array.from({ length: count }, () => {
    const owner = random.chance(0.5) ? random.pickPopular(everyone) : random.pick(everyone)
    const created = random.between(owner.joined + DAY, until)
    const own = teamsOf.get(owner) ?? []
    const dice = random.next()
    const visibility = dice < 0.42 ? 'public' : dice < 0.75 && own.length > 0 ? 'team' : 'private'
    const range = random.pick(ranges)
    const trail = `${random.pick(trailAdjectives)} ${random.pick(trailNouns)} ${random.pick(trailFeatures)}`
    return {
      id: random.id(created),
      owner,
      team: visibility === 'team' ? random.pick(own) : null,
      visibility,
      range,
      distanceM: random.between(28, 262) * 100,
      // Out early, written down the same evening or some days later.
      started: Math.floor(created / DAY) * DAY - random.between(0, 4) * DAY + random.between(5 * 60, 10 * 60) * MINUTE,
      created,
      title: random.pick(titles).replace('{trail}', `the ${trail}`).replace(/^the/, 'The'),
      notes: [
        random.pick(openings).replace('{town}', random.pick(range.towns)),
        random.pick(middles),
        ...(random.chance(0.6) ? [random.pick(middles)] : []),
        random.pick(endings),
      ].join(' '),
      tags: [...new Set([random.pick(tags), random.pick(tags), random.pick(tags)])],
    }
  })
}

export const tripRow = (trip: Trip) => ({
  id: trip.id,
  owner_id: trip.owner.id,
  team_id: trip.team?.id ?? null,
  visibility: trip.visibility,
  title: trip.title,
  notes: trip.notes,
  distance_m: trip.distanceM,
  started_at: trip.started,
  tags: JSON.stringify(trip.tags),
  created_at: trip.created,
})

/** `count` points, evenly spaced in time at walking pace. */
export function waypointRows(random: Random, trip: Trip, count: number) {
  const step = trip.distanceM / Math.max(1, count - 1)
  const top = random.between(350, 1400)
  let heading = random.next() * Math.PI * 2
  let lat = trip.range.lat + (random.next() - 0.5) * 0.5
  let lon = trip.range.lon + (random.next() - 0.5) * 0.8
  return Array.from({ length: count }, (_, index) => {
    const way = index / Math.max(1, count - 1)
    const recorded = Math.floor(trip.started + ((trip.distanceM * way) / 1.05) * 1000)
    const row = {
      id: random.id(recorded),
      trip_id: trip.id,
      lat: Number(lat.toFixed(6)),
      lon: Number(lon.toFixed(6)),
      elevation_m: Number((trip.range.valley + Math.sin(way * Math.PI) * top + random.next() * 30).toFixed(1)),
      label: index === 0 ? 'Start' : index === count - 1 ? 'End' : random.chance(0.3) ? random.pick(waypointLabels) : null,
      recorded_at: recorded,
    }
    heading += (random.next() - 0.5) * 1.4
    // Straight lines are shorter than paths, hence 0.6.
    lat += (Math.cos(heading) * step * 0.6) / 111_320
    lon += (Math.sin(heading) * step * 0.6) / (111_320 * Math.cos((lat * Math.PI) / 180))
    return row
  })
}

/** A small tree of remarks and answers, by people who may see the trip. */
export function commentRows(random: Random, trip: Trip, everyone: readonly Person[]) {
  if (trip.visibility === 'private') return []
  const audience = trip.team?.members ?? everyone
  const rows: { id: string; trip_id: string; author_id: string; parent_id: string | null; body: string; created_at: number }[] = []
  let at = trip.created
  for (let n = Math.floor(random.next() ** 1.6 * 8); n > 0; n--) {
    at += random.between(5, 900) * MINUTE
    const parent = rows.length > 0 && random.chance(0.55) ? random.pick(rows) : null
    const author = parent && random.chance(0.6) ? trip.owner : random.pick(audience)
    rows.push({
      id: random.id(at),
      trip_id: trip.id,
      author_id: author.id,
      parent_id: parent?.id ?? null,
      body: random.pick(parent ? replies : remarks),
      created_at: at,
    })
  }
  return rows
}
