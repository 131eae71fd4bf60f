// Attacks: every write asks the policy of what it does, none is passed by the order of rows or by another kind of write, a refusal
// leaves nothing behind, and no refusal tells of a row that the caller can't see.
import { beforeEach, describe, expect, test } from 'vitest'
import { ANONYMOUS } from '../../src/core'
import { ALL, ask, db, eq, insert, lastCost, model, mount, people, person, pick, read, refusal, remove, rows, stored, update } from './club'

const [ann, bob, eve] = [person('ann'), person('bob'), person('eve')]
const RLS = (table: string) => ({
  code: '42501',
  status: 403,
  message: `new row violates row-level security policy for table "${table}"`,
  details: null,
})

let mounted = false
beforeEach(async () => {
  if (!mounted) await mount(db)
  mounted = true
  await db.batch(
    ['letters', 'chairs', 'desks', 'notes', 'members', 'clubs', 'auth_sessions', 'auth_users'].map((name) =>
      db.prepare(`delete from ${name}`),
    ),
  )
  await people('ann', 'bob', 'eve')
  await ask('service', [
    insert('clubs', [{ id: 'climbers', name: 'Climbers', founder_id: 'ann' }]),
    insert('members', [
      { club_id: 'climbers', person_id: 'ann', rank: 'steward' },
      { club_id: 'climbers', person_id: 'bob', rank: 'member' },
    ]),
    insert(
      'notes',
      [
        { id: 'a1', owner_id: 'ann', title: 'private of ann', slug: 'one' },
        { id: 'a2', owner_id: 'ann', title: 'shared with the club', club_id: 'climbers' },
        { id: 'b1', owner_id: 'bob', title: 'private of bob' },
      ],
      { missing: 'default' },
    ),
  ])
})

/** Rows and log as they are. */
const everything = async () =>
  JSON.stringify([
    await stored('select * from notes order by id'),
    await stored('select * from members order by person_id'),
    await stored('select * from desks order by id'),
    await stored('select * from chairs order by id'),
    await stored('select count(*) from sys_changes'),
  ])

async function refusedWithoutTrace(write: () => Promise<unknown>): Promise<Awaited<ReturnType<typeof refusal>>> {
  const before = await everything()
  const found = await refusal(write())
  expect(await everything()).toBe(before)
  return found
}

describe('insert', () => {
  test('a row in another name is refused, and takes the whole bulk with it', async () => {
    expect(
      await refusedWithoutTrace(() =>
        ask(eve, [insert('notes', [{ title: 'mine' }, { title: 'yours', owner_id: 'ann' }], { missing: 'default' })]),
      ),
    ).toEqual(RLS('notes'))
    expect(await refusedWithoutTrace(() => ask(ANONYMOUS, [insert('notes', { title: 'nobody', owner_id: 'ann' })]))).toMatchObject({
      code: '42501',
    })
  })

  test('a policy that reads the table it guards sees all rows of a bulk, in whatever order they stand', async () => {
    const two = [
      { id: 'x', person_id: 'eve', place: 1 },
      { id: 'y', person_id: 'eve', place: 2 },
    ]
    expect(await refusedWithoutTrace(() => ask(eve, [insert('desks', two)]))).toEqual(RLS('desks'))
    expect(await refusedWithoutTrace(() => ask(eve, [insert('desks', two.toReversed())]))).toEqual(RLS('desks'))
    await ask(eve, [insert('desks', two[0]!)])
    expect(await refusedWithoutTrace(() => ask(eve, [insert('desks', two[1]!)]))).toEqual(RLS('desks'))
  })

  test('a steward lets people in, a member does not, and nobody makes themself steward', async () => {
    await ask(ann, [insert('members', { club_id: 'climbers', person_id: 'eve', rank: 'member' })])
    expect(
      await refusedWithoutTrace(() => ask(bob, [insert('members', { club_id: 'climbers', person_id: 'zoe', rank: 'member' })])),
    ).toEqual(RLS('members'))
    expect(
      await refusedWithoutTrace(() => ask(eve, [insert('members', { club_id: 'climbers', person_id: 'eve2', rank: 'steward' })])),
    ).toEqual(RLS('members'))
  })

  test('an answer needs read: what its writer cannot see is not written when they ask to see it', async () => {
    const letter = { id: 'l1', from_id: 'ann', to_id: 'bob', text: 'dear' }
    expect(await refusedWithoutTrace(() => ask(ann, [insert('letters', letter, { returning: { select: ALL } })]))).toEqual(RLS('letters'))
    const [result] = await ask(ann, [insert('letters', letter)])
    expect(result).toMatchObject({ affected: 1, body: '[]' })
  })
})

