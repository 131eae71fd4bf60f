// Following the change log: pages, cursors, time lines, the horizon, and the sweeper.
import { beforeAll, expect, test } from 'vitest'
import { pruneChanges, readChanges, renewEpoch } from '../../src/data/changes'
import { sweep } from '../../src/data/sweep'
import { openStores, type Env } from '../../src/platform'
import ledger from '../apps/ledger'
import { batch, db, head, mount } from '../migrations/database'

const store = openStores({ DB: db } as unknown as Env, () => undefined).primary
const now = () => Date.now()
const insert = (...ids: string[]) => batch(`INSERT INTO categories (id) VALUES ${ids.map((id) => `('${id}')`).join(', ')}`)
const start = async () => (await readChanges(store, { after: null })).cursor

beforeAll(async () => {
  await mount(ledger)
})

test('without a cursor a reader gets the cursor of now, and then what follows, once', async () => {
  const first = await readChanges(store, { after: null })
  expect(first).toMatchObject({ changes: [], more: false, interruption: null })
  await insert('a', 'b', 'c')
  const page = await readChanges(store, { after: first.cursor, limit: 2 })
  expect(page.changes.map(({ op, table, key, columns, old, context }) => ({ op, table, key, columns, old, context }))).toEqual([
    { op: 'I', table: 'categories', key: '["a"]', columns: null, old: null, context: null },
    { op: 'I', table: 'categories', key: '["b"]', columns: null, old: null, context: null },
  ])
  expect(page.more).toBe(true)
  const rest = await readChanges(store, { after: page.cursor })
  expect(rest.changes.map(({ key }) => key)).toEqual(['["c"]'])
  expect(rest.more).toBe(false)
  expect((await readChanges(store, { after: rest.cursor })).changes).toEqual([])
})

test('an update names its columns as a list', async () => {
  await insert('up', 'top')
  const cursor = await start()
  await batch(`UPDATE categories SET parent_id = 'top' WHERE id = 'up'`)
  const { changes } = await readChanges(store, { after: cursor })
  expect(changes).toMatchObject([{ op: 'U', columns: ['parent_id'] }])
  expect(JSON.parse(changes[0]!.old!)).toEqual({ id: 'up', parent_id: null })
})

test('a cursor of another epoch, another store, the future or of no form at all gets reset, and a way to go on', async () => {
  const cursor = await start()
  await insert('later')
  expect((await readChanges({ ...store, name: 'db_1' }, { after: cursor })).interruption).toBe('reset')
  await renewEpoch(store)
  const reset = await readChanges(store, { after: cursor })
  expect(reset).toMatchObject({ changes: [], interruption: 'reset' })
  expect(await readChanges(store, { after: reset.cursor })).toMatchObject({ changes: [], interruption: null })
  for (const garbage of [
    '',
    'x',
    '!!!',
    btoa('[1,2,3]'),
    btoa('null'),
    btoa('{}'),
    btoa('["db","e",-1]'),
    btoa('["db","e",1.5]'),
    'A'.repeat(10_000),
  ]) {
    expect(await readChanges(store, { after: garbage })).toMatchObject({ changes: [], interruption: 'reset' })
  }
  // The database was rewound without anybody telling: the cursor is ahead of the log.
  const ahead = await start()
  await batch(`DELETE FROM sys_changes WHERE seq = ${await head()}`)
  expect((await readChanges(store, { after: ahead })).interruption).toBe('reset')
})

test('a reader past the horizon is told of the gap; one on it misses nothing', async () => {
  const stale = await start()
  await insert('old1', 'old2')
  const level = await start()
  await insert('young')
  expect(await pruneChanges(store, { now: now(), maxRows: 1 })).toBeGreaterThan(0)
  expect(await readChanges(store, { after: stale })).toMatchObject({ changes: [], interruption: 'gap' })
  const page = await readChanges(store, { after: level })
  expect(page).toMatchObject({ interruption: null })
  expect(page.changes.map(({ key }) => key)).toEqual(['["young"]'])
})

test('an emptied log is still where it was', async () => {
  const stale = await start()
  await insert('e1')
  const level = await start()
  await pruneChanges(store, { now: now() + 3_600_000, maxAgeMs: 0 })
  expect(await batch('SELECT count(*) AS n FROM sys_changes')).toEqual([{ n: 0 }])
  expect((await readChanges(store, { after: level })).interruption).toBeNull()
  expect((await readChanges(store, { after: stale })).interruption).toBe('gap')
  await insert('e2')
  expect((await readChanges(store, { after: level })).changes.map(({ key }) => key)).toEqual(['["e2"]'])
  expect((await readChanges(store, { after: await start() })).interruption).toBeNull()
})

