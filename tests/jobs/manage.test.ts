// Unique keys, delays, the clock, calling off, and what the holder of the secret key sees and does.
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Env } from '../../src/platform'
import { doing, runs } from '../apps/errands'
import { deliver, drain, mount, person, sent, service, sql, stranger, tick, type Person } from './backend'

const rpc = '/rest/v1/rpc'
const admin = '/api/v1/admin/jobs'
const bindings = env as unknown as Env
let ann: Person

beforeAll(async () => {
  await mount()
  ann = await person()
})

beforeEach(async () => {
  await sql('DELETE FROM sys_jobs')
  await sql('DELETE FROM marks')
  sent.length = 0
  runs.length = 0
  doing.clear()
})

const marks = async () => (await sql('SELECT note FROM marks ORDER BY note')).map(({ note }) => note)
const jobOf = async (id: string) => (await sql('SELECT * FROM sys_jobs WHERE id = ?1', id))[0]!

async function ask(name: string, body: unknown): Promise<{ id: string; enqueued: boolean }> {
  const answer = await ann.ask(`${rpc}/${name}`, { body })
  expect(answer.status, answer.text).toBe(200)
  return answer.json as { id: string; enqueued: boolean }
}

describe('a unique key', () => {
  test('admits one job while it is queued or running, however many ask at once, and another when it has ended', async () => {
    const asked = await Promise.all(Array.from({ length: 20 }, () => ask('ask_single', { note: 'k' })))
    expect(asked.filter(({ enqueued }) => enqueued)).toHaveLength(1)
    expect(new Set(asked.map(({ id }) => id)).size).toBe(1)
    expect(sent).toHaveLength(1)
    doing.set('k', async () => {
      expect(await ask('ask_single', { note: 'k' })).toMatchObject({ enqueued: false })
    })
    await drain()
    expect(await marks()).toEqual(['k'])
    expect(await ask('ask_single', { note: 'k' })).toMatchObject({ enqueued: true })
    expect(await ask('ask_single', { note: 'other' })).toMatchObject({ enqueued: true })
  })

  test('is what a job is called off by', async () => {
    const { id } = await ask('ask_single', { note: 'k' })
    expect(await ask('call_off_single', { note: 'k' })).toBe(true)
    expect(await ask('call_off_single', { note: 'k' })).toBe(false)
    await drain()
    expect([await marks(), (await jobOf(id))['state']]).toEqual([[], 'cancelled'])
  })
})

describe('calling off', () => {
  test('a running job undoes what it would write', async () => {
    const { id } = await ask('ask', { note: 'a' })
    doing.set('a', async () => {
      expect(await ask('call_off', { id })).toBe(true)
    })
    await drain()
    expect([await marks(), (await jobOf(id))['state']]).toEqual([[], 'cancelled'])
  })

  test('reaches only jobs of the name', async () => {
    const { id } = await ask('ask_single', { note: 'a' })
    expect(await ask('call_off', { id })).toBe(false)
  })
})

describe('a delay', () => {
  test('that the queue can keep goes with the message', async () => {
    await ask('ask', { note: 'a', delay: 90 })
    expect(sent.map(({ delaySeconds }) => delaySeconds)).toEqual([90])
    await deliver([sent[0]!.body])
    expect(runs).toEqual([])
    await sql('UPDATE sys_jobs SET due_at = due_at - 90000')
    await deliver([sent[0]!.body])
    expect(await marks()).toEqual(['a'])
  })

  test('beyond that waits in the table until it is due', async () => {
    const days = 5 * 86_400
    const { id } = await ask('ask', { note: 'a', delay: days })
    expect(sent).toEqual([])
    const { due_at: due, look_at: look } = await jobOf(id)
    expect(look).toBe(due)
    await sql(`UPDATE sys_jobs SET due_at = due_at - ${days * 1000}, look_at = look_at - ${days * 1000}`)
    await tick()
    await drain()
    expect(await marks()).toEqual(['a'])
  })

  test('has bounds', async () => {
    expect((await ann.ask(`${rpc}/ask`, { body: { note: 'a', delay: -1 } })).status).toBe(500)
    expect((await ann.ask(`${rpc}/ask`, { body: { note: 'a', delay: 366 * 86_400 } })).status).toBe(200)
    expect((await ann.ask(`${rpc}/ask`, { body: { note: 'a', delay: 366 * 86_400 + 1 } })).status).toBe(500)
  })
})

