// The demo app's job, through the real queue: a trip that begins is measured, and measured again with its waypoints.
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { call, service, signUp } from '../support/users'

const db = (env as unknown as { DB: D1Database }).DB

test('a trip that begins is measured by the job that began with it, and again after more waypoints', async () => {
  const { headers } = await signUp('walker')
  const json = { ...headers, 'content-type': 'application/json' }
  const post = (path: string, body: unknown) => call(path, { method: 'POST', headers: json, body: JSON.stringify(body) })
  expect((await post('/rest/v1/profiles', { handle: 'walker', display_name: 'Walker' })).status).toBe(201)
  const begun = await post('/rest/v1/rpc/start_trip', { title: 'Round', lat: 47, lon: 8 })
  const { id } = (await begun.json()) as { id: string }
  const measured = async () =>
    ((await (await call(`/rest/v1/trips?id=eq.${id}`, { headers })).json()) as [{ distance_m: number | null }])[0].distance_m
  await expect.poll(measured, { timeout: 20_000, interval: 100 }).toBe(0)

  // A hundredth of a degree along a meridian is 1,112 m.
  expect((await post('/rest/v1/waypoints', { trip_id: id, lat: 47.01, lon: 8 })).status).toBe(201)
  const next = (await (await call('/api/v1/admin/jobs?name=measure-trip&state=queued', { headers: service })).json()) as {
    jobs: { id: string; due_at: string }[]
  }
  expect(Date.parse(next.jobs[0]!.due_at) - Date.now()).toBeGreaterThan(500_000)
  await db.prepare('UPDATE sys_jobs SET due_at = 1 WHERE id = ?1').bind(next.jobs[0]!.id).run()
  await (env as unknown as { JOBS: Queue }).JOBS.send({ job: next.jobs[0]!.id, store: 'db' })
  await expect.poll(measured, { timeout: 20_000, interval: 100 }).toBe(1112)
  const { results } = await db.prepare("SELECT state FROM sys_jobs WHERE name = 'measure-trip' ORDER BY id").all()
  expect(results.map(({ state }) => state)).toEqual(['done', 'done', 'queued'])
})
