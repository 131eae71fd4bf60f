// Writes over HTTP: what is stored, what is answered, and what is refused without a trace.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mount, person, service, sql, stranger, type Person } from './backend'

let ada: Person
let ben: Person

beforeAll(async () => {
  await mount()
  ada = await person()
  ben = await person()
})

beforeEach(async () => {
  for (const table of ['book_tags', 'reviews', 'editions', 'books', 'tags', 'samples', 'people']) await sql(`delete from ${table}`)
})

const RETURN = { prefer: 'return=representation' }
const titles = async () => (await sql('select title from books order by title')).map(({ title }) => title)

describe('insert', () => {
  test('one row gets its defaults, and nothing is answered unless asked', async () => {
    const { status, text, headers } = await ada.ask('/rest/v1/books', { body: { title: 'One' } })
    expect([status, text, headers.get('content-range'), headers.get('location')]).toEqual([201, '', '*/*', null])
    expect(await sql('select title, owner_id, published from books')).toEqual([{ title: 'One', owner_id: ada.id, published: 1 }])
  })

  test('a representation is shaped by select, embeds included', async () => {
    await service('/rest/v1/people', { body: { id: 'p', name: 'P' } })
    const { status, json, headers } = await ada.ask('/rest/v1/books?select=title,author:people!author_id(name),created_at', {
      body: { title: 'Two', author_id: 'p' },
      headers: RETURN,
    })
    expect([status, headers.get('preference-applied')]).toEqual([201, 'return=representation'])
    expect(json).toEqual([
      {
        title: 'Two',
        author: { name: 'P' },
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$/) as string,
      },
    ])
  })

  test('headers-only answers where the one row is', async () => {
    const one = await ada.ask('/rest/v1/books', { body: { id: 7, title: 'Seven' }, headers: { prefer: 'return=headers-only' } })
    expect([one.status, one.text, one.headers.get('location')]).toEqual([201, '', '/books?id=eq.7'])
    await service('/rest/v1/tags', { body: { id: 't', label: 'a&b' } })
    const composite = await service('/rest/v1/book_tags', { body: { book_id: 7, tag_id: 't' }, headers: { prefer: 'return=headers-only' } })
    expect(composite.headers.get('location')).toBe('/book_tags?book_id=eq.7&tag_id=eq.t')
  })

  test('a bulk is all or nothing', async () => {
    const good = await ada.ask('/rest/v1/books', {
      body: [{ title: 'a' }, { title: 'b' }],
      headers: { prefer: 'return=representation,count=exact' },
    })
    expect([good.status, (good.json as unknown[]).length, good.headers.get('content-range')]).toEqual([201, 2, '*/2'])
    const denied = await ada.ask('/rest/v1/books', {
      body: [
        { title: 'c', owner_id: ada.id },
        { title: 'd', owner_id: ben.id },
      ],
    })
    expect([denied.status, (denied.json as { code: string }).code]).toEqual([403, '42501'])
    expect(await titles()).toEqual(['a', 'b'])
    const empty = await ada.ask('/rest/v1/books', { body: [], headers: RETURN })
    expect([empty.status, empty.text]).toEqual([201, '[]'])
  })

  test('with columns, a key that a row lacks is null, or its default if preferred', async () => {
    const body = [
      { id: '0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a01', note: 'x' },
      { id: '0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a02', ignored: 1 },
    ]
    await service('/rest/v1/samples?columns=id,note', { body })
    expect(await sql('select note from samples order by id')).toEqual([{ note: 'x' }, { note: null }])
    await sql('delete from samples')
    const { headers } = await service('/rest/v1/samples?columns=id,note', { body, headers: { prefer: 'missing=default' } })
    expect(headers.get('preference-applied')).toBe('missing=default')
    expect(await sql('select note from samples order by id')).toEqual([{ note: 'x' }, { note: 'none' }])
  })

  test('a stranger is asked to sign in, a person is told no', async () => {
    expect(await stranger('/rest/v1/books', { body: { title: 'x' } })).toMatchObject({ status: 401, json: { code: '42501' } })
    expect(await ada.ask('/rest/v1/books', { body: { title: 'x', owner_id: ben.id } })).toMatchObject({
      status: 403,
      json: { code: '42501', message: 'new row violates row-level security policy for table "books"' },
    })
    expect(await titles()).toEqual([])
  })
})

