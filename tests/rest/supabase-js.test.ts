// The unmodified supabase-js against the data API: what its builders send and how it reads the answers.
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fetchBackend, mount, PUBLISHABLE_KEY, sql } from './backend'

/** The types offer it only to clients that name a server version; the method is there all the same. */
interface Capped {
  maxAffected(rows: number): PromiseLike<{ readonly status: number; readonly error: { readonly code: string } | null }>
}

let client: SupabaseClient
let id: string

beforeAll(async () => {
  await mount()
  client = createClient('http://localhost', PUBLISHABLE_KEY, {
    global: { fetch: fetchBackend },
    auth: { persistSession: false, autoRefreshToken: false },
  })
  const { data, error } = await client.auth.signInAnonymously()
  expect(error).toBeNull()
  id = data.user?.id ?? ''
  await sql('delete from people')
  expect(
    (
      await client.from('people').insert([
        { id, name: 'Ada', email: 'ada@example.com' },
        { id: 'b', name: 'Ben' },
      ])
    ).error,
  ).toBeNull()
})

beforeEach(async () => {
  await sql('delete from books')
  const { error } = await client.from('books').insert(
    [
      { id: 1, title: 'Alpine', author_id: id, pages: 100, genre: 'novel', meta: { lang: 'en' } },
      { id: 2, title: 'Brook', author_id: 'b', pages: 200, published: false },
      { id: 3, title: 'Crag', author_id: id, pages: null },
    ],
    { defaultToNull: false },
  )
  expect(error).toBeNull()
})

const books = () => client.from('books')

describe('reads', () => {
  test('filters, modifiers and counts', async () => {
    const { data, count, error, status } = await books()
      .select('id, title', { count: 'exact' })
      .gte('pages', 100)
      .neq('title', 'Nope')
      .order('pages', { ascending: false })
      .limit(1)
    expect({ data, count, error, status }).toEqual({ data: [{ id: 2, title: 'Brook' }], count: 2, error: null, status: 206 })
    expect((await books().select('id').in('title', ['Alpine', 'Cr,ag(', 'Crag']).order('id')).data).toEqual([{ id: 1 }, { id: 3 }])
    expect((await books().select('id').is('pages', null)).data).toEqual([{ id: 3 }])
    expect((await books().select('id').not('pages', 'is', null).order('id')).data).toEqual([{ id: 1 }, { id: 2 }])
    expect((await books().select('id').or('pages.eq.100,and(pages.eq.200,published.is.false)').order('id')).data).toEqual([
      { id: 1 },
      { id: 2 },
    ])
    expect((await books().select('id').ilike('title', '%r%').order('id')).data).toEqual([{ id: 2 }, { id: 3 }])
    expect((await books().select('id').likeAnyOf('title', ['A%', 'B%']).order('id')).data).toEqual([{ id: 1 }, { id: 2 }])
    expect((await books().select('id').match({ title: 'Crag', published: true })).data).toEqual([{ id: 3 }])
    expect((await books().select('id').eq('meta->>lang', 'en')).data).toEqual([{ id: 1 }])
    expect((await books().select('id').isDistinct('genre', 'novel').order('id')).data).toEqual([{ id: 2 }, { id: 3 }])
    expect((await books().select('id').order('id').range(1, 1)).data).toEqual([{ id: 2 }])
    const head = await books().select('*', { count: 'exact', head: true })
    expect([head.data, head.count, head.error]).toEqual([null, 3, null])
  })

  test('embeds with their own filters and order', async () => {
    const { data, error } = await client
      .from('people')
      .select('name, books!author_id(id, title)')
      .gt('books.pages', 50)
      .order('title', { referencedTable: 'books' })
      .limit(5, { referencedTable: 'books' })
      .order('name')
    expect(error).toBeNull()
    expect(data).toEqual([
      { name: 'Ada', books: [{ id: 1, title: 'Alpine' }] },
      { name: 'Ben', books: [{ id: 2, title: 'Brook' }] },
    ])
  })

  test('aggregates, casts, spreads and null filters on embeds', async () => {
    const { data: groups } = await books().select('published, total:pages.sum(), count()').order('published')
    expect(groups).toEqual([
      { published: false, total: 200, count: 1 },
      { published: true, total: 100, count: 2 },
    ])
    expect((await books().select('pages::text, author:author_id(name)').eq('id', 1).single()).data).toEqual({
      pages: '100',
      author: { name: 'Ada' },
    })
    const spread = await books().select('id, ...people!author_id(author:name)').order('id').limit(1)
    expect(spread.data).toEqual([{ id: 1, author: 'Ada' }])
    const lists = await client
      .from('people')
      .select('name, ...books!author_id(titles:title)')
      .eq('id', id)
      .order('title', { referencedTable: 'books' })
    expect(lists.data).toEqual([{ name: 'Ada', titles: ['Alpine', 'Crag'] }])
    expect((await client.from('people').select('name, books!author_id()').is('books', null)).data).toEqual([])
    expect((await client.from('people').select('name, books!author_id(count)').order('name')).data).toEqual([
      { name: 'Ada', books: [{ count: 2 }] },
      { name: 'Ben', books: [{ count: 1 }] },
    ])
    const planned = await books().select('*', { count: 'planned', head: true })
    expect([planned.count, planned.error]).toEqual([3, null])
  })

  test('GeoJSON', async () => {
    const geometry = { type: 'Point', coordinates: [7.66, 45.98] }
    await books().insert({ id: 9, title: 'Peak', meta: geometry })
    const { data, error } = await books().select('title, meta').eq('id', 9).geojson()
    expect([error, data]).toEqual([
      null,
      { type: 'FeatureCollection', features: [{ type: 'Feature', geometry, properties: { title: 'Peak' } }] },
    ])
  })

  test('single and maybeSingle', async () => {
    expect((await books().select('id').eq('id', 1).single()).data).toEqual({ id: 1 })
    expect((await books().select('id').eq('id', 9).maybeSingle()).data).toBeNull()
    const none = await books().select('id').eq('id', 9).single()
    expect([none.status, none.error?.code]).toEqual([406, 'PGRST116'])
    expect((await books().select('id').maybeSingle()).error?.code).toBe('PGRST116')
  })

  test('CSV, stripped nulls and errors', async () => {
    expect((await books().select('id,title').order('id').csv()).data).toBe('id,title\n1,Alpine\n2,Brook\n3,Crag')
    expect((await books().select('id,pages').eq('id', 3).stripNulls()).data).toEqual([{ id: 3 }])
    const { error, status } = await books().select('nope')
    expect([status, error?.code, error?.message]).toEqual([400, '42703', 'column books.nope does not exist'])
    expect((await books().select('id').textSearch('title', 'x')).error?.code).toBe('PGRST127')
    expect((await client.rpc('nothing')).error?.code).toBe('PGRST202')
    expect((await client.schema('private').from('books').select()).error?.code).toBe('PGRST106')
  })
})

