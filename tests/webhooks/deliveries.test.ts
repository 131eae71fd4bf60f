// From changes to a receiver: what is sent, in which order, how often, and what stops it.
import { Webhook } from 'standardwebhooks'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import budgets from '../../bench/budgets.json'
import type { Cost } from '../../src/observability'
import { deriveKeys, keysOf, run } from '../../src/platform'
import { consume, createEndpoint, enable, openSecrets, readEndpoint, rotateSecret } from '../../src/webhooks'
import { sql } from '../support/backend'
import { bindings, backend, db, feed, feedThrough, model, worker, type Received } from './club'

const keys = await keysOf(bindings)
const OK = () => new Response('ok')

async function endpoint(events: readonly string[] = ['notes.*'], url = 'https://receiver.example.com/hook') {
  const made = await createEndpoint(db, keys, { url, events, description: null }, Date.now())
  return { id: made.endpoint.id, secret: made.secret }
}

const write = (id: string, title: string) =>
  sql('INSERT INTO notes (id, title) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET title = excluded.title', id, title)
const titles = (received: readonly Received[]) =>
  received.map(({ body }) => (body.data['record'] as { title: string } | null)?.title ?? null)
const states = (id: string) =>
  sql(
    'SELECT state, attempts, last_status AS status, last_reason AS reason FROM sys_webhook_deliveries WHERE endpoint = ?1 ORDER BY pos',
    id,
  )

beforeAll(backend.mount)
beforeEach(async () => {
  await feed()
  await sql('DELETE FROM sys_webhooks')
  await sql('DELETE FROM sys_webhook_deliveries')
})

test('a change becomes one signed request, with the values of the wire and without what is hidden', async () => {
  const { id, secret } = await endpoint()
  await sql(
    "INSERT INTO notes (id, title, secret, done, at, big, extra, raw) VALUES ('w1', 'Ŝtono', 'hush', 1, 1767225600123, 9007199254740993, ?1, x'00ff')",
    '{"a":[1.10,null]}',
  )
  await feed()
  const { received, work } = await worker(OK)
  expect(await work(id)).toEqual({ attempts: 1, delivered: 1, next: null })
  expect(received).toHaveLength(1)
  const [{ text, headers, body }] = received as [Received]
  new Webhook(secret).verify(text, Object.fromEntries(headers))
  expect(headers.get('webhook-id')).toMatch(/^msg_[0-9a-f]{32}$/)
  expect(headers.get('content-type')).toBe('application/json')
  expect(body.type).toBe('notes.inserted')
  expect(Math.abs(Date.parse(body.timestamp) - Date.now())).toBeLessThan(60_000)
  expect(text).toContain(
    '"data":{"table":"notes","key":{"id":"w1"},"record":{"id":"w1","title":"Ŝtono","done":true,"at":"2026-01-01T00:00:00.123+00:00","big":9007199254740993,"extra":{"a":[1.10,null]}',
  )
  expect(text).not.toContain('hush')
  expect(text).not.toContain('secret')
})

test('an update names what changed; a delete has no row; what only hidden columns show is nobody’s business', async () => {
  const { id } = await endpoint()
  await write('u1', 'one')
  await sql("UPDATE notes SET secret = 'x' WHERE id = 'u1'")
  await sql("UPDATE notes SET title = 'two', secret = 'y' WHERE id = 'u1'")
  await sql("DELETE FROM notes WHERE id = 'u1'")
  await feed()
  const { received, work } = await worker(OK)
  await work(id)
  expect(received.map(({ body }) => body.type)).toEqual(['notes.inserted', 'notes.updated', 'notes.deleted'])
  expect(received[1]!.body.data).toMatchObject({ changed: ['title'], record: { title: 'two' } })
  expect(received[2]!.body.data).toMatchObject({ record: null, key: { id: 'u1' }, changed: null })
})

test('a row that is too large is announced by its key', async () => {
  const { id } = await endpoint()
  await write('l1', 'x'.repeat(19_000))
  await write('l2', 'x'.repeat(20_000))
  await write('l3', 'x'.repeat(40_000))
  await feed()
  const { received, work } = await worker(OK)
  await work(id)
  expect(
    received.map(({ body }) => [(body.data['key'] as { id: string }).id, body.data['record'] === null, body.data['omitted'] ?? false]),
  ).toEqual([
    ['l1', false, false],
    ['l2', true, true],
    ['l3', true, true],
  ])
})

