// /api/v1/admin/webhooks over HTTP: who may, what is refused, what secrets are shown; and sending again.
import { Webhook } from 'standardwebhooks'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { MAX_ENDPOINTS, sweepWebhooks } from '../../src/webhooks'
import { openStores } from '../../src/platform'
import { sql, type Asked } from '../support/backend'
import { backend, bindings, feed, worker, type Received } from './club'

const ROOT = '/api/v1/admin/webhooks'
const OK = () => new Response('ok')
const { service, stranger, nobody } = backend

interface Shown {
  readonly id: string
  readonly secret: string
  readonly state: string
}

beforeAll(backend.mount)
beforeEach(async () => {
  await feed()
  await sql('DELETE FROM sys_webhooks')
  await sql('DELETE FROM sys_webhook_deliveries')
})

const create = async (body: Readonly<Record<string, unknown>> = {}): Promise<Shown> => {
  const answer = await service(ROOT, { body: { url: 'https://receiver.example.com/hook', events: ['notes.*'], ...body } })
  expect(answer.status, answer.text).toBe(201)
  return answer.json
}
const write = (id: string, title: string) =>
  sql('INSERT INTO notes (id, title) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET title = excluded.title', id, title)
const titles = (received: readonly Received[]) => received.map(({ body }) => (body.data['record'] as { title: string }).title)
const post = (path: string, body?: unknown): Promise<{ status: number; text: string; json: never }> =>
  service(`${ROOT}${path}`, { method: 'POST', ...(body === undefined ? {} : { body }) })

const postEvent = (body: unknown) => service('/api/v1/admin/webhook-events', { body })

describe('who may', () => {
  test('strangers, people and those without a key are refused everything, and see nothing', async () => {
    const { id } = await create()
    const person = await backend.person()
    const paths: [string, Asked][] = [
      ['', {}],
      ['', { body: { url: 'https://example.com', events: ['*'] } }],
      [`/${id}`, {}],
      [`/${id}`, { method: 'PATCH', body: { events: ['*'] } }],
      [`/${id}`, { method: 'DELETE' }],
      ...['rotate', 'enable', 'disable', 'ping', 'replay'].map((verb): [string, Asked] => [`/${id}/${verb}`, { method: 'POST', body: {} }]),
      [`/${id}/deliveries`, {}],
      ['/../webhook-events', { body: { type: 'a.b', data: {} } }],
    ]
    for (const [path, asked] of paths) {
      for (const ask of [stranger, person.ask]) {
        const answer = await ask(`${ROOT}${path}`, asked)
        expect(answer.status, path).toBe(403)
        expect(answer.headers.get('content-type')).toBe('application/problem+json')
        expect(answer.json).toMatchObject({ code: 'service_only', status: 403, type: '/docs/errors#service_only' })
        expect(answer.text).not.toContain('receiver')
      }
      expect((await nobody(`${ROOT}${path}`, asked)).status).toBe(401)
    }
    expect((await service(`${ROOT}/${id}`)).json).toMatchObject({ id, state: 'enabled' })
  })

  test('a secret is shown when it is made and never again, and stands nowhere in the database', async () => {
    const made = await create()
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    for (const path of ['', `/${made.id}`, `/${made.id}/deliveries`]) expect((await service(`${ROOT}${path}`)).text).not.toContain('whsec_')
    const patched = await service(`${ROOT}/${made.id}`, { method: 'PATCH', body: { description: 'mine' } })
    expect(patched.text).not.toContain('whsec_')
    expect(JSON.stringify(await sql('SELECT * FROM sys_webhooks'))).not.toContain(made.secret.slice(6, 30))
  })
})

