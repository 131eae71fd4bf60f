// What only a developer's own machine shows: there in development, nowhere in production.
import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { expect, test } from 'vitest'
import { createBackend } from '../../src/backend'
import { anyone, app, nobody, owner, table } from '../../src/define'
import type { Env } from '../../src/platform'

const notes = sqliteTable('notes', { id: text('id').primaryKey(), ownerId: text('owner_id').notNull() })
const drafts = sqliteTable('drafts', { id: text('id').primaryKey() })
const rules = { read: anyone(), insert: nobody(), update: owner(notes.ownerId), delete: nobody() }
/** Its tables are never asked for, so no database needs to have them. */
const backend = createBackend(app({ name: 'Notes', tables: [table(notes, rules)], internal: [drafts] }))

const bindings = env as unknown as Env
/** Stands in for the page's files, which the test runner doesn't serve. */
const ASSETS = {
  fetch: async () => new Response('<title>the start page</title>', { headers: { 'content-type': 'text/html' } }),
} as unknown as Fetcher

interface Asked {
  readonly headers?: Record<string, string>
  readonly change?: Partial<Env>
  readonly body?: object
}

const ask = async (path: string, { headers = {}, change = {}, body }: Asked = {}): Promise<Response> => {
  const init =
    body === undefined
      ? { headers }
      : { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }
  return backend.fetch(new Request(`http://localhost${path}`, init), { ...bindings, ASSETS, ...change }, createExecutionContext())
}

test('in development the page comes with a policy that lets nothing in from elsewhere', async () => {
  const answer = await ask('/')
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'/)
  expect(answer.headers.get('cache-control')).toBe('no-store')
})

test.each(['/', '/start/app.js', '/dev/app', '/dev/trace/x', '/dev/shapes'])('in production %s answers 404', async (path) => {
  for (const change of [{ PERIGEE_ENV: 'production' }, { PERIGEE_ENV: '' }]) {
    const answer = await ask(path, { change })
    expect(answer.status).toBe(404)
    expect(await answer.text()).not.toMatch(/sb_secret|start page/)
  }
})

test('in production a browser whom a mail’s link brought to the root reads that it may go back to the app, and nothing of its address', async () => {
  const change = { PERIGEE_ENV: 'production' }
  const answer = await ask('/?error_description=Call+0900', { headers: { accept: 'text/html,*/*;q=0.8' }, change })
  const text = await answer.text()
  expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'text/html; charset=UTF-8'])
  expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'nonce-[^']+'; script-src 'nonce-/)
  expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
  expect(text).toContain('<title>Notes</title>')
  expect(text).not.toMatch(/0900|sb_/)
  expect((await ask('/', { headers: { accept: '*/*' }, change })).headers.get('content-type')).toMatch(/json/)
  expect((await ask('/nothing', { headers: { accept: 'text/html' }, change })).headers.get('content-type')).toMatch(/json/)
})

test('the keys are not for a page of another site', async () => {
  expect(await (await ask('/dev/app')).text()).toContain('sb_secret_')
  for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: 'https://evil.example' }]) {
    const answer = await ask('/dev/app', { headers })
    expect(answer.status).toBe(404)
    expect(await answer.text()).not.toContain('sb_')
  }
})

test('every served table shows its four policies as TypeScript, and no other table does', async () => {
  const { name, tables } = (await (await ask('/dev/app')).json()) as { name: string; tables: unknown }
  expect(name).toBe('Notes')
  const own = 'eq(row.ownerId, auth.uid)'
  expect(tables).toEqual({ notes: { read: 'always', insert: 'never', update: { using: own, check: own }, delete: 'never' } })
})

test('a trace tells the SQL of a request and what the database counted, and nothing of its values', async () => {
  const { keys } = (await (await ask('/dev/app')).json()) as { keys: { publishableKey: string } }
  const body = { email: 'very-private@words.example', password: 'also very private' }
  const refused = await ask('/auth/v1/token?grant_type=password', { headers: { apikey: keys.publishableKey }, body })
  expect(refused.status).toBe(400)
  const trace = await (await ask(`/dev/trace/${refused.headers.get('x-request-id')}`)).text()
  expect(JSON.parse(trace)).toMatchObject({
    method: 'POST',
    path: '/auth/v1/token',
    calls: [{ statements: [{ rowsRead: expect.any(Number) }] }],
  })
  expect(trace).toContain('auth_users')
  expect(trace).not.toMatch(/very.private/)
})

test('a request that nobody remembers has no trace', async () => {
  expect((await ask('/dev/trace/00000000-0000-7000-8000-000000000000')).status).toBe(404)
})
