// Functions as the SDKs call them: supabase-js unmodified, and what those of Swift, Kotlin and Flutter send and how strictly they decode. And
// what the backend says of its functions.
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { beforeAll, describe, expect, test } from 'vitest'
import { decode } from '../wire/decode'
import { fetchBackend, fillShelves, person, PUBLISHABLE_KEY, service, sql, stranger, type Person } from './counter'

let client: SupabaseClient
let reader: Person

beforeAll(async () => {
  await fillShelves()
  client = createClient('http://localhost', PUBLISHABLE_KEY, {
    global: { fetch: fetchBackend },
    auth: { persistSession: false, autoRefreshToken: false },
  })
  expect((await client.auth.signInAnonymously()).error).toBeNull()
  reader = await person()
})

describe('supabase-js', () => {
  test('values, nothing, and no function', async () => {
    expect(await client.rpc('add', { a: 1, b: 2 })).toMatchObject({ data: 3, error: null, status: 200 })
    expect(await client.rpc('null_value')).toMatchObject({ data: null, error: null, status: 200 })
    expect(await client.rpc('nothing_at_all')).toMatchObject({ data: null, error: null, status: 204 })
    expect(await client.rpc('ad')).toMatchObject({ data: null, error: { code: 'PGRST202' }, status: 404 })
    expect((await client.rpc('refuse')).error).toMatchObject({
      code: 'P0001',
      message: 'not today',
      details: 'It rains.',
      hint: 'Come again.',
    })
  })

  test('get, head and count', async () => {
    expect((await client.rpc('echo', { list: [1, 2], text: 'a b&c', flag: true, day: undefined }, { get: true })).data).toMatchObject({
      list: [1, 2],
      text: 'a b&c',
      flag: true,
    })
    expect(await client.rpc('squares', { n: 4 }, { get: true, count: 'exact' })).toMatchObject({ data: [0, 1, 4, 9], count: 4 })
    expect(await client.rpc('squares', { n: 4 }, { head: true, count: 'exact' })).toMatchObject({ data: null, count: 4, status: 200 })
    // Objects don't fit an address: it sends them by POST and asks for nothing back.
    expect(await client.rpc('echo', { data: { n: 1 } }, { head: true, count: 'exact' })).toMatchObject({
      data: null,
      error: null,
      count: 1,
      status: 204,
    })
    expect((await client.rpc('borrow', { book: 1 }, { get: true })).error).toMatchObject({ code: 'PGRST101' })
  })

  test('filters, order, pages, select, embeds and single on what comes back', async () => {
    expect((await client.rpc('good_books', { least: 4 }).select('id, reviews(stars)').eq('genre', 'novel')).data).toEqual([
      { id: 1, reviews: [{ stars: 5 }] },
    ])
    expect((await client.rpc('good_books', {}).select('id').order('title', { ascending: false }).range(1, 2)).data).toEqual([
      { id: 2 },
      { id: 1 },
    ])
    expect((await client.rpc('good_books', {}, { count: 'exact' }).select('id').limit(1)).count).toBe(3)
    expect((await client.rpc('good_books', { least: 4 }, { get: true }).select('id').in('id', [1, 2, 4])).data).toEqual([{ id: 1 }])
    expect((await client.rpc('good_books').select('title').eq('id', 2).single()).data).toEqual({ title: 'Basalt' })
    expect((await client.rpc('good_books').select('title').eq('id', 9).maybeSingle()).data).toBeNull()
    expect((await client.rpc('good_books').select('title').single()).error).toMatchObject({ code: 'PGRST116' })
    expect((await client.rpc('one_book', { id: 1 }).select('title').single()).data).toEqual({ title: 'Alpine' })
    expect((await client.rpc('genres').select('genre').gt('books', 1).order('genre').csv()).data).toBe('genre\nessay\nnovel')
    expect((await client.rpc('add', { a: 1 }).single()).data).toBe(2)
    expect((await client.rpc('best_books', { most: 2 }).select('id').or('genre.eq.essay,pages.gt.250').stripNulls()).data).toEqual([
      { id: 3 },
      { id: 1 },
    ])
  })

  test('max-affected and other schemas', async () => {
    const capped = (n: number) =>
      (client.rpc('good_books') as unknown as { maxAffected(n: number): PromiseLike<{ error: { code: string } | null }> }).maxAffected(n)
    expect((await capped(3)).error).toBeNull()
    expect((await capped(2)).error?.code).toBe('PGRST124')
    expect((await client.schema('annex').rpc('add', { a: 1 })).error?.code).toBe('PGRST202')
  })

  test('writes as the person who is signed in', async () => {
    await sql('DELETE FROM loans')
    const { data } = await client.rpc('borrow', { book: 2 }).select('book_id, reader_id').single()
    const id = (await client.auth.getUser()).data.user?.id
    expect(data).toEqual({ book_id: 2, reader_id: id })
  })
})

