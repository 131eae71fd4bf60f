// supabase-kt 3.x (Postgrest): the requests its builders make and the serializers its answers must pass.
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { mount, person, service, sql, type Person } from '../rest/backend'
import { decode, SAMPLE, SAMPLE_ROW, type Shape } from './decode'

let ada: Person
beforeAll(async () => {
  await mount()
  ada = await person()
})
beforeEach(async () => {
  for (const table of ['reviews', 'books']) await sql(`delete from ${table}`)
  await ada.ask('/rest/v1/books?columns=id,title,pages', {
    body: [
      { id: 1, title: 'a', pages: 1 },
      { id: 2, title: 'b', pages: 2 },
    ],
    headers: { prefer: 'missing=default' },
  })
  await service('/rest/v1/reviews', {
    body: [
      { id: 'r1', book_id: 1, stars: 5 },
      { id: 'r2', book_id: 1, stars: 3 },
    ],
  })
})

/** The Prefer header goes along even when it is empty. */
const READ = { 'accept-profile': 'public', prefer: '' }
const write = (prefer: string) => ({ 'content-profile': 'public', 'content-type': 'application/json', prefer })
const ERROR: Shape = { message: 'string', 'hint?': 'string', 'details?': 'json', 'code?': 'string' }

test('a referenced table is quoted in keys of order and limit', async () => {
  const { text } = await ada.ask(
    `/rest/v1/books?select=id,reviews(stars)&order=id.asc.nullslast&${encodeURIComponent('"reviews".order')}=stars.asc.nullslast&${encodeURIComponent('"reviews".limit')}=1`,
    { headers: READ },
  )
  expect(decode(text, [{ id: 'int', reviews: [{ stars: 'int' }] }])).toEqual([
    { id: 1, reviews: [{ stars: 3 }] },
    { id: 2, reviews: [] },
  ])
})

test('negated trees put not before the table', async () => {
  expect((await ada.ask('/rest/v1/books?select=id&not.or=(pages.eq.1,pages.eq.9)', { headers: READ })).json).toEqual([{ id: 2 }])
  const embedded = await ada.ask('/rest/v1/books?select=reviews(stars)&id=eq.1&not.reviews.or=(stars.eq.5,stars.eq.4)', { headers: READ })
  expect(embedded.json).toEqual([{ reviews: [{ stars: 3 }] }])
})

test('a nested tree, an unquoted list and an exact null', async () => {
  expect(
    (await ada.ask('/rest/v1/books?select=id&or=(pages.gt.1,and(title.eq.a,published.is.true))&order=id.asc.nullslast', { headers: READ }))
      .json,
  ).toEqual([{ id: 1 }, { id: 2 }])
  expect((await ada.ask('/rest/v1/books?select=id&title=in.(a,zz)&isbn=is.null', { headers: READ })).json).toEqual([{ id: 1 }])
})

test('an insert is always a list, with defaults for what is missing', async () => {
  const { status, text } = await ada.ask('/rest/v1/books?columns=title', {
    body: [{ title: 'new' }],
    headers: write('return=minimal,missing=default'),
  })
  expect([status, text]).toEqual([201, ''])
  const upsert = await ada.ask('/rest/v1/books?columns=id,title&on_conflict=id&select=id', {
    body: [{ id: 1, title: 'c' }],
    headers: write('return=representation,resolution=merge-duplicates,missing=default'),
  })
  expect(decode(upsert.text, [{ id: 'int' }])).toEqual([{ id: 1 }])
})

test('countOrNull and rangeOrNull read Content-Range', async () => {
  const { headers } = await ada.ask('/rest/v1/books?select=id&limit=1', { headers: { ...READ, prefer: 'count=exact' } })
  const range = headers.get('content-range') ?? ''
  expect(range.slice(range.indexOf('/') + 1)).toBe('2')
  expect(range.slice(0, range.indexOf('/')).split('-').map(Number)).toEqual([0, 0])
})

test('one object decodes, and any PGRST116 is an empty result', async () => {
  const accept = 'application/vnd.pgrst.object+json'
  expect(decode((await ada.ask('/rest/v1/books?select=id&id=eq.1', { headers: { ...READ, accept } })).text, { id: 'int' })).toEqual({
    id: 1,
  })
  const none = await ada.ask('/rest/v1/books?select=id&id=eq.99', { headers: { ...READ, accept } })
  expect((decode(none.text, ERROR) as { code: string }).code).toBe('PGRST116')
})

test('every type decodes, and every error has a message', async () => {
  await service('/rest/v1/samples', { body: SAMPLE_ROW })
  decode((await ada.ask('/rest/v1/samples?select=*', { headers: READ })).text, [SAMPLE])
  for (const address of ['books?select=people(id)', 'books?select=nope', 'nothing', 'books?id=eq.x'])
    decode((await ada.ask(`/rest/v1/${address}`, { headers: READ })).text, ERROR)
})

test('operators in its own spellings: bare lists, ranges in parentheses, search, a retry that is counted', async () => {
  await service('/rest/v1/samples', {
    body: { ...SAMPLE_ROW, id: '0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a5b', note: 'kotlin', data: { tags: ['a', 'b'] } },
  })
  await service('/rest/v1/stays', { body: [{ id: 81, ages: '[1,5)' }] })
  await service('/rest/v1/articles', { body: { id: 'kt1', title: 'Blue herons by the river', body: 'They wait.' } })
  for (const [filter, found] of [
    ['samples?select=id&note=eq.kotlin&data->tags=cs.{a,b}', 1],
    ['samples?select=id&note=eq.kotlin&data->tags=cd.{a}', 0],
    ['samples?select=id&note=eq.kotlin&data->tags=ov.{b,z}', 1],
    ['samples?select=id&note=eq.kotlin&flag=is.false', 1],
    ['samples?select=id&note=not.eq.kotlin&id=eq.0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a5b', 0],
    ['stays?select=id&id=eq.81&ages=sl.(4,9)', 1],
    ['stays?select=id&id=eq.81&ages=nxr.(0,9)', 1],
    ['articles?select=id&title=phfts(english).blue herons', 1],
    ['articles?select=id&title=wfts.heron or kite', 1],
  ] as const) {
    const { status, json } = await ada.ask(`/rest/v1/${filter}`, { headers: { ...READ, 'x-retry-count': '2' } })
    expect([filter, status, (json as unknown[]).length]).toEqual([filter, 200, found])
  }
})

test('csv, plans and GeoJSON come by their media types, beside an empty preference', async () => {
  const csv = await ada.ask('/rest/v1/books?select=id,title&order=id.asc.nullslast', { headers: { ...READ, accept: 'text/csv' } })
  expect(csv.text).toBe('id,title\n1,a\n2,b')
  const accept = 'application/vnd.pgrst.plan+text; for="application/json"; options=;'
  expect((await service('/rest/v1/books?select=id', { headers: { ...READ, accept } })).text).toMatch(/^Aggregate on books/)
  const shapes = await service('/rest/v1/samples?select=id,data&note=eq.none', { headers: { ...READ, accept: 'application/geo+json' } })
  expect(shapes.json).toEqual({ type: 'FeatureCollection', features: [] })
})
