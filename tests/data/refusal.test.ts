// What a refused write leaves behind, which is nothing, and what it tells, which is nothing of rows that the caller can't see.
import { beforeEach, describe, expect, test } from 'vitest'
import { ANONYMOUS } from '../../src/core'
import {
  ALL,
  RLS,
  ask,
  db,
  eq,
  freshClub,
  insert,
  lastCost,
  person,
  read,
  refusal,
  refusedWithoutTrace,
  remove,
  stored,
  update,
} from './club'

const [ann, bob, eve] = [person('ann'), person('bob'), person('eve')]

beforeEach(freshClub)

describe('conflicts', () => {
  test('a key that a hidden row has is refused without saying which; a visible one is named', async () => {
    const message = 'duplicate key value violates unique constraint "notes_pkey"'
    expect(await refusedWithoutTrace(() => ask(eve, [insert('notes', { id: 'a1', title: 'x' })]))).toEqual({
      code: '23505',
      status: 409,
      message,
      details: null,
    })
    expect(await refusedWithoutTrace(() => ask(ann, [insert('notes', { id: 'a1', title: 'x' })]))).toEqual({
      code: '23505',
      status: 409,
      message,
      details: 'Key (id)=(a1) already exists.',
    })
    expect(await refusal(ask(eve, [insert('notes', { title: 'x', slug: 'one' })]))).toEqual({
      code: '23505',
      status: 409,
      message: 'duplicate key value violates unique constraint "notes_slug_key"',
      details: null,
    })
    expect(await refusal(ask(ann, [update('members', { person_id: 'ann' }, eq('person_id', 'bob'))]))).toMatchObject({
      message: 'duplicate key value violates unique constraint "members_pkey"',
    })
  })

  test('who may not write the row at all learns nothing of keys: the policy is asked first', async () => {
    for (const taken of [{ id: 'a1' }, { slug: 'one' }, { club_id: 'nowhere' }]) {
      expect(await refusedWithoutTrace(() => ask(eve, [insert('notes', { title: 'x', owner_id: 'ann', ...taken })]))).toEqual(RLS('notes'))
      expect(await refusedWithoutTrace(() => ask(ANONYMOUS, [insert('notes', { title: 'x', owner_id: 'ann', ...taken })]))).toEqual(
        RLS('notes'),
      )
      expect(
        await refusedWithoutTrace(() => ask(bob, [update('notes', { owner_id: 'eve', club_id: null, ...taken }, eq('id', 'b1'))])),
      ).toEqual(RLS('notes'))
    }
  })

  test('of several foreign keys the broken one is named', async () => {
    expect(await refusedWithoutTrace(() => ask(ann, [insert('notes', { title: 'x', club_id: 'climbers', answer_to: 'nowhere' })]))).toEqual(
      {
        code: '23503',
        status: 409,
        message: 'insert or update on table "notes" violates foreign key constraint "notes_answer_to_fkey"',
        details: 'Key is not present in table "notes".',
      },
    )
    expect(await refusal(ask(ann, [update('notes', { club_id: 'nowhere' }, eq('id', 'a1'))]))).toMatchObject({
      message: 'insert or update on table "notes" violates foreign key constraint "notes_club_id_fkey"',
    })
    expect(await refusal(ask(ann, [remove('clubs')]))).toMatchObject({
      message: 'update or delete on table "clubs" violates foreign key constraint "notes_club_id_fkey" on table "notes"',
    })
  })
})

describe('expectations', () => {
  const single = { min: 1, max: 1, error: 'not-single' as const }

  test('more rows than were wanted undo the write', async () => {
    expect(await refusedWithoutTrace(() => ask(ann, [update('notes', { title: 'x' }, undefined, { expect: single })]))).toMatchObject({
      code: 'PGRST116',
      status: 406,
      details: 'Results contain 2 rows, application/vnd.pgrst.object+json requires 1 row',
    })
    expect(await refusedWithoutTrace(() => ask(eve, [update('notes', { title: 'x' }, undefined, { expect: single })]))).toMatchObject({
      details: 'Results contain 0 rows, application/vnd.pgrst.object+json requires 1 row',
    })
    expect(
      await refusedWithoutTrace(() => ask(ann, [remove('notes', undefined, { expect: { max: 1, error: 'max-affected' } })])),
    ).toMatchObject({ code: 'PGRST124', details: 'The query affects 2 rows' })
    expect(await refusedWithoutTrace(() => ask(ann, [insert('notes', [{ title: 'x' }, { title: 'y' }])], { form: 'one' }))).toMatchObject({
      code: 'PGRST116',
    })
    expect((await ask(ann, [update('notes', { title: 'x' }, eq('id', 'a1'), { expect: single })]))[0]).toMatchObject({ affected: 1 })
  })
})

