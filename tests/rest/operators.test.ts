// Filters beyond the comparisons, over HTTP and by supabase-js: patterns, containment and order of JSON.
import { createClient } from '@supabase/supabase-js'
import { beforeAll, describe, expect, test } from 'vitest'
import { fetchBackend, mount, person, PUBLISHABLE_KEY, service, stranger } from './backend'

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const supabase = createClient('http://localhost', PUBLISHABLE_KEY, { global: { fetch: fetchBackend } })

const DATA: readonly unknown[] = [
  { tags: ['a', 'b'], sizes: [{ w: 1, h: 2, marks: ['x', 'y'] }, { w: 3 }], n: 1 },
  { tags: ['1', '2'], n: 1.5 },
  { tags: [1, 2], n: '1' },
  ['a', ['b']],
  'a',
  null,
]

beforeAll(async () => {
  await mount()
  const rows = DATA.map((data, i) => ({ id: id(i), data }))
  expect((await service('/rest/v1/samples', { body: rows })).status).toBe(201)
})

/** The numbers of the rows that a filter finds. */
async function found(filter: string): Promise<unknown> {
  const { status, json } = await stranger(
    `/rest/v1/samples?select=id&order=id&${filter.includes('id=') ? '' : `id=lt.${id(50)}&`}${filter}`,
  )
  return status === 200 ? (json as { id: string }[]).map((row) => Number(row.id.slice(-2))) : [status, (json as { code: string }).code]
}

describe('patterns', () => {
  const NOTES = ['Alpine', 'alpine walk', 'École', 'room 101', 'room 1010', "o'k (x)", null]

  beforeAll(async () => {
    const rows = NOTES.map((note, i) => ({ id: id(50 + i), note }))
    expect((await service('/rest/v1/samples', { body: rows })).status).toBe(201)
  })

  test.each([
    ['note=match.^Alp', [50]],
    ['note=imatch.^alp', [50, 51]],
    ['note=match.^room [0-9]{3}$', [53]],
    ['note=match.^room (\\d\\d)%2B$', [54]],
    ['note=not.match.[a-z]%20', [50, 52]],
    ['note=imatch.^é', [52]],
    ['note=ilike.éCOLE', [52]],
    ['note=ilike.*É*', [52]],
    ['note=match(any).{^A,"^(room|x) \\\\d{4}$"}', [50, 54]],
    ['note=match(all).{room,1010}', [54]],
    ['or=(note.match.Alp,note.match."\\\\(x\\\\)$",note.imatch(any).{^é})', [50, 52, 55]],
    ["note=match.' or 1=1--", []],
  ])('%s', async (filter, expected) => {
    expect(await found(`id=gte.${id(50)}&${filter}`)).toEqual(expected)
  })

  test('supabase-js regexMatch and regexIMatch', async () => {
    const from = () => supabase.from('samples').select('note').order('note')
    expect((await from().regexMatch('note', '^(Alp|room 1..$)')).data).toEqual([{ note: 'Alpine' }, { note: 'room 101' }])
    expect((await from().regexIMatch('note', '^ALPINE$')).data).toEqual([{ note: 'Alpine' }])
  })
})

describe('JSON', () => {
  test.each([
    ['data=cs.{"tags":["b"]}', [0]],
    ['data=cs.{"sizes":[{"marks":["y"]},{"w":3}]}', [0]],
    ['data=cs."a"', [3, 4]],
    ['data=cs.[["b"]]', [3]],
    ['data=cs.{a}', [3]],
    ['data=not.cs.{a}', [0, 1, 2, 4]],
    ['data->tags=cs.{1,2}', [1, 2]],
    ['data->tags=cs.["1"]', [1]],
    ['data->tags=cd.{2,1,0}', [1, 2]],
    ['data->tags=ov.{b,2}', [0, 1, 2]],
    ['data->sizes=ov.[{"w":3.0}]', [0]],
    ['data->tags=eq.{"a","b"}', [0]],
    ['data->tags=eq.[1.0,2]', [2]],
    ['data->tags=neq.{1,2}', [0]],
    ['data->tags=in.("{1,2}","[\\"a\\",\\"b\\"]")', [0, 1, 2]],
    ['data->n=in.(1,"\\"1\\"")', [0, 2]],
    ['data->n=gt(any).{1,"\\"9\\""}', [0, 1]],
    ['data->tags->0=eq."a"', [0]],
    ['data->>tags=eq.["a","b"]', [0]],
    ['data=gt.[]', [0, 1, 2, 3]],
    ['data=isdistinct."a"', [0, 1, 2, 3, 5]],
    ['or=(data->tags.cs.{a},data.eq."a")', [400, '22P02']],
    ['or=(data->tags.cs.{a},data.eq."\\"a\\"")', [0, 4]],
    ['or=(data.cs."{\\"n\\":1,\\"tags\\":[]}",and(data.is.null,id.not.is.null))', [0, 5]],
    ['note=cs.{a}', [400, '42883']],
    ['data->>tags=cs.{a}', [400, '42883']],
    ['data=cs.{a', [400, '22P02']],
    ['data=ov.1', [400, '22P02']],
    [`data=cs.${'['.repeat(60)}${']'.repeat(60)}`, [400, 'PGRST100']],
    ['data=cs.{"a\' or 1=1--":1}', []],
  ])('%s', async (filter, expected) => {
    expect(await found(filter)).toEqual(expected)
  })

  test('supabase-js contains, containedBy and overlaps', async () => {
    const pick = async (request: PromiseLike<{ data: { id: string }[] | null; error: unknown }>) => {
      const { data, error } = await request
      expect(error).toBeNull()
      return data?.map((row) => Number(row.id.slice(-2)))
    }
    const from = () => supabase.from('samples').select('id').order('id')
    expect(await pick(from().contains('data', { tags: ['a'] }))).toEqual([0])
    expect(await pick(from().contains('data->tags', ['a', 'b']))).toEqual([0])
    expect(await pick(from().containedBy('data->tags', ['a', 'b', 'c']))).toEqual([0])
    expect(await pick(from().overlaps('data->tags', ['b', '2']))).toEqual([0, 1, 2])
    expect(await pick(from().not('data->tags', 'cs', '{a}'))).toEqual([1, 2])
  })

  test('a filter says nothing of a column that its reader may not read, and reaches into embeds', async () => {
    const [ada, ben] = [await person(), await person()]
    await service('/rest/v1/books', {
      body: [
        { id: 1, title: 'One', owner_id: ada.id, published: false, meta: { tags: ['x'] } },
        { id: 2, title: 'Two', owner_id: ben.id, published: true, meta: { tags: ['x', 'y'] } },
      ],
    })
    await service('/rest/v1/reviews', { body: [1, 2].map((book_id) => ({ id: `r${book_id}`, book_id, stars: 3 })) })
    expect((await ben.ask('/rest/v1/books?select=id&meta=cs.{"tags":["x"]}')).json).toEqual([{ id: 2 }])
    expect((await stranger('/rest/v1/books?select=id&meta->tags=not.cs.{q}')).json).toEqual([{ id: 2 }])
    const nested = await ada.ask(
      '/rest/v1/reviews?select=id,books!inner(id)&books.meta->tags=cs.{x}&books.or=(meta->tags.ov.{y},meta.eq.1)',
    )
    expect(nested.json).toEqual([{ id: 'r2', books: { id: 2 } }])
    expect((await stranger('/rest/v1/people?select=id&secret=cs.{a}')).json).toMatchObject({ code: '42703' })
  })
})