describe('upsert', () => {
  const MERGE = { prefer: 'resolution=merge-duplicates,return=representation' }
  const tag = (id: string, label: string) => ({ id, label })

  test('merge answers 200 when no row is new, 201 when one is', async () => {
    const first = await service('/rest/v1/tags', { body: tag('t', 'one'), headers: MERGE })
    expect([first.status, first.headers.get('preference-applied')]).toEqual([201, 'resolution=merge-duplicates, return=representation'])
    const again = await service('/rest/v1/tags', { body: tag('t', 'two'), headers: MERGE })
    expect([again.status, again.json]).toEqual([200, [tag('t', 'two')]])
    const mixed = await service('/rest/v1/tags', { body: [tag('t', 'three'), tag('u', 'four')], headers: MERGE })
    expect([mixed.status, mixed.json]).toEqual([201, [tag('t', 'three'), tag('u', 'four')]])
  })

  test('another unique key may be named', async () => {
    await service('/rest/v1/tags', { body: tag('t', 'one') })
    const merged = await service('/rest/v1/tags?on_conflict=label', { body: tag('v', 'one'), headers: MERGE })
    expect([merged.status, merged.json]).toEqual([200, [tag('v', 'one')]])
    expect(await service('/rest/v1/books?on_conflict=pages', { body: { title: 'x' }, headers: MERGE })).toMatchObject({
      status: 400,
      json: { code: '42P10' },
    })
  })

  test('a key of columns that do not exist, for the caller, is named', async () => {
    for (const column of ['nope', 'secret']) {
      const { status, json } = await stranger(`/rest/v1/people?on_conflict=${column}`, { body: { name: 'x' }, headers: MERGE })
      expect([status, json]).toMatchObject([400, { code: '42703', message: `column "${column}" does not exist` }])
    }
  })

  test('ignore keeps what is there and answers only what is new', async () => {
    await service('/rest/v1/tags', { body: tag('t', 'one') })
    const { status, json } = await service('/rest/v1/tags', {
      body: [tag('t', 'two'), tag('u', 'three')],
      headers: { prefer: 'resolution=ignore-duplicates,return=representation' },
    })
    expect([status, json]).toEqual([201, [tag('u', 'three')]])
    expect(await sql('select label from tags order by id')).toEqual([{ label: 'one' }, { label: 'three' }])
  })

  test('a put makes the row or takes its place', async () => {
    const made = await service('/rest/v1/tags?id=eq.t', { method: 'PUT', body: tag('t', 'one'), headers: RETURN })
    expect([made.status, made.json]).toEqual([201, [tag('t', 'one')]])
    const replaced = await service('/rest/v1/tags?id=eq.t', { method: 'PUT', body: tag('t', 'two') })
    expect([replaced.status, replaced.text, await sql('select label from tags')]).toEqual([204, '', [{ label: 'two' }]])
  })

  test('a row of somebody else is not taken over', async () => {
    await ben.ask('/rest/v1/books', { body: { id: 5, title: 'his' } })
    const { status, json } = await ada.ask('/rest/v1/books', { body: { id: 5, title: 'hers' }, headers: MERGE })
    expect([status, (json as { code: string }).code]).toEqual([403, '42501'])
    expect(await titles()).toEqual(['his'])
  })

  test('an upsert of no rows has made none, and an insert of none is still one', async () => {
    for (const [prefer, status] of [
      ['resolution=merge-duplicates', 200],
      ['resolution=ignore-duplicates', 201],
      ['', 201],
    ] as const) {
      const answer = await service('/rest/v1/tags', { body: [], headers: { prefer: `return=representation,${prefer}` } })
      expect([prefer, answer.status, answer.text]).toEqual([prefer, status, '[]'])
    }
    const mixed = await service('/rest/v1/tags', { body: [{ id: 'm1', label: 'm1' }, 3] })
    expect([mixed.status, mixed.json]).toMatchObject([400, { code: 'PGRST102', message: 'All object keys must match', details: null }])
  })
})