describe('what is refused', () => {
  test.each([
    [{ url: 'https://127.0.0.1.' }, null],
    [{ url: 'https://169.254.169.254/latest' }, 'private'],
    [{ url: 'https://10.0.0.1' }, 'private'],
    [{ url: 'http://example.com' }, 'scheme'],
    [{ url: 'https://u:p@example.com' }, 'credentials'],
    [{ url: 'https://example.com:25' }, 'port'],
    [{ url: 'nonsense' }, 'malformed'],
  ])('the address %j', async (body, problem) => {
    const answer = await service(ROOT, { body: { events: ['*'], ...body } })
    // In development this machine is admitted.
    if (problem === null) expect(answer.status).toBe(201)
    else {
      expect(answer.status).toBe(422)
      expect(answer.json).toMatchObject({ code: 'webhook_address', problem })
    }
  })

  test.each([
    [{}, 'url'],
    [{ url: 'https://example.com' }, 'events'],
    [{ url: 'https://example.com', events: [] }, 'events'],
    [{ url: 'https://example.com', events: ['a b'] }, 'events.0'],
    [{ url: 'https://example.com', events: ["x';DROP TABLE notes"] }, 'events.0'],
    [{ url: 'https://example.com', events: ['*'], secret: 'whsec_short' }, 'secret'],
    [{ url: 'https://example.com', events: ['*'], description: 'x'.repeat(501) }, 'description'],
    [{ url: 'https://example.com', events: Array.from({ length: 101 }, () => '*') }, 'events'],
    [{ url: 'https://example.com', events: ['*'], surprise: 1 }, ''],
  ])('the body %j', async (body, field) => {
    const answer = await service(ROOT, { body })
    expect(answer.status).toBe(422)
    expect(answer.json).toMatchObject({ code: 'webhook_invalid', errors: expect.arrayContaining([expect.objectContaining({ field })]) })
    expect(answer.text).not.toContain('whsec_short')
  })

  test('a table that is misspelt, and one named as an event', async () => {
    for (const event of ['note.updated', 'journal.inserted', 'notes'])
      expect((await service(ROOT, { body: { url: 'https://example.com', events: [event] } })).json).toMatchObject({
        code: 'webhook_invalid',
      })
    expect((await service(ROOT, { body: { url: 'https://example.com', events: ['notes.inserted', 'invoice.paid', '*'] } })).status).toBe(
      201,
    )
  })

  test('what is no JSON, and endpoints that are not there', async () => {
    expect((await service(ROOT, { body: '{' })).json).toMatchObject({ code: 'bad_request' })
    for (const id of ['nonsense', '01a2109d-ca37-7524-8348-edf9d79a9958']) {
      for (const [path, method] of [
        ['', 'GET'],
        ['', 'DELETE'],
        ['/rotate', 'POST'],
        ['/enable', 'POST'],
        ['/ping', 'POST'],
        ['/deliveries', 'GET'],
      ] as const)
        expect((await service(`${ROOT}/${id}${path}`, { method })).json, path).toMatchObject({ code: 'webhook_unknown', status: 404 })
    }
  })

  test('one endpoint more than there may be', async () => {
    await Promise.all(Array.from({ length: MAX_ENDPOINTS }, () => create()))
    const answer = await service(ROOT, { body: { url: 'https://example.com', events: ['*'] } })
    expect(answer.json).toMatchObject({ code: 'webhook_too_many', status: 409 })
    expect(((await service(ROOT)).json as { webhooks: unknown[] }).webhooks).toHaveLength(MAX_ENDPOINTS)
  })
})

