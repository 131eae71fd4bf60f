// Trips for measuring: any number of rows, and people who see all of them, twenty, and none. Nothing believable here.

const AUTHOR = '01900000-0000-7000-8000-00000000000d'
const TEAM = '01900000-0000-7000-8000-0000000000ff'
const CHUNK = 10_000

/** Ids of people who have signed up. Everybody else sees none. */
export interface Readers {
  readonly all: string
  readonly twenty: string
}

/**
 * Fills an empty, migrated database with `rows` trips, all shared with one team: one reader is in it, the other owns twenty of the trips.
 */
export async function fill(db: D1Database, rows: number, readers: Readers): Promise<void> {
  const insert = (sql: string, ...values: unknown[]) => db.prepare(sql).bind(...values)
  await db.batch([
    ...[readers.all, readers.twenty, AUTHOR].map((id, i) =>
      insert(
        "insert into profiles (id, handle, display_name, created_at) values (?, ?, ?, '0') on conflict do nothing",
        id,
        `bench-${i}`,
        `Bench ${i}`,
      ),
    ),
    insert("insert into teams (id, name, created_by, created_at) values (?, 'Bench', ?, '0')", TEAM, AUTHOR),
    insert("insert into memberships (team_id, user_id, role, joined_at) values (?, ?, 'member', '0')", TEAM, readers.all),
  ])
  for (let from = 0; from < rows; from += CHUNK) {
    await insert(
      `with recursive n(i) as (select cast(?1 as integer) union all select i + 1 from n where i + 1 < cast(?2 as integer))
       insert into trips (id, owner_id, team_id, visibility, title, notes, distance_m, tags, created_at)
       select printf('01900000-0000-7000-9000-%012d', i), iif(i % cast(?3 as integer) = 0, ?4, ?5), ?6, 'team', 'Trip number ' || i,
         'A day in the hills, with some rain.', i % 40000, '["hut","ridge"]', 1700000000000 + i * 1000 from n`,
      String(from),
      String(Math.min(rows, from + CHUNK)),
      String(Math.floor(rows / 20)),
      readers.twenty,
      AUTHOR,
      TEAM,
    ).run()
  }
}

/** The list that everything is measured by. */
export const LIST = '/rest/v1/trips?select=id,title,visibility,distance_m,created_at&order=created_at.desc&limit=20'
