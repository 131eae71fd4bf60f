// What one would write without Perigee: a bare Hono Worker with one route and the list's SQL by hand. It trusts a header instead of a token,
// parses nothing and knows one table; it is here to be compared with, not to be used.
import { Hono } from 'hono'

const SQL = `
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

const app = new Hono<{ Bindings: { DB: D1Database } }>()

app.get('/rest/v1/trips', async (c) => {
  const row = await c.env.DB.prepare(SQL)
    .bind(c.req.header('x-session') ?? '', c.req.header('x-person') ?? '')
    .first<{ live: number; body: string }>()
  return c.body(row?.live ? row.body : '[]', 200, { 'content-type': 'application/json; charset=utf-8' })
})

export default app