test('an endpoint is told of the types that it names, and of no table that is not served', async () => {
  const inserted = await endpoint(['notes.inserted'])
  const all = await endpoint(['*'])
  const other = await endpoint(['invoice.paid', 'note.*'])
  await write('t1', 'one')
  await write('t1', 'two')
  await sql("INSERT INTO journal (id) VALUES ('t1')")
  await feed()
  const count = async ({ id }: { id: string }) => (await states(id)).length
  expect([await count(inserted), await count(all), await count(other)]).toEqual([1, 2, 0])
})

test('changes of one row arrive one after the other, those of others are not held back by it', async () => {
  const { id } = await endpoint()
  for (const title of ['1', '2', '3']) {
    await write('slow', `slow ${title}`)
    await write('quick', `quick ${title}`)
  }
  await feed()
  let broken = true
  const { received, work, clock } = await worker(
    ({ body }) => (broken && JSON.stringify(body).includes('slow') ? new Response('no', { status: 500 }) : new Response('ok')),
    { now: Date.now() },
  )
  const first = await work(id)
  expect(titles(received)).toEqual(expect.arrayContaining(['slow 1', 'quick 1', 'quick 2', 'quick 3']))
  expect(received).toHaveLength(4)
  expect(first.next! - clock.now).toBe(5000)
  broken = false
  clock.now += 3000
  expect((await work(id)).attempts).toBe(0)
  clock.now += 2000
  await work(id)
  expect(titles(received).filter((title) => title?.startsWith('slow'))).toEqual(['slow 1', 'slow 1', 'slow 2', 'slow 3'])
  expect(new Set(received.filter(({ body }) => JSON.stringify(body).includes('slow 1')).map(({ id }) => id)).size).toBe(1)
})

test('two hundred deliveries among ten workers: each is sent once, and a row’s own in order', async () => {
  const { id } = await endpoint()
  for (let round = 0; round < 10; round++) for (let row = 0; row < 20; row++) await write(`c${row}`, `${row}:${round}`)
  await feed()
  let busy = 0
  const running = new Set<string>()
  const { received, work } = await worker(async ({ body }) => {
    const row = (body.data['key'] as { id: string }).id
    expect(running.has(row)).toBe(false)
    running.add(row)
    busy = Math.max(busy, running.size)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 4))
    running.delete(row)
    return new Response('ok')
  })
  await Promise.all(Array.from({ length: 10 }, () => work(id)))
  expect(received).toHaveLength(200)
  expect(new Set(received.map(({ id }) => id)).size).toBe(200)
  expect(busy).toBeGreaterThan(3)
  for (let row = 0; row < 20; row++)
    expect(titles(received).filter((title) => title!.startsWith(`${row}:`))).toEqual(
      Array.from({ length: 10 }, (_, round) => `${row}:${round}`),
    )
  expect((await states(id)).every(({ state }) => state === 'delivered')).toBe(true)
})

test('what a worker died over is sent again when its lease has ended, and not before', async () => {
  const { id } = await endpoint()
  await write('d1', 'one')
  await feed()
  const clock = { now: Date.now() }
  const dead = await worker(() => new Promise<Response>(() => {}), clock)
  void dead.work(id)
  await expect.poll(() => dead.received.length).toBe(1)
  const other = await worker(OK, clock)
  clock.now += 118_000
  expect((await other.work(id)).attempts).toBe(0)
  clock.now += 2_000
  expect(await other.work(id)).toMatchObject({ attempts: 1, delivered: 1 })
  expect(other.received[0]!.id).toBe(dead.received[0]!.id)
})

test('only a 2xx is success; a redirect is not followed', async () => {
  const { id } = await endpoint()
  const answers = [301, 302, 307, 308, 400, 401, 404, 500, 503]
  for (const status of answers) await write(`s${status}`, String(status))
  await feed()
  const { work, received } = await worker(({ body }) => {
    const status = Number((body.data['record'] as { title: string }).title)
    return new Response(null, { status, headers: { location: 'http://169.254.169.254/' } })
  })
  expect(await work(id)).toMatchObject({ attempts: 9, delivered: 0 })
  expect(received).toHaveLength(9)
  expect((await states(id)).map(({ status, reason }) => [status, reason])).toEqual([
    ...[301, 302, 307, 308].map((status) => [status, 'redirect']),
    ...[400, 401, 404, 500, 503].map((status) => [status, 'status']),
  ])
})

