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

describe('the forms of a body', () => {
  const prefer = (text: string) => ({ headers: { prefer: text } })
  const as = (accept: string) => ({ headers: { accept } })

  test('CSV has its header without rows too, and embeds as JSON', async () => {
    const csv = await service(
      '/rest/v1/books?select=id,name:title,reviews(stars),...people!author_id(author:name),meta&id=eq.2',
      as('text/csv'),
    )
    expect(csv.text).toBe('id,name,reviews,author,meta\n2,Brook,"[{""stars"":4}]",Ben,"{""n"":""20"",""lang"":""it""}"')
    const none = await service('/rest/v1/tags?id=eq.nothing', as('text/csv'))
    expect([none.text, none.headers.get('content-type')]).toEqual(['id,label\n', 'text/csv; charset=utf-8'])
    expect((await stranger('/rest/v1/people?id=eq.nothing', as('text/csv'))).text).toBe('id,name,email,mentor_id\n')
  })

  test('GeoJSON takes the column that holds geometries', async () => {
    const point = { type: 'Point', coordinates: [-71.10044, 42.373695] }
    const id = '0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a01'
    const made = await service('/rest/v1/samples?select=note,data', {
      body: { id, note: 'shop', data: point },
      headers: { accept: 'application/geo+json', prefer: 'return=representation' },
    })
    const feature = { type: 'Feature', geometry: point, properties: { note: 'shop' } }
    expect([made.status, made.json, made.headers.get('content-type')]).toEqual([
      201,
      { type: 'FeatureCollection', features: [feature] },
      'application/geo+json; charset=utf-8',
    ])
    expect((await service(`/rest/v1/samples?select=note,data&id=eq.${id}`, as('application/geo+json'))).json).toEqual(made.json)
    const none = await service('/rest/v1/samples?note=eq.nothing', as('application/geo+json'))
    expect(none.json).toEqual({ type: 'FeatureCollection', features: [] })
    for (const address of ['tags', 'samples?select=note', 'samples?select=data->type', 'books?id=eq.1']) {
      const { status, json } = await service(`/rest/v1/${address}`, as('application/geo+json'))
      expect([address, status, json]).toMatchObject([address, 400, { code: '22023', message: 'geometry column is missing' }])
    }
  })

  test.each([
    ['application/json;q=0.2, text/csv;q=0.8', 'text/csv; charset=utf-8'],
    ['text/html, application/xhtml+xml, */*;q=0.1', 'application/json; charset=utf-8'],
    ['application/json; charset=utf-8', 'application/json; charset=utf-8'],
    ['application/vnd.pgrst.array', 'application/json; charset=utf-8'],
    ['application/vnd.pgrst.array;nulls=stripped', 'application/vnd.pgrst.array+json;nulls=stripped; charset=utf-8'],
    ['text/csv;q=0, application/json', 'application/json; charset=utf-8'],
  ])('Accept: %s', async (accept, type) => {
    expect((await service('/rest/v1/tags?limit=1', as(accept))).headers.get('content-type')).toBe(type)
  })

  test('nulls are stripped at every depth, of one object too', async () => {
    const select = '/rest/v1/books?select=id,isbn,meta,reviews(id,body)&id=eq.1&reviews.order=id&reviews.limit=2'
    const stripped = { id: 1, meta: { n: '1', lang: 'en' }, reviews: [{ id: 'r1', body: 'Good' }, { id: 'r2' }] }
    expect((await service(select, as('application/vnd.pgrst.array+json;nulls=stripped'))).json).toEqual([stripped])
    expect((await service(select, as('application/vnd.pgrst.object;nulls=stripped'))).json).toEqual(stripped)
    expect((await service(select, as('application/json;nulls=stripped'))).json).toEqual([stripped])
    expect((await service(select, prefer('return=stripped-nulls'))).json).toEqual([stripped])
  })

  test('times stand in the zone that is asked for, in embeds and writes too', async () => {
    await service('/rest/v1/samples', {
      body: { id: '0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a02', note: 'zone', millis: '2026-07-01T00:00:00Z', seconds: '2026-12-01T00:00:00Z' },
    })
    const { json, headers } = await service(
      '/rest/v1/samples?select=millis,seconds,raw:millis::text,t:millis::timestamp&note=eq.zone',
      prefer('timezone=Europe/Rome'),
    )
    expect(json).toEqual([
      {
        millis: '2026-07-01T02:00:00.000+02:00',
        seconds: '2026-12-01T01:00:00+01:00',
        raw: '2026-07-01 00:00:00+00',
        t: '2026-07-01T00:00:00.000',
      },
    ])
    expect(headers.get('preference-applied')).toBe('timezone=Europe/Rome')
    const strict = await service('/rest/v1/samples?select=millis.max()&note=eq.zone', prefer('handling=strict, timezone=-4'))
    expect([strict.json, strict.headers.get('preference-applied')]).toEqual([
      [{ max: '2026-06-30T20:00:00.000-04:00' }],
      'handling=strict, timezone=-4',
    ])
    const nested = await service('/rest/v1/reviews?select=id,books(created_at)&id=eq.r1', prefer('timezone=Asia/Kathmandu'))
    expect(nested.text).toMatch(/^\[\{"id":"r1","books":\{"created_at":"[\d-]{10}T[\d:]{8}\.\d{3}\+05:45"\}\}\]$/)
    const patched = await service('/rest/v1/samples?select=millis&note=eq.zone', {
      method: 'PATCH',
      body: { whole: 1 },
      headers: { prefer: 'return=representation, timezone=Europe/Rome' },
    })
    expect(patched.json).toEqual([{ millis: '2026-07-01T02:00:00.000+02:00' }])
    const wrong = await service('/rest/v1/samples', prefer('timezone=Mars/Olympus'))
    expect([wrong.status, wrong.json]).toMatchObject([
      400,
      { code: '22023', message: 'invalid value for parameter "TimeZone": "Mars/Olympus"' },
    ])
  })

  test('the first of each preference counts, and those that are unknown only under strict handling', async () => {
    const first = await stranger('/rest/v1/books?limit=1', prefer('count=exact,count=planned, nonsense , return=minimal,'))
    expect([first.status, first.headers.get('preference-applied')]).toEqual([206, 'count=exact'])
    const strict = await stranger('/rest/v1/books', prefer('handling=strict, anything'))
    expect([strict.status, strict.json]).toMatchObject([
      400,
      { code: 'PGRST122', message: 'Invalid preferences given with handling=strict', details: 'Invalid preferences: anything' },
    ])
  })
})

