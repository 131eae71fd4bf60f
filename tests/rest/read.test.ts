// Reads over HTTP: what is selected, embedded, filtered, ordered and counted, and who sees it.
import { beforeAll, describe, expect, test } from 'vitest'
import { mount, person, service, stranger, type Person } from './backend'

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
  const book = {
    author_id: null,
    editor_id: null,
    owner_id: null,
    published: true,
    isbn: null,
    pages: null,
    price: null,
    genre: null,
    meta: null,
    released: null,
  }
  const books = [
    {
      ...book,
      id: 1,
      title: 'Alpine',
      author_id: ada.id,
      editor_id: ben.id,
      owner_id: ada.id,
      isbn: 'i1',
      pages: 100,
      price: '12.50',
      genre: 'novel',
      meta: { lang: 'en', shelf: { row: 3 }, tags: ['a', 'b'] },
      released: '2024-05-01',
    },
    { ...book, id: 2, title: 'Brook', author_id: ben.id, owner_id: ben.id, pages: 200, price: 9, genre: 'poetry', meta: { lang: 'it' } },
    { ...book, id: 3, title: 'Crag, the "great"', author_id: ada.id, owner_id: ada.id, published: false, pages: 300 },
    { ...book, id: 4, title: 'École', owner_id: ben.id, published: false },
  ]
  expect((await service('/rest/v1/books', { body: books })).status).toBe(201)
  await service('/rest/v1/editions', {
    body: [
      { book_id: 1, publisher: 'North' },
      { book_id: 3, publisher: 'South' },
    ],
  })
  await service('/rest/v1/tags', {
    body: [
      { id: 't1', label: 'snow' },
      { id: 't2', label: 'water' },
    ],
  })
  await service('/rest/v1/book_tags', {
    body: [
      { book_id: 1, tag_id: 't1' },
      { book_id: 1, tag_id: 't2' },
      { book_id: 2, tag_id: 't2' },
    ],
  })
  await service('/rest/v1/fans', {
    body: [
      { fan_id: ben.id, idol_id: ada.id },
      { fan_id: 'cleo', idol_id: ada.id },
    ],
  })
  const reviews = [
    { id: 'r1', book_id: 1, reviewer_id: ben.id, stars: 5, body: 'Good', hidden_by: null },
    { id: 'r2', book_id: 1, reviewer_id: ada.id, stars: 2, body: null, hidden_by: null },
    { id: 'r3', book_id: 1, reviewer_id: ben.id, stars: 1, body: 'secret', hidden_by: 'mod' },
    { id: 'r4', book_id: 2, reviewer_id: ada.id, stars: 4, body: 'Fine', hidden_by: null },
  ]
  expect((await service('/rest/v1/reviews', { body: reviews })).status).toBe(201)
})

const rows = async (address: string, ask = stranger) => {
  const { status, json, text } = await ask(`/rest/v1/${address}`)
  if (status !== 200 && status !== 206) throw new Error(`${address} answered ${status}: ${text}`)
  return json as Record<string, unknown>[]
}
const ids = async (address: string, ask = stranger) => (await rows(`${address}&select=id&order=id`, ask)).map(({ id }) => id)

describe('policies', () => {
  test('everyone reads what the policy admits, and the service reads all', async () => {
    expect(await ids('books?')).toEqual([1, 2])
    expect(await ids('books?', ada.ask)).toEqual([1, 2, 3])
    expect(await ids('books?', ben.ask)).toEqual([1, 2, 4])
    expect(await ids('books?', service)).toEqual([1, 2, 3, 4])
  })

  test('an embedded row is under its own policy', async () => {
    expect(await rows('books?select=reviews(id)&id=eq.1')).toEqual([{ reviews: [{ id: 'r1' }, { id: 'r2' }] }])
    expect(await rows('books?select=reviews(id)&id=eq.1&reviews.order=id', ben.ask)).toEqual([
      { reviews: [{ id: 'r1' }, { id: 'r2' }, { id: 'r3' }] },
    ])
    expect(await rows('editions?select=book_id,books(title)&order=book_id')).toEqual([
      { book_id: 1, books: { title: 'Alpine' } },
      { book_id: 3, books: null },
    ])
  })

  test('a column that its rule hides is null everywhere, also to filters and order', async () => {
    expect(await rows('people?select=name,email&order=name')).toEqual([
      { name: 'Ada', email: null },
      { name: 'Ben', email: null },
      { name: 'Cleo', email: null },
    ])
    expect(await rows('people?select=name&email=eq.ben@example.com', ada.ask)).toEqual([])
    expect(await rows('people?select=name&email=eq.ada@example.com', ada.ask)).toEqual([{ name: 'Ada' }])
    expect(await rows('people?select=name&email=like.*@*', ada.ask)).toEqual([{ name: 'Ada' }])
  })

  test('a hidden column does not exist, in no part of a request', async () => {
    expect(Object.keys((await rows('people?limit=1'))[0]!)).not.toContain('secret')
    for (const address of [
      'people?select=secret',
      'people?secret=eq.x',
      'people?order=secret',
      'people?or=(secret.eq.x,id.eq.1)',
      'books?select=author_id(secret)',
      'people?select=_version',
    ]) {
      const { status, json } = await ada.ask(`/rest/v1/${address}`)
      expect([address, status, (json as { code: string }).code]).toEqual([address, 400, '42703'])
    }
  })
})

