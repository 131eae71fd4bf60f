// Jobs are taken in with the transaction that asks for them, or not at all, and their effects stand once.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { doing, NotWorthwhile, runs } from '../apps/errands'
import budgets from '../../bench/budgets.json'
import { calls, deliver, drain, mount, person, sent, service, sql, stranger, tick, type Person } from './backend'

const rpc = '/rest/v1/rpc'
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
const states = async () => (await sql('SELECT state FROM sys_jobs ORDER BY id')).map(({ state }) => state)
const jobOf = async (id: string) => (await sql('SELECT * FROM sys_jobs WHERE id = ?1', id))[0]!
const later = (milliseconds: number) => sql(`UPDATE sys_jobs SET due_at = due_at - ${milliseconds}, look_at = look_at - ${milliseconds}`)

async function ask(name: string, body: unknown): Promise<{ id: string; enqueued: boolean }> {
  const answer = await ann.ask(`${rpc}/${name}`, { body })
  expect(answer.status, answer.text).toBe(200)
  return answer.json as { id: string; enqueued: boolean }
}

describe('a job', () => {
  test('is taken in, sent after the commit, and its effect stands with the record that it is done', async () => {
    const { id, enqueued } = await ask('ask', { note: 'a' })
    expect(enqueued).toBe(true)
    expect(sent).toEqual([{ body: { job: id, store: 'db' }, delaySeconds: 0 }])
    const queued = await jobOf(id)
    expect(queued).toMatchObject({ name: 'mark', state: 'queued', payload: '{"note":"a"}', attempts: 0, max_attempts: 3 })
    expect(JSON.parse(String(queued['context']))).toMatchObject({ uid: ann.id, function: 'ask', request: expect.any(String) })
    expect(await deliver([sent[0]!.body])).toEqual({ acked: 1, retried: 0 })
    expect(await marks()).toEqual(['a'])
    expect(await jobOf(id)).toMatchObject({ state: 'done', attempts: 1, lease: null, error: null, finished_at: expect.any(Number) })
  })

  test('costs one statement of the batch that asks for it, and two calls to be run', async () => {
    calls.length = 0
    const within = (name: keyof typeof budgets.jobs) => {
      // The minute also asks for what other rooms have to do; that is theirs to count.
      const ofJobs = calls.splice(0).filter((call) => call.statements.some(({ sql: text }) => text.includes('sys_jobs')))
      const statements = ofJobs.map((call) => call.statements)
      const sum = (key: 'rowsRead' | 'rowsWritten') => statements.flat().reduce((total, one) => total + one[key], 0)
      const cost = {
        d1Calls: statements.length,
        statements: statements.flat().length,
        /** Written to the queue; each is read and deleted once as well. */
        messages: sent.splice(0).length,
        rowsRead: sum('rowsRead'),
        rowsWritten: sum('rowsWritten'),
      }
      const budget = budgets.jobs[name]
      const over = (Object.keys(budget) as (keyof typeof budget)[]).filter((key) => cost[key] > budget[key])
      expect.soft(over, `${name} cost ${JSON.stringify(cost)}, its budget is ${JSON.stringify(budget)}`).toEqual([])
    }
    const { id } = await ask('ask', { note: 'a' })
    within('enqueue')
    await deliver([{ job: id, store: 'db' }])
    within('run')
    await deliver([{ job: id, store: 'db' }])
    within('passed')
    await tick()
    within('an idle minute')
  })

  test('delivered fifty times at once runs once', async () => {
    const { id } = await ask('ask', { note: 'a' })
    await Promise.all(Array.from({ length: 50 }, () => deliver([{ job: id, store: 'db' }])))
    expect(runs).toHaveLength(1)
    expect(await marks()).toEqual(['a'])
    expect(await deliver([{ job: id, store: 'db' }])).toEqual({ acked: 1, retried: 0 })
    expect(runs).toHaveLength(1)
  })

  test('of a batch that fails is never there and never sent; of one that commits it has the values of earlier steps', async () => {
    const refused = await ann.ask(`${rpc}/add_errand`, { body: { title: 'no', fail: true } })
    expect(refused.status).toBe(409)
    expect([await states(), sent]).toEqual([[], []])
    expect((await ann.ask(`${rpc}/add_errand`, { body: { title: 'yes' } })).status).toBe(204)
    const [job] = await sql('SELECT payload FROM sys_jobs')
    const [errand] = await sql('SELECT id FROM errands')
    expect(JSON.parse(String(job!['payload']))).toEqual({ errand: errand!['id'], title: 'yes', weight: 3, list: [ann.id, 'yes'] })
    await drain()
    expect(new Set(await marks())).toEqual(new Set([errand!['id'], 'told yes 3 2']))
  })

  test('that was never sent, because the isolate died after the commit, is found and sent', async () => {
    const { id } = await ask('ask', { note: 'a' })
    sent.length = 0
    await tick()
    expect(sent).toEqual([])
    await later(31_000)
    await tick()
    expect(sent).toEqual([{ body: { job: id, store: 'db' }, delaySeconds: 0 }])
    // Sent once, not each minute.
    await tick()
    expect(sent).toHaveLength(1)
    await drain()
    expect(await marks()).toEqual(['a'])
  })

  test('is not taken in by who may not call, who is signed out, who only reads, or with a payload that its schema refuses', async () => {
    expect((await stranger(`${rpc}/ask`, { body: { note: 'a' } })).status).toBe(401)
    const gone = await person()
    await gone.ask('/auth/v1/logout', { method: 'POST' })
    expect((await gone.ask(`${rpc}/ask`, { body: { note: 'a' } })).status).toBe(401)
    expect((await ann.ask(`${rpc}/ask_reading`, { body: {} })).json).toMatchObject({ code: '25006' })
    expect((await ann.ask(`${rpc}/ask_wrong`, { body: {} })).status).toBe(500)
    expect([await states(), sent]).toEqual([[], []])
  })

  test('is no table that anybody reads', async () => {
    for (const ask of [ann.ask, stranger, service]) expect((await ask('/rest/v1/sys_jobs')).status).toBe(404)
  })

  test('gets dates and large numbers back as what they were', async () => {
    const { id } = await ask('ask_typed', {})
    await deliver([{ job: id, store: 'db' }])
    expect(runs[0]?.payload).toEqual({ at: new Date(1_767_323_045_678), big: 12_345_678_901_234_567_890n })
  })

  test('whose payload is over 100 kB has it in R2', async () => {
    const text = 'ü'.repeat(80_000)
    const { id } = await ask('ask_typed', { text })
    expect(await jobOf(id)).toMatchObject({ payload: null, payload_key: `jobs/${id}` })
    await drain()
    expect(runs[0]!.payload).toMatchObject({ text })
    const small = await ask('ask_typed', { text: 'ü'.repeat(40_000) })
    expect((await jobOf(small.id))['payload_key']).toBeNull()
  })
})

