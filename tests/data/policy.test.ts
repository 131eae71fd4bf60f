// Attacks on policies: every write asks that of what it does, and none is passed by the order of rows or by another kind of write.
import { beforeEach, describe, expect, test } from 'vitest'
import { ANONYMOUS } from '../../src/core'
import {
  ALL,
  RLS,
  ask,
  eq,
  freshClub,
  insert,
  model,
  person,
  pick,
  refusal,
  refusedWithoutTrace,
  remove,
  rows,
  stored,
  update,
} from './club'

const [ann, bob, eve] = [person('ann'), person('bob'), person('eve')]

beforeEach(freshClub)

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

  test('a reference that goes with its target is answered as it was', async () => {
    await ask('service', [insert('notes', { id: 'a0', owner_id: 'ann', title: 'x', answer_to: 'a1' }, { missing: 'default' })])
    const answered = await rows(ann, remove('notes', eq('title', 'x'), { returning: { select: pick('id', 'answer_to') } }))
    expect(answered).toEqual([{ id: 'a0', answer_to: 'a1' }])
    await ask('service', [insert('notes', { id: 'z', owner_id: 'ann', title: 'x', answer_to: 'a1' }, { missing: 'default' })])
    const both = await rows(ann, remove('notes', undefined, { returning: { select: pick('id', 'answer_to') } }))
    expect(both).toContainEqual({ id: 'z', answer_to: 'a1' })
    expect(both).toContainEqual({ id: 'a1', answer_to: null })
  })

  test('limit and order choose which', async () => {
    await ask(ann, [remove('notes', undefined, { limit: 1, order: [{ target: { column: 'title' }, descending: true }] })])
    expect(await stored("select id from notes where owner_id = 'ann'")).toEqual([{ id: 'a1' }])
  })
})
