// A write that is sent again under its key is answered as it was, and done once.
import { beforeEach, describe, expect, test } from 'vitest'
import { SERVICE, type Principal } from '../../src/core'
import { execute, IDEMPOTENCY_MS, type Result } from '../../src/data'
import { openStores, type Env } from '../../src/platform'
import type { Operation } from '../../src/query'
import { ALL, db, eq, insert, model, mount, NOW, people, person, pick, read, refusal, remove, second, stored, update } from './club'

const [ann, bob] = [person('ann'), person('bob')]
const stores = openStores({ DB: db, DB_1: second } as unknown as Env, () => undefined)
const send = (principal: Principal, key: string, operations: readonly Operation[], fingerprint = 'f', now = NOW): Promise<Result[]> =>
  execute({
    model,
    stores,
    query: { operations, shape: { form: 'list' }, idempotency: { key, fingerprint } },
    execution: { principal, now },
  })

let mounted = false
beforeEach(async () => {
  if (!mounted) await mount(db)
  mounted = true
  await db.batch(
    ['sys_idempotency', 'notes', 'desks', 'entries', 'auth_sessions', 'auth_users'].map((name) => db.prepare(`delete from ${name}`)),
  )
  await people('ann', 'bob')
})

const count = async (table: string) => (await stored(`select count(*) as n from ${table}`))[0]!['n']

describe('the same request again', () => {
  test('an insert: same row, same id, one row', async () => {
    const write = insert('notes', { title: 'once', views: '9007199254740993' }, { missing: 'default', returning: { select: ALL } })
    const first = await send(ann, 'k', [write])
    expect(first[0]).toMatchObject({ rows: 1, affected: 1, inserted: 1 })
    expect(first[0]!.body).toContain('9007199254740993')
    expect(await send(ann, 'k', [write])).toEqual(first)
    expect(await count('notes')).toBe(1)
    expect(await send(ann, 'other', [write])).not.toEqual(first)
    expect(await count('notes')).toBe(2)
  })

  test('an upsert, an update, a delete and a batch, with and without an answer', async () => {
    await send(ann, 'seed', [
      insert(
        'notes',
        [
          { id: 'n1', title: 'a' },
          { id: 'n2', title: 'b' },
        ],
        { missing: 'default' },
      ),
    ])
    const returning = { select: pick('id', 'title') }
    const writes: Operation[][] = [
      [
        insert(
          'notes',
          [
            { id: 'n1', title: 'x' },
            { id: 'n3', title: 'c' },
          ],
          { missing: 'default', conflict: { action: 'merge' }, returning },
        ),
      ],
      [update('notes', { title: 'y' }, eq('id', 'n1'), { returning })],
      [update('notes', { title: 'z' })],
      [update('notes', {})],
      [remove('notes', eq('id', 'n3'), { returning })],
      [insert('desks', { id: 'd', person_id: 'ann', place: 1 }), remove('notes'), insert('entries', [])],
    ]
    const expected = [
      [{ body: '[{"id":"n1","title":"x"},{"id":"n3","title":"c"}]', affected: 2, inserted: 1 }],
      [{ body: '[{"id":"n1","title":"y"}]', affected: 1, inserted: null }],
      [{ body: '[]', affected: 3 }],
      [{ body: '[]', affected: 0 }],
      [{ body: '[{"id":"n3","title":"z"}]', rows: 1, affected: 1, inserted: null }],
      [{ affected: 1, inserted: 1 }, { affected: 2 }, { affected: 0, inserted: 0 }],
    ]
    for (const [i, write] of writes.entries()) {
      const first = await send(ann, `k${i}`, write)
      expect(first).toMatchObject(expected[i]!)
      const log = await count('sys_changes')
      expect(await send(ann, `k${i}`, write)).toEqual(first)
      expect(await count('sys_changes')).toBe(log)
    }
  })

  test('fifty at once are one', async () => {
    const write = insert('entries', { text: 'once' }, { returning: { select: ALL } })
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(ann, 'k', [write])))
    expect(new Set(answers.map(([result]) => result!.body)).size).toBe(1)
    expect(await count('entries')).toBe(1)
  })
})

describe('what a key is not', () => {
  const write = insert('entries', { text: 'x' })

  test('a key for another request, or for another person', async () => {
    await send(ann, 'k', [write])
    expect(await refusal(send(ann, 'k', [write], 'another'))).toMatchObject({ status: 422 })
    await send(bob, 'k', [write])
    await send(SERVICE, 'k', [write])
    expect(await count('entries')).toBe(3)
  })

  test('kept when the write failed', async () => {
    expect(await refusal(send(ann, 'k', [insert('notes', { title: 'x', owner_id: 'bob' })]))).toMatchObject({ code: '42501' })
    expect(await count('sys_idempotency')).toBe(0)
    await send(ann, 'k', [write])
    expect(await count('entries')).toBe(1)
  })

  test('a way around a revoked session', async () => {
    await send(ann, 'k', [write])
    await db.prepare("delete from auth_sessions where id = 's-ann'").run()
    expect(await refusal(send(ann, 'k', [write]))).toMatchObject({ code: 'PGRST303' })
  })

  test('kept beyond a day', async () => {
    await send(ann, 'k', [write])
    await send(ann, 'k', [write], 'f', NOW + IDEMPOTENCY_MS)
    expect(await count('entries')).toBe(1)
    await send(ann, 'k', [write], 'f', NOW + IDEMPOTENCY_MS + 1)
    expect(await count('entries')).toBe(2)
  })

  test('asked for by reads', async () => {
    expect(await send(ann, 'k', [read('entries')])).toMatchObject([{ rows: 0 }])
    expect(await count('sys_idempotency')).toBe(0)
  })
})

