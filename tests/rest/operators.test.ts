// Filters beyond the comparisons, over HTTP and by supabase-js: patterns, ranges, containment and order of JSON.
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

describe('ranges', () => {
  const stay = (n: number, during: string | null, days: string | null, ages: string | null) => ({ id: n, during, days, ages })

  beforeAll(async () => {
    const rows = [
      stay(1, '[2026-01-01 00:00+00,2026-01-10 12:00+00)', '[2026-01-01,2026-01-09]', '[18,65)'),
      stay(2, '["2026-01-10T12:00:00Z","2026-02-01T00:00:00.5+01:00"]', '(2026-01-09,)', '(,17]'),
      stay(3, null, 'empty', 'empty'),
    ]
    expect((await service('/rest/v1/stays', { body: rows })).status).toBe(201)
  })

  const found = async (filter: string): Promise<unknown> => {
    const { status, json } = await stranger(`/rest/v1/stays?select=id&order=id&${filter}`)
    return status === 200 ? (json as { id: number }[]).map((row) => row.id) : [status, (json as { code: string }).code]
  }

  test('come back as Postgres prints them, in JSON, as text and in CSV', async () => {
    const { json } = await stranger('/rest/v1/stays?select=during,days::text,ages&order=id')
    expect(json).toEqual([
      { during: '["2026-01-01 00:00:00+00","2026-01-10 12:00:00+00")', days: '[2026-01-01,2026-01-10)', ages: '[18,65)' },
      { during: '["2026-01-10 12:00:00+00","2026-01-31 23:00:00.5+00"]', days: '[2026-01-10,)', ages: '(,18)' },
      { during: null, days: 'empty', ages: 'empty' },
    ])
    const csv = await stranger('/rest/v1/stays?select=id,ages,days&id=lt.3&order=id', { headers: { accept: 'text/csv' } })
    expect(csv.text.replaceAll('\r', '')).toContain('1,"[18,65)","[2026-01-01,2026-01-10)"')
  })

  test.each([
    ['during=ov.[2026-01-05,2026-01-06)', [1]],
    ['during=adj.[2026-01-10 12:00,2026-01-11)', [1]],
    ['during=sl.[2026-01-10 12:00,2026-01-11)', [1]],
    ['during=sr.[2025-01-01,2026-01-01)', [1, 2]],
    ['during=not.sr.[2025-01-01,2026-01-05)', [1]],
    ['during=nxl.[2026-01-02,)', [2]],
    ['during=nxr.(,2026-01-20)', [1]],
    ['during=cs.2026-01-03T10:00:00Z', [1]],
    ['during=cs.[2026-01-11,2026-01-12]', [2]],
    ['during=is.null', [3]],
    ['days=cd.[2026-01-01,2026-02-01)', [1, 3]],
    ['days=eq.[2026-01-01,2026-01-10)', [1]],
    ['days=eq.(2025-12-31,2026-01-09]', [1]],
    ['days=neq.empty', [1, 2]],
    ['ages=in.("[18,64]",empty)', [1, 3]],
    ['ages=gt.(,10)', [1, 2]],
    ['ages=lte(any).{empty,"(,18)"}', [2, 3]],
    ['ages=isdistinct.empty', [1, 2]],
    ['or=(ages.cs.70,ages.ov."[17,18)",days.eq.empty)', [2, 3]],
    ['ages=cs.17.5', [400, '22P02']],
    ['ages=ov.[1', [400, '22P02']],
    ['ages=ov.[9,1)', [400, '22000']],
    ['ages=ov.{[1,2)}', [400, 'PGRST127']],
    ['ages=like.*1*', [404, '42883']],
    ['id=sl.[1,2)', [404, '42883']],
    ['secret=cs.1', [400, '42703']],
    ['price=not.is.null', []],
  ])('%s', async (filter, expected) => {
    expect(await found(filter)).toEqual(expected)
  })

  test('are put in order as Postgres orders them, and have no cursor', async () => {
    const order = async (by: string) =>
      ((await stranger(`/rest/v1/stays?select=id&order=${by}&limit=9`)).json as { id: number }[]).map((row) => row.id)
    expect([await order('ages'), await order('ages.desc'), await order('during.desc.nullslast')]).toEqual([
      [3, 2, 1],
      [1, 2, 3],
      [2, 1, 3],
    ])
    expect((await stranger('/rest/v1/stays?order=ages&limit=1&cursor=')).json).toMatchObject({ code: 'PGRST127' })
  })

  test('are checked when they are written, and seen by none but who may read the column', async () => {
    const ada = await person()
    const made = await ada.ask('/rest/v1/stays?select=ages,price', {
      body: { id: 9, price: '(1.50,2]', guest_id: ada.id },
      headers: { prefer: 'return=representation' },
    })
    expect(made.json).toEqual([{ ages: '[0,101)', price: '(1.5,2]' }])
    const changed = await ada.ask('/rest/v1/stays?id=eq.9&ages=cs.50&select=ages', {
      method: 'PATCH',
      body: { ages: '[1,2]' },
      headers: { prefer: 'return=representation' },
    })
    expect(changed.json).toEqual([{ ages: '[1,3)' }])
    for (const [body, code] of [
      [{ id: 10, ages: '[3,1]' }, '22000'],
      [{ id: 10, ages: '3' }, '22P02'],
      [{ id: 10, ages: ['[1,2)'] }, '22P02'],
      [{ id: 10, secret: '[1,2)' }, 'PGRST204'],
    ] as const)
      expect((await ada.ask('/rest/v1/stays', { body })).json).toMatchObject({ code })
    for (const filter of ['price=cs.1.7', 'price=ov.(,)', 'price=eq.(1.5,2]', 'price=gt.empty']) {
      expect([filter, (await ada.ask(`/rest/v1/stays?select=id&${filter}`)).json]).toEqual([filter, [{ id: 9 }]])
      expect([filter, (await stranger(`/rest/v1/stays?select=id&${filter}`)).json]).toEqual([filter, []])
    }
  })

  test('supabase-js rangeGt, rangeGte, rangeLt, rangeLte, rangeAdjacent and overlaps', async () => {
    const from = () => supabase.from('stays').select('id').order('id').lt('id', 9)
    const pick = async (request: PromiseLike<{ data: { id: number }[] | null }>) => (await request).data?.map((row) => row.id)
    expect(await pick(from().rangeGt('ages', '[0,18)'))).toEqual([1])
    expect(await pick(from().rangeGte('ages', '[18,20)'))).toEqual([1])
    expect(await pick(from().rangeLt('ages', '[18,20)'))).toEqual([2])
    expect(await pick(from().rangeLte('ages', '[0,18)'))).toEqual([2])
    expect(await pick(from().rangeAdjacent('ages', '[65,70)'))).toEqual([1])
    expect(await pick(from().overlaps('days', '[2026-01-05,2026-01-06]'))).toEqual([1])
    expect(await pick(from().contains('days', '2026-05-05'))).toEqual([2])
  })
})

