// Consumers of the change log: each change once per handler, in order, whatever fails and whoever else runs.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import budgets from '../../bench/budgets.json'
import { AppError } from '../../src/core'
import { dataErrors, pruneChanges, renewEpoch } from '../../src/data'
import { onChange, type Interruption, type RowChange } from '../../src/define'
import { articles, counter, scribe, seen, totals } from '../apps/herald'
import { batch } from '../migrations/database'
import { clear, following, mountHerald, names, rows, store, write } from './herald'

beforeAll(mountHerald)
beforeEach(clear)

const keysSeen = async (consumer: string) =>
  (await rows(`SELECT key FROM seen WHERE consumer = '${consumer}' ORDER BY rowid`)).map(({ key }) => key)
const failures = () => rows('SELECT consumer, seq, reason, attempts, replay_at FROM sys_change_failures ORDER BY seq')

/** Remembers what it was told. */
function listening(rules: Partial<Parameters<typeof onChange<typeof articles>>[1]> = {}) {
  const told: RowChange<typeof articles>[] = []
  const declared = onChange(articles, { name: 'listener', from: 'beginning', ...rules }, ({ change }) => void told.push(change))
  return { told, ...following(declared) }
}

describe('a change', () => {
  test('comes as the wire has it: by properties, typed, without what is hidden', async () => {
    const { told, register, run } = listening()
    await register()
    await batch(
      `INSERT INTO articles (id, title, draft, tags, words, secret, printed_at) VALUES ('x', 'T', 1, '["a"]', 9007199254740993, 'hush', 1700000000123)`,
      `UPDATE articles SET draft = 0, secret = 'louder' WHERE id = 'x'`,
      `DELETE FROM articles WHERE id = 'x'`,
    )
    expect(await run('listener')).toBe('rested')
    const row = { id: 'x', title: 'T', draft: true, tags: ['a'], words: '9007199254740993', printedAt: '2023-11-14T22:13:20.123+00:00' }
    expect(told).toMatchObject([
      { op: 'insert', key: { id: 'x' }, row, old: null, columns: null, by: null },
      { op: 'update', key: { id: 'x' }, row: { ...row, draft: false }, old: { id: 'x' }, columns: ['draft'] },
      { op: 'delete', key: { id: 'x' }, row: null, old: { id: 'x' }, columns: null },
    ])
    expect(JSON.stringify(told)).not.toMatch(/hush|louder|secret|printed_at/)
    expect(new Set(told.map(({ id }) => id)).size).toBe(3)
    expect(told[0]!.id).toMatch(/^db\/[0-9a-f]{32}\/\d+$/)
    expect(Math.abs(told[0]!.at.getTime() - Date.now())).toBeLessThan(60_000)
  })

  test('that is too large has no row, and its key', async () => {
    const { told, register, run } = listening()
    await register()
    await batch(`INSERT INTO articles (id, title) VALUES ('large', printf('%.*c', 40000, 'x'))`)
    await run('listener')
    expect(told).toMatchObject([{ op: 'insert', key: { id: 'large' }, row: null }])
  })

  test('is told to who asked for its kind and its columns', async () => {
    const { told, register, run } = listening({ ops: ['update', 'delete'], columns: ['title', 'draft'] })
    await register()
    await write('a', 'b')
    await batch(
      `UPDATE articles SET words = 5 WHERE id = 'a'`,
      `UPDATE articles SET title = 'new' WHERE id = 'a'`,
      `UPDATE articles SET draft = 1, words = 6 WHERE id = 'b'`,
      `UPDATE articles SET title = title WHERE id = 'b'`,
      `DELETE FROM articles WHERE id = 'b'`,
      `INSERT INTO totals (id) VALUES ('t')`,
    )
    await run('listener')
    expect(told.map(({ op, columns }) => [op, columns])).toEqual([
      ['update', ['title']],
      ['update', ['draft', 'words']],
      ['delete', null],
    ])
  })
})