describe('a batch under a key', () => {
  test('reads among its operations are answered as they were', async () => {
    const operations = [
      insert('entries', { text: 'once' }),
      read('entries', undefined, { total: 'exact' }),
      insert(
        'notes',
        { title: { reference: { operation: 0, column: 'id' } } },
        { missing: 'default', returning: { select: pick('title') } },
      ),
      read('notes', undefined, { select: pick('title'), countOnly: true }),
    ]
    const first = await send(ann, 'batch', operations)
    expect(first[1]).toMatchObject({ rows: 1, total: 1 })
    expect(first[1]!.body).toContain('once')
    await send(bob, 'else', [insert('entries', { text: 'later' })])
    expect(await send(ann, 'batch', operations)).toEqual(first)
    expect([await count('entries'), await count('notes')]).toEqual([2, 1])
    expect(await refusal(send(ann, 'batch', operations.slice(1), 'g'))).toMatchObject({ status: 422, code: '22023' })
  })

  test('an answer that there is no room for is refused, and nothing is done', async () => {
    const text = 'x'.repeat(700_000)
    const returning = { select: ALL }
    const two = insert('entries', [{ text }, { text }], { returning })
    expect(await send(ann, 'fits', [two])).toMatchObject([{ rows: 2 }])
    expect(await refusal(send(ann, 'large', [two, insert('entries', { text }, { returning })]))).toMatchObject({
      code: '54000',
      status: 400,
    })
    expect([await count('entries'), await count('sys_idempotency')]).toEqual([2, 1])
  })
})

describe('a query that is undone', () => {
  const undo = (operations: readonly Operation[], principal = ann) =>
    execute({
      model,
      stores,
      query: { operations, shape: { form: 'list' }, undo: true, idempotency: { key: 'k', fingerprint: 'f' } },
      execution: { principal, now: NOW },
    })
  const everything = async () =>
    JSON.stringify(
      await Promise.all(
        ['entries', 'notes', 'sys_changes', 'sys_idempotency', 'sys_statement'].map((name) => stored(`select * from ${name}`)),
      ),
    )

  test('answers as if it had been done', async () => {
    const returning = { select: ALL }
    await send(ann, 'seed', [insert('notes', { id: 'n', title: "it's" }, { missing: 'default' })])
    const before = await everything()
    const results = await undo([
      insert('notes', { id: 'm', title: "quo'te \n \\ é" }, { missing: 'default', returning: { select: pick('id', 'title') } }),
      update('notes', { title: 'z' }, eq('id', 'n'), { returning: { select: pick('title') } }),
      remove('notes', eq('id', 'm'), { returning }),
      insert('entries', { text: 'x' }),
      read('notes', undefined, { select: pick('title'), total: 'exact' }),
    ])
    expect(results.map(({ body, rows, total, affected, inserted }) => [rows, total, affected, inserted, body.length > 2])).toEqual([
      [1, null, 1, 1, true],
      [1, null, 1, null, true],
      [1, null, 1, null, true],
      [0, null, 1, 1, false],
      [1, 1, 0, null, true],
    ])
    expect(JSON.parse(results[0]!.body)).toEqual([{ id: 'm', title: "quo'te \n \\ é" }])
    expect(await everything()).toBe(before)
  })

  test('is refused as it would have been, and when its answer is too large to be told', async () => {
    expect(await refusal(undo([insert('notes', { title: 'x', owner_id: 'bob' })]))).toMatchObject({ code: '42501' })
    await db.prepare("delete from auth_sessions where id = 's-bob'").run()
    expect(await refusal(undo([read('entries'), insert('entries', { text: 'x' })], bob))).toMatchObject({ code: 'PGRST303' })
    const long = (n: number) => insert('entries', { text: 'x'.repeat(n) }, { returning: { select: pick('text') } })
    expect(await undo([long(400_000)])).toMatchObject([{ rows: 1 }])
    expect(await refusal(undo([long(500_000)]))).toMatchObject({ code: '54000' })
    expect(await count('entries')).toBe(0)
  })

  test('that only reads is read', async () => {
    expect(await undo([read('entries')])).toMatchObject([{ rows: 0 }])
  })
})

test('an insert that may be retried is done the first time also by who can not read it, and is a duplicate when it comes again', async () => {
  await db.prepare('delete from letters').run()
  const letter = insert('letters', { id: 'l', from_id: 'ann', to_id: 'bob', text: 'dear' }, { retry: true })
  const send = (principal: Principal) =>
    execute({ model, stores, query: { operations: [letter], shape: { form: 'list' } }, execution: { principal, now: NOW } })
  expect(await send(ann)).toMatchObject([{ affected: 1, inserted: 1 }])
  expect(await refusal(send(ann))).toMatchObject({ code: '23505', details: null })
  // Bob reads it, and could not have written it.
  expect(await refusal(send(bob))).toMatchObject({ code: '42501' })
  expect(await count('letters')).toBe(1)
})