describe('update and delete', () => {
  beforeEach(async () => {
    await ada.ask('/rest/v1/books', {
      body: [
        { id: 1, title: 'a', pages: 1, published: true },
        { id: 2, title: 'b', pages: 2, published: false },
      ],
    })
    await ben.ask('/rest/v1/books', { body: { id: 3, title: 'c', pages: 3 } })
  })

  test('only the rows that filters and policy admit are changed', async () => {
    const { status, headers, text } = await ada.ask('/rest/v1/books?pages=gte.1', { method: 'PATCH', body: { isbn: null, title: 'new' } })
    expect([status, text, headers.get('content-range')]).toEqual([204, '', '0-1/*'])
    expect(await titles()).toEqual(['c', 'new', 'new'])
    const { json } = await ada.ask('/rest/v1/books?or=(pages.eq.1,pages.eq.3)&select=id,title&order=id', {
      method: 'PATCH',
      body: { title: 'z' },
      headers: { prefer: 'return=representation,count=exact' },
    })
    expect(json).toEqual([{ id: 1, title: 'z' }])
  })

  test('nothing matched is no error', async () => {
    const none = await ada.ask('/rest/v1/books?id=eq.99', { method: 'PATCH', body: { title: 'x' }, headers: RETURN })
    expect([none.status, none.text, none.headers.get('content-range')]).toEqual([200, '[]', '*/*'])
    const empty = await ada.ask('/rest/v1/books?id=eq.1', { method: 'PATCH', body: {} })
    expect([empty.status, empty.text]).toEqual([204, ''])
  })

  test('a change that the policy forbids changes nothing', async () => {
    const { status, json } = await ada.ask('/rest/v1/books?id=eq.1', { method: 'PATCH', body: { owner_id: ben.id } })
    expect([status, (json as { code: string }).code]).toEqual([403, '42501'])
    expect(await sql('select owner_id from books where id = 1')).toEqual([{ owner_id: ada.id }])
  })

  test('one object or nothing: any other number of rows undoes the write', async () => {
    const headers = { prefer: 'return=representation', accept: 'application/vnd.pgrst.object+json' }
    const one = await ada.ask('/rest/v1/books?id=eq.1&select=id', { method: 'PATCH', body: { title: 'x' }, headers })
    expect([one.status, one.text]).toEqual([200, '{"id":1}'])
    const two = await ada.ask('/rest/v1/books?id=lt.3', { method: 'PATCH', body: { title: 'y' }, headers })
    expect(two).toMatchObject({
      status: 406,
      json: { code: 'PGRST116', details: 'Results contain 2 rows, application/vnd.pgrst.object+json requires 1 row' },
    })
    const none = await ada.ask('/rest/v1/books?id=eq.99', { method: 'PATCH', body: { title: 'y' }, headers: { accept: headers.accept } })
    expect(none).toMatchObject({
      status: 406,
      json: { code: 'PGRST116', details: 'Results contain 0 rows, application/vnd.pgrst.object+json requires 1 row' },
    })
    const noColumns = await ada.ask('/rest/v1/books?id=eq.1', { method: 'PATCH', body: {}, headers })
    expect(noColumns.status).toBe(406)
    expect(await titles()).toEqual(['b', 'c', 'x'])
  })

  test('a most of affected rows holds under strict handling', async () => {
    const headers = { prefer: 'handling=strict, max-affected=1' }
    const { status, json } = await ada.ask('/rest/v1/books?id=lt.3', { method: 'DELETE', headers })
    expect([status, (json as { code: string; details: string }).code, (json as { details: string }).details]).toEqual([
      400,
      'PGRST124',
      'The query affects 2 rows',
    ])
    expect(await titles()).toEqual(['a', 'b', 'c'])
    expect((await ada.ask('/rest/v1/books?id=eq.1', { method: 'DELETE', headers })).headers.get('preference-applied')).toBe(
      'handling=strict, max-affected=1',
    )
  })

  test('a delete answers the rows as they were', async () => {
    const { status, json, headers } = await ada.ask('/rest/v1/books?id=gt.0&select=id,title', {
      method: 'DELETE',
      headers: { prefer: 'return=representation,count=exact' },
    })
    expect([status, headers.get('content-range')]).toEqual([200, '*/2'])
    expect(json).toEqual(
      expect.arrayContaining([
        { id: 1, title: 'a' },
        { id: 2, title: 'b' },
      ]),
    )
    expect(await titles()).toEqual(['c'])
    const minimal = await ben.ask('/rest/v1/books?id=eq.3', { method: 'DELETE' })
    expect([minimal.status, minimal.text]).toEqual([204, ''])
  })
})