describe('writes', () => {
  test('insert, update, upsert and delete', async () => {
    const inserted = await books()
      .insert({ title: 'New', pages: 9n as unknown as number })
      .select('title, pages, owner_id')
      .single()
    expect([inserted.status, inserted.data]).toEqual([201, { title: 'New', pages: 9, owner_id: id }])
    const updated = await books().update({ title: 'Newer' }, { count: 'exact' }).eq('title', 'New').select('title')
    expect([updated.status, updated.count, updated.data]).toEqual([200, 1, [{ title: 'Newer' }]])
    const upserted = await client
      .from('tags')
      .upsert([{ id: 't', label: 'one' }], { onConflict: 'id' })
      .select()
    expect([upserted.status, upserted.data]).toEqual([201, [{ id: 't', label: 'one' }]])
    const ignored = await client.from('tags').upsert({ id: 't', label: 'two' }, { ignoreDuplicates: true }).select()
    expect([ignored.status, ignored.data]).toEqual([201, []])
    const deleted = await books().delete({ count: 'exact' }).eq('title', 'Newer')
    expect([deleted.status, deleted.count, deleted.data]).toEqual([204, 1, null])
    const capped = await (books().delete().gt('id', 0) as unknown as Capped).maxAffected(1)
    expect([capped.status, capped.error?.code]).toEqual([400, 'PGRST124'])
  })

  test('a missing key of a bulk is null, or its default', async () => {
    await books().insert(
      [
        { id: 7, title: 'a', pages: 1 },
        { id: 8, title: 'b' },
      ],
      { defaultToNull: false },
    )
    expect((await books().select('pages').eq('id', 8).single()).data).toEqual({ pages: null })
    const { error } = await books().insert([{ title: 'a', published: true }, { title: 'b' }])
    expect([error?.code, error?.message]).toEqual([
      '23502',
      'null value in column "published" of relation "books" violates not-null constraint',
    ])
  })

  test('what the policy forbids is an error, and what is signed out is refused', async () => {
    const { error, status } = await books().insert({ title: 'x', owner_id: 'someone' })
    expect([status, error?.code]).toEqual([403, '42501'])
    const other = createClient('http://localhost', PUBLISHABLE_KEY, {
      global: { fetch: fetchBackend },
      auth: { persistSession: false, autoRefreshToken: false },
    })
    expect((await other.from('books').insert({ title: 'x' })).status).toBe(401)
  })
})