test('the alarm of a store rings when a job is due, sends it, and then when the next one is', async () => {
  // The Worker of the other tests declares none of these jobs, so that only the sending is looked at.
  const alarm = bindings.ALARM!.getByName('db')
  await ask('ask', { note: 'far', delay: 5 * 86_400 })
  const { id } = await ask('ask', { note: 'late' })
  await sql('UPDATE sys_jobs SET look_at = 1, due_at = due_at + 86000000 WHERE id = ?1', id)
  const far = Date.now() + 400 * 86_400_000
  await alarm.wake('db', far)
  const set = () => runInDurableObject(alarm, (_, state) => state.storage.getAlarm())
  expect(await set()).toBeLessThanOrEqual(far)
  await alarm.wake('db', Date.now() + 3_600_000)
  await alarm.wake('db', far)
  expect(await set()).toBeLessThan(Date.now() + 3_600_001)
  expect(await runDurableObjectAlarm(alarm)).toBe(true)
  expect((await jobOf(id))['look_at']).toBeGreaterThan(Date.now() + 30_000)
  const [next] = await sql('SELECT min(look_at) AS at FROM sys_jobs')
  expect(await set()).toBe(next!['at'])
  await sql('DELETE FROM sys_jobs')
  expect(await runDurableObjectAlarm(alarm)).toBe(true)
  expect(await set()).toBeNull()
})

describe('the clock', () => {
  test('begins a job once for each of its times, however often it is asked', async () => {
    // 25 October 2026 in Zurich: 02:30 comes twice, at 00:30 and 01:30 UTC.
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      for (let minute = 0; minute <= 120; minute += 5) {
        vi.setSystemTime(Date.parse('2026-10-25T00:00:00Z') + minute * 60_000)
        await Promise.all([tick(), tick()])
        await drain()
      }
    } finally {
      vi.useRealTimers()
    }
    expect(await marks()).toEqual(['2026-10-25T00:30:00.000Z'])
  })
})

describe('ended jobs', () => {
  test('are forgotten: done after a day, dead after thirty, and their payloads with them', async () => {
    const { id: large } = await ask('ask_typed', { text: 'x'.repeat(100_001) })
    const { id: kept } = await ask('ask', { note: 'kept' })
    const { id: dead } = await ask('ask', { note: 'dead' })
    await drain()
    const day = 86_400_000
    await sql(`UPDATE sys_jobs SET finished_at = finished_at - ${day} - 60000 WHERE id = ?1`, large)
    await sql(`UPDATE sys_jobs SET state = 'dead', finished_at = finished_at - ${29 * day} WHERE id = ?1`, dead)
    expect(await bindings.MEDIA!.head(`jobs/${large}`)).not.toBeNull()
    await tick('*/15 * * * *')
    expect(await bindings.MEDIA!.head(`jobs/${large}`)).toBeNull()
    expect((await sql('SELECT id FROM sys_jobs ORDER BY id')).map(({ id }) => id)).toEqual([kept, dead])
    await tick('*/15 * * * *', Date.now() + 2 * day)
    expect((await sql('SELECT id FROM sys_jobs ORDER BY id')).map(({ id }) => id)).toEqual([])
  })

  test('leave no payload behind that no job has', async () => {
    const { id } = await ask('ask_typed', { text: 'x'.repeat(100_001) })
    await bindings.MEDIA!.put('jobs/of-nobody', 'x')
    await bindings.MEDIA!.put('other/of-nobody', 'x')
    await tick('*/15 * * * *')
    expect(await bindings.MEDIA!.head('jobs/of-nobody')).not.toBeNull()
    await tick('*/15 * * * *', Date.now() + 86_400_000 + 60_000)
    expect(await bindings.MEDIA!.head('jobs/of-nobody')).toBeNull()
    for (const key of [`jobs/${id}`, 'other/of-nobody']) expect(await bindings.MEDIA!.head(key)).not.toBeNull()
  })
})

