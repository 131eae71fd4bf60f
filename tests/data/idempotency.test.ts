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
    expect(await refusal(send(ann, 'k', [write, read('entries')]))).toMatchObject({ status: 501 })
  })
})