describe('values', () => {
  const id = '0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a3b'
  const store = (row: object | string) => service('/rest/v1/samples?select=*', { body: row, headers: RETURN })

  test('each type goes in and comes out as phones expect it', async () => {
    const sent = {
      id: id.toUpperCase(),
      whole: 5,
      ratio: 1.5,
      amount: '12.500',
      flag: true,
      seconds: '2026-01-02T03:04:05Z',
      millis: '2026-01-02T04:04:05.678+01:00',
      day: '2026-01-02',
      data: { a: [1, null, 'é'] },
      bytes: '\\x00FF',
    }
    expect((await store(sent)).json).toEqual([
      {
        id,
        whole: 5,
        ratio: 1.5,
        amount: 12.5,
        flag: true,
        seconds: '2026-01-02T03:04:05+00:00',
        millis: '2026-01-02T03:04:05.678+00:00',
        day: '2026-01-02',
        data: { a: [1, null, 'é'] },
        bytes: '\\x00ff',
        note: 'none',
      },
    ])
  })

  test('no digit is lost, in or out', async () => {
    const { text, status } = await store(
      `{"id":"${id}","whole":9007199254740993,"amount":123456789012345678.123456789,"data":{"n":12345678901234567890}}`,
    )
    expect([status, text]).toEqual([201, expect.stringContaining('"whole":9007199254740993') as string])
    expect(text).toContain('"amount":123456789012345678.123456789')
    expect(text).toContain('"n":12345678901234567890')
    const found = await service('/rest/v1/samples?whole=eq.9007199254740993&select=whole')
    expect(found.text).toBe('[{"whole":9007199254740993}]')
    expect((await service('/rest/v1/samples?whole=eq.9007199254740992')).text).toBe('[]')
    await sql('delete from samples')
    expect((await store(`{"id":"${id}","whole":"-9223372036854775808"}`)).text).toContain('"whole":-9223372036854775808')
  })

  test.each([
    [{ whole: 'x' }, '22P02'],
    [{ whole: 1.5 }, '22P02'],
    [{ whole: true }, '22P02'],
    [{ whole: 1e300 }, '22003'],
    [{ whole: '9223372036854775808' }, '22003'],
    [{ ratio: 'much' }, '22P02'],
    [{ flag: 'perhaps' }, '22P02'],
    [{ seconds: 'Monday-ish' }, '22007'],
    [{ day: '2026-13-01' }, '22008'],
    [{ id: 'no-uuid' }, '22P02'],
    [{ bytes: 'zz' }, '22P02'],
    [{ nope: 1 }, 'PGRST204'],
    [{ _version: 5 }, 'PGRST204'],
  ])('%j is refused with %s', async (row, code) => {
    expect(await stranger('/rest/v1/samples', { body: { id, ...row } })).toMatchObject({ status: 400, json: { code } })
    expect(await sql('select * from samples')).toEqual([])
  })
})

describe('constraints', () => {
  test('a duplicate names its constraint, and the key only to whoever can read the row', async () => {
    await ada.ask('/rest/v1/books', { body: { id: 1, title: 'a', isbn: 'i', published: false } })
    const own = await ada.ask('/rest/v1/books', { body: { title: 'b', isbn: 'i' } })
    expect(own).toMatchObject({ status: 409, json: { code: '23505', details: 'Key (isbn)=(i) already exists.' } })
    const other = await ben.ask('/rest/v1/books', { body: { title: 'b', isbn: 'i' } })
    expect(other).toMatchObject({ status: 409, json: { code: '23505', details: null } })
  })

  test('a missing row referred to, a missing value and a long text are refused in the words of Postgres', async () => {
    expect(await ada.ask('/rest/v1/books', { body: { title: 'a', author_id: 'nobody' } })).toMatchObject({
      status: 409,
      json: { code: '23503', message: expect.stringContaining('books_author_id_fkey') as string },
    })
    expect(await ada.ask('/rest/v1/books', { body: { pages: 1 } })).toMatchObject({
      status: 400,
      json: { code: '23502', message: 'null value in column "title" of relation "books" violates not-null constraint' },
    })
    expect(await ada.ask('/rest/v1/books', { body: { title: 'x'.repeat(101) } })).toMatchObject({ status: 400, json: { code: '22001' } })
    expect(await ada.ask('/rest/v1/books', { body: { title: 'a', created_at: '2020-01-01T00:00:00Z' } })).toMatchObject({
      status: 403,
      json: { code: '42501' },
    })
    expect(await titles()).toEqual([])
  })

  test('a hidden column is unknown to a write too, and a filter on a hidden one finds nothing out', async () => {
    expect(await ada.ask('/rest/v1/people', { body: { id: 'x', name: 'X', secret: 's' } })).toMatchObject({
      status: 400,
      json: { code: 'PGRST204' },
    })
    expect(await ada.ask('/rest/v1/people?secret=eq.s', { method: 'DELETE' })).toMatchObject({ status: 400, json: { code: '42703' } })
  })
})
