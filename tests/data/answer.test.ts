// What the database says when it can't: too much for one text, too much to do.
import { beforeAll, expect, test } from 'vitest'
import { execute } from '../../src/data'
import { readFault, type StoreSession } from '../../src/platform'
import { ask, db, insert, lastCost, model, mount, NOW, people, person, pick, read } from './club'

const ann = person('ann')

beforeAll(async () => {
  await mount(db)
  await people('ann')
})

test('a page too long for one text comes as many', async () => {
  // Local D1 takes texts of 8 MB, the real one of 2 MB.
  const long = 'x'.repeat(1_700_000)
  for (let n = 0; n < 10; n++) await ask(ann, [insert('entries', { text: `${n}${long}` })])
  const [result] = await ask(ann, [read('entries', undefined, { limit: 20, select: pick('id', 'text'), total: 'exact' })])
  expect(result).toMatchObject({ rows: 10, total: 10 })
  expect((JSON.parse(result!.body) as unknown[]).length).toBe(10)
  // The first is refused by D1, the second asks for a text a row.
  expect(lastCost.calls!.map(({ statements }) => statements[0]!.sql.includes('union all'))).toEqual([false, true])
})

test('real refusals of D1 are read for what they are', async () => {
  const fault = async (sql: string, ...params: string[]) =>
    readFault(
      await db
        .prepare(sql)
        .bind(...params)
        .run()
        .catch((error: unknown) => error),
    )
  await db.prepare("insert into entries (id, text) values (900, 'x')").run()
  expect(await fault("insert into entries (id, text) values (900, 'x')")).toEqual({
    kind: 'unique',
    table: 'entries',
    columns: ['id'],
    primaryKey: true,
  })
  expect(await fault("insert into members (club_id, person_id) values ('c', 'p')")).toEqual({ kind: 'foreign-key' })
  expect(await fault('insert into entries (text) values (null)')).toEqual({ kind: 'not-null', table: 'entries', column: 'text' })
  expect(await fault("insert into entries (text) values (x'00')")).toEqual({ kind: 'datatype', table: 'entries', column: 'text' })
  expect(await fault("insert into entries (id, text) values ('one', 'x')")).toMatchObject({ kind: 'datatype' })
  expect(await fault("insert into notes (id, owner_id, title, views) values ('a', 'b', 'c', -1)")).toEqual({
    kind: 'check',
    name: 'notes_views_floor',
  })
  expect(await fault("select json_extract('{}', 'PERIGEE|max|a table|12')")).toEqual({
    kind: 'raise',
    code: 'max',
    table: 'a table',
    n: 12,
  })
  expect(await fault("select json_extract('{}', 'nonsense')")).toEqual({ kind: 'other' })
  expect(await fault('select nothing from entries')).toEqual({ kind: 'other' })
  expect(await fault(`select ${Array.from({ length: 101 }, (_, i) => `?${i + 1}`).join('+')}`)).toEqual({ kind: 'too-complex' })
})

test.each([
  'D1_ERROR: D1 DB is overloaded. Requests queued for too long.',
  'D1_ERROR: Network connection lost.',
  'D1 DB reset because its code was updated.',
])('%s is a 503 that says when to come again', async (message) => {
  const broken = { prepare: () => ({ bind: () => ({ all: () => Promise.reject(new Error(message)) }) }) } as unknown as D1Database
  const store: StoreSession = { name: 'db', db: broken, begin: () => store, bookmark: () => null }
  const stores = { primary: store, all: [store], forPartition: () => store }
  const query = { operations: [read('entries')], shape: { form: 'list' as const } }
  const attempt = execute({ model, stores, query, execution: { principal: ann, now: NOW } })
  await expect(attempt).rejects.toMatchObject({ definition: { status: 503, retry: true }, occurrence: { headers: { 'retry-after': '1' } } })
})
