// The shapes of answers over HTTP: aggregates and their groups, casts, embeds, counts, and the forms that a body takes.
import { beforeAll, describe, expect, test } from 'vitest'
import { mount, person, service, stranger, type Ask, type Person } from './backend'

let ada: Person
let ben: Person

beforeAll(async () => {
  await mount()
  ada = await person()
  ben = await person()
  const people = [
    { id: ada.id, name: 'Ada', email: 'ada@example.com', mentor_id: null },
    { id: ben.id, name: 'Ben', email: 'ben@example.com', mentor_id: ada.id },
    { id: 'cleo', name: 'Cleo', email: null, mentor_id: ada.id },
  ]
  expect((await service('/rest/v1/people', { body: people })).status).toBe(201)
  const books = [
    {
      id: 1,
      title: 'Alpine',
      author_id: ada.id,
      owner_id: ada.id,
      published: true,
      pages: 100,
      price: '12.50',
      meta: { n: '1', lang: 'en' },
    },
    { id: 2, title: 'Brook', author_id: ben.id, owner_id: ben.id, published: true, pages: 200, price: '9', meta: { n: '20', lang: 'it' } },
    { id: 3, title: '3', author_id: ada.id, owner_id: ada.id, published: false, pages: 300, price: null, meta: null },
    { id: 4, title: '4', author_id: null, owner_id: ben.id, published: false, pages: null, price: null, meta: { n: 'x', lang: 'en' } },
  ]
  expect((await service('/rest/v1/books', { body: books })).status).toBe(201)
  const reviews = [
    { id: 'r1', book_id: 1, reviewer_id: ben.id, stars: 5, body: 'Good', hidden_by: null },
    { id: 'r2', book_id: 1, reviewer_id: ada.id, stars: 2, body: null, hidden_by: null },
    { id: 'r3', book_id: 1, reviewer_id: ben.id, stars: 1, body: 'secret', hidden_by: 'mod' },
    { id: 'r4', book_id: 2, reviewer_id: ada.id, stars: 4, body: 'Fine', hidden_by: null },
  ]
  expect((await service('/rest/v1/reviews', { body: reviews })).status).toBe(201)
  const tags = [
    { id: 't1', label: 'snow' },
    { id: 't2', label: 'water' },
  ]
  await service('/rest/v1/tags', { body: tags })
  const links = [
    { book_id: 1, tag_id: 't1' },
    { book_id: 1, tag_id: 't2' },
    { book_id: 2, tag_id: 't2' },
  ]
  expect((await service('/rest/v1/book_tags', { body: links })).status).toBe(201)
  await service('/rest/v1/editions', {
    body: [
      { book_id: 1, publisher: 'North' },
      { book_id: 3, publisher: 'South' },
    ],
  })
})

const rows = async (address: string, ask: Ask = service) => {
  const { status, json, text } = await ask(`/rest/v1/${address}`)
  if (status !== 200 && status !== 206) throw new Error(`${address} answered ${status}: ${text}`)
  return json as unknown
}
const refusal = async (address: string, ask: Ask = service) => {
  const { status, json } = await ask(`/rest/v1/${address}`)
  const { code, message, details } = json as { code: string; message: string; details: unknown }
  return { status, code, message, details }
}

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

  test('groups are what is counted and paged', async () => {
    const { headers, status } = await service('/rest/v1/books?select=published,count()&order=published&limit=1', {
      headers: { prefer: 'count=exact' },
    })
    expect([status, headers.get('content-range')]).toEqual([206, '0-0/2'])
  })

  test.each([
    ['books?select=title.sum()', 400, '42883'],
    ['books?select=meta.max()', 400, '42883'],
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