describe('windows', () => {
  test('a negative offset is none, a negative limit is refused, and an offset too far says how many there are', async () => {
    expect(await rows('tags?select=id&offset=-4&order=id')).toEqual([{ id: 't1' }, { id: 't2' }])
    const limit = await service('/rest/v1/tags?limit=-1')
    expect([limit.status, limit.json]).toMatchObject([416, { code: 'PGRST103', details: 'Limit should be greater than or equal to zero.' }])
    const far = await service('/rest/v1/tags?offset=100', { headers: { prefer: 'count=exact' } })
    expect([far.status, far.headers.get('content-range')]).toEqual([416, '*/2'])
    const none = await service('/rest/v1/tags?limit=0', { headers: { prefer: 'count=exact' } })
    expect([none.status, none.text, none.headers.get('content-range')]).toEqual([206, '[]', '*/2'])
    const backwards = await service('/rest/v1/tags', { headers: { range: '1-0' } })
    expect([backwards.status, (backwards.json as { code: string }).code]).toEqual([416, 'PGRST103'])
    const override = await service('/rest/v1/books?select=id&order=id&limit=3', { headers: { range: '0-1' } })
    expect(override.headers.get('content-range')).toBe('0-1/*')
    const head = await service('/rest/v1/books?select=id&order=id&limit=3&offset=2', { method: 'HEAD' })
    expect([head.status, head.headers.get('content-range')]).toEqual([200, '2-3/*'])
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
