// /api/v1/admin/consumers over HTTP: who may, what is seen, trying again and skipping; and the messages and pokes that a write causes.
import { createExecutionContext, createMessageBatch, createScheduledController, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import budgets from '../../bench/budgets.json'
import { createBackend } from '../../src/backend'
import { onChange } from '../../src/define'
import type { Env, QueueMessage } from '../../src/platform'
import { articles, herald, seen } from '../apps/herald'
import { batch } from '../migrations/database'
import { serve } from '../support/backend'
import { clear, mountHerald, names, rows, write } from './herald'

const bad = new Set<string>()
const clerk = onChange(articles, { name: 'clerk', from: 'beginning', attempts: 2 }, ({ change, batch: steps }) => {
  const key = String(change.key.id)
  if (bad.has(key)) throw new Error(`no ${key}, password=hunter2`)
  steps.insert(seen, { id: change.id, consumer: 'clerk', change: change.id, key, nth: 0 })
})

/** The queue keeps what it is sent, and the feed says who poked it. */
const sent: QueueMessage[] = []
const pokes: string[] = []
const bindings = {
  ...(env as unknown as Env),
  ALARM: undefined,
  JOBS: {
    send: async (message: QueueMessage) => void sent.push(message),
    sendBatch: async (messages: Iterable<{ body: QueueMessage }>) => void sent.push(...Array.from(messages, ({ body }) => body)),
  },
  CHANGE_FEED: {
    idFromName: (name: string) => name,
    get: () => ({
      poke: async (store: string) => void pokes.push(store),
      rested: async (store: string, name: string) => void pokes.push(`${store} ${name}`),
    }),
  },
} as unknown as Env

const app = herald(clerk)
const backend = createBackend(app)
const { service, stranger, nobody, person } = serve(app, bindings)
const ROOT = '/api/v1/admin/consumers'
const post = (path: string, body: unknown, ask = service) => ask(`${ROOT}${path}`, { body })

async function run(): Promise<void> {
  await batch('UPDATE sys_consumers SET next_at = NULL')
  const messages = [{ id: 'm', timestamp: new Date(), attempts: 1, body: { consumer: 'clerk', store: 'db' } }]
  const context = createExecutionContext()
  await backend.queue(createMessageBatch('perigee-jobs', messages), bindings, context)
  await waitOnExecutionContext(context)
}
const tick = (cron: string, at = Date.now()) =>
  backend.scheduled(createScheduledController({ cron, scheduledTime: new Date(at) }), bindings)
const keys = async () => (await rows('SELECT key FROM seen ORDER BY rowid')).map(({ key }) => key)

beforeAll(mountHerald)
beforeEach(async () => {
  await clear()
  bad.clear()
  await tick('* * * * *')
  sent.length = 0
  pokes.length = 0
})

test('nobody but the service sees or does anything', async () => {
  const somebody = await person()
  for (const ask of [stranger, somebody.ask]) {
    for (const answer of [
      await ask(ROOT),
      await ask(`${ROOT}/clerk/failures`),
      await post('/clerk/replay', {}, ask),
      await post('/clerk/skip', { seq: 1 }, ask),
    ]) {
      expect(answer.status).toBe(403)
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
      expect(answer.text).not.toContain('clerk')
    }
  }
  expect((await nobody(ROOT)).status).toBe(401)
})

test('lag, failures and their reasons are seen, tried again and skipped', async () => {
  await write('a', 'b', 'c')
  await batch('UPDATE sys_changes SET at = at - 60000')
  const one = async () => ((await service(ROOT)).json as { consumers: Record<string, unknown>[] }).consumers[0]!
  const behind = await one()
  expect(behind).toMatchObject({ name: 'clerk', store: 'db', state: 'behind', attempts: 0, failing_seq: null, failures: 0, error: null })
  expect((behind['lag'] as { changes: number }).changes).toBe(3)
  expect((behind['lag'] as { seconds: number }).seconds).toBeGreaterThanOrEqual(59)

  bad.add('b')
  await run()
  const failing = await one()
  expect(failing).toMatchObject({ state: 'failing', attempts: 1, failing_seq: expect.any(Number) as number, error: 'no b, password=…' })
  // What is skipped must be what was seen.
  expect((await post('/clerk/skip', { seq: (failing['failing_seq'] as number) + 1 })).json).toMatchObject({ code: 'consumer_moved' })
  expect((await post('/clerk/skip', { seq: failing['failing_seq'] })).status).toBe(204)
  expect(sent).toEqual([{ consumer: 'clerk', store: 'db' }])
  expect((await post('/clerk/skip', { seq: failing['failing_seq'] })).json).toMatchObject({ code: 'nothing_to_skip' })
  await run()
  expect(await keys()).toEqual(['a', 'c'])
  expect(await one()).toMatchObject({ state: 'current', lag: { changes: 0, seconds: 0 }, failures: 1 })

  const { json } = await service(`${ROOT}/clerk/failures`)
  expect(json).toMatchObject({
    failures: [{ store: 'db', table: 'articles', op: 'I', key: ['b'], reason: 'skipped: no b, password=…', attempts: 1, replaying: false }],
  })
  expect((await post('/clerk/replay', { seqs: [1] })).json).toEqual({ replaying: 0 })
  expect(sent).toHaveLength(1)
  bad.clear()
  const asked = await post('/clerk/replay', {})
  expect(asked.status).toBe(202)
  expect(asked.json).toEqual({ replaying: 1 })
  expect(sent).toHaveLength(2)
  await run()
  expect(await keys()).toEqual(['a', 'c', 'b'])
  expect((await service(`${ROOT}/clerk/failures`)).json).toEqual({ failures: [] })
})

test('what is no consumer and no request is said by name', async () => {
  expect((await post('/nobody/replay', {})).json).toMatchObject({ status: 404, code: 'consumer_unknown' })
  expect((await post('/nobody/skip', { seq: 1 })).json).toMatchObject({ status: 404, code: 'consumer_unknown' })
  expect((await post('/clerk/replay', { store: 'db_9' })).json).toMatchObject({ status: 404, code: 'consumer_unknown' })
  for (const body of [{ seqs: [] }, { seqs: ['1'] }, { seqs: Array(501).fill(1) }, { all: true }])
    expect((await post('/clerk/replay', body)).json).toMatchObject({ status: 400, code: 'consumer_invalid' })
  expect((await post('/clerk/replay', { seqs: Array(500).fill(1) })).status).toBe(202)
  expect((await post('/clerk/skip', {})).json).toMatchObject({ status: 400, code: 'consumer_invalid' })
  expect((await service(`${ROOT}/clerk/failures?limit=501`)).status).toBe(400)
  expect((await service(`${ROOT}/clerk/failures?limit=500`)).status).toBe(200)
})

test('a write pokes the feed of its store behind the answer, a read and a refused write do not, and many writes share a poke', async () => {
  expect((await stranger('/rest/v1/articles', { body: { id: 'w', title: 'T' } })).status).toBe(201)
  expect(pokes).toEqual(['db'])
  expect((await stranger('/rest/v1/articles')).status).toBe(200)
  expect((await stranger('/rest/v1/articles', { body: { id: 'w', title: 'T' } })).status).toBe(409)
  expect(pokes).toEqual(['db'])
  await Promise.all(names(20, 'p').map((id) => stranger('/rest/v1/articles', { body: { id, title: 'T' } })))
  // A poke becomes at most one message of the queue for each consumer.
  expect(pokes.length).toBeLessThanOrEqual(budgets.changes['twenty writes at once'].pokes)
  expect(pokes.length).toBeGreaterThan(1)
})

test('a message runs its consumer and tells the feed that it rests; one whose code is not here lets it rest for an hour', async () => {
  await write('a')
  await run()
  expect(await keys()).toEqual(['a'])
  expect(pokes).toEqual(['db clerk'])
  const other = createBackend(herald())
  const context = createExecutionContext()
  const messages = [{ id: 'm', timestamp: new Date(), attempts: 1, body: { consumer: 'clerk', store: 'db' } }]
  await other.queue(createMessageBatch('perigee-jobs', messages), bindings, context)
  await waitOnExecutionContext(context)
  expect((await service(ROOT)).json).toMatchObject({
    consumers: [{ state: 'paused', error: 'no code for it' }, { name: 'webhooks.deliveries' }],
  })
  // The version that has it ends the pause.
  await tick('* * * * *')
  expect((await service(ROOT)).json).toMatchObject({ consumers: [{ state: 'current', error: null }, { name: 'webhooks.deliveries' }] })
  // Whoever rests for a reason of its own is left to it.
  await batch(`UPDATE sys_consumers SET next_at = 99999999999999, error = 'nobody listens' WHERE name = 'clerk'`)
  await tick('* * * * *')
  expect((await service(ROOT)).json).toMatchObject({ consumers: [{ state: 'paused', error: 'nobody listens' }, {}] })
})

test('the row of a removed consumer goes a week after its code, and what was set aside after thirty days', async () => {
  const day = 86_400_000
  await batch(
    `INSERT INTO sys_consumers (name, epoch, seq, updated_at, seen_at) VALUES ('gone', 'e', 1, 0, ${Date.now() - 7 * day - 1000}), ('resting', 'e', 1, 0, ${Date.now() - 7 * day + 60_000})`,
    `INSERT INTO sys_change_failures (consumer, epoch, seq, change, reason, attempts, at) VALUES ('gone', 'e', 1, '{}', '', 1, ${Date.now() - 30 * day - 1000}), ('gone', 'e', 2, '{}', '', 1, ${Date.now() - 30 * day + 60_000})`,
  )
  await tick('*/15 * * * *')
  expect((await rows('SELECT name FROM sys_consumers ORDER BY name')).map(({ name }) => name)).toEqual([
    'clerk',
    'resting',
    'webhooks.deliveries',
  ])
  expect((await rows('SELECT seq FROM sys_change_failures')).map(({ seq }) => seq)).toEqual([2])
})