test('an answer that breaks off is no success, and an endless one is not read to its end', async () => {
  const { id } = await endpoint()
  await write('broken', 'broken')
  await write('endless', 'endless')
  await feed()
  let bytes = 0
  const { work } = await worker(({ body }) => {
    const broken = JSON.stringify(body).includes('broken')
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (broken) return controller.error(new Error('closed'))
          bytes += 16_384
          controller.enqueue(new Uint8Array(16_384))
        },
      }),
    )
  })
  await work(id)
  expect(await states(id)).toEqual([
    { state: 'ready', attempts: 1, status: 200, reason: 'broken_answer' },
    { state: 'delivered', attempts: 1, status: 200, reason: null },
  ])
  expect(bytes).toBeLessThan(200_000)
})

test('a receiver that asks for silence is left alone, with all that waits for it', async () => {
  const { id } = await endpoint()
  await write('r1', 'one')
  await feed()
  const { work, clock, received } = await worker(() => new Response('', { status: 429, headers: { 'retry-after': '600' } }), {
    now: Date.now(),
  })
  const first = await work(id)
  expect(first.next! - clock.now).toBe(600_000)
  await write('r2', 'two')
  await feed(clock.now)
  clock.now += 598_000
  expect((await work(id)).attempts).toBe(0)
  clock.now += 2_000
  await work(id)
  expect(received.length).toBeGreaterThan(1)
})

test('410 disables at once, and the endpoint that asked for such notices is told', async () => {
  const gone = await endpoint()
  const watching = await endpoint(['webhook.disabled'], 'https://watch.example.com/')
  const deaf = await endpoint(['*'], 'https://deaf.example.com/')
  await write('g1', 'one')
  await write('g2', 'two')
  await feed()
  const { work } = await worker(({ body }) => new Response('', { status: body.type === 'webhook.disabled' ? 200 : 410 }))
  expect(await work(gone.id)).toMatchObject({ next: null })
  expect(await readEndpoint(db, gone.id)).toMatchObject({ state: 'disabled', disabledReason: 'gone' })
  const told = await worker(OK)
  await told.work(watching.id)
  expect(told.received.map(({ body }) => [body.type, body.data['endpoint'], body.data['reason']])).toEqual([
    ['webhook.disabled', gone.id, 'gone'],
  ])
  expect(await sql("SELECT * FROM sys_webhook_deliveries WHERE endpoint = ?1 AND type LIKE 'webhook.%'", deaf.id)).toEqual([])
})

test('ten attempts over three days, then the endpoint is disabled; enabled again, nothing is lost or out of order', async () => {
  const { id } = await endpoint()
  for (const title of ['1', '2', '3']) await write('x', title)
  await feed()
  const clock = { now: Date.now() }
  const start = clock.now
  const failing = await worker(() => new Response('', { status: 500 }), clock)
  for (let next: number | null = start; next !== null; next = (await failing.work(id)).next) clock.now = next
  expect(titles(failing.received)).toEqual(Array.from({ length: 10 }, () => '1'))
  expect((clock.now - start) / 86_400_000).toBeCloseTo(3.15, 1)
  expect(await readEndpoint(db, id)).toMatchObject({ state: 'disabled', disabledReason: 'exhausted' })
  await write('x', '4')
  await feed()
  expect((await states(id)).length).toBe(3)
  await run(db, enable(id, clock.now))
  const working = await worker(OK, clock)
  await working.work(id)
  expect(titles(working.received)).toEqual(['1', '2', '3'])
})

test('an endpoint whose address is private by now is not called', async () => {
  const { id } = await endpoint(['notes.*'], 'https://127.0.0.1/')
  await write('p1', 'one')
  await feed()
  const { work, received } = await worker(OK)
  await work(id)
  expect(received).toEqual([])
  expect(await states(id)).toMatchObject([{ state: 'ready', reason: 'address' }])
})

test('after a rotation both secrets sign', async () => {
  const { id, secret } = await endpoint()
  const { secret: young } = await rotateSecret(db, keys, id, { overlap: 3600 }, Date.now())
  await write('k1', 'one')
  await feed()
  const { work, received } = await worker(OK)
  await work(id)
  for (const one of [secret, young]) new Webhook(one).verify(received[0]!.text, Object.fromEntries(received[0]!.headers))
})