test('a pattern is walked ten embeds deep, and tells nothing of a column that is not to be read', async () => {
  const rows = Array.from({ length: 11 }, (_, i) => ({
    id: `deep${i}`,
    name: 'abab',
    email: 'x@y',
    mentor_id: i === 0 ? null : `deep${i - 1}`,
  }))
  expect((await service('/rest/v1/people', { body: rows })).status).toBe(201)
  let select = 'id'
  for (let i = 0; i < 10; i++) select = `id,m:people!mentor_id!inner(${select})`
  const path = Array.from({ length: 10 }, () => 'm').join('.')
  const ask = async (filter: string) => (await stranger(`/rest/v1/people?id=eq.deep0&select=${select}&${path}.${filter}`)).text
  expect(await ask('name=match.^(ab)%2B$')).toContain('deep10')
  expect(await ask('name=match.^(ab)%2Bc$')).toBe('[]')
  expect(await ask('email=match.^(x|y)%2B@')).toBe('[]')
  expect(await ask('email=not.match.^(x|y)%2B@')).toBe('[]')
})

describe('lists', () => {
  const uuids = Array.from({ length: 5_000 }, (_, i) => id(i))

  test('five thousand ids are one statement, whatever stands around them', async () => {
    for (const list of [uuids.join(','), uuids.map((one) => `%22${one}%22`).join(',')]) {
      expect(list.length).toBeGreaterThan(180_000)
      const { status, json, headers } = await stranger(`/rest/v1/samples?select=id&order=id&limit=2&id=in.(${list})`, {
        headers: { prefer: 'count=exact' },
      })
      expect([status, json]).toEqual([206, [{ id: id(0) }, { id: id(1) }]])
      expect(headers.get('content-range')).toBe('0-1/13')
    }
    expect((await stranger(`/rest/v1/samples?select=id&id=not.in.(${uuids.join(',')})`)).json).toEqual([])
    expect((await stranger(`/rest/v1/samples?select=id&id=in.(${uuids.join(',')},x)`)).json).toMatchObject({ code: '22P02' })
    expect((await stranger(`/rest/v1/samples?select=note&note=in.("Alpine","o'k (x)","a\\"b")&order=note`)).json).toEqual([
      { note: 'Alpine' },
      { note: "o'k (x)" },
    ])
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
    ['note=cs.{a}', [404, '42883']],
    ['data->>tags=cs.{a}', [404, '42883']],
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