describe('the life of an endpoint', () => {
  test('it is changed, disabled, enabled and deleted with its deliveries', async () => {
    const { id } = await create()
    await write('a', 'one')
    await feed()
    const patch = await service(`${ROOT}/${id}`, { method: 'PATCH', body: { events: ['notes.deleted'], description: 'mine' } })
    expect(patch.json).toMatchObject({ events: ['notes.deleted'], description: 'mine', url: 'https://receiver.example.com/hook' })
    expect((await post(`/${id}/disable`)).json).toMatchObject({ state: 'disabled', disabled_reason: 'asked' })
    expect((await post(`/${id}/ping`)).json).toMatchObject({ code: 'webhook_disabled' })
    const idle = await worker(OK)
    expect((await idle.work(id)).attempts).toBe(0)
    expect((await service(`${ROOT}/${id}`)).json).toMatchObject({ backlog: { held: 0, ready: 1, failed: 0 } })
    expect((await post(`/${id}/enable`)).json).toMatchObject({ state: 'enabled', disabled_reason: null })
    expect((await idle.work(id)).delivered).toBe(1)
    expect((await service(`${ROOT}/${id}`, { method: 'DELETE' })).status).toBe(204)
    expect((await service(`${ROOT}/${id}`)).status).toBe(404)
    expect(await sql('SELECT * FROM sys_webhook_deliveries')).toEqual([])
  })

  test('a secret is rotated: both verify, the answer says until when', async () => {
    const { id, secret } = await create()
    const answer = await post(`/${id}/rotate`, { overlap_seconds: 60 })
    const { secret: young, secrets } = answer.json as { secret: string; secrets: { signs_until: string | null }[] }
    expect(secrets).toEqual([{ signs_until: null }, { signs_until: expect.stringMatching(/Z$/) }])
    await post(`/${id}/ping`)
    const { received, work } = await worker(OK)
    await work(id)
    for (const one of [secret, young]) new Webhook(one).verify(received[0]!.text, Object.fromEntries(received[0]!.headers))
    expect((await post(`/${id}/rotate`, { overlap_seconds: 7 * 86_400 + 1 })).json).toMatchObject({ code: 'webhook_invalid' })
  })

  test('a ping goes to that endpoint alone, and is found with its attempts and age', async () => {
    const one = await create()
    const other = await create({ events: ['*', 'webhook.ping'] })
    const { delivery } = (await post(`/${one.id}/ping`)).json as { delivery: string }
    const { work } = await worker(() => new Response('', { status: 500 }))
    await work(one.id)
    expect((await service(`${ROOT}/${one.id}/deliveries/${delivery}`)).json).toMatchObject({
      id: delivery,
      type: 'webhook.ping',
      state: 'ready',
      attempts: 1,
      last_status: 500,
      last_reason: 'status',
      age_seconds: expect.any(Number),
      body: { type: 'webhook.ping', data: { endpoint: one.id } },
    })
    expect((await service(`${ROOT}/${other.id}/deliveries`)).json).toEqual({ deliveries: [], next: null })
    expect((await service(`${ROOT}/${other.id}/deliveries/${delivery}`)).json).toMatchObject({ code: 'webhook_delivery_unknown' })
  })

  test('deliveries come in pages, by state', async () => {
    const { id } = await create()
    for (let i = 0; i < 5; i++) await write(`p${i}`, String(i))
    await feed()
    const page = async (query: string) =>
      (await service(`${ROOT}/${id}/deliveries?${query}`)).json as { deliveries: { key: string }[]; next: number | null }
    const first = await page('limit=3')
    const rest = await page(`limit=3&before=${first.next}`)
    expect([...first.deliveries, ...rest.deliveries].map(({ key }) => key)).toEqual([4, 3, 2, 1, 0].map((i) => `notes ["p${i}"]`))
    expect(rest.next).toBeNull()
    expect((await page('state=delivered')).deliveries).toEqual([])
    expect((await page('state=ready')).deliveries).toHaveLength(5)
    for (const query of ['limit=0', 'limit=201', 'state=gone', 'before=x'])
      expect((await service(`${ROOT}/${id}/deliveries?${query}`)).json).toMatchObject({ code: 'webhook_invalid' })
  })
})

describe('events of the app’s own', () => {
  test('reach who names them, once under an id; those of tables and of the engine are nobody’s to make', async () => {
    const { id } = await create({ events: ['invoice.*'] })
    await create({ events: ['notes.*'] })
    const event = { type: 'invoice.paid', data: { amount: 1 }, id: 'i1', key: 'i1' }
    const [first, second] = [await postEvent(event), await postEvent(event)]
    expect(first.json).toEqual(second.json)
    expect((first.json as { deliveries: { webhook: string }[] }).deliveries.map(({ webhook }) => webhook)).toEqual([id])
    const { received, work } = await worker(OK)
    await work(id)
    expect(received.map(({ body }) => [body.type, body.data])).toEqual([['invoice.paid', { amount: 1 }]])
    for (const type of ['notes.updated', 'webhook.ping', 'webhook.disabled', 'a b', ''])
      expect((await postEvent({ type, data: {} })).json).toMatchObject({ code: 'webhook_invalid' })
    expect((await postEvent({ type: 'big.one', data: 'x'.repeat(20_000) })).json).toMatchObject({ code: 'webhook_invalid' })
  })
})