test('five rotations at once leave three secrets, and no stored text holds one', async () => {
  const { id } = await endpoint()
  const made = await Promise.allSettled(Array.from({ length: 5 }, () => rotateSecret(db, keys, id, { overlap: 3600 }, Date.now())))
  const secrets = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value.secret] : []))
  const stored = await openSecrets(keys, await readEndpoint(db, id))
  expect(stored.length).toBeLessThanOrEqual(3)
  expect(secrets).toContain(stored[0]!.secret)
  const [row] = await sql('SELECT secrets FROM sys_webhooks WHERE id = ?1', id)
  expect(row!['secrets']).not.toContain('whsec')
})

test('an invocation that may call nobody any more gives back what it took, and the receiver is not blamed', async () => {
  const { id } = await endpoint()
  for (let i = 0; i < 30; i++) await write(`n${i}`, 'one')
  await feed()
  let calls = 0
  const spent = await worker(() => {
    if (++calls > 10) throw new Error('Too many subrequests.')
    return new Response('ok')
  })
  const outcome = await spent.work(id)
  expect(outcome).toMatchObject({ attempts: 10, delivered: 10 })
  expect(outcome.next).toBeLessThanOrEqual(Date.now())
  expect((await states(id)).filter(({ state, attempts, reason }) => state === 'ready' && attempts === 0 && reason === null)).toHaveLength(
    20,
  )
  const fresh = await worker(OK)
  expect((await fresh.work(id)).delivered).toBe(20)
})

test('while the root key is another one nothing is sent, and no attempt is counted', async () => {
  const { id } = await endpoint()
  await write('z1', 'one')
  await feed()
  const clock = { now: Date.now() }
  const strange = await worker(OK, clock, await deriveKeys('YW5vdGhlci1yb290LWtleS1vZi10aGlydHktdHdvLWJ5dGVzISE'))
  await expect(strange.work(id)).rejects.toMatchObject({ definition: { code: 'root_key_changed' } })
  expect(strange.received).toEqual([])
  expect(await states(id)).toEqual([{ state: 'ready', attempts: 0, status: null, reason: null }])
  clock.now += 60_000
  expect((await (await worker(OK, clock)).work(id)).delivered).toBe(1)
})

test('the follower rests while nobody is told of anything, and goes on with what is written from then', async () => {
  const made = await feedThrough()
  await sql('DELETE FROM sys_webhooks')
  await write('q1', 'to nobody')
  expect(await made.run()).toBe('waiting')
  expect(await made.standing()).toMatchObject({ error: 'no endpoint is enabled', resting: 1 })
  await write('q2', 'before')
  await sql('UPDATE sys_changes SET at = at - 60000')
  const { id } = await endpoint()
  expect(await made.standing()).toMatchObject({ error: null, resting: 0 })
  await write('q3', 'after')
  expect(await made.run()).toBe('rested')
  const { received, work } = await worker(OK)
  await work(id)
  expect(titles(received)).toEqual(['after'])
})

test('changes that are handed over twice become one delivery', async () => {
  const { id } = await endpoint()
  await write('o1', 'one')
  const change = {
    seq: 99_999,
    table: 'notes',
    op: 'I',
    key: '["o1"]',
    columns: null,
    old: null,
    new: '{"id":"o1","title":"one"}',
    context: null,
    at: Date.now() + 1000,
  } as const
  for (let i = 0; i < 2; i++) await run(db, (await consume(db, model, { store: 'db', epoch: 'e' }, [change], Date.now())).statements)
  expect(await states(id)).toHaveLength(1)
  await run(db, (await consume(db, model, { store: 'db', epoch: 'another' }, [change], Date.now())).statements)
  expect(await states(id)).toHaveLength(2)
})

test.each([1, 24] as const)('%i deliveries cost what their budget says', async (count) => {
  const { id } = await endpoint()
  for (let i = 0; i < count; i++) await write(`b${count}-${i}`, 'one')
  const making = await feed()
  const { work, cost: sending } = await worker(OK)
  expect((await work(id)).delivered).toBe(count)
  const cost = { making: counts(making), sending: counts(sending) }
  const budget = budgets.webhooks[`${count}`]
  const over = (['making', 'sending'] as const).flatMap((part) =>
    (['d1Calls', 'rowsRead', 'rowsWritten'] as const).filter((figure) => cost[part][figure] > budget[part][figure]),
  )
  expect(over, `${count} deliveries cost ${JSON.stringify(cost)}`).toEqual([])
})

const counts = ({ d1Calls, rowsRead, rowsWritten }: Cost) => ({ d1Calls, rowsRead, rowsWritten })
