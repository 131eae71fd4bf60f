// What one would write without Perigee: a bare Hono Worker with a route and the SQL by hand for each case of ../cases.ts, under the same policies. It
// trusts a header instead of a token, parses nothing and knows two questions; it is here to be compared with, not to be used.
import { Hono } from 'hono'

const LIST = `
  select exists(select 1 from auth_sessions where id = ?1 and user_id = ?2) as live,
    (select '[' || coalesce(group_concat(json_object('id', id, 'title', title, 'visibility', visibility, 'distance_m', distance_m,
        'created_at', strftime('%Y-%m-%dT%H:%M:%f+00:00', created_at / 1000.0, 'unixepoch')), ','), '') || ']'
     from (select * from (
       select * from (select id, title, visibility, distance_m, created_at from trips where visibility = 'public' order by created_at desc, id desc limit 20)
       union
       select * from (select id, title, visibility, distance_m, created_at from trips where owner_id = ?2 order by created_at desc, id desc limit 20)
       union
       select * from (select id, title, visibility, distance_m, created_at from trips
         where +visibility = 'team' and team_id in (select team_id from memberships where user_id = ?2) order by created_at desc, id desc limit 20)
     ) order by created_at desc, id desc limit 20)) as body`

/** Whether the person (?2) may read a trip of this alias. */
const visible = (trip: string) => `(${trip}.visibility = 'public' or ${trip}.owner_id = ?2 or (${trip}.visibility = 'team'
  and exists(select 1 from memberships m where m.team_id = ${trip}.team_id and m.user_id = ?2)))`

const TREE = `
  select exists(select 1 from auth_sessions where id = ?1 and user_id = ?2) as live,
    (select '[' || coalesce(group_concat(json_object('id', id, 'name', name, 'trips', (
        select json_group_array(json_object('id', id, 'title', title, 'distance_m', distance_m, 'waypoints', (
            select json_group_array(json_object('id', id, 'label', label, 'lat', lat, 'lon', lon))
            from (select id, label, lat, lon from waypoints w
              where w.trip_id = trip.id and exists(select 1 from trips t where t.id = w.trip_id and ${visible('t')}) order by recorded_at)
          )))
        from (select id, title, distance_m from trips t where t.team_id = team.id and ${visible('t')} order by created_at desc) trip
      )), ','), '') || ']'
     from (select id, name from teams where created_by = ?2 or id in (select team_id from memberships where user_id = ?2)
       order by created_at desc, id desc limit 20) team) as body`

const app = new Hono<{ Bindings: { DB: D1Database } }>()

for (const [path, sql] of [
  ['/rest/v1/trips', LIST],
  ['/rest/v1/teams', TREE],
] as const) {
  app.get(path, async (c) => {
    const row = await c.env.DB.prepare(sql)
      .bind(c.req.header('x-session') ?? '', c.req.header('x-person') ?? '')
      .first<{ live: number; body: string }>()
    return c.body(row?.live ? row.body : '[]', 200, { 'content-type': 'application/json; charset=utf-8' })
  })
}

export default app
