// Fills Trailhead with invented hikers, the same on every machine. `scripts/seed.ts` writes what this makes.
import { followRows, identityRow, people, profileRow, userRow } from './people'
import { random as makeRandom } from './random'
import { membershipRows, teamRow, teams } from './teams'
import { commentRows, tripRow, trips, waypointRows } from './trips'

export { demoAccounts } from './accounts'

export interface SeedRows {
  readonly table: string
  /** By column; values as SQLite stores them. */
  readonly rows: readonly Readonly<Record<string, string | number | null>>[]
}

const PEOPLE = 500
const TEAMS = 60
const TRIPS = 5_000
const TRIPS_AT_ONCE = 500
/** Points of two trips in a row add up to twice this. */
const POINTS = 10

const FROM = Date.UTC(2024, 2, 1)
const UNTIL = Date.UTC(2026, 9, 18)

/** Everything, parents before children. At scale 1: 500 people, 5,000 trips, 50,000 waypoints. */
export function* seed({ scale = 1 }: { readonly scale?: number } = {}): Generator<SeedRows> {
  const random = makeRandom(20_241_101)
  const everyone = people(random, Math.round(PEOPLE * scale), FROM, UNTIL - 30 * 86_400_000)
  yield { table: 'auth_users', rows: everyone.map(userRow) }
  yield { table: 'auth_identities', rows: everyone.map((person) => identityRow(random, person)) }
  yield { table: 'profiles', rows: everyone.map(profileRow) }
  yield { table: 'follows', rows: followRows(random, everyone, UNTIL) }

  const groups = teams(random, everyone, Math.max(1, Math.round(TEAMS * scale)))
  yield { table: 'teams', rows: groups.map(teamRow) }
  yield { table: 'memberships', rows: membershipRows(random, groups) }

  // In the order in which they were written: rows come after the ones before them in every index, which is what makes this fast.
  const journal = trips(random, everyone, groups, Math.round(TRIPS * scale), UNTIL).toSorted((a, b) => a.created - b.created)
  for (let start = 0; start < journal.length; start += TRIPS_AT_ONCE) {
    const some = journal.slice(start, start + TRIPS_AT_ONCE)
    yield { table: 'trips', rows: some.map(tripRow) }
    let more = 0
    const points = some.flatMap((trip, index) => {
      more = index % 2 === 0 ? random.between(-5, 5) : -more
      return waypointRows(random, trip, POINTS + more)
    })
    yield { table: 'waypoints', rows: points }
    yield { table: 'comments', rows: some.flatMap((trip) => commentRows(random, trip, everyone)) }
  }
}
