// Later operations of a batch use what earlier ones wrote or read, also what only the database knows, and never what the caller may not see.
import { beforeEach, describe, expect, test } from 'vitest'
import type { Operation, Reference } from '../../src/query'
import { ALL, ask, eq, freshClub, insert, lastCost, person, pick, read, refusal, refusedWithoutTrace, remove, stored, update } from './club'

const [ann, bob, eve] = [person('ann'), person('bob'), person('eve')]
const from = (operation: number, column: string, row?: Reference['row']) => ({
  reference: { operation, column, ...(row === undefined ? {} : { row }) },
})
const titles = async () => (await stored("select title from notes where title like 'r:%' order by title")).map(({ title }) => title)

beforeEach(freshClub)

describe('what a reference reaches', () => {
  test('a number that the database gave, a default, a generated column and an exact integer', async () => {
    const results = await ask(ann, [
      insert('entries', { text: 'one' }),
      insert('notes', { id: 'n', title: 'r:loud', views: '9007199254740993' }, { missing: 'default' }),
      insert('notes', { id: 'm', title: from(1, 'loud'), views: from(1, 'views'), status: from(1, 'status'), touched: from(1, 'touched') }),
      insert('notes', { id: 'o', title: 'r:number', views: from(0, 'id') }),
      read('entries', { kind: 'compare', target: { column: 'id' }, operator: 'eq', value: from(0, 'id') }),
    ])
    expect(lastCost.d1Calls).toBe(1)
    expect(results[4]).toMatchObject({ rows: 1 })
    const [entry] = await stored('select id from entries')
    expect(await stored("select id, title, cast(views as text) as views, status from notes where id in ('m', 'o') order by id")).toEqual([
      { id: 'm', title: 'R:LOUD', views: '9007199254740993', status: 'draft' },
      { id: 'o', title: 'r:number', views: String(entry!['id']), status: 'draft' },
    ])
    expect(await stored('select * from sys_statement where id <> 1')).toEqual([])
  })

  test('rows of an upsert, an update, a delete and a read, by their number or all of them', async () => {
    await ask(ann, [
      insert('clubs', { name: 'Climbers', founder_id: 'ann' }, { conflict: { action: 'merge', columns: ['name'] } }),
      insert('notes', { title: 'r:upsert', club_id: from(0, 'id') }),
      update('notes', { status: 'done' }, eq('id', 'a1')),
      insert('notes', { title: 'r:update', slug: from(2, 'owner_id'), tags: from(2, 'id') as never }),
      remove('notes', eq('id', 'a1')),
      update('notes', { title: from(4, 'slug') }, eq('title', 'r:update')),
      read('notes', undefined, { order: [{ target: { column: 'id' }, descending: true }], limit: 2 }),
      insert('notes', { title: 'r:read', slug: from(6, 'id', 1) }),
    ])
    expect(await stored("select club_id from notes where title = 'r:upsert'")).toEqual([{ club_id: 'climbers' }])
    // In a JSON column it is the client's own JSON.
    expect(await stored("select slug, tags from notes where title = 'one'")).toEqual([{ slug: 'ann', tags: JSON.stringify(from(2, 'id')) }])
    const [, , removed] = await ask(ann, [
      read('notes', eq('owner_id', 'ann')),
      update('notes', { title: 'r:all' }, { kind: 'in', target: { column: 'id' }, values: [from(0, 'id', 'every'), 'nothing'] }),
      remove('notes', { kind: 'in', target: { column: 'id' }, values: [from(1, 'id', 0), from(1, 'id', 1)] }),
    ])
    expect(removed).toMatchObject({ affected: 2 })
    expect(await titles()).toEqual(['r:all', 'r:all'])
  })

  test('bytes, times, decimals and nulls as they are', async () => {
    await ask(ann, [
      insert(
        'notes',
        { id: 'x', title: 'r:x', photo: '\\x00ff', due: '2026-01-02T03:04:05.678Z', price: '1.50', score: 0.1, pinned: true },
        { missing: 'default' },
      ),
      insert('notes', {
        id: 'y',
        title: 'r:y',
        photo: from(0, 'photo'),
        due: from(0, 'due'),
        price: from(0, 'price'),
        score: from(0, 'score'),
        pinned: from(0, 'pinned'),
        slug: from(0, 'slug'),
      }),
    ])
    const columns = 'hex(photo) as photo, due, price, score, pinned, slug'
    expect(await stored(`select ${columns} from notes where id = 'y'`)).toEqual(await stored(`select ${columns} from notes where id = 'x'`))
    expect(await stored("select slug from notes where id = 'y'")).toEqual([{ slug: null }])
  })
})

