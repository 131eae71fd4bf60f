// What only a developer's own machine shows: there in development, nowhere in production.
import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import worker from '../../src/index'
import type { Env } from '../../src/platform'

const bindings = env as unknown as Env
/** Stands in for the page's files, which the test runner doesn't serve. */
const ASSETS = {
  fetch: async () => new Response('<title>the start page</title>', { headers: { 'content-type': 'text/html' } }),
} as unknown as Fetcher

const ask = async (path: string, headers: Record<string, string> = {}, change: Partial<Env> = {}): Promise<Response> =>
  worker.fetch(new Request(`http://localhost${path}`, { headers }), { ...bindings, ASSETS, ...change }, createExecutionContext())

test('in development the page comes with a policy that lets nothing in from elsewhere', async () => {
  const answer = await ask('/')
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'/)
  expect(answer.headers.get('cache-control')).toBe('no-store')
})

test.each(['/', '/start/app.js', '/dev/app', '/dev/trace/x'])('in production %s answers 404', async (path) => {
  for (const change of [{ PERIGEE_ENV: 'production' }, { PERIGEE_ENV: '' }]) {
    const answer = await ask(path, {}, change)
    expect(answer.status).toBe(404)
    expect(await answer.text()).not.toMatch(/sb_secret|start page/)
  }
})

test('the keys are not for a page of another site', async () => {
  expect(await (await ask('/dev/app')).text()).toContain('sb_secret_')
  for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: 'https://evil.example' }]) {
    const answer = await ask('/dev/app', headers)
    expect(answer.status).toBe(404)
    expect(await answer.text()).not.toContain('sb_')
  }
})

test('every served table shows its four policies as TypeScript', async () => {
  const { tables } = (await (await ask('/dev/app')).json()) as { tables: Record<string, { read: string; update: { using: string } }> }
  expect(tables['trips']!.read).toMatch(/^or\(\n {2}eq\(row\.visibility, 'public'\)/)
  expect(tables['trips']!.update.using).toBe('eq(row.ownerId, auth.uid)')
  expect(Object.keys(tables)).not.toContain('auth_users')
})

test('a trace tells the SQL of a request and what the database counted, and nothing of its values', async () => {
  const { keys } = (await (await ask('/dev/app')).json()) as { keys: { publishableKey: string } }
  const list = await ask('/rest/v1/trips?select=id&title=eq.very-private-words', { apikey: keys.publishableKey })
  expect(list.status).toBe(200)
  const trace = await (await ask(`/dev/trace/${list.headers.get('x-request-id')}`)).text()
  expect(JSON.parse(trace)).toMatchObject({
    method: 'GET',
    path: '/rest/v1/trips',
    calls: [{ statements: [{ rowsRead: expect.any(Number) }] }],
  })
  expect(trace).toContain('`visibility` = ')
  expect(trace).not.toContain('very-private-words')
})

test('a request that nobody remembers has no trace', async () => {
  expect((await ask('/dev/trace/00000000-0000-7000-8000-000000000000')).status).toBe(404)
})
