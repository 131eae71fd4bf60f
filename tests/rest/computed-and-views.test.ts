// Computed columns, declared relations and views over HTTP, as supabase-js and plain requests ask for them.
import { createClient } from '@supabase/supabase-js'
import { beforeAll, describe, expect, test } from 'vitest'
import { fetchBackend, mount, nobody, person, PUBLISHABLE_KEY, service, stranger, type Person } from './backend'

let owner: Person
let other: Person
const address = 'http://localhost'
const clientOf = (who: Person | null) =>
  createClient(address, PUBLISHABLE_KEY, {
    global: { fetch: fetchBackend, headers: who ? { authorization: `Bearer ${who.token}` } : {} },
    auth: { persistSession: false, autoRefreshToken: false },
  })

beforeAll(async () => {
  await mount()
  ;[owner, other] = [await person(), await person()]
  const put = async (table: string, body: unknown) => {
    const { status, text } = await service(`/rest/v1/${table}`, { body })
    if (status !== 201) throw new Error(text)
  }
  await put('people', [
    { id: owner.id, name: 'Ada', email: 'ada@example.com', mentor_id: null },
    { id: other.id, name: 'Ben', email: 'ben@example.com', mentor_id: null },
  ])
  await put('people', [{ id: 'cyd', name: 'Cyd', email: null, mentor_id: owner.id }])
  await put('fans', [
    { fan_id: 'cyd', idol_id: owner.id },
    { fan_id: other.id, idol_id: owner.id },
  ])
  await put('books', [
    { id: 1, title: 'Long', pages: 400, owner_id: owner.id, published: true },
    { id: 2, title: 'Short', pages: 20, owner_id: owner.id, published: false },
    { id: 3, title: 'Odd', pages: null, owner_id: other.id, published: true },
  ])
  await put('reviews', [
    { id: 'r1', book_id: 1, stars: 5, hidden_by: null },
    { id: 'r2', book_id: 1, stars: 2, hidden_by: null },
    { id: 'r3', book_id: 3, stars: 3, hidden_by: 'x' },
  ])
})

