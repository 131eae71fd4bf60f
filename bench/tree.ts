// Twenty teams with ten trips of five waypoints each, for measuring embeds. They are older than what data.ts writes, so that its list stays as it is.
import type { Readers } from './data'

const TEAMS = 20
const TRIPS = 10
const WAYPOINTS = 5

/** Adds the tree to a database that `fill` filled; the reader who sees all is in every team and wrote none of it. */
export async function fillTree(db: D1Database, { all, twenty }: Readers): Promise<void> {
  const numbers = (count: number) => `with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < ${count})`
  const id = (kind: number, number: string) => `printf('01900000-0000-7000-a${kind}00-%012d', ${number})`
  await db.batch([
    db
      .prepare(
        `${numbers(TEAMS)} insert into teams (id, name, created_by, created_at) select ${id(1, 'i')}, 'Team ' || i, ?1, 1600000000000 + i from n`,
      )
      .bind(twenty),
    db
      .prepare(
        `${numbers(TEAMS)} insert into memberships (team_id, user_id, role, joined_at) select ${id(1, 'i')}, ?1, 'member', 1600000000000 from n`,
      )
      .bind(all),
    db
      .prepare(
        `${numbers(TEAMS * TRIPS)} insert into trips (id, owner_id, team_id, visibility, title, distance_m, created_at)
         select ${id(2, 'i')}, ?1, ${id(1, `i / ${TRIPS}`)}, 'team', 'Trip ' || i, i * 100, 1600000000000 + i from n`,
      )
      .bind(twenty),
    db.prepare(
      `${numbers(TEAMS * TRIPS * WAYPOINTS)} insert into waypoints (id, trip_id, lat, lon, label, recorded_at)
       select ${id(3, 'i')}, ${id(2, `i / ${WAYPOINTS}`)}, 47.5 + i / 1000.0, 11.25 + i / 1000.0, 'Point ' || i, 1600000000000 + i from n`,
    ),
  ])
}

/** Three levels: 20 teams, 10 trips each, 5 waypoints each. */
export const TREE =
  '/rest/v1/teams?select=id,name,trips(id,title,distance_m,waypoints(id,label,lat,lon))' +
  '&trips.order=created_at.desc&trips.waypoints.order=recorded_at&order=created_at.desc&limit=20'

/** Throws unless the text is the tree, whole. */
export function checkTree(text: string): void {
  const teams = JSON.parse(text) as { trips: { waypoints: unknown[] }[] }[]
  const trips = teams.flatMap((team) => team.trips)
  const waypoints = trips.flatMap((trip) => trip.waypoints)
  const sizes = [teams.length, trips.length, waypoints.length]
  if (sizes.join() !== [TEAMS, TEAMS * TRIPS, TEAMS * TRIPS * WAYPOINTS].join())
    throw new Error(`The tree isn't whole: ${sizes.join(', ')}`)
}
