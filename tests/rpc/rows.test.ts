// Functions that give rows: read by the same compiler as a table's, with the request's own clauses, under the caller's policies.
import { beforeAll, describe, expect, test } from 'vitest'
import { fillShelves, person, service, sql, stranger, type Answer, type Person } from './counter'

const rpc = '/rest/v1/rpc'
const code = (answer: Answer) => (answer.json as { code: string } | null)?.code
const ids = (answer: Answer) => (answer.json as { id: number }[]).map(({ id }) => id)
let reader: Person

beforeAll(async () => {
  await fillShelves()
  reader = await person()
})

describe('rows of a table', () => {
  test('are planned by the function and read with what the request adds', async () => {
    expect(ids(await stranger(`${rpc}/good_books`))).toEqual([3, 1, 2])
    expect(ids(await stranger(`${rpc}/good_books?least=4`))).toEqual([3, 1])
    expect(ids(await stranger(`${rpc}/good_books?order=title.desc&limit=2`))).toEqual([3, 2])
    expect(ids(await stranger(`${rpc}/good_books?title=ilike.*a*&genre=eq.novel`))).toEqual([1, 2])
    expect((await stranger(`${rpc}/good_books?select=title,author:people!author_id(name),reviews(stars)&least=4.5`)).json).toEqual([
      { title: 'Cirrus', author: { name: 'Ann' }, reviews: [{ stars: 4 }] },
      { title: 'Alpine', author: { name: 'Ann' }, reviews: [{ stars: 5 }] },
    ])
    expect((await stranger(`${rpc}/good_books?select=genre,count()&order=genre`)).json).toEqual([
      { genre: 'essay', count: 1 },
      { genre: 'novel', count: 2 },
    ])
    expect((await stranger(`${rpc}/good_books?select=count()`)).json).toEqual([{ count: 3 }])
    expect(ids(await stranger(`${rpc}/good_books?select=id,reviews!inner()&reviews.stars=eq.5`))).toEqual([1])
    expect(ids(await stranger(`${rpc}/good_books`, { body: { least: 4 } }))).toEqual([3, 1])
  })

  test('that the function cuts are cut before the request filters', async () => {
    expect(ids(await stranger(`${rpc}/best_books?most=2`))).toEqual([3, 1])
    expect(ids(await stranger(`${rpc}/best_books?most=2&genre=eq.novel`))).toEqual([1])
    expect(ids(await stranger(`${rpc}/best_books?most=2&order=id&limit=1`))).toEqual([1])
    expect((await stranger(`${rpc}/best_books?most=2&select=count()`)).json).toEqual([{ count: 2 }])
    const page = await stranger(`${rpc}/best_books?most=2&limit=1`, { headers: { prefer: 'count=exact' } })
    expect([page.status, page.headers.get('content-range'), ids(page)]).toEqual([206, '0-0/2', [3]])
  })

  test('are found by their words also among those that the function cuts', async () => {
    await sql(
      `INSERT INTO articles (id, title, body, public, likes) VALUES ('a', 'Glaciers', 'ice and rock', 1, 9), ('b', 'Meadows', 'flowers', 1, 8), ('c', 'Ice', 'ice again', 1, 1), ('d', 'Secret ice', 'ice', 0, 99)`,
    )
    const found = async (search: string) =>
      ((await stranger(`${rpc}/liked_articles?select=id&${search}`)).json as { id: string }[]).map(({ id }) => id)
    expect(await found('most=2')).toEqual(['a', 'b'])
    expect(await found('most=2&body=fts.ice')).toEqual(['a'])
    expect(await found('most=9&body=fts.ice&order=likes')).toEqual(['c', 'a'])
  })

  test('that are named by key are read anew, in the order they are named', async () => {
    expect(ids(await stranger(`${rpc}/books_by_id?ids={3,1,99,2}`))).toEqual([3, 1, 2])
    expect(ids(await stranger(`${rpc}/books_by_id?ids={3,1,2}&offset=1`))).toEqual([1, 2])
    expect(ids(await stranger(`${rpc}/books_by_id?ids={3,1,2}&order=id&genre=eq.novel`))).toEqual([1, 2])
    expect((await stranger(`${rpc}/books_by_id?ids={}`)).json).toEqual([])
    const many = await stranger(`${rpc}/books_by_id?select=id`, { body: { ids: Array.from({ length: 5000 }, (_, i) => i) } })
    expect(ids(many)).toEqual([1, 2, 3])
    const counted = await stranger(`${rpc}/books_by_id?ids={3,1}&select=title,reviews(stars)`, { headers: { prefer: 'count=exact' } })
    expect([counted.headers.get('content-range'), counted.json]).toEqual([
      '0-1/2',
      [
        { title: 'Cirrus', reviews: [{ stars: 4 }] },
        { title: 'Alpine', reviews: [{ stars: 5 }] },
      ],
    ])
  })

  test('are under the policies of rows and columns, whoever found them', async () => {
    for (const address of ['books_by_id?ids={4,1}', 'service_books?id=in.(1,4)'])
      expect(ids(await stranger(`${rpc}/${address}`))).toEqual([1])
    const embedded = await stranger(`${rpc}/good_books?least=5&select=people!author_id(name,email)`)
    expect(embedded.json).toEqual([{ people: { name: 'Ann', email: null } }])
    expect(code(await stranger(`${rpc}/good_books?select=people!author_id(secret)`))).toBe('42703')
    expect((await stranger(`${rpc}/reviews_of?book_id=1`)).json).toMatchObject([{ id: 'r1' }])
    expect((await service(`${rpc}/books_by_id?ids={4,1}`)).json).toHaveLength(2)
    expect((await stranger(`${rpc}/emails`)).json).toEqual([null, null])
  })

  test('a key that is an argument and a column is a filter when it looks like one', async () => {
    expect((await stranger(`${rpc}/reviews_of?book_id=1&book_id=eq.1`)).json).toHaveLength(1)
    expect((await stranger(`${rpc}/reviews_of?book_id=1&book_id=eq.3`)).json).toEqual([])
  })

  test('one is an object, null or missing', async () => {
    expect((await stranger(`${rpc}/one_book?id=1&select=title`)).text).toBe('{"title":"Alpine"}')
    expect((await stranger(`${rpc}/one_book?id=4`)).text).toBe('null')
    expect((await stranger(`${rpc}/no_book`)).text).toBe('null')
    const object = { accept: 'application/vnd.pgrst.object+json' }
    expect((await stranger(`${rpc}/one_book?id=1&select=id`, { headers: object })).text).toBe('{"id":1}')
    expect(code(await stranger(`${rpc}/no_book`, { headers: object }))).toBe('PGRST116')
    expect((await stranger(`${rpc}/one_book?id=1&select=id`, { headers: { accept: 'text/csv' } })).text).toBe('id\n1')
  })

  test('HEAD, Range, CSV, stripped nulls and counts are as for a table', async () => {
    const head = await stranger(`${rpc}/good_books`, { method: 'HEAD', headers: { prefer: 'count=exact' } })
    expect([head.status, head.text, head.headers.get('content-range')]).toEqual([200, '', '0-2/3'])
    const range = await stranger(`${rpc}/good_books?select=id`, { headers: { range: '1-1', prefer: 'count=exact' } })
    expect([range.status, range.text, range.headers.get('content-range')]).toEqual([206, '[{"id":1}]', '1-1/3'])
    expect((await stranger(`${rpc}/good_books?select=id,isbn&limit=1`, { headers: { accept: 'text/csv' } })).text).toBe('id,isbn\n3,')
    const stripped = await stranger(`${rpc}/good_books?select=id,isbn&limit=1`, {
      headers: { accept: 'application/vnd.pgrst.array+json;nulls=stripped' },
    })
    expect(stripped.text).toBe('[{"id":3}]')
    const past = await stranger(`${rpc}/good_books?offset=9`, { headers: { prefer: 'count=exact' } })
    expect([past.status, code(past)]).toEqual([416, 'PGRST103'])
  })
})

