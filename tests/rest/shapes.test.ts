// The shapes of answers over HTTP: aggregates and their groups, casts, embeds, and what writes have to do with related rows.
import { beforeAll, describe, expect, test } from 'vitest'
import { mount, service, stranger, type Person } from './backend'
import { fillShelf, refusal, rows } from './shelf'

let ada: Person
let ben: Person

beforeAll(async () => {
  await mount()
  ;({ ada, ben } = await fillShelf())
})

describe('aggregates', () => {
  test.each<[string, unknown]>([
    [
      'books?select=pages.sum(),pages.avg(),pages.min(),pages.max(),pages.count(),n:count()',
      [{ sum: 600, avg: 200, min: 100, max: 300, count: 3, n: 4 }],
    ],
    ['books?select=total:pages.sum()::text', [{ total: '600' }]],
    ['books?select=s:meta->>n::integer.sum()::text&id=lt.3', [{ s: '21' }]],
    ['books?select=pages::text.max()', [{ max: '300' }]],
    [
      'books?select=published,count()&order=published',
      [
        { published: false, count: 2 },
        { published: true, count: 2 },
      ],
    ],
    [
      'books?select=lang:meta->>lang,count()&order=meta->>lang',
      [
        { lang: 'en', count: 2 },
        { lang: 'it', count: 1 },
        { lang: null, count: 1 },
      ],
    ],
    ['books?select=published,count()&order=count.desc,published&limit=1&pages=gt.100', [{ published: false, count: 1 }]],
    [
      'books?select=pages.sum(),author:people!author_id(name)&order=author(name)',
      [
        { sum: 400, author: { name: 'Ada' } },
        { sum: 200, author: { name: 'Ben' } },
        { sum: null, author: null },
      ],
    ],
    [
      'books?select=...people!author_id(name,count()),pages.sum()&order=people(name)',
      [
        { name: 'Ada', count: 2, sum: 400 },
        { name: 'Ben', count: 1, sum: 200 },
        { name: null, count: 0, sum: null },
      ],
    ],
    [
      'reviews?select=...books(published,...people!author_id(name,count())),stars.sum()&order=sum.desc',
      [
        { published: true, name: 'Ada', count: 3, sum: 8 },
        { published: true, name: 'Ben', count: 1, sum: 4 },
      ],
    ],
    [
      'books?select=id,reviews(stars.sum(),count())&order=id&limit=2',
      [
        { id: 1, reviews: [{ sum: 8, count: 3 }] },
        { id: 2, reviews: [{ sum: 4, count: 1 }] },
      ],
    ],
    ['books?select=id,reviews(count)&id=eq.4', [{ id: 4, reviews: [{ count: 0 }] }]],
    [
      'books?select=id,tags(count())&order=id&limit=2',
      [
        { id: 1, tags: [{ count: 2 }] },
        { id: 2, tags: [{ count: 1 }] },
      ],
    ],
    [
      'books?select=id,editions(count())&order=id&limit=2',
      [
        { id: 1, editions: { count: 1 } },
        { id: 2, editions: { count: 0 } },
      ],
    ],
    [
      'people?select=name,books!author_id(published,pages.sum())&order=name&books.order=published',
      [
        {
          name: 'Ada',
          books: [
            { published: false, sum: 300 },
            { published: true, sum: 100 },
          ],
        },
        { name: 'Ben', books: [{ published: true, sum: 200 }] },
        { name: 'Cleo', books: [] },
      ],
    ],
    ['books?select=count()&id=eq.99', [{ count: 0 }]],
    ['books?select=published,count()&id=eq.99', []],
  ])('%s', async (address, expected) => {
    expect(await rows(address)).toEqual(expected) // prettier-ignore
  })

  test('count only what the caller may read, of columns too', async () => {
    expect(await rows('books?select=count()', stranger)).toEqual([{ count: 2 }])
    expect(await rows('people?select=email.count()', ada.ask)).toEqual([{ count: 1 }])
    expect(await rows('people?select=email.max()', stranger)).toEqual([{ max: null }])
    expect(await rows('books?select=...people!author_id(email.max())', ben.ask)).toEqual([{ max: 'ben@example.com' }])
  })

  test('beyond 64 bits fail as Postgres does', async () => {
    const ids = ['01', '02', '03'].map((end) => `0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2b${end}`)
    await service('/rest/v1/samples', { body: ids.map((id) => ({ id, note: 'big', whole: '9223372036854775807' })) })
    expect(await rows('samples?select=whole.max(),count()&note=eq.big')).toEqual([{ max: 2 ** 63, count: 3 }])
    expect(await refusal('samples?select=whole.sum()&note=eq.big')).toMatchObject({
      status: 400,
      code: '22003',
      message: 'bigint out of range',
    })
    expect(await rows('samples?select=whole::numeric.sum()&note=eq.big')).toEqual([{ sum: 3 * 2 ** 63 }])
  })

  test('groups are what is counted and paged', async () => {
    const { headers, status } = await service('/rest/v1/books?select=published,count()&order=published&limit=1', {
      headers: { prefer: 'count=exact' },
    })
    expect([status, headers.get('content-range')]).toEqual([206, '0-0/2'])
  })

  test.each([
    ['books?select=title.sum()', 404, '42883'],
    ['books?select=meta.max()', 404, '42883'],
    ['books?select=published,count()&order=title', 400, '42803'],
    ['people?select=secret.max()', 400, '42703'],
    ['people?select=name,...books!author_id(pages.sum())', 400, 'PGRST127'],
  ])('%s is refused', async (address, status, code) => {
    expect(await refusal(address)).toMatchObject({ status, code })
  })

  test('of the rows of a write', async () => {
    const { json } = await service('/rest/v1/tags?select=count(),label.max()', {
      body: [
        { id: 'w1', label: 'w1' },
        { id: 'w2', label: 'w2' },
      ],
      headers: { prefer: 'return=representation' },
    })
    expect(json).toEqual([{ count: 2, max: 'w2' }])
    const gone = await service('/rest/v1/tags?select=count()&id=like.w*', {
      method: 'DELETE',
      headers: { prefer: 'return=representation' },
    })
    expect(gone.json).toEqual([{ count: 2 }])
  })
})