describe('selection', () => {
  test('columns, aliases, casts and JSON paths', async () => {
    expect(
      await rows('books?select=id,name:title,pages::text,lang:meta->>lang,meta->shelf,first:meta->tags->0,meta->shelf->row&id=eq.1'),
    ).toEqual([{ id: 1, name: 'Alpine', pages: '100', lang: 'en', shelf: { row: 3 }, first: 'a', row: 3 }])
  })

  test('to-one, to-many, one-to-one, many-to-many, nested and spread', async () => {
    const select =
      'title,author:people!author_id(name,mentees:people!mentor_id(name)),editions(publisher),tags(label),reviews(stars,reviewer:people(name)),...editor_id(editor:name)'
    expect(await rows(`books?select=${select}&id=eq.1&tags.order=label&reviews.order=stars&author.mentees.order=name`)).toEqual([
      {
        title: 'Alpine',
        author: { name: 'Ada', mentees: [{ name: 'Ben' }, { name: 'Cleo' }] },
        editions: { publisher: 'North' },
        tags: [{ label: 'snow' }, { label: 'water' }],
        reviews: [
          { stars: 2, reviewer: { name: 'Ada' } },
          { stars: 5, reviewer: { name: 'Ben' } },
        ],
        editor: 'Ben',
      },
    ])
    expect(
      await rows('people?select=name,followers:people!fan_id(name),following:people!idol_id(name)&name=eq.Ada&followers.order=name'),
    ).toEqual([{ name: 'Ada', followers: [{ name: 'Ben' }, { name: 'Cleo' }], following: [] }])
  })

  test('filters, order, limit and null filters on embeds', async () => {
    expect(await rows('books?select=id,reviews(stars)&reviews.stars=gte.3&order=id')).toEqual([
      { id: 1, reviews: [{ stars: 5 }] },
      { id: 2, reviews: [{ stars: 4 }] },
    ])
    expect(await rows('books?select=id,reviews(stars)&reviews.order=stars.desc&reviews.limit=1&id=eq.1')).toEqual([
      { id: 1, reviews: [{ stars: 5 }] },
    ])
    expect(await rows('books?select=id,reviews!inner(stars)&reviews.stars=eq.4')).toEqual([{ id: 2, reviews: [{ stars: 4 }] }])
    expect(await rows('books?select=id,reviews!inner(stars)&reviews.body=eq.secret')).toEqual([])
    expect(await rows('books?select=id,editions()&editions=is.null')).toEqual([{ id: 2 }])
    expect(await rows('books?select=id,editions()&editions=not.is.null')).toEqual([{ id: 1 }])
    expect(await rows('books?select=id,author:people!author_id(name)&order=author(name).desc')).toEqual([
      { id: 2, author: { name: 'Ben' } },
      { id: 1, author: { name: 'Ada' } },
    ])
  })
})