test('the sweeper forgets by age in chunks, always a prefix, and stops where it was told', async () => {
  await pruneChanges(store, { now: now() + 3_600_000, maxAgeMs: 0 })
  await insert(...Array.from({ length: 25 }, (_, i) => `age${i}`))
  const first = (await head()) - 24
  await batch(`UPDATE sys_changes SET at = 1000 WHERE seq < ${first + 20}`, `UPDATE sys_changes SET at = 2000000 WHERE seq = ${first + 7}`)
  expect(await pruneChanges(store, { now: 1_000_000, maxAgeMs: 500_000, chunk: 3, maxChunks: 2 })).toBe(6)
  // A row that the clock dated later stops it: what follows isn't forgotten before it.
  expect(await pruneChanges(store, { now: 1_000_000, maxAgeMs: 500_000, chunk: 3 })).toBe(1)
  expect(await pruneChanges(store, { now: 1_000_000, maxAgeMs: 500_000 })).toBe(0)
  expect(await pruneChanges(store, { now: 10_000_000, maxAgeMs: 500_000, chunk: 4 })).toBe(13)
  expect(await batch('SELECT min(seq) AS n FROM sys_changes')).toEqual([{ n: first + 20 }])
  expect(await batch('SELECT pruned_seq AS n FROM sys_store')).toEqual([{ n: first + 19 }])
})

test('the sweeper keeps the newest rows when there are too many', async () => {
  await pruneChanges(store, { now: now() + 3_600_000, maxAgeMs: 0 })
  await insert(...Array.from({ length: 30 }, (_, i) => `rows${i}`))
  expect(await pruneChanges(store, { now: now(), maxRows: 8, chunk: 5 })).toBe(22)
  expect(await batch('SELECT count(*) AS n FROM sys_changes')).toEqual([{ n: 8 }])
})

test('fifty readers and sweepers at once agree: nothing is skipped without a word', async () => {
  let cursor = await start()
  const seen: string[] = []
  let gaps = 0
  const ids = Array.from({ length: 100 }, (_, i) => `mix${i}`)
  const writers = Promise.all(ids.map((id) => insert(id)))
  const sweepers = Promise.all(Array.from({ length: 50 }, () => pruneChanges(store, { now: now(), maxRows: 40, chunk: 10 })))
  let done = false
  void Promise.all([writers, sweepers]).then(() => (done = true))
  for (let last = false; ;) {
    const page = await readChanges(store, { after: cursor, limit: 20 })
    cursor = page.cursor
    seen.push(...page.changes.map(({ key }) => (JSON.parse(key) as string[])[0]!))
    if (page.interruption === 'gap') gaps++
    if (last && page.changes.length === 0) break
    last = done
  }
  expect(new Set(seen).size).toBe(seen.length)
  if (gaps === 0) expect(seen.toSorted()).toEqual(ids.toSorted())
  else expect(seen.length).toBeLessThan(100)
})

test('a sweep forgets answers to idempotency keys after a day, and changes after a week', async () => {
  const day = 24 * 3600 * 1000
  const at = now()
  await pruneChanges(store, { now: at + 3_600_000, maxAgeMs: 0 })
  await batch(
    `INSERT INTO sys_idempotency (id, fingerprint, at) WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 2500) SELECT 'k' || v, 'f', ${at - day - 1} FROM n`,
    `INSERT INTO sys_idempotency (id, fingerprint, at) VALUES ('young', 'f', ${at - day + 1000})`,
    `INSERT INTO sys_audit (id, at, reason, operations, outcome) VALUES ('old', ${at - 90 * day - 1}, 'r', '[]', 'done'), ('young', ${at - 90 * day + 1000}, 'r', '[]', 'done')`,
  )
  await insert('swept', 'kept')
  await batch(`UPDATE sys_changes SET at = ${at - 7 * day - 1} WHERE key = '["swept"]'`)
  expect(await sweep(store, at)).toEqual({ sys_changes: 1, sys_idempotency: 2500, sys_audit: 1 })
  expect(await batch('SELECT id FROM sys_idempotency')).toEqual([{ id: 'young' }])
  expect(await batch('SELECT id FROM sys_audit')).toEqual([{ id: 'young' }])
  expect(await sweep(store, at)).toEqual({ sys_changes: 0, sys_idempotency: 0, sys_audit: 0 })
})