describe('casts', () => {
  test('turn values into another type, on columns and in JSON', async () => {
    expect(
      await rows('books?select=title::int,pages::text,price::int4,published::int,n:meta->>n::int8,d:created_at::date&id=eq.3'),
    ).toEqual([{ title: 3, pages: '300', price: null, published: 0, n: null, d: new Date().toISOString().slice(0, 10) }])
    expect(await rows('books?select=price::numeric,r:pages::float8,j:meta->n::text&id=eq.1')).toEqual([{ price: 12.5, r: 100, j: '"1"' }])
  })

  test.each([
    ['books?select=title::int', 400, '22P02', 'invalid input syntax for type integer'],
    ['books?select=title::uuid', 400, '22P02', 'invalid input syntax for type uuid'],
    ['books?select=title::date', 400, '22007', 'invalid input syntax for type date'],
    ['books?select=meta->n::int', 400, '22023', 'cannot cast this jsonb value to type integer'],
    ['books?select=s:meta->>n::int.sum()', 400, '22P02', 'invalid input syntax for type integer'],
    ['books?select=published::date', 400, '42846', 'cannot cast type boolean to date'],
    ['books?select=title::geometry', 400, '42704', 'type "geometry" does not exist'],
    ['books?select=title::interval', 400, 'PGRST127', 'Feature not implemented'],
  ])("%s is refused with Postgres' code", async (address, status, code, message) => {
    expect(await refusal(address)).toMatchObject({ status, code, message })
  })

  test('fail of no row that the caller cannot read', async () => {
    // Its title is the only one that is a number, and another person's.
    expect(await rows('books?select=title::int&title=eq.4', ben.ask)).toEqual([{ title: 4 }])
    expect(await rows('books?select=id,meta->>n::int&order=id', stranger)).toEqual([
      { id: 1, n: 1 },
      { id: 2, n: 20 },
    ])
  })
})

describe('embeds', () => {
  test("a filter on a column that an embed is called like is the column's, unless it asks for null", async () => {
    expect(await rows('books?select=id,author_id(name)&author_id=eq.nobody')).toEqual([])
    expect(await rows(`books?select=id,author_id(name)&author_id=eq.${ada.id}&order=id`)).toEqual([
      { id: 1, author_id: { name: 'Ada' } },
      { id: 3, author_id: { name: 'Ada' } },
    ])
    expect(await rows('books?select=id,author_id()&author_id=is.null')).toEqual([{ id: 4 }])
    expect(await refusal('books?select=id,reviews(id)&reviews=eq.1')).toMatchObject({ status: 400, code: 'PGRST120' })
    expect(await rows('reviews?select=id,..books(title)&id=eq.r1')).toEqual([{ id: 'r1', title: 'Alpine' }])
  })

  test('what an embed has not is told by the name that PostgREST gives it', async () => {
    for (const [select, message] of [
      ['id,reviews(sum)', 'column reviews_1.sum does not exist'],
      ['id,reviews(id,people!reviewer_id(secret))', 'column people_2.secret does not exist'],
      ['id,reviews(nope.max())', 'column reviews_1.nope does not exist'],
      ['people!author_id(name),people!editor_id(name)', 'table name "books_people_1" specified more than once'],
    ])
      expect(await refusal(`books?select=${select}`)).toMatchObject({ status: 400, message })
  })

  test('order by JSON of an embed, and inside an embed', async () => {
    expect(await rows('reviews?select=id,books(meta)&order=books(meta->n).desc,id')).toMatchObject([
      { id: 'r4' },
      { id: 'r1' },
      { id: 'r2' },
      { id: 'r3' },
    ])
    expect(await rows('people?select=name,reviews(id,books(title))&reviews.order=books(title).desc,id&name=eq.Ada')).toEqual([
      {
        name: 'Ada',
        reviews: [
          { id: 'r4', books: { title: 'Brook' } },
          { id: 'r2', books: { title: 'Alpine' } },
        ],
      },
    ])
    expect(await refusal('people?select=id,works:books!author_id(id)&order=works(id)')).toMatchObject({
      code: 'PGRST118',
      message: "A related order on 'works' is not possible",
      details: "'people' and 'works' do not form a many-to-one or one-to-one relationship",
    })
    expect(await refusal('books?select=id,people!author_id(name)&order=writers(name)')).toMatchObject({
      code: 'PGRST108',
      message: "'writers' is not an embedded resource in this request",
    })
  })

  test('JSON is ordered by its type, and lists and objects by their size', async () => {
    const sorted = [null, 'a', 'b', 2, 10, false, true, [], [9], [10, 2], [1, 2, 3], {}, { z: 1 }, { a: 1, b: 2 }]
    const body = sorted.toReversed().map((data, i) => ({
      id: `0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d40${String(10 + i)}`,
      note: 'sizes',
      data: { at: data },
    }))
    expect((await service('/rest/v1/samples', { body })).status).toBe(201)
    for (const [order, expected] of [
      ['data->at', sorted],
      ['data->at.desc', sorted.toReversed()],
    ] as const)
      expect(((await rows(`samples?select=data->at&note=eq.sizes&order=${order}`)) as { at: unknown }[]).map(({ at }) => at)).toEqual(
        expected,
      )
    await service('/rest/v1/samples?note=eq.sizes', { method: 'DELETE' })
  })
})