describe('filters', () => {
  test.each([
    ['pages=eq.100', [1]],
    ['pages=neq.100', [2, 3]],
    ['pages=gt.100', [2, 3]],
    ['pages=gte.100&pages=lt.300', [1, 2]],
    ['pages=lte.100', [1]],
    ['pages=isdistinct.100', [2, 3, 4]],
    ['pages=in.(100,300,999)', [1, 3]],
    ['pages=in.()', []],
    ['pages=not.in.(100)', [2, 3]],
    ['pages=is.null', [4]],
    ['pages=not.is.null', [1, 2, 3]],
    ['published=is.false', [3, 4]],
    ['published=eq.true', [1, 2]],
    ['published=not.is.true', [3, 4]],
    ['title=like.*o*', [2, 4]],
    ['title=like.A*', [1]],
    ['title=like.a*', []],
    ['title=ilike.a*', [1]],
    ['title=in.("Crag, the \\"great\\"",Brook)', [2, 3]],
    ['title=eq.École', [4]],
    ['title=like(any).{A*,B*}', [1, 2]],
    ['pages=eq(any).{100,200}', [1, 2]],
    ['pages=gt(all).{100,150}', [2, 3]],
    ['or=(pages.eq.100,and(pages.gt.200,published.is.false))', [1, 3]],
    ['not.or=(pages.eq.100,pages.eq.200)', [3]],
    ['and=(pages.gt.50,not.and(pages.gt.150,published.is.true))', [1, 3]],
    ['meta->>lang=eq.en', [1]],
    ['meta->shelf->row=eq.3', [1]],
    ['meta->shelf->>row=eq.3', [1]],
    ['meta->>lang=in.(it,fr)', [2]],
    ['genre=eq.novel', [1]],
    ['released=gte.2024-01-01', [1]],
    ['price=gt.10', [1]],
    ['created_at=lt.2001-01-01T00:00:00Z', []],
    ['id=eq.1&id=eq.2', []],
  ])('%s', async (filter, expected) => {
    expect(
      await ids(
        `books?${filter
          .split('&')
          .map((part) => part.replace(/=(.*)$/s, (_, value: string) => `=${encodeURIComponent(value)}`))
          .join('&')}`,
        service,
      ),
    ).toEqual(expected)
  })

  test.each([
    ['books?pages=eq.many', '22P02'],
    ['books?pages=eq.9223372036854775808', '22003'],
    ['books?pages=eq.1e400', '22P02'],
    ['books?genre=eq.cooking', '22P02'],
    ['books?published=eq.maybe', '22P02'],
    ['books?created_at=gt.yesterdayish', '22007'],
    ['books?nope=eq.1', '42703'],
    ['books?title=nope.1', 'PGRST100'],
    ['books?title=eq.%00', '22021'],
    ['books?title=eq.%ff', 'PGRST100'],
    ['books?pages=like.1*', '42883'],
    ['books?title=fts.word', 'PGRST127'],
    ['books?title=match.(', '2201B'],
    ['books?title=match.(a)\\1', 'PGRST127'],
    ['books?pages=imatch.1', '42883'],
    ['books?pages=sl.[1,2)', '42883'],
    ['books?select=nope', '42703'],
    ['books?order=nope', '42703'],
    ['books?select=title::geometry', '42704'],
  ])('%s is refused with %s', async (address, code) => {
    const { status, json } = await stranger(`/rest/v1/${address}`)
    expect([status, (json as { code: string }).code]).toEqual([code === '42883' ? 404 : 400, code])
    expect(Object.keys(json as object)).toEqual(['code', 'message', 'details', 'hint'])
  })
})

test('numbers in JSON are compared to their last digit', async () => {
  await service('/rest/v1/samples', { body: '{"id":"0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a3c","data":{"n":9007199254740993}}' })
  for (const [filter, found] of [
    ['eq.9007199254740993', 1],
    ['eq.9007199254740992', 0],
    ['lt.1e400', 1],
    ['lt.-1e400', 0],
  ])
    expect(await rows(`samples?select=id&data->n=${filter}`)).toHaveLength(Number(found))
})