describe('update', () => {
  test('rows of others are skipped, also when the filter names them', async () => {
    const [result] = await ask(eve, [update('notes', { title: 'hacked' }, eq('id', 'a1'))])
    expect(result).toMatchObject({ affected: 0 })
    const [all] = await ask(eve, [update('notes', { title: 'hacked' })])
    expect(all).toMatchObject({ affected: 0 })
  })

  test('a row is not given away: the new row is judged as well as the old', async () => {
    expect(await refusedWithoutTrace(() => ask(ann, [update('notes', { owner_id: 'eve' }, eq('id', 'a1'))]))).toEqual(RLS('notes'))
    expect(await refusedWithoutTrace(() => ask(bob, [update('notes', { club_id: null }, eq('id', 'a2'))]))).toEqual(RLS('notes'))
  })

  test('a check over the written table sees the whole effect: the last steward stays', async () => {
    expect(await refusedWithoutTrace(() => ask(ann, [update('members', { rank: 'member' })]))).toEqual(RLS('members'))
    await ask(ann, [update('members', { rank: 'steward' }, eq('person_id', 'bob'))])
    const [result] = await ask(ann, [update('members', { rank: 'member' }, eq('person_id', 'ann'))])
    expect(result).toMatchObject({ affected: 1 })
  })

  test('two rows cannot both take one place in one statement', async () => {
    await ask('service', [
      insert('desks', [
        { id: 'p', person_id: 'eve', place: 1 },
        { id: 'q', person_id: 'eve', place: 2 },
      ]),
    ])
    expect(await refusedWithoutTrace(() => ask(eve, [update('desks', { place: 7 })]))).toEqual(RLS('desks'))
  })

  test('a filter finds only what the caller reads, so a guess learns nothing', async () => {
    await ask('service', [insert('letters', { id: 'l1', from_id: 'ann', to_id: 'bob', text: 'dear' })])
    expect((await ask(ann, [update('letters', { text: 'x' }, eq('text', 'dear'))]))[0]).toMatchObject({ affected: 0 })
    expect((await ask(ann, [update('letters', { text: 'x' })]))[0]).toMatchObject({ affected: 1 })
    expect((await ask(ann, [remove('letters', eq('text', 'x'))]))[0]).toMatchObject({ affected: 0 })
  })

  test('a column that only the owner reads filters nothing for others', async () => {
    await ask(ann, [update('notes', { price: '5' }, eq('id', 'a2'))])
    expect((await ask(bob, [update('notes', { title: 'x' }, eq('price', '5'))]))[0]).toMatchObject({ affected: 0 })
    expect(await rows(bob, update('notes', { title: 'y' }, eq('id', 'a2'), { returning: { select: pick('title', 'price') } }))).toEqual([
      { title: 'y', price: null },
    ])
  })

  test('the counter and the clock move, and so does what every update touches', async () => {
    await ask(ann, [update('notes', { title: 'new', touched: '1999-01-01T00:00:00Z' }, eq('id', 'a1'))])
    expect(await stored("select _version as v, touched from notes where id = 'a1'")).toEqual([{ v: 2, touched: 1_780_000_000_000 }])
  })
})