describe('other SDKs', () => {
  test('supabase-swift posts parameters and decodes rows, or asks with GET and HEAD', async () => {
    const headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      'content-profile': 'public',
      'x-client-info': 'supabase-swift/2.30.0',
    }
    const rows = await reader.ask('/rest/v1/rpc/good_books?select=id,title,rating&order=id.asc.nullslast', { body: { least: 4 }, headers })
    expect(decode(rows.text, [{ id: 'int', title: 'string', 'rating?': 'double' }])).toHaveLength(2)
    const { headers: head } = await reader.ask('/rest/v1/rpc/good_books?least=4', {
      method: 'HEAD',
      headers: { ...headers, 'accept-profile': 'public', prefer: 'count=exact' },
    })
    expect(head.get('content-range')).toBe('0-1/2')
    const failed = await reader.ask('/rest/v1/rpc/add', { body: {}, headers })
    decode(failed.text, { message: 'string', 'code?': 'string', 'details?': 'string', 'hint?': 'string' })
  })

  test('supabase-kt sends Prefer even when it is empty, and one object by its Accept', async () => {
    const headers = { 'content-profile': 'public', 'content-type': 'application/json', prefer: '' }
    const one = await reader.ask('/rest/v1/rpc/one_book?select=id,title,created_at', {
      body: { id: 1 },
      headers: { ...headers, accept: 'application/vnd.pgrst.object+json' },
    })
    expect(decode(one.text, { id: 'int', title: 'string', created_at: 'instant' })).toMatchObject({ id: 1 })
    expect((await reader.ask('/rest/v1/rpc/nothing_at_all', { body: {}, headers })).text).toBe('')
  })

  test('supabase-flutter parses whatever count there is, and posts an empty object for none', async () => {
    const headers = { 'content-profile': 'public', 'content-type': 'application/json' }
    for (const count of ['exact', 'planned', 'estimated']) {
      const { headers: got } = await reader.ask('/rest/v1/rpc/squares', {
        body: { n: 3 },
        headers: { ...headers, prefer: `count=${count}` },
      })
      expect(got.get('content-range')).toBe('0-2/3')
    }
    expect((await reader.ask('/rest/v1/rpc/null_value', { body: {}, headers })).json).toBeNull()
    const got = await reader.ask('/rest/v1/rpc/echo?list=%7B1%2C2%7D&text=x', { headers: { 'accept-profile': 'public' } })
    expect(got.json).toMatchObject({ list: [1, 2], text: 'x' })
  })
})

describe('what is said of functions', () => {
  test('OpenAPI has each with its arguments and what it gives', async () => {
    const { paths } = (await stranger('/openapi.json')).json as { paths: Record<string, Record<string, Record<string, unknown>>> }
    expect(Object.keys(paths['/rest/v1/rpc/add'] ?? {})).toEqual(['get', 'post'])
    expect(Object.keys(paths['/rest/v1/rpc/borrow'] ?? {})).toEqual(['post'])
    expect(paths['/rest/v1/rpc/add']!['get']).toMatchObject({
      summary: 'Adds.',
      parameters: [
        { name: 'a', in: 'query', required: true, schema: { type: 'number' } },
        { name: 'b', in: 'query', required: false, schema: { type: 'number', default: 1 } },
      ],
    })
    const content = (name: string) => {
      const { responses } = paths[`/rest/v1/rpc/${name}`]!['post'] as {
        responses: Record<string, { content: Record<string, { schema: unknown }> }>
      }
      return responses['200']!.content['application/json']!.schema
    }
    expect(content('add')).toEqual({ type: 'number' })
    expect(content('good_books')).toEqual({ type: 'array', items: { $ref: '#/components/schemas/books' } })
    expect(content('one_book')).toEqual({ oneOf: [{ $ref: '#/components/schemas/books' }, { type: 'null' }] })
    expect(content('genres')).toMatchObject({
      type: 'array',
      items: { properties: { since: { type: 'string', format: 'date-time' }, books: { type: 'integer' } } },
    })
    expect(JSON.stringify(paths['/rest/v1/rpc/echo'])).toContain('"format":"date-time"')
  })

  test('the reference shows them, and Swagger lists them', async () => {
    const page = (await stranger('/docs')).text
    expect(page).toContain('/rest/v1/rpc/borrow_stamped')
    expect(page).toContain('id="functions"')
    const { paths } = (await service('/rest/v1/')).json as { paths: Record<string, unknown> }
    expect(paths['/rpc/add']).toMatchObject({
      post: { tags: ['(rpc) add'], parameters: [{ in: 'body', schema: { properties: { a: { type: 'number' } }, required: ['a'] } }] },
    })
  })
})