describe('writes and what is related', () => {
  const represent = { prefer: 'return=representation' }

  test('a filter may ask whether a row has related ones', async () => {
    await service('/rest/v1/books', {
      body: [11, 12, 13].map((id) => ({ id, title: `w${id}`, published: true, owner_id: ada.id, pages: 1 })),
    })
    await service('/rest/v1/reviews', { body: { id: 'w11', book_id: 11, stars: 1 } })
    const among = 'id=in.(11,12,13)'
    const patched = await service(`/rest/v1/books?${among}&select=id,reviews(id)&reviews=not.is.null`, {
      method: 'PATCH',
      body: { pages: 2 },
      headers: represent,
    })
    expect(patched.json).toEqual([{ id: 11, reviews: [{ id: 'w11' }] }])
    // Also without any rows in the answer, inside `or`, and with a filter of the embed's own.
    const gone = await ada.ask(`/rest/v1/books?${among}&select=reviews(),editions()&reviews.stars=eq.5&or=(reviews.not.is.null,id.eq.13)`, {
      method: 'DELETE',
      headers: { prefer: 'count=exact' },
    })
    expect([gone.status, gone.headers.get('content-range')]).toEqual([204, '*/1'])
    const orphans = await ada.ask(`/rest/v1/books?${among}&select=id,reviews()&reviews=is.null`, { method: 'DELETE', headers: represent })
    expect(orphans.json).toEqual([{ id: 12 }])
    expect(await rows(`books?select=id&${among}`)).toEqual([{ id: 11 }])
  })

  test('what an embed is asked for is under its policy', async () => {
    await service('/rest/v1/reviews', { body: { id: 'w12', book_id: 11, stars: 9, hidden_by: 'mod' } })
    const asked = '/rest/v1/books?id=eq.11&select=id,reviews()&reviews.stars=eq.9&reviews=not.is.null'
    expect((await ada.ask(asked, { method: 'PATCH', body: { pages: 3 }, headers: represent })).json).toEqual([])
    expect((await service(asked, { method: 'PATCH', body: { pages: 3 }, headers: represent })).json).toEqual([{ id: 11 }])
  })

  test('a representation that cannot be cast undoes the write', async () => {
    for (const select of ['title::int', 'title::int,reviews(id)']) {
      const { status, json } = await service(`/rest/v1/books?id=eq.2&select=${select}`, {
        method: 'PATCH',
        body: { pages: 77 },
        headers: represent,
      })
      expect([status, json]).toMatchObject([400, { code: '22P02' }])
    }
    expect(await rows('books?select=pages&id=eq.2')).toEqual([{ pages: 200 }])
    const made = await service('/rest/v1/tags?select=label::int,id::text', { body: { id: 'c1', label: '12' }, headers: represent })
    expect([made.status, made.json]).toEqual([201, [{ label: 12, id: 'c1' }]])
    const gone = await service('/rest/v1/tags?id=eq.c1&select=label::bigint', { method: 'DELETE', headers: represent })
    expect(gone.json).toEqual([{ label: 12 }])
  })

  test('filters and order of an embed shape the representation alone', async () => {
    const { json } = await service(
      '/rest/v1/books?id=in.(1,2)&select=id,reviews(id),author:people!author_id(name)&reviews.order=id.desc&reviews.stars=gt.1&order=author(name).desc',
      { method: 'PATCH', body: { rating: 1 }, headers: represent },
    )
    expect(json).toEqual([
      { id: 2, reviews: [{ id: 'r4' }], author: { name: 'Ben' } },
      { id: 1, reviews: [{ id: 'r2' }, { id: 'r1' }], author: { name: 'Ada' } },
    ])
  })
})