describe('rows of one statement that lean on each other', () => {
  const chair = (id: string, next_to: string, more = {}) => ({ id, next_to, owner_id: 'eve', taken: true, mood: 'good', ...more })
  const merge = { conflict: { action: 'merge' as const } }
  const leaning = [chair('a', 'b', { taken: false }), chair('b', 'c', { taken: false })]

  beforeEach(async () => {
    await ask('service', [insert('chairs', [chair('a', 'b'), chair('b', 'c'), chair('c', 'c'), chair('d', 'c', { owner_id: 'ann' })])])
  })

  test('an update that spoils what an earlier row relied on is refused', async () => {
    const both = { kind: 'in' as const, target: { column: 'id' }, values: ['a', 'b'] }
    expect(await refusedWithoutTrace(() => ask(eve, [update('chairs', { taken: false }, both)]))).toEqual(RLS('chairs'))
    expect((await ask(eve, [update('chairs', { taken: false }, eq('id', 'a'))]))[0]).toMatchObject({ affected: 1 })
  })

  test('so is an upsert, in both orders', async () => {
    expect(await refusedWithoutTrace(() => ask(eve, [insert('chairs', leaning, merge)]))).toEqual(RLS('chairs'))
    expect(await refusedWithoutTrace(() => ask(eve, [insert('chairs', leaning.toReversed(), merge)]))).toEqual(RLS('chairs'))
  })

  test('an insert may lean on a row that stands behind it', async () => {
    expect((await ask(eve, [insert('chairs', [chair('y', 'z'), chair('z', 'c')])]))[0]).toMatchObject({ affected: 2 })
    expect(await refusedWithoutTrace(() => ask(eve, [insert('chairs', [chair('v', 'w'), chair('w', 'c', { taken: false })])]))).toEqual(
      RLS('chairs'),
    )
  })

  test('NULL admits nobody', async () => {
    expect(await refusedWithoutTrace(() => ask(eve, [update('chairs', { mood: null }, eq('id', 'a'))]))).toEqual(RLS('chairs'))
    expect(await refusedWithoutTrace(() => ask(eve, [insert('chairs', chair('a', 'b', { mood: null }), merge)]))).toEqual(RLS('chairs'))
  })

  test('what a row keeps through a merge is judged with what it gets', async () => {
    await ask('service', [update('chairs', { mood: 'bad' }, eq('id', 'b'))])
    const { mood: _, ...proposed } = chair('b', 'c')
    expect(await refusedWithoutTrace(() => ask(eve, [insert('chairs', proposed, merge)]))).toEqual(RLS('chairs'))
    expect((await ask(eve, [insert('chairs', chair('b', 'c'), merge)]))[0]).toMatchObject({ affected: 1, inserted: 0 })
  })

  test('a proposed row that the insert policy refuses is not merged, whatever the row becomes', async () => {
    expect(
      await refusedWithoutTrace(() => ask(eve, [insert('chairs', chair('d', 'c', { owner_id: 'ann', mood: 'fine' }), merge)])),
    ).toEqual(RLS('chairs'))
    expect((await ask(eve, [update('chairs', { mood: 'fine' }, eq('id', 'd'))]))[0]).toMatchObject({ affected: 1 })
  })
})