describe('what it never reaches', () => {
  const copy = (source: Operation, column: string, into = 'title') => [source, insert('notes', { title: 'x', [into]: from(0, column) })]

  test('a hidden column, and a column that is none', async () => {
    for (const name of ['secret', '_version', 'nothing'])
      expect(await refusal(ask(ann, copy(read('notes', eq('id', 'a1')), name)))).toMatchObject({ code: '42703' })
  })

  test('a row, or a value in it, that the caller may not read', async () => {
    // Eve writes a letter that she can't read afterwards.
    const letter = insert('letters', { from_id: 'eve', to_id: 'bob', text: 'dear' })
    expect(
      await refusedWithoutTrace(() => ask(eve, copy({ ...letter, rows: [{ ...letter.rows[0], handle: null }] }, 'handle', 'slug'))),
    ).toMatchObject({
      code: '21000',
    })
    await ask(ann, [update('notes', { price: '9.99' }, eq('id', 'a2'))])
    await ask(bob, [read('notes', eq('id', 'a2')), insert('notes', { id: 'peek', title: 'peek', price: from(0, 'price') })])
    expect(await stored("select price from notes where id = 'peek'")).toEqual([{ price: null }])
  })

  test('no row, several where one is meant, and one that is not there', async () => {
    expect(await refusedWithoutTrace(() => ask(ann, copy(read('notes', eq('id', 'none')), 'title')))).toMatchObject({
      code: '21000',
      details: 'The operation on "notes" that is referred to gave 0 rows.',
    })
    expect(await refusedWithoutTrace(() => ask(ann, copy(update('notes', { title: 'y' }), 'title')))).toMatchObject({ code: '21000' })
    expect(await refusal(ask(ann, [read('notes', eq('id', 'a1')), insert('notes', { title: from(0, 'title', 1) })]))).toMatchObject({
      code: '21000',
    })
  })

  test('the same key twice, also when only the database knows that it is the same', async () => {
    const upsert = (id: string) =>
      insert(
        'notes',
        [
          { id: 'x', title: 'x', slug: from(0, 'slug') },
          { id: 'y', title: 'y', slug: id },
        ],
        { conflict: { action: 'merge', columns: ['slug'] }, missing: 'default' },
      )
    const source = read('notes', eq('id', 'a1'), { select: pick('slug') })
    expect(await refusedWithoutTrace(() => ask(ann, [source, upsert('one')]))).toMatchObject({ code: '21000' })
    const [, merged] = await ask(ann, [source, upsert('two')])
    expect(merged).toMatchObject({ affected: 2, inserted: 1 })
  })

  test('a value of another type, one that is too long, and an operation that is not before', async () => {
    expect(await refusal(ask(ann, copy(read('notes', eq('id', 'a1')), 'title', 'views')))).toMatchObject({ code: '42804' })
    expect(await refusal(ask(ann, copy(read('notes', eq('id', 'a1')), 'title', 'status')))).toMatchObject({ code: '42804' })
    const long = insert('entries', { text: 'x'.repeat(41) }, { conflict: { action: 'merge' } })
    expect(await refusedWithoutTrace(() => ask(ann, copy(long, 'text')))).toMatchObject({ code: '22001' })
    await ask(ann, copy(insert('entries', { text: 'x'.repeat(40) }, { conflict: { action: 'merge' } }), 'text'))
    for (const operation of [1, 2, -1, 0.5])
      expect(await refusal(ask(ann, [read('notes'), insert('notes', { title: from(operation, 'title') })]))).toMatchObject({
        code: 'PGRST102',
      })
    expect(await refusal(ask(ann, [insert('notes', { title: from(0, 'title') })]))).toMatchObject({ code: 'PGRST102' })
  })
})

describe('which operation failed', () => {
  const failing = async (operations: Operation[], who = ann) => {
    const before = await stored('select count(*) as n from sys_changes')
    const error = await ask(who, operations).then(
      () => null,
      (thrown: unknown) =>
        thrown as { definition: { postgrest: string }; message: string; occurrence: { body?: unknown; details?: unknown } },
    )
    expect(await stored('select count(*) as n from sys_changes')).toEqual(before)
    return [error?.definition.postgrest, error?.occurrence.body, error?.occurrence.details ?? null]
  }

  test('is told by number, of policies and constraints alike, in the state that it met', async () => {
    const fine = (n: number) => insert('notes', { id: `f${n}`, title: `f${n}` }, { missing: 'default' })
    expect(await failing([fine(1), fine(2), insert('notes', { title: 'x', owner_id: 'bob' }), fine(3)])).toEqual([
      '42501',
      { operation: 2 },
      null,
    ])
    expect(await failing([fine(1), fine(2), fine(3), fine(2)])).toEqual(['23505', { operation: 3 }, 'Key (id)=(f2) already exists.'])
    expect(
      await failing([
        insert('clubs', { id: 'new', name: 'New', founder_id: 'ann' }),
        insert('notes', { title: 'x', club_id: 'new', answer_to: 'gone' }),
      ]),
    ).toEqual(['23503', { operation: 1 }, 'Key is not present in table "notes".'])
    expect(await failing([fine(1), update('notes', { views: -1 }, eq('id', 'f1'))])).toEqual(['23514', { operation: 1 }, null])
    expect(await failing([fine(1), insert('notes', { title: null })])).toEqual(['23502', { operation: 1 }, null])
    expect(await failing([fine(1), insert('notes', { title: 'x', views: 'many' })])).toEqual(['22P02', { operation: 1 }, null])
    expect(await failing([fine(1), read('notes', eq('id', 'none'), { expect: { min: 1, max: 1, error: 'not-single' } })])).toEqual([
      'PGRST116',
      { operation: 1 },
      'Results contain 0 rows, application/vnd.pgrst.object+json requires 1 row',
    ])
  })

  test('of a bulk the taken key is named, when it may be read', async () => {
    const bulk = (slug: string) =>
      insert('notes', [
        { title: 'a', slug: 'free' },
        { title: 'b', slug },
      ])
    expect(await failing([bulk('one')], ann)).toEqual(['23505', undefined, 'Key (slug)=(one) already exists.'])
    expect(await failing([bulk('one')], eve)).toEqual(['23505', undefined, null])
    expect(await failing([bulk('free')], eve)).toEqual(['23505', undefined, 'Key (slug)=(free) already exists.'])
  })

  test('reads see what was written before them', async () => {
    const [, , found] = await ask(ann, [
      insert('notes', { id: 'n', title: 'first' }),
      update('notes', { title: 'second' }, eq('id', 'n')),
      read('notes', eq('id', 'n'), { select: pick('title'), total: 'exact' }),
      remove('notes', eq('id', 'n'), { returning: { select: ALL } }),
    ])
    expect(found).toMatchObject({ body: '[{"title":"second"}]', total: 1 })
  })
})