describe('a computed column', () => {
  test('is answered where it is named, and `*` leaves it out', async () => {
    const { data } = await clientOf(null).from('people').select('name,followers').order('followers', { ascending: false }).order('name')
    expect(data).toEqual([
      { name: 'Ada', followers: 2 },
      { name: 'Ben', followers: 0 },
      { name: 'Cyd', followers: 0 },
    ])
    const { data: all } = await clientOf(null).from('people').select().limit(1).single()
    expect(Object.keys(all as object).toSorted()).toEqual(['email', 'id', 'mentor_id', 'name'])
    const { data: both } = await clientOf(null).from('people').select('*,badge').eq('name', 'Cyd').single()
    expect(both).toMatchObject({ id: 'cyd', badge: 'Cyd <?>' })
  })

  test('shows what the caller may read of the row, in answers, filters and order', async () => {
    const badges = async (who: Person | null) => (await clientOf(who).from('people').select('badge').order('badge')).data
    expect(await badges(null)).toEqual([{ badge: 'Ada <?>' }, { badge: 'Ben <?>' }, { badge: 'Cyd <?>' }])
    expect(await badges(owner)).toEqual([{ badge: 'Ada <ada@example.com>' }, { badge: 'Ben <?>' }, { badge: 'Cyd <?>' }])
    expect((await clientOf(null).from('people').select('id').like('badge', '%@example.com%')).data).toEqual([])
    expect((await clientOf(other).from('people').select('name').like('badge', '%@example.com%')).data).toEqual([{ name: 'Ben' }])
    expect((await stranger('/rest/v1/people?select=badge.max()')).json).toEqual([{ max: 'Cyd <?>' }])
  })

  test('filters, casts, negates, and stands in trees, lists and embeds', async () => {
    const names = async (search: string) =>
      ((await stranger(`/rest/v1/books?select=title&order=id&${search}`)).json as { title: string }[]).map(({ title }) => title)
    expect(await names('length=eq.long')).toEqual(['Long'])
    expect(await names('length=is.null')).toEqual(['Odd'])
    expect(await names('or=(length.eq.long,shelf.eq.1)')).toEqual(['Long', 'Odd'])
    expect(await names('shelf=in.(1,7)')).toEqual(['Odd'])
    expect(await names('shelf=not.eq.1')).toEqual(['Long'])
    expect((await stranger('/rest/v1/books?select=n:shelf::text&id=eq.1')).json).toEqual([{ n: '2' }])
    expect((await stranger('/rest/v1/books?select=length,count()&order=length')).json).toEqual([
      { length: 'long', count: 1 },
      { length: null, count: 1 },
    ])
    const { data } = await clientOf(owner).from('people').select('name,pupils(name,followers)').eq('is_me', true)
    expect(data).toEqual([{ name: 'Ada', pupils: [{ name: 'Cyd', followers: 0 }] }])
  })

  test('keeps to its own rule, and one that is hidden is not there', async () => {
    expect((await clientOf(owner).from('books').select('id,owner_note').order('id')).data).toEqual([
      { id: 1, owner_note: `of ${owner.id}` },
      { id: 2, owner_note: `of ${owner.id}` },
      { id: 3, owner_note: null },
    ])
    expect((await stranger('/rest/v1/books?owner_note=like.of*&select=id')).json).toEqual([])
    for (const search of ['select=cipher', 'cipher=eq.LONG', 'order=cipher', 'or=(cipher.eq.LONG)', 'select=cipher.max()'])
      expect([search, (await stranger(`/rest/v1/books?${search}`)).json]).toMatchObject([search, { code: '42703' }])
  })

  test('is never written, and is answered by a write as it becomes', async () => {
    const written = await owner.ask('/rest/v1/books', { body: { id: 9, title: 'x', length: 'long' } })
    expect([written.status, written.json]).toMatchObject([
      400,
      { code: '428C9', message: 'cannot insert a non-DEFAULT value into column "length"' },
    ])
    expect((await owner.ask('/rest/v1/books?id=eq.1', { method: 'PATCH', body: { shelf: 3 } })).json).toMatchObject({ code: '428C9' })
    expect((await owner.ask('/rest/v1/books', { body: { id: 9, title: 'x', cipher: 'X' } })).json).toMatchObject({ code: 'PGRST204' })
    // It counts the rows that the statement itself writes.
    const rows = await clientOf(owner).from('books').insert([{ id: 10, title: 'a' }, { id: 11, title: 'b', pages: 999 }]).select('id,shelf,length') // prettier-ignore
    expect(rows.data).toEqual([
      { id: 10, shelf: 4, length: null },
      { id: 11, shelf: 4, length: 'long' },
    ])
    const gone = await clientOf(owner).from('books').delete().in('id', [10, 11]).select('id,shelf').order('id')
    expect(gone.data).toEqual([
      { id: 10, shelf: 4 },
      { id: 11, shelf: 4 },
    ])
    expect((await clientOf(owner).from('books').update({ pages: 500 }).eq('length', 'short').select('id,length')).data).toEqual([
      { id: 2, length: 'long' },
    ])
  })

  test('is paged through by cursor', async () => {
    const first = await stranger('/rest/v1/people?select=name,followers&order=followers.desc&limit=2&cursor=')
    const next = /cursor=([^&>]+)/.exec(first.headers.get('link') ?? '')?.[1]
    expect((first.json as unknown[]).length).toBe(2)
    const rest = await stranger(`/rest/v1/people?select=name&order=followers.desc&limit=2&cursor=${next}`)
    expect([rest.status, (rest.json as unknown[]).length]).toEqual([200, 1])
  })

  test('takes no SQL from names and values', async () => {
    for (const text of ["'", '")--', '`', "x' or 1=1 --"]) {
      const value = encodeURIComponent(text)
      expect((await stranger(`/rest/v1/people?badge=eq.${value}&select=id`)).json).toEqual([])
      expect((await stranger(`/rest/v1/people?select=${encodeURIComponent(`"badge${text.replaceAll('"', '')}"`)}`)).status).toBe(400)
    }
  })
})

describe('a declared relation', () => {
  test('is embedded under its name, without a hint, in either direction', async () => {
    const { data } = await clientOf(null).from('people').select('name,mentor(name),pupils(name),idols(name)').order('name')
    expect(data).toEqual([
      { name: 'Ada', mentor: null, pupils: [{ name: 'Cyd' }], idols: [] },
      { name: 'Ben', mentor: null, pupils: [], idols: [{ name: 'Ada' }] },
      { name: 'Cyd', mentor: { name: 'Ada' }, pupils: [], idols: [{ name: 'Ada' }] },
    ])
    const inner = await clientOf(null).from('people').select('name,m:mentor!inner(name)').eq('mentor.name', 'Ada').order('mentor(name)')
    expect([inner.error, inner.data]).toMatchObject([null, [{ name: 'Cyd', m: { name: 'Ada' } }]])
  })

  test('leaves the ways that foreign keys open as they are', async () => {
    expect((await stranger('/rest/v1/people?select=name,mentor_id(name)&id=eq.cyd')).json).toEqual([
      { name: 'Cyd', mentor_id: { name: 'Ada' } },
    ])
    expect((await stranger('/rest/v1/people?select=people!people_mentor_id_fkey(name)&name=eq.Ada')).json).toEqual([
      { people: [{ name: 'Cyd' }] },
    ])
  })
})

describe('a view', () => {
  test('is read under its own policy', async () => {
    expect((await clientOf(null).from('book_stats').select()).data).toEqual([{ book_id: 1, reviews: 2, praised: true, latest: null }, { book_id: 3, reviews: 1, praised: false, latest: null }]) // prettier-ignore
    const own = await clientOf(owner).from('book_stats').select('book_id,reviews,latest', { count: 'exact' }).order('book_id')
    expect(own.data).toMatchObject([
      { book_id: 1, latest: expect.stringMatching(/^20.*\+00:00$/) },
      { book_id: 2, reviews: 0 },
      { book_id: 3, latest: null },
    ])
    expect(own.count).toBe(3)
    expect((await nobody('/rest/v1/book_stats')).status).toBe(401)
    expect((await stranger('/rest/v1/book_stats?select=owner_id')).json).toMatchObject({ code: '42703' })
  })

  test('is filtered, ordered, paged, counted and aggregated like a table', async () => {
    const ids = async (search: string) =>
      ((await owner.ask(`/rest/v1/book_stats?select=book_id&order=book_id&${search}`)).json as { book_id: number }[]).map(
        (row) => row.book_id,
      )
    expect(await ids('reviews=eq.2')).toEqual([1])
    expect(await ids('reviews=in.(0,1)')).toEqual([2, 3])
    expect(await ids('praised=is.false')).toEqual([2, 3])
    expect(await ids('book_id=eq.2')).toEqual([2])
    expect(await ids('verdict=eq.loved')).toEqual([1])
    expect(await ids('reviews=eq(any).{1,2}')).toEqual([1, 3])
    expect(await ids('latest=gte.2020-01-01')).toEqual([1, 2])
    expect(await ids('limit=1&offset=1')).toEqual([2])
    expect((await owner.ask('/rest/v1/book_stats?select=reviews.sum(),praised&order=praised')).json).toEqual([
      { sum: 1, praised: false },
      { sum: 2, praised: true },
    ])
    const page = await owner.ask('/rest/v1/book_stats?select=book_id&order=reviews.desc&limit=1', { headers: { prefer: 'count=exact' } })
    expect([page.status, page.headers.get('content-range')]).toEqual([206, '0-0/3'])
    expect(
      (await owner.ask('/rest/v1/book_stats?book_id=eq.1', { headers: { accept: 'application/vnd.pgrst.object+json' } })).json,
    ).toMatchObject({ reviews: 2 })
    const first = await owner.ask('/rest/v1/book_stats?select=book_id&order=reviews.desc&limit=2&cursor=')
    const next = /cursor=([^&>]+)/.exec(first.headers.get('link') ?? '')?.[1]
    expect((await owner.ask(`/rest/v1/book_stats?select=book_id&order=reviews.desc&limit=2&cursor=${next}`)).json).toEqual([{ book_id: 2 }])
  })

  test('is embedded and embeds, each side under its own policy', async () => {
    const { data } = await clientOf(other).from('books').select('title,book_stats(reviews,verdict)').order('id')
    expect(data).toEqual([
      { title: 'Long', book_stats: { reviews: 2, verdict: 'loved' } },
      { title: 'Odd', book_stats: { reviews: 1, verdict: 'read' } },
    ])
    expect((await stranger('/rest/v1/book_stats?select=reviews,books!inner(title)&books.title=eq.Odd')).json).toEqual([
      { reviews: 1, books: { title: 'Odd' } },
    ])
    expect((await owner.ask('/rest/v1/book_stats?select=reviews,...books(title)&book_id=eq.2')).json).toEqual([
      { reviews: 0, title: 'Short' },
    ])
  })

  test.each([
    ['POST', { book_id: 5 }, 'insert into'],
    ['POST', [], 'insert into'],
    ['PATCH', { reviews: 5 }, 'update'],
    ['PATCH', {}, 'update'],
    ['PUT', { book_id: 5 }, 'insert into'],
    ['DELETE', undefined, 'delete from'],
  ])('refuses a %s, with the service’s key too', async (method, body, doing) => {
    for (const ask of [owner.ask, service]) {
      const { status, json, headers } = await ask('/rest/v1/book_stats?book_id=eq.1', { method, ...(body === undefined ? {} : { body }) })
      expect([status, json]).toMatchObject([405, { code: '55000', message: `cannot ${doing} view "book_stats"` }])
      expect(headers.get('allow')).toBe('OPTIONS,GET,HEAD')
    }
  })

  test('says what it takes', async () => {
    const { headers } = await stranger('/rest/v1/book_stats', { method: 'OPTIONS' })
    expect(headers.get('allow')).toBe('OPTIONS,GET,HEAD')
    const { json } = await stranger('/openapi.json')
    const { paths, components } = json as {
      paths: Record<string, object>
      components: { schemas: Record<string, { properties: Record<string, object> }> }
    }
    expect(Object.keys(paths['/rest/v1/book_stats']!)).toEqual(['get'])
    expect(components.schemas['book_stats.insert']).toBeUndefined()
    expect(components.schemas['book_stats']!.properties['verdict']).toMatchObject({ readOnly: true, type: ['string', 'null'] })
    expect(Object.keys(components.schemas['books.insert']!.properties)).not.toContain('length')
    expect(Object.keys(components.schemas['books']!.properties)).not.toContain('cipher')
  })
})