describe('upsert', () => {
  const merge = { conflict: { action: 'merge' as const }, missing: 'default' as const }

  test('`using` over the written table is judged before: a founder who is no steward changes no member', async () => {
    await ask('service', [
      insert('clubs', { id: 'readers', name: 'Readers', founder_id: 'eve' }),
      insert('members', [
        { club_id: 'readers', person_id: 'eve', rank: 'member' },
        { club_id: 'readers', person_id: 'bob', rank: 'steward' },
      ]),
    ])
    expect(
      await refusedWithoutTrace(() => ask(eve, [insert('members', { club_id: 'readers', person_id: 'eve', rank: 'steward' }, merge)])),
    ).toEqual(RLS('members'))
    expect((await ask(eve, [insert('members', { club_id: 'readers', person_id: 'ann', rank: 'steward' }, merge)]))[0]).toMatchObject({
      inserted: 1,
    })
  })

  test('merging into a row of another fails instead of skipping it', async () => {
    expect(await refusedWithoutTrace(() => ask(eve, [insert('notes', { id: 'a1', title: 'taken', owner_id: 'eve' }, merge)]))).toEqual(
      RLS('notes'),
    )
    expect(
      await refusedWithoutTrace(() =>
        ask(eve, [
          insert(
            'notes',
            [
              { id: 'e1', title: 'mine', owner_id: 'eve' },
              { id: 'a1', title: 'taken', owner_id: 'eve' },
            ],
            merge,
          ),
        ]),
      ),
    ).toEqual(RLS('notes'))
  })

  test('the insert policy holds for a proposed row that exists, the update policy for what it becomes', async () => {
    // Bob may update the club's note, but not propose one in the name of Ann.
    expect(
      await refusedWithoutTrace(() => ask(bob, [insert('notes', { id: 'a2', title: 'x', owner_id: 'ann', club_id: 'climbers' }, merge)])),
    ).toEqual(RLS('notes'))
    expect(
      await refusedWithoutTrace(() => ask(ann, [insert('members', { club_id: 'climbers', person_id: 'ann', rank: 'member' }, merge)])),
    ).toEqual(RLS('members'))
    // Bob is no steward: neither lets he people in nor merges into a membership.
    expect(
      await refusedWithoutTrace(() => ask(bob, [insert('members', { club_id: 'climbers', person_id: 'bob', rank: 'steward' }, merge)])),
    ).toEqual(RLS('members'))
  })

  test('new and merged rows are told apart', async () => {
    const [result] = await ask(ann, [
      insert(
        'notes',
        [
          { id: 'a1', title: 'again' },
          { id: 'a9', title: 'fresh' },
        ],
        { ...merge, returning: { select: pick('id', 'title', 'slug') } },
      ),
    ])
    expect(result).toMatchObject({ affected: 2, inserted: 1 })
    expect(JSON.parse(result!.body)).toEqual([
      { id: 'a1', title: 'again', slug: 'one' },
      { id: 'a9', title: 'fresh', slug: null },
    ])
    expect(await stored("select id, _version as v from notes where owner_id = 'ann' order by id")).toEqual([
      { id: 'a1', v: 2 },
      { id: 'a2', v: 1 },
      { id: 'a9', v: 1 },
    ])
  })

  test('ignoring leaves the row as it is and answers the new ones', async () => {
    const [result] = await ask(ann, [
      insert(
        'notes',
        [
          { id: 'a1', title: 'again' },
          { id: 'a9', title: 'fresh' },
        ],
        { conflict: { action: 'ignore' }, missing: 'default', returning: { select: pick('id') } },
      ),
    ])
    expect(result).toMatchObject({ affected: 1, inserted: 1, body: '[{"id":"a9"}]' })
  })

  test('by another unique; by what is none; twice the same', async () => {
    const [result] = await ask(ann, [
      insert(
        'notes',
        { slug: 'one', title: 'by slug' },
        { ...merge, conflict: { action: 'merge', columns: ['slug'] }, returning: { select: pick('id', 'title') } },
      ),
    ])
    expect(result).toMatchObject({ inserted: 0, body: '[{"id":"a1","title":"by slug"}]' })
    expect(await refusal(ask(ann, [insert('notes', { title: 'x' }, { conflict: { action: 'merge', columns: ['title'] } })]))).toMatchObject(
      {
        code: '42P10',
        message: 'there is no unique or exclusion constraint matching the ON CONFLICT specification',
      },
    )
    expect(
      await refusedWithoutTrace(() =>
        ask(ann, [
          insert(
            'notes',
            [
              { id: 'a1', title: 'x' },
              { id: 'a1', title: 'y' },
            ],
            merge,
          ),
        ]),
      ),
    ).toMatchObject({
      code: '21000',
      message: 'ON CONFLICT DO UPDATE command cannot affect row a second time',
    })
  })

  test('a row that its writer cannot read is no target', async () => {
    await ask('service', [insert('letters', { id: 'l1', from_id: 'ann', to_id: 'bob', text: 'dear' })])
    expect(
      await refusal(
        ask(ann, [insert('letters', { id: 'l1', from_id: 'ann', to_id: 'ann', text: 'x' }, { conflict: { action: 'merge' } })]),
      ),
    ).toMatchObject({ code: '42501' })
  })
})

describe('delete', () => {
  test('takes own rows only, answers them as they were, with what they embed', async () => {
    expect((await ask(eve, [remove('notes')]))[0]).toMatchObject({ affected: 0 })
    const club = model.tables.get('notes')!.relationships.find(({ to }) => to === 'clubs')!
    const select = [
      ...pick('id'),
      {
        kind: 'embed' as const,
        relationship: club,
        as: 'clubs',
        join: 'left' as const,
        spread: false,
        silent: false,
        select: pick('name'),
      },
    ]
    expect(await rows(ann, remove('notes', eq('id', 'a2'), { returning: { select } }))).toEqual([{ id: 'a2', clubs: { name: 'Climbers' } }])
    expect(await stored('select id from notes order by id')).toEqual([{ id: 'a1' }, { id: 'b1' }])
  })

  test('limit and order choose which', async () => {
    await ask(ann, [remove('notes', undefined, { limit: 1, order: [{ target: { column: 'title' }, descending: true }] })])
    expect(await stored("select id from notes where owner_id = 'ann'")).toEqual([{ id: 'a1' }])
  })
})

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
      details: expect.stringContaining('Results contain 0 rows'),
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
    expect(
      await refusal(
        ask(eve, [insert('entries', { text: 'x' }), insert('notes', { title: { reference: { operation: 0, column: 'id' } } })]),
      ),
    ).toMatchObject({ status: 501 })
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