describe('a lease', () => {
  test('that was lost keeps late effects from standing', async () => {
    const { id } = await ask('ask', { note: 'slow' })
    let taken = false
    doing.set('slow', async (attempt) => {
      if (attempt > 1) return
      // The attempt outlives its lease, and another takes the job meanwhile.
      await later(31_000)
      await deliver([{ job: id, store: 'db' }])
      taken = true
    })
    await deliver([{ job: id, store: 'db' }])
    expect([taken, runs.length, await marks()]).toEqual([true, 2, ['slow']])
    expect(await jobOf(id)).toMatchObject({ state: 'done', attempts: 2 })
  })

  test('fences every write, not only the last', async () => {
    const { id } = await ask('ask_scribble', { note: 'slow' })
    doing.set('slow', async () => {
      await sql(`UPDATE sys_jobs SET lease = 'another'`)
    })
    await deliver([{ job: id, store: 'db' }])
    expect(await marks()).toEqual([])
    expect(await jobOf(id)).toMatchObject({ state: 'running', lease: 'another' })
  })

  test('that ends stops the wait for an attempt, which is then tried again', async () => {
    const { id } = await ask('ask_scribble', { note: 'stuck' })
    doing.set('stuck', (attempt) => (attempt === 1 ? new Promise<void>(() => undefined) : undefined))
    await deliver([{ job: id, store: 'db' }])
    expect(await jobOf(id)).toMatchObject({ state: 'queued', error: 'The attempt took longer than its lease of 1 seconds.' })
    await later(3_600_000)
    await deliver([{ job: id, store: 'db' }])
    expect(await marks()).toEqual(['stuck'])
  })

  test('of an attempt whose isolate died ends, and the job is found; after the last attempt it is dead', async () => {
    const { id } = await ask('ask', { note: 'a' })
    for (let attempt = 1; attempt <= 3; attempt++) {
      await sql(`UPDATE sys_jobs SET state = 'running', lease = 'dead isolate', attempts = ${attempt}, due_at = 1, look_at = 1`)
      sent.length = 0
      await tick()
      expect(sent.map(({ body }) => body)).toMatchObject(attempt < 3 ? [{ job: id }] : [])
    }
    expect(await jobOf(id)).toMatchObject({ state: 'dead', error: 'Its last attempt outlived its lease.' })
  })
})