describe('sessions', () => {
  test('a revoked one writes nothing, by any kind of write', async () => {
    await db.prepare("delete from auth_sessions where id = 's-ann'").run()
    const attempts = [
      insert('notes', { title: 'x' }),
      update('notes', { title: 'x' }),
      remove('notes'),
      insert('members', { club_id: 'climbers', person_id: 'eve' }, { missing: 'default' }),
      insert('entries', { text: 'x' }),
    ]
    for (const attempt of attempts)
      expect(await refusedWithoutTrace(() => ask(ann, [attempt]))).toMatchObject({ code: 'PGRST303', status: 401 })
  })

  test("another person's session is none of one's own", async () => {
    expect(await refusal(ask({ ...ann, sessionId: 's-bob' }, [update('notes', { title: 'x' })]))).toMatchObject({ code: 'PGRST303' })
    expect(await refusal(ask({ ...ann, sessionId: null }, [update('notes', { title: 'x' })]))).toMatchObject({ code: 'PGRST303' })
  })
})

describe('batches', () => {
  test('several operations succeed or fail together, and one takes its key from another', async () => {
    const reference = { reference: { operation: 0, column: 'id' } }
    const results = await ask(eve, [
      insert('clubs', { name: 'Readers', founder_id: 'eve' }),
      insert('members', { club_id: reference, person_id: 'eve', rank: 'steward' }),
      read('members', undefined, { total: 'exact' }),
    ])
    expect(lastCost.d1Calls).toBe(1)
    expect(results[2]).toMatchObject({ rows: 1, total: 1 })
    expect(
      await refusedWithoutTrace(() => ask(eve, [insert('notes', { title: 'fine' }), insert('notes', { title: 'not', owner_id: 'ann' })])),
    ).toEqual(RLS('notes'))
  })

  test("an operation's checks concern its own rows, not those of the ones before", async () => {
    await ask('service', [insert('desks', { id: 'p', person_id: 'eve', place: 1 })])
    const results = await ask(eve, [
      update('desks', { place: 3 }),
      remove('desks'),
      insert('desks', { id: 'q', person_id: 'eve', place: 3 }),
    ])
    expect(results.map(({ affected }) => affected)).toEqual([1, 1, 1])
  })
})

describe('the log', () => {
  test('an audited change says who, which request and which device, and the name is taken off afterwards', async () => {
    await ask(ann, [update('notes', { title: 'seen' }, eq('id', 'a1'))])
    expect(await stored("select op, context from sys_changes where tbl = 'notes' order by seq desc limit 1")).toEqual([
      { op: 'U', context: JSON.stringify({ uid: 'ann', request: 'r-1', origin: 'phone-1' }) },
    ])
    await db.prepare("update notes set title = 'by hand' where id = 'a1'").run()
    expect(await stored("select context from sys_changes where tbl = 'notes' order by seq desc limit 1")).toEqual([{ context: null }])
  })
})

test('a log that is not written lets no check pass that looks there', async () => {
  const [trigger] = await stored(
    "select name, sql from sqlite_schema where type = 'trigger' and tbl_name = 'desks' and sql like '%AFTER INSERT%'",
  )
  await db.prepare(`drop trigger ${String(trigger!['name'])}`).run()
  try {
    await expect(
      ask(eve, [
        insert('desks', [
          { id: 'x', person_id: 'eve', place: 1 },
          { id: 'y', person_id: 'eve', place: 2 },
        ]),
      ]),
    ).rejects.toThrow('PERIGEE|log|desks|0')
    expect(await stored('select 1 from desks')).toEqual([])
  } finally {
    await db.prepare(String(trigger!['sql'])).run()
  }
})

test('every write is one batch', async () => {
  for (const write of [
    insert('desks', { id: 'p', person_id: 'ann', place: 1 }),
    update('members', { rank: 'steward' }),
    remove('notes'),
    insert('notes', { title: 'x' }, { returning: { select: ALL, order: [{ target: { column: 'id' }, descending: false }] } }),
  ]) {
    await ask(ann, [write])
    expect(lastCost.d1Calls).toBe(1)
  }
})