describe('order, windows and counts', () => {
  const titles = async (address: string) => (await rows(`${address}&select=title`, service)).map(({ title }) => title)

  test('nulls stand where Postgres puts them, unless told', async () => {
    expect(await titles('books?order=pages.asc,id')).toEqual(['Alpine', 'Brook', 'Crag, the "great"', 'École'])
    expect(await titles('books?order=pages.desc')).toEqual(['École', 'Crag, the "great"', 'Brook', 'Alpine'])
    expect(await titles('books?order=pages.desc.nullslast')).toEqual(['Crag, the "great"', 'Brook', 'Alpine', 'École'])
    expect(await titles('books?order=meta->>lang.asc.nullsfirst,id.desc')).toEqual(['École', 'Crag, the "great"', 'Alpine', 'Brook'])
  })

  test('limit, offset and Range cut the same window, and Content-Range says which', async () => {
    const paged = await service('/rest/v1/books?select=id&order=id&limit=2&offset=1')
    const ranged = await service('/rest/v1/books?select=id&order=id', { headers: { range: '1-2', 'range-unit': 'items' } })
    expect(paged.json).toEqual([{ id: 2 }, { id: 3 }])
    expect(ranged.json).toEqual(paged.json)
    for (const { headers, status } of [paged, ranged])
      expect([status, headers.get('content-range'), headers.get('range-unit')]).toEqual([200, '1-2/*', 'items'])
    expect((await service('/rest/v1/books?limit=0')).json).toEqual([])
    expect((await service('/rest/v1/books?offset=9999999999999999999999')).json).toEqual([])
    const far = '9'.repeat(30)
    expect((await service(`/rest/v1/books?offset=${far}&limit=${far}`, { headers: { range: '999999999999999-' } })).json).toEqual([])
    expect((await service(`/rest/v1/books?select=id&limit=${far}&order=id`)).json).toHaveLength(4)
    expect((await service(`/rest/v1/books?select=id,reviews(id)&reviews.limit=${far}&reviews.offset=${far}&id=eq.1`)).json).toEqual([
      { id: 1, reviews: [] },
    ])
  })

  test.each(['exact', 'planned', 'estimated'])('count=%s counts what the caller may read', async (count) => {
    const headers = { prefer: `count=${count}` }
    const some = await stranger('/rest/v1/books?limit=1&order=id', { headers })
    expect([some.status, some.headers.get('content-range'), some.headers.get('preference-applied')]).toEqual([
      206,
      '0-0/2',
      `count=${count}`,
    ])
    const all = await service('/rest/v1/books', { headers })
    expect([all.status, all.headers.get('content-range')]).toEqual([200, '0-3/4'])
  })

  test('HEAD answers with the headers of GET alone', async () => {
    const head = await stranger('/rest/v1/books?pages=gt.1', { method: 'HEAD', headers: { prefer: 'count=exact' } })
    expect([head.status, head.text, head.headers.get('content-range')]).toEqual([200, '', '0-1/2'])
    const wrong = await stranger('/rest/v1/books?nope=gt.1', { method: 'HEAD' })
    expect([wrong.status, wrong.text]).toEqual([400, ''])
  })

  test('an offset past a known total is 416, past an unknown one an empty page', async () => {
    const known = await stranger('/rest/v1/books?offset=3', { headers: { prefer: 'count=exact' } })
    expect([known.status, (known.json as { code: string; details: string }).details]).toEqual([
      416,
      'An offset of 3 was requested, but there are only 2 rows.',
    ])
    const unknown = await stranger('/rest/v1/books?offset=3')
    expect([unknown.status, unknown.text, unknown.headers.get('content-range')]).toEqual([200, '[]', '*/*'])
  })

  test('one row as an object, and nothing else as one', async () => {
    const headers = { accept: 'application/vnd.pgrst.object+json' }
    const one = await stranger('/rest/v1/books?select=id&id=eq.1', { headers })
    expect([one.status, one.text, one.headers.get('content-type')]).toEqual([
      200,
      '{"id":1}',
      'application/vnd.pgrst.object+json; charset=utf-8',
    ])
    for (const [filter, count] of [
      ['id=eq.99', 0],
      ['id=gt.0', 2],
    ] as const) {
      const { status, json } = await stranger(`/rest/v1/books?${filter}`, { headers })
      expect([status, json]).toEqual([
        406,
        {
          code: 'PGRST116',
          message: 'Cannot coerce the result to a single JSON object',
          details: `Results contain ${count} rows, application/vnd.pgrst.object+json requires 1 row`,
          hint: null,
        },
      ])
    }
  })

  test('CSV, and JSON without nulls', async () => {
    const csv = await stranger('/rest/v1/books?select=id,title,isbn,published&order=id', { headers: { accept: 'text/csv' } })
    expect([csv.text, csv.headers.get('content-type')]).toEqual([
      'id,title,isbn,published\n1,Alpine,i1,t\n2,Brook,,t',
      'text/csv; charset=utf-8',
    ])
    const stripped = await stranger('/rest/v1/books?select=id,isbn,editions(publisher)&id=eq.2', {
      headers: { accept: 'application/vnd.pgrst.array+json;nulls=stripped' },
    })
    expect(stripped.text).toBe('[{"id":2}]')
  })

  test('aggregates group by what else is selected', async () => {
    expect(await rows('books?select=count()', service)).toEqual([{ count: 4 }])
    expect(await rows('books?select=count', service)).toEqual([{ count: 4 }])
    expect(await rows('books?select=reviews(count)&id=eq.1', stranger)).toEqual([{ reviews: [{ count: 2 }] }])
    expect(await rows('books?select=published,pages.sum(),n:count()&order=published', service)).toEqual([
      { published: false, sum: 300, n: 2 },
      { published: true, sum: 300, n: 2 },
    ])
  })
})

test('every answer says what it varies by, and errors name themselves', async () => {
  const good = await stranger('/rest/v1/books?limit=1', { headers: { 'accept-profile': 'public' } })
  expect([good.headers.get('content-type'), good.headers.get('content-profile'), good.headers.get('content-location')]).toEqual([
    'application/json; charset=utf-8',
    'public',
    '/books?limit=1',
  ])
  expect(good.headers.get('vary')).toContain('Accept, Prefer, Range')
  const bad = await stranger('/rest/v1/books?nope=eq.1')
  expect([bad.headers.get('content-type'), bad.headers.get('proxy-status')]).toEqual([
    'application/json; charset=utf-8',
    'PostgREST; error=42703',
  ])
  expect(bad.headers.get('access-control-allow-origin')).toBe('*')
})