describe('a failure', () => {
  test('is tried again later, ever later, and kept as dead with its reason after the last attempt', async () => {
    const { id } = await ask('ask', { note: 'bad' })
    doing.set('bad', (attempt) => {
      throw new Error(`no luck ${attempt}, Authorization: Bearer abc.def, https://user:pw@example.com/x?token=1`)
    })
    const waits: number[] = []
    for (let attempt = 1; attempt <= 3; attempt++) {
      sent.length = 0
      await deliver([{ job: id, store: 'db' }])
      waits.push(sent[0]?.delaySeconds ?? 0)
      // Not before its time.
      await deliver([{ job: id, store: 'db' }])
      expect(runs).toHaveLength(attempt)
      await later(100_000)
    }
    expect(waits[0]).toBeGreaterThanOrEqual(5)
    expect(waits[0]).toBeLessThanOrEqual(10)
    expect(waits[1]).toBeGreaterThanOrEqual(10)
    expect(waits[1]).toBeLessThanOrEqual(20)
    expect(waits[2]).toBe(0)
    const dead = await jobOf(id)
    expect(dead).toMatchObject({ state: 'dead', attempts: 3, lease: null })
    expect(dead['error']).toContain('no luck 3')
    for (const secret of ['abc.def', 'pw', 'token=1']) expect(dead['error']).not.toContain(secret)
    expect(await marks()).toEqual([])
  })

  test('means what the job says that its error means', async () => {
    const { id: hopeless } = await ask('ask_picky', { note: 'hopeless' })
    doing.set('hopeless', () => {
      throw new NotWorthwhile('why bother')
    })
    const { id: soon } = await ask('ask_picky', { note: 'soon' })
    doing.set('soon', () => {
      throw new RangeError('wait')
    })
    sent.length = 0
    await deliver([hopeless, soon].map((job) => ({ job, store: 'db' })))
    expect(await jobOf(hopeless)).toMatchObject({ state: 'dead', attempts: 1, error: 'why bother' })
    expect(await jobOf(soon)).toMatchObject({ state: 'queued', attempts: 1, error: 'RangeError: wait' })
    expect(sent).toEqual([{ body: { job: soon, store: 'db' }, delaySeconds: 7 }])
  })

  test('of one message holds up no other, and what nobody can read is dropped', async () => {
    const { id } = await ask('ask', { note: 'good' })
    const { id: bad } = await ask('ask', { note: 'bad' })
    doing.set('bad', () => {
      throw new Error('no')
    })
    const poison = [null, 'x', 7, [], {}, { job: 7 }, { job: 'none', store: 'nowhere' }, { job: bad, store: 'db' }]
    expect(await deliver([...poison, { job: id, store: 'db' }, { job: "' OR 1=1 --", store: 'db' }])).toEqual({ acked: 10, retried: 0 })
    expect(await marks()).toEqual(['good'])
  })

  test('of a payload that the schema refuses is final, and of a job that is not declared is not', async () => {
    const { id } = await ask('ask', { note: 'a' })
    const { id: unknown } = await ask('ask', { note: 'b' })
    await sql(`UPDATE sys_jobs SET payload = '{"note":7}' WHERE id = ?1`, id)
    await sql(`UPDATE sys_jobs SET name = 'of-tomorrow' WHERE id = ?1`, unknown)
    await drain()
    expect(await jobOf(id)).toMatchObject({ state: 'dead', attempts: 1, error: expect.stringContaining("The payload doesn't fit: note") })
    expect(await jobOf(unknown)).toMatchObject({
      state: 'queued',
      attempts: 1,
      error: expect.stringContaining('declares no job "of-tomorrow"'),
    })
    expect(runs).toEqual([])
  })
})
