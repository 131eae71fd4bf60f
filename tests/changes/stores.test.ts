// Consumers over several databases: each has its own place in each log, and writes where the change is.
import { env } from 'cloudflare:workers'
import { beforeAll, expect, test } from 'vitest'
import { createChanges } from '../../src/changes'
import { registerConsumers } from '../../src/changes/cursor'
import { runConsumer } from '../../src/changes/run'
import { buildModel, onChange } from '../../src/define'
import { engineSchema, expectedSchema, planMigration } from '../../src/migrations'
import { openStores, type Env } from '../../src/platform'
import { herald, letters, totals } from '../apps/herald'
import { mountHerald } from './herald'

const { DB, DB_SECOND } = env as unknown as { DB: D1Database; DB_SECOND: D1Database }
const bindings = { ...(env as unknown as Env), DB_1: DB_SECOND, CHANGE_FEED: undefined, JOBS: undefined } as unknown as Env
const stores = openStores(bindings, () => undefined)

const answer = onChange(letters, { name: 'answer', ops: ['insert'], from: 'beginning' }, ({ change, batch }) => {
  const { section, id } = change.row!
  batch.update(letters, { answered: 1 }, { where: { section: section!, id: id! } })
})
const stray = onChange(letters, { name: 'stray', ops: ['insert'], from: 'beginning', attempts: 1 }, ({ change, batch }) => {
  batch.insert(totals, { id: change.id })
})
const model = buildModel(herald(answer, stray))
const { consumers } = createChanges(model)
const run = (store: (typeof stores)['all'][number], name: string) =>
  runConsumer({ model, env: bindings, stores, store, consumer: consumers.get(name)!, clock: Date.now, random: () => 0 })
const rows = async (db: D1Database, sql: string) => (await db.prepare(sql).all()).results

beforeAll(async () => {
  await mountHerald()
  const nothing = { ...engineSchema(), tables: [] }
  const { statements } = planMigration(nothing, expectedSchema(herald()))
  await DB_SECOND.batch(statements.map((statement) => DB_SECOND.prepare(statement)))
  for (const store of stores.all) await registerConsumers(store, consumers.values(), 0, Date.now())
  // Whatever a section's home is, the change is handled there.
  for (const section of ['arts', 'sport', 'trade', 'world', 'local', 'books']) {
    const home = stores.forPartition({ partition: 'section' }, section).name === 'db' ? DB : DB_SECOND
    await home.prepare('INSERT INTO letters (section, id) VALUES (?1, ?2)').bind(section, 'x').run()
  }
})

test('a change is handled in its own database, once, and its name says which', async () => {
  for (const store of stores.all) await Promise.all([run(store, 'answer'), run(store, 'answer')])
  for (const store of stores.all) expect(await run(store, 'answer')).toBe('rested')
  for (const db of [DB, DB_SECOND]) {
    const found = await rows(db, 'SELECT answered, _version FROM letters')
    expect(found.length).toBeGreaterThan(0)
    expect(found.every(({ answered, _version }) => answered === 1 && _version === 2)).toBe(true)
  }
})

test('what would be written elsewhere is refused by name, and set aside', async () => {
  const second = stores.all[1]!
  while ((await run(second, 'stray')) === 'failing');
  const failures = await rows(DB_SECOND, "SELECT reason FROM sys_change_failures WHERE consumer = 'stray'")
  expect(failures.length).toBe((await rows(DB_SECOND, 'SELECT 1 FROM letters')).length)
  expect(new Set(failures.map(({ reason }) => String(reason).slice(0, 8)))).toEqual(new Set(['PGRST127']))
  expect(await rows(DB, 'SELECT 1 FROM totals')).toEqual([])
  // In the primary database it is the same transaction.
  expect(await run(stores.primary, 'stray')).toBe('rested')
  expect(await rows(DB, 'SELECT 1 FROM totals')).toHaveLength((await rows(DB, 'SELECT 1 FROM letters')).length)
})
