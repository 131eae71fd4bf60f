// What an insert makes of its rows: defaults, types, size, order; and which columns nobody may name.
import { beforeAll, describe, expect, test } from 'vitest'
import { ALL, ask, db, insert, lastCost, mount, people, person, pick, refusal, rows, stored } from './club'

const ann = person('ann')
const refused = async (table: string, row: Record<string, unknown> | Record<string, unknown>[], more = {}) =>
  refusal(ask(ann, [insert(table, row, more)]))

beforeAll(async () => {
  await mount(db)
  await people('ann', 'bob')
})

describe('defaults', () => {
  test('a row comes back with them: an id, the caller, the clock, the function, the DDL', async () => {
    const [row] = await rows(ann, insert('notes', { title: 'first' }, { returning: { select: ALL } }))
    expect(row).toMatchObject({
      owner_id: 'ann',
      status: 'draft',
      pinned: false,
      views: 0,
      code: 'made-here',
      moderation: 'unseen',
      loud: 'FIRST',
      touched: '2026-05-28T20:26:40.000+00:00',
    })
    expect(row!['id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
    expect(Object.keys(row!)).not.toContain('secret')
    expect(Object.keys(row!)).not.toContain('_version')
    expect(await stored("select _version as v, _updated_at > 1700000000000 as t, secret from notes where title = 'first'")).toEqual([
      { v: 1, t: 1, secret: 'hush' },
    ])
  })

  test('a column that a row of a bulk lacks is NULL, or its default when asked', async () => {
    const given = [
      { id: 'd1', title: 'a', views: 7, code: 'mine' },
      { id: 'd2', title: 'b' },
    ]
    const returning = { select: pick('id', 'views', 'code') }
    expect(await rows(ann, insert('notes', given, { missing: 'default', returning }))).toEqual([
      { id: 'd1', views: 7, code: 'mine' },
      { id: 'd2', views: 0, code: 'made-here' },
    ])
    expect(
      await refused('notes', [
        { id: 'd3', title: 'a', views: 7 },
        { id: 'd4', title: 'b' },
      ]),
    ).toMatchObject({
      code: '23502',
      message: 'null value in column "views" of relation "notes" violates not-null constraint',
    })
  })

  test('only the columns that are listed are used', async () => {
    const [row] = await rows(
      ann,
      insert(
        'notes',
        { id: 'c1', title: 'listed', views: 9, nonsense: 1 },
        { columns: ['id', 'title'], returning: { select: pick('views') } },
      ),
    )
    expect(row).toEqual({ views: 0 })
  })

  test('SQLite numbers the rows of an integer key', async () => {
    const made = await rows(ann, insert('entries', [{ text: 'one' }, { text: 'two' }], { returning: { select: ALL } }))
    expect(made).toEqual([
      { id: 1, text: 'one' },
      { id: 2, text: 'two' },
    ])
    expect(await refused('entries', { id: null, text: 'null' })).toMatchObject({ code: '23502' })
  })
})

describe('values', () => {
  test('each type goes in as it comes out', async () => {
    const value = {
      id: 'v1',
      title: 'Ünïcode ☃ 😀',
      pinned: true,
      views: '9007199254740993',
      score: 1.5,
      price: '0.10',
      tags: { a: [1, 'x', null], b: false },
      photo: '\\x00ff10',
      due: '2026-02-03T04:05:06.789+02:00',
    }
    const [result] = await ask(ann, [
      insert('notes', value, { returning: { select: pick('title', 'pinned', 'views', 'score', 'price', 'tags', 'photo', 'due') } }),
    ])
    expect(result!.body).toContain('"views":9007199254740993')
    expect(result!.body).toContain('"price":0.10')
    expect(JSON.parse(result!.body)[0]).toMatchObject({
      title: value.title,
      pinned: true,
      score: 1.5,
      tags: value.tags,
      photo: value.photo,
      due: '2026-02-03T02:05:06.789+00:00',
    })
    expect(
      await stored(
        "select typeof(views) as a, typeof(score) as b, typeof(photo) as c, cast(views as text) as d from notes where id = 'v1'",
      ),
    ).toEqual([{ a: 'integer', b: 'real', c: 'blob', d: '9007199254740993' }])
  })

  test.each([
    ['an integer that is text', { views: 'many' }, '22P02', 'invalid input syntax for type integer: "many"'],
    ['an integer past 2^63', { views: '9223372036854775808' }, '22003', null],
    ['an unknown word', { status: 'maybe' }, '22P02', 'invalid input value for enum status: "maybe"'],
    ['a text that is too long', { title: 'x'.repeat(41) }, '22001', 'value too long for type character varying(40)'],
    ['a date that is none', { due: 'tomorrow' }, '22007', null],
    ['a null byte', { title: 'a\0b' }, '22021', null],
    ['half of a surrogate pair', { title: 'a\ud800' }, '22021', null],
    ['a broken check', { views: -1 }, '23514', 'new row for relation "notes" violates check constraint "notes_views_floor"'],
  ])('%s is refused by name', async (_, bad, code, message) => {
    const found = await refused('notes', { id: 'bad', title: 't', ...bad })
    expect(found?.code).toBe(code)
    if (message !== null) expect(found?.message).toBe(message)
    expect(await stored("select 1 from notes where id = 'bad'")).toEqual([])
  })
})

describe('columns', () => {
  test('an unknown, a hidden and an engine column are the same nothing to a client', async () => {
    for (const name of ['nope', 'secret', '_version', '_updated_at']) {
      expect(await refused('notes', { title: 't', [name]: 1 })).toEqual({
        code: 'PGRST204',
        status: 400,
        message: `Could not find the '${name}' column of 'notes' in the schema cache`,
        details: null,
      })
    }
  })

  test('a column that clients only read, and one that is computed', async () => {
    expect(await refused('notes', { title: 't', moderation: 'fine' })).toMatchObject({ code: '42501' })
    expect(await refused('notes', { title: 't', loud: 'X' })).toMatchObject({
      code: '428C9',
      message: 'cannot insert a non-DEFAULT value into column "loud"',
    })
  })

  test('the service writes what clients may not, but never what is computed', async () => {
    await ask('service', [insert('notes', { id: 's1', title: 't', owner_id: 'bob', moderation: 'fine', secret: 'deep' })])
    expect(await stored("select moderation, secret from notes where id = 's1'")).toEqual([{ moderation: 'fine', secret: 'deep' }])
    expect(await refusal(ask('service', [insert('notes', { title: 't', owner_id: 'bob', _version: 9 })]))).toMatchObject({ code: '428C9' })
  })
})

describe('size', () => {
  test('10,000 rows are one batch of few parameters, and come back in order', async () => {
    const given = Array.from({ length: 10_000 }, (_, n) => ({ text: `row ${n}` }))
    const [result] = await ask(ann, [insert('entries', given, { returning: { select: pick('text') } })])
    expect(lastCost.d1Calls).toBe(1)
    expect(result).toMatchObject({ rows: 10_000, affected: 10_000, inserted: 10_000 })
    expect((JSON.parse(result!.body) as { text: string }[]).map(({ text }) => text)).toEqual(given.map(({ text }) => text))
  })

  test('a body beyond what one parameter holds is still one batch, all or nothing', async () => {
    const long = 'é'.repeat(100_000)
    const given = Array.from({ length: 30 }, (_, n) => ({ text: `${n} ${long}` }))
    const [result] = await ask(ann, [insert('entries', given)])
    expect(lastCost.d1Calls).toBe(1)
    expect(lastCost.calls![0]!.statements.filter(({ sql }) => sql.startsWith('insert')).length).toBeGreaterThan(2)
    expect(result).toMatchObject({ affected: 30, inserted: 30 })
    const before = await stored('select count(*) as n from entries')
    expect(await refused('entries', [...given, { text: null }])).toMatchObject({ code: '23502' })
    expect(await stored('select count(*) as n from entries')).toEqual(before)
  })

  test('nothing is inserted of no rows, and a row larger than a database holds is refused', async () => {
    const [result] = await ask(ann, [insert('entries', [], { returning: { select: ALL } })])
    expect(result).toMatchObject({ body: '[]', rows: 0, affected: 0, inserted: 0 })
    expect(await refused('entries', { text: 'x'.repeat(1_900_000) })).toMatchObject({ code: '54000' })
  })
})