describe('each change is handled once, in order', () => {
  test('over many pages, and the cursor ends where the log does', async () => {
    const { register, run, standing } = following(scribe)
    await register()
    const ids = names(230)
    for (let at = 0; at < ids.length; at += 50) await write(...ids.slice(at, at + 50))
    await batch(`UPDATE articles SET words = 1 WHERE id < 'a0010'`)
    expect(await run('scribe')).toBe('rested')
    expect(await keysSeen('scribe')).toEqual([...ids, ...ids.slice(0, 10)])
    // Nothing that it wants, and one move over all of it.
    expect(await run('scribe')).toBe('rested')
    const { at, log } = (await standing('scribe'))!
    expect(at).toEqual({ epoch: log.epoch, seq: log.seq })
  })

  test('by a handler that reads what its earlier changes wrote', async () => {
    const { register, run } = following(counter)
    await register()
    const ids = names(12)
    await write(...ids)
    await batch(`UPDATE articles SET words = 1`, `UPDATE articles SET words = 2 WHERE id < 'a0005'`)
    expect(await run('counter')).toBe('rested')
    expect(await rows(`SELECT key, nth FROM seen WHERE consumer = 'counter' ORDER BY rowid`)).toEqual([
      ...ids.map((key) => ({ key, nth: 0 })),
      ...ids.map((key) => ({ key, nth: 1 })),
      ...ids.slice(0, 5).map((key) => ({ key, nth: 2 })),
    ])
  })

  test('when many run at once, and whoever is late undoes nothing', async () => {
    const { register, run } = following(scribe, counter)
    await register()
    await write(...names(20))
    const outcomes = await Promise.all([...Array(6)].flatMap(() => [run('scribe'), run('counter')]))
    expect(outcomes).toContain('overtaken')
    expect(outcomes).toContain('rested')
    await run('scribe')
    await run('counter')
    expect(await keysSeen('scribe')).toEqual(names(20))
    expect(await keysSeen('counter')).toEqual(names(20))
    // Who was late is no failure of anything.
    expect(await failures()).toEqual([])
    expect(await rows('SELECT attempts, error FROM sys_consumers')).toEqual([
      { attempts: 0, error: null },
      { attempts: 0, error: null },
    ])
    expect(await rows(`SELECT count(*) AS n FROM sys_audit WHERE outcome = 'failed'`)).toEqual([{ n: 0 }])
  })

  test('a run that has used its budget says that there is more', async () => {
    const { register, run } = following(scribe)
    await register()
    await write(...names(120))
    expect(await run('scribe', 3)).toBe('more')
    expect(await run('scribe')).toBe('rested')
    expect(await keysSeen('scribe')).toEqual(names(120))
  })

  test('references to earlier steps hold, however many changes share the transaction', async () => {
    const linked = onChange(articles, { name: 'linked', from: 'beginning' }, ({ change, batch: steps }) => {
      const first = steps.insert(totals, { id: `total ${String(change.key.id)}` })
      steps.insert(seen, { id: `linked ${change.id}`, consumer: 'linked', change: change.id, key: first.ref('id'), nth: 0 })
    })
    const { register, run } = following(linked)
    await register()
    await write(...names(5))
    expect(await run('linked')).toBe('rested')
    expect(await keysSeen('linked')).toEqual(names(5).map((id) => `total ${id}`))
  })

  test('its own writes too, and what it does is recorded under its name', async () => {
    const told: unknown[] = []
    const echo = onChange(articles, { name: 'echo', ops: ['insert'], from: 'beginning' }, ({ change, batch: steps }) => {
      const id = String(change.key.id)
      told.push(id)
      if (!id.endsWith('!!')) steps.insert(articles, { id: `${id}!`, title: 'echo' })
    })
    const { register, run } = following(echo)
    await register()
    await write('once')
    expect(await run('echo')).toBe('rested')
    expect(told).toEqual(['once', 'once!', 'once!!'])
    expect(await rows(`SELECT DISTINCT function, reason, outcome, uid FROM sys_audit`)).toEqual([
      { function: 'onChange:echo', reason: 'change consumer', outcome: 'done', uid: null },
    ])
  })
})

describe('where a consumer begins', () => {
  test('a new one with what is written after its Worker began, or at the beginning of the log', async () => {
    await write('old')
    await batch('UPDATE sys_changes SET at = 1000')
    const late = listening({ name: 'late', from: 'now' })
    await write('new')
    await late.register(2000)
    await late.run('late')
    expect(late.told.map(({ key }) => key.id)).toEqual(['new'])
    const early = listening({ name: 'early', from: 'beginning' })
    await early.register(2000)
    await early.run('early')
    expect(early.told.map(({ key }) => key.id)).toEqual(['old', 'new'])
    // Registering again moves nothing.
    await late.register(Number.MAX_SAFE_INTEGER)
    await late.run('late')
    expect(late.told).toHaveLength(1)
  })

  test('one without a row does nothing', async () => {
    const { run, told } = listening()
    await write('a')
    expect(await run('listener')).toBe('unregistered')
    expect(told).toEqual([])
  })
})