describe('administration', () => {
  const problem = /application\/problem\+json/

  test('is for the secret key alone', async () => {
    const { id } = await ask('ask', { note: 'a' })
    for (const [address, method] of [
      [admin, 'GET'],
      [`${admin}/counts`, 'GET'],
      [`${admin}/${id}`, 'GET'],
      [`${admin}/${id}/replay`, 'POST'],
      [`${admin}/${id}/cancel`, 'POST'],
      [`${admin}/replay`, 'POST'],
    ] as const) {
      for (const who of [ann.ask, stranger]) {
        const answer = await who(address, { method })
        expect([answer.status, (answer.json as { code: string }).code]).toEqual([403, 'service_only'])
        expect(answer.headers.get('content-type')).toMatch(problem)
        expect(answer.text).not.toContain(id)
      }
    }
    expect((await jobOf(id))['state']).toBe('queued')
  })

  test('shows what waits, fails and is dead, with reason, age and attempts, in pages', async () => {
    doing.set('bad', () => {
      throw new Error('no luck')
    })
    const ids = [(await ask('ask', { note: 'bad' })).id, (await ask('ask', { note: 'good' })).id]
    await drain()
    ids.push((await ask('ask', { note: 'waits' })).id)
    const list = async (search = '') =>
      (await service(`${admin}${search}`)).json as { jobs: { id: string; state: string }[]; next: string | null }
    expect((await list()).jobs.map(({ id, state }) => [id, state])).toEqual([
      [ids[2], 'queued'],
      [ids[1], 'done'],
      [ids[0], 'failed'],
    ])
    expect((await list('?state=failed&name=mark')).jobs).toEqual([
      expect.objectContaining({
        id: ids[0],
        attempts: 1,
        max_attempts: 3,
        reason: 'no luck',
        age: expect.any(Number),
        store: 'db',
        unique_key: null,
      }),
    ])
    for (const search of ['?state=dead', '?state=running', '?state=cancelled', '?name=none']) expect((await list(search)).jobs).toEqual([])
    const first = await list('?limit=2')
    expect(first.next).toBe(ids[1])
    expect((await list(`?limit=2&before=${first.next}`)).jobs.map(({ id }) => id)).toEqual([ids[0]])
    expect((await service(`${admin}/counts`)).json).toEqual({
      counts: [
        { store: 'db', name: 'mark', state: 'queued', count: 1, oldest: expect.any(Number) },
        { store: 'db', name: 'mark', state: 'failed', count: 1, oldest: expect.any(Number) },
      ],
    })
    expect((await service(`${admin}/${ids[2]}`)).json).toMatchObject({ id: ids[2], payload: { note: 'waits' }, context: { uid: ann.id } })
  })

  test('refuses what it cannot read or find', async () => {
    for (const [address, status] of [
      [`${admin}?state=lost`, 400],
      [`${admin}?limit=201`, 400],
      [`${admin}?limit=200`, 200],
      [`${admin}?before=1`, 400],
      [`${admin}?store=auth`, 400],
      [`${admin}?store=db_7`, 404],
      [`${admin}/none`, 404],
      [`${admin}?name=${encodeURIComponent("x' OR 1=1 --")}`, 200],
    ] as const) {
      const answer = await service(address)
      expect([address, answer.status]).toEqual([address, status])
      if (status !== 200) expect(answer.headers.get('content-type')).toMatch(problem)
    }
    expect((await service(`${admin}/none/replay`, { method: 'POST' })).status).toBe(404)
    expect((await service(`${admin}/none/cancel`, { method: 'POST' })).status).toBe(404)
    expect((await service(`${admin}/replay`, { body: { limit: 1001 } })).status).toBe(400)
  })

  test('replays one that is dead, and many', async () => {
    const ids: string[] = []
    for (const note of ['a', 'b', 'c']) ids.push((await ask('ask', { note })).id)
    const { id: other } = await ask('ask_picky', { note: 'd' })
    await sql(`UPDATE sys_jobs SET state = 'dead', attempts = 3, error = 'no luck', finished_at = 1`)
    sent.length = 0
    const replayed = await service(`${admin}/${ids[0]}/replay`, { method: 'POST' })
    expect([replayed.status, replayed.json]).toEqual([200, expect.objectContaining({ state: 'queued', attempts: 0, reason: 'no luck' })])
    await drain()
    expect(await marks()).toEqual(['a'])
    const again = await service(`${admin}/${ids[0]}/replay`, { method: 'POST' })
    expect([again.status, (again.json as { code: string }).code]).toEqual([409, 'job_not_replayable'])
    expect((await service(`${admin}/replay`, { body: { name: 'mark' } })).json).toEqual({ replayed: 2 })
    await drain()
    expect(await marks()).toEqual(['a', 'b', 'c'])
    expect((await jobOf(other))['state']).toBe('dead')
    expect((await service(`${admin}/replay`, { body: {} })).json).toEqual({ replayed: 1 })
  })

  test('does not replay one whose unique key another has', async () => {
    const { id } = await ask('ask_single', { note: 'k' })
    await sql(`UPDATE sys_jobs SET state = 'dead', finished_at = 1`)
    await ask('ask_single', { note: 'k' })
    const answer = await service(`${admin}/${id}/replay`, { method: 'POST' })
    expect([answer.status, (answer.json as { code: string }).code]).toEqual([409, 'job_unique_taken'])
    expect((await service(`${admin}/replay`, { body: {} })).json).toEqual({ replayed: 0 })
  })

  test('calls one off', async () => {
    const { id } = await ask('ask', { note: 'a' })
    expect((await service(`${admin}/${id}/cancel`, { method: 'POST' })).json).toMatchObject({ state: 'cancelled' })
    expect((await service(`${admin}/${id}/cancel`, { method: 'POST' })).status).toBe(409)
    await drain()
    expect(await marks()).toEqual([])
  })
})