describe("rows of the app's own", () => {
  test('are typed by their schema, filtered, ordered, cast, grouped and paged', async () => {
    const all = await stranger(`${rpc}/genres`)
    expect(all.json).toEqual([
      { genre: 'novel', books: 3, best: 4.5, open: true, since: '2026-01-02T03:04:05.678+00:00', tags: ['long'] },
      { genre: "poet's", books: 1, best: null, open: false, since: '2025-01-02T03:04:05.000+00:00', tags: [] },
      { genre: 'essay', books: 2, best: 3, open: true, since: '2024-01-02T03:04:05.000+00:00', tags: ['short', 'dry'] },
    ])
    const genres = async (search: string) => (await stranger(`${rpc}/genres?select=genre&${search}`)).json as unknown
    expect(await genres('open=is.true&order=books')).toEqual([{ genre: 'essay' }, { genre: 'novel' }])
    expect(await genres('books=gte.2')).toEqual([{ genre: 'novel' }, { genre: 'essay' }])
    expect(await genres('best=is.null')).toEqual([{ genre: "poet's" }])
    expect(await genres('since=gt.2025-06-01')).toEqual([{ genre: 'novel' }])
    expect(await genres('tags=cs.["dry"]')).toEqual([{ genre: 'essay' }])
    expect(await genres("or=(genre.eq.poet's,books.eq.3)&order=genre.desc")).toEqual([{ genre: "poet's" }, { genre: 'novel' }])
    expect(await genres('limit=1&offset=1')).toEqual([{ genre: "poet's" }])
    expect((await stranger(`${rpc}/genres?select=open,books.sum()&order=open`)).json).toEqual([
      { open: false, sum: 1 },
      { open: true, sum: 5 },
    ])
    expect((await stranger(`${rpc}/genres?select=b:books::text,t:tags->>0&limit=1`)).json).toEqual([{ b: '3', t: 'long' }])
    const counted = await stranger(`${rpc}/genres?books=gt.1`, { method: 'HEAD', headers: { prefer: 'count=exact' } })
    expect(counted.headers.get('content-range')).toBe('0-1/2')
  })

  test('one of them is an object', async () => {
    expect((await stranger(`${rpc}/a_genre?select=books`)).text).toBe('{"books":3}')
    expect((await stranger(`${rpc}/a_genre?books=eq.9`)).text).toBe('null')
  })

  test('know no other columns, no relations, and nothing that an address could slip in', async () => {
    for (const search of ['nope=eq.1', 'select=nope', 'order=nope', 'select=%23', '%23=eq.1', 'order=%22%23%22', 'select=_version'])
      expect((await stranger(`${rpc}/genres?${search}`)).status).toBe(400)
    expect(code(await stranger(`${rpc}/genres?select=people(*)`))).toBe('PGRST200')
    const text = encodeURIComponent(`eq.x' or 1=1 --`)
    expect((await stranger(`${rpc}/genres?genre=${text}`)).json).toEqual([])
    expect((await stranger(`${rpc}/titles_like?text=${encodeURIComponent(`x') or (1=1`)}`)).json).toEqual([])
    expect((await stranger(`${rpc}/titles_like?text=alp`)).json).toEqual(['Alpine'])
    expect((await stranger(`${rpc}/count_books?genre=novel`)).json).toBe(2)
    expect((await reader.ask(`${rpc}/count_books?genre=essay`)).json).toBe(1)
  })
})