describe('a change that fails', () => {
  const fragile = (bad: ReadonlySet<string>, attempts = 3) =>
    onChange(articles, { name: 'fragile', from: 'beginning', attempts }, ({ change, batch: steps }) => {
      const key = String(change.key.id)
      steps.insert(seen, { id: `fragile ${change.id}`, consumer: 'fragile', change: change.id, key, nth: 0 })
      if (bad.has(key)) throw new Error(`no ${key}`)
    })

  test('holds up those behind it until it succeeds, and leaves nothing of a failed try', async () => {
    const bad = new Set(['b'])
    const { register, run, clock, standing } = following(fragile(bad))
    await register()
    await write('a', 'b', 'c')
    expect(await run('fragile')).toBe('failing')
    expect(await keysSeen('fragile')).toEqual(['a'])
    expect(await standing('fragile')).toMatchObject({ attempts: 1, nextAt: clock.now + 1000 })
    expect(await run('fragile')).toBe('waiting')
    clock.now += 1000
    expect(await run('fragile')).toBe('failing')
    expect(await standing('fragile')).toMatchObject({ attempts: 2, nextAt: clock.now + 2000 })
    clock.now += 2000
    bad.clear()
    expect(await run('fragile')).toBe('rested')
    expect(await keysSeen('fragile')).toEqual(['a', 'b', 'c'])
    expect(await standing('fragile')).toMatchObject({ attempts: 0, nextAt: null })
    expect(await failures()).toEqual([])
  })

  test('is set aside after its attempts, and can be replayed', async () => {
    const bad = new Set(['b', 'd'])
    const { register, run, clock } = following(fragile(bad))
    await register()
    await write('a', 'b', 'c', 'd', 'e')
    for (let round = 0; round < 6; round++, clock.now += 60_000) expect(await run('fragile')).toBe('failing')
    expect(await run('fragile')).toBe('rested')
    expect(await keysSeen('fragile')).toEqual(['a', 'c', 'e'])
    const kept = await failures()
    expect(kept).toMatchObject([
      { consumer: 'fragile', reason: 'no b', attempts: 3, replay_at: null },
      { consumer: 'fragile', reason: 'no d', attempts: 3, replay_at: null },
    ])
    // What was kept outlives the log.
    await pruneChanges(store, { now: Date.now() + 1000, maxAgeMs: 0 })
    bad.delete('b')
    await batch('UPDATE sys_change_failures SET replay_at = 1')
    await Promise.all([run('fragile'), run('fragile'), run('fragile')])
    expect(await run('fragile')).toBe('rested')
    expect(await keysSeen('fragile')).toEqual(['a', 'c', 'e', 'b'])
    expect(await failures()).toMatchObject([{ reason: 'no d', replay_at: null }])
  })

  test('by what it writes is told apart from those that share its transaction', async () => {
    const clash = onChange(articles, { name: 'clash', from: 'beginning', attempts: 1 }, ({ change, batch: steps }) => {
      const key = String(change.key.id)
      steps.insert(seen, { id: key === 'c' ? 'a' : key, consumer: 'clash', change: change.id, key, nth: 0 })
    })
    const { register, run } = following(clash)
    await register()
    await write('a', 'b', 'c', 'd')
    expect(await run('clash')).toBe('failing')
    expect(await run('clash')).toBe('rested')
    expect(await keysSeen('clash')).toEqual(['a', 'b', 'd'])
    expect(await failures()).toMatchObject([{ attempts: 1, reason: expect.stringMatching(/^23505: /) as string }])
  })

  test('is not passed over by a handler that catches everything', async () => {
    const deaf = onChange(articles, { name: 'deaf', from: 'beginning', attempts: 1 }, async ({ change, batch: steps, db }) => {
      const key = String(change.key.id)
      await db.count(seen).catch(() => 0)
      steps.insert(seen, { id: key === 'b' ? 'a' : key, consumer: 'deaf', change: change.id, key, nth: 0 })
    })
    const { register, run } = following(deaf)
    await register()
    await write('a', 'b', 'c')
    expect(await run('deaf')).toBe('failing')
    expect(await run('deaf')).toBe('rested')
    expect(await keysSeen('deaf')).toEqual(['a', 'c'])
    expect(await failures()).toHaveLength(1)
  })

  test('of one consumer is no business of another', async () => {
    const { register, run } = following(fragile(new Set(['a'])), scribe)
    await register()
    await write('a', 'b')
    expect(await run('fragile')).toBe('failing')
    expect(await run('scribe')).toBe('rested')
    expect(await keysSeen('scribe')).toEqual(['a', 'b'])
  })
})