describe('sending again', () => {
  test('from a place in the log: all from there, in order, known ones under their ids, new ones behind', async () => {
    const { id } = await create()
    for (const title of ['1', '2', '3']) await write('r', title)
    await feed()
    const { received, work } = await worker(OK)
    await work(id)
    const ids = received.map(({ id }) => id)
    const [{ seq } = {}] = (await sql('SELECT seq FROM sys_changes WHERE new LIKE \'%"2"%\' AND key = \'["r"]\'')) as { seq: number }[]
    expect((await post(`/${id}/replay`, { seq })).json).toMatchObject({ replaying: { db: { next: seq } } })
    expect((await post(`/${id}/replay`, { seq })).json).toMatchObject({ code: 'webhook_replay_busy' })
    await write('r', '4')
    await feed()
    await work(id)
    expect(titles(received)).toEqual(['1', '2', '3', '2', '3', '4'])
    expect(received.slice(3, 5).map(({ id }) => id)).toEqual(ids.slice(1))
    expect((await service(`${ROOT}/${id}`)).json).toMatchObject({ replaying: false })
  })

  test('by time, to an endpoint that was not there when it happened', async () => {
    await write('t', 'before')
    await sql('UPDATE sys_changes SET at = at - 3600000')
    const since = new Date().toISOString()
    await sql('UPDATE sys_changes SET at = at - 1000')
    for (let i = 0; i < 3; i++) await write('t', `after ${i}`)
    const { id } = await create()
    await feed()
    await sql('DELETE FROM sys_webhook_deliveries')
    await post(`/${id}/replay`, { since })
    const { received, work } = await worker(OK)
    await work(id)
    expect(titles(received)).toEqual(['after 0', 'after 1', 'after 2'])
    expect((await post(`/${id}/replay`, { since: '2099-01-01T00:00:00Z' })).json).toEqual({ replaying: {} })
    expect((await post(`/${id}/replay`, { since: 'yesterday' })).json).toMatchObject({ code: 'webhook_invalid' })
  })

  test('longer than a page, each change once', async () => {
    const { id } = await create()
    await sql(
      "INSERT INTO notes (id, title) SELECT 'm' || value, value FROM json_each(?1)",
      JSON.stringify(Array.from({ length: 450 }, (_, i) => i)),
    )
    const [{ seq } = {}] = (await sql("SELECT min(seq) AS seq FROM sys_changes WHERE key LIKE '[\"m%'")) as { seq: number }[]
    await post(`/${id}/replay`, { seq })
    const { received, work } = await worker(OK)
    await work(id)
    expect(titles(received).sort()).toEqual(Array.from({ length: 450 }, (_, i) => String(i)).sort())
  })

  test('not from before the log’s horizon', async () => {
    const { id } = await create()
    await sql('UPDATE sys_store SET pruned_seq = 2')
    expect((await post(`/${id}/replay`, { seq: 2 })).json).toMatchObject({ code: 'webhook_replay_pruned', oldest_seq: 3, status: 410 })
    expect((await post(`/${id}/replay`, { seq: 3 })).status).toBe(202)
    await sql('UPDATE sys_store SET pruned_seq = 0')
  })

  test('single deliveries, and what failed; never those of another endpoint', async () => {
    const { id } = await create()
    const other = await create()
    await write('s', 'one')
    await feed()
    const { received, work } = await worker(OK)
    await work(id)
    const delivery = received[0]!.id
    expect((await post(`/${other.id}/replay`, { deliveries: [delivery] })).json).toEqual({ deliveries: 0 })
    expect((await post(`/${id}/replay`, { deliveries: [delivery, 'msg_none'] })).json).toEqual({ deliveries: 1 })
    await work(id)
    expect(received.map(({ id }) => id)).toEqual([delivery, delivery])
    await sql("UPDATE sys_webhook_deliveries SET state = 'failed' WHERE endpoint = ?1", id)
    expect((await post(`/${id}/replay`, { failed: true })).json).toEqual({ deliveries: 1 })
    await work(id)
    expect(received).toHaveLength(3)
    expect((await post(`/${id}/replay`, {})).json).toMatchObject({ code: 'webhook_invalid' })
  })
})

test('deliveries are forgotten after thirty days, all but what an enabled endpoint is still to be told', async () => {
  const { id } = await create()
  await write('f1', 'one')
  await feed()
  const { work } = await worker(OK)
  await work(id)
  await write('f2', 'two')
  await feed()
  await write('f3', 'young')
  await feed()
  await sql('UPDATE sys_webhook_deliveries SET created_at = created_at - 30 * 86400000 - 1000 WHERE key <> \'notes ["f3"]\'')
  const store = openStores(bindings, () => undefined).primary
  const left = async () => (await sql('SELECT key FROM sys_webhook_deliveries ORDER BY pos')).map(({ key }) => key)
  expect(await sweepWebhooks(store, Date.now())).toBe(1)
  expect(await left()).toEqual(['notes ["f2"]', 'notes ["f3"]'])
  await post(`/${id}/disable`)
  expect(await sweepWebhooks(store, Date.now())).toBe(1)
  expect(await left()).toEqual(['notes ["f3"]'])
})