describe('changes that were missed', () => {
  const told: Pick<Interruption, 'reason' | 'store'>[] = []
  const careful = onChange(
    articles,
    {
      name: 'careful',
      from: 'beginning',
      interrupted: async ({ reason, store: of, batch: steps, db }) => {
        told.push({ reason, store: of })
        steps.insert(totals, { id: reason, words: await db.count(articles) })
      },
    },
    ({ change, batch: steps }) => {
      steps.insert(seen, { id: `careful ${change.id}`, consumer: 'careful', change: change.id, key: String(change.key.id), nth: 0 })
    },
  )
  beforeEach(() => void told.splice(0))

  test('behind the horizon are told as a gap, once, and it goes on from now', async () => {
    const { register, run } = following(careful)
    await register()
    await write('a', 'b')
    await pruneChanges(store, { now: Date.now() + 1000, maxAgeMs: 0 })
    expect(await run('careful')).toBe('rested')
    await write('c')
    expect(await run('careful')).toBe('rested')
    expect(told).toEqual([{ reason: 'gap', store: 'db' }])
    expect(await rows('SELECT * FROM totals')).toMatchObject([{ id: 'gap', words: 2 }])
    expect(await keysSeen('careful')).toEqual(['c'])
  })

  test('on another time line are told as a reset, by one of those who run at once', async () => {
    const { register, run } = following(careful)
    await register()
    await write('a')
    await renewEpoch(store)
    await Promise.all([run('careful'), run('careful'), run('careful')])
    await write('b')
    expect(await run('careful')).toBe('rested')
    expect(new Set(told.map(({ reason }) => reason))).toEqual(new Set(['reset']))
    expect(await rows('SELECT * FROM totals')).toMatchObject([{ id: 'reset', words: 1 }])
    expect(await keysSeen('careful')).toEqual(['b'])
  })

  test('are passed over by who has nothing to say', async () => {
    const { register, run } = following(scribe)
    await register()
    await write('a')
    await renewEpoch(store)
    await write('b')
    expect(await run('scribe')).toBe('rested')
    await write('c')
    await run('scribe')
    expect(await keysSeen('scribe')).toEqual(['c'])
  })
})

test('trouble of the database is no fault of a change, which is never set aside for it', async () => {
  const down = new AppError(dataErrors.database_unavailable)
  let trouble = true
  const patient = onChange(articles, { name: 'patient', from: 'beginning', attempts: 1 }, ({ change, batch: steps }) => {
    if (trouble) throw down
    steps.insert(seen, { id: change.id, consumer: 'patient', change: change.id, key: String(change.key.id), nth: 0 })
  })
  const { register, run, clock, standing } = following(patient)
  await register()
  await write('a')
  for (let round = 0; round < 12; round++, clock.now += 600_000) expect(await run('patient')).toBe('failing')
  // A pause grows to five minutes and no further.
  expect(await standing('patient')).toMatchObject({ attempts: 12, nextAt: clock.now - 600_000 + 300_000 })
  trouble = false
  expect(await run('patient')).toBe('rested')
  expect(await keysSeen('patient')).toEqual(['a'])
  expect(await failures()).toEqual([])
})

test('what a hundred changes cost, by a handler that writes and by one that they do not concern, is in the budget', async () => {
  const idle = onChange(articles, { name: 'idle', ops: ['delete'], from: 'beginning' }, () => undefined)
  const { register, run, costOf } = following(scribe, idle)
  await register()
  await write(...names(100))
  for (const [name, budget] of [
    ['scribe', budgets.changes['a hundred, one write each']],
    ['idle', budgets.changes['a hundred that it passes over']],
  ] as const) {
    const cost = await costOf(() => run(name))
    const over = Object.entries(budget).filter(([key, most]) => cost[key as keyof typeof cost] > most)
    expect.soft(over, `${name} cost ${JSON.stringify(cost)}`).toEqual([])
  }
})
