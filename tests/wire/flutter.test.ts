// supabase-flutter 2.x (packages/postgrest): the requests its builders make and the casts its answers must survive.
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { mount, person, service, sql, type Answer, type Person } from '../rest/backend'
import { decode, SAMPLE, SAMPLE_ROW, type Shape } from './decode'

let ada: Person
beforeAll(async () => {
  await mount()
  ada = await person()
})
beforeEach(async () => {
  await sql('delete from books')
  await ada.ask('/rest/v1/books', {
    body: [
      { id: 1, title: 'a"b', pages: 1 },
      { id: 2, title: 'c', pages: 2 },
    ],
  })
})

const READ = { 'accept-profile': 'public' }
/** Preferences come as one header, joined by commas without blanks. */
const write = (prefer: string) => ({
  'content-profile': 'public',
  'content-type': 'application/json',
  ...(prefer === '' ? {} : { prefer }),
})
const ERROR: Shape = { message: 'string', 'code?': 'string', 'details?': 'json', 'hint?': 'string' }

/** `int.parse`, whenever the header exists; anything but digits or a star throws there. */
function countOf({ headers }: Answer): number | null {
  const range = headers.get('content-range')
  if (range === null || range.length <= 1) return null
  const last = range.split('/').at(-1) ?? ''
  if (last === '*') return null
  if (!/^\d+$/.test(last)) throw new Error(`int.parse("${last}")`)
  return Number(last)
}

test('lists quote and escape every text', async () => {
  const answer = await ada.ask(`/rest/v1/books?select=id&title=${encodeURIComponent('in.("a\\"b","c")')}&order=id.desc.nullslast`, {
    headers: READ,
  })
  expect(decode(answer.text, [{ id: 'int' }])).toEqual([{ id: 2 }, { id: 1 }])
  expect(countOf(answer)).toBeNull()
})

test('a count is a number on every method that asked for one, whichever way of counting', async () => {
  for (const count of ['exact', 'planned', 'estimated']) {
    const read = await ada.ask('/rest/v1/books?select=*', { headers: { ...READ, prefer: `count=${count}` } })
    expect(countOf(read)).toBe(2)
    expect(countOf(await ada.ask('/rest/v1/books', { method: 'HEAD', headers: { ...READ, prefer: `count=${count}` } }))).toBe(2)
    const updated = await ada.ask('/rest/v1/books?id=eq.1&select=*', {
      method: 'PATCH',
      body: { pages: 5 },
      headers: write(`return=representation,count=${count}`),
    })
    expect(countOf(updated)).toBe(1)
    const none = await ada.ask('/rest/v1/books?id=eq.99', { method: 'DELETE', headers: write(`count=${count}`) })
    expect(countOf(none)).toBe(0)
  }
})

test('a bulk insert lists the union of its columns, quoted', async () => {
  const { status } = await ada.ask(`/rest/v1/books?columns=${encodeURIComponent('"title","pages"')}`, {
    body: [{ title: 'x' }, { title: 'y', pages: 3 }],
    headers: write(''),
  })
  expect(status).toBe(201)
})

test('maybeSingle of a write looks for "Results contain 0 rows"', async () => {
  const { status, text } = await ada.ask('/rest/v1/books?id=eq.99&select=*', {
    method: 'PATCH',
    body: { pages: 5 },
    headers: { ...write('return=representation'), accept: 'application/vnd.pgrst.object+json' },
  })
  expect(status).toBe(406)
  expect((decode(text, ERROR) as { details: string }).details).toContain('Results contain 0 rows')
})

test('filters in its own spellings: quoted lists, JSON, ranges as texts, a retry that is counted', async () => {
  await service('/rest/v1/samples', { body: { ...SAMPLE_ROW, data: { tags: ['a', 'b'], n: 1 } } })
  await service('/rest/v1/stays', { body: [{ id: 1, during: '[2026-01-01 13:00,2026-01-01 15:00)', ages: '[1,5)' }] })
  for (const [filter, found] of [
    ['samples?select=id&data->tags=cs.{"a"}', 1],
    ['samples?select=id&data->tags=ov.{"b","c"}', 1],
    ['samples?select=id&data=cs.{"n":1}', 1],
    ['samples?select=id&data->tags=cd.{"a"}', 0],
    ['samples?select=id&data->tags=not.cs.{"z"}', 1],
    ['stays?select=id&during=cs.[2026-01-01 13:30, 2026-01-01 14:00)', 1],
    ['stays?select=id&during=ov.[2026-01-01 15:00, 2026-01-01 16:00)', 0],
    ['stays?select=id&ages=adj.[5,9)', 1],
    ['stays?select=id&ages=sl.(4,9]', 1],
    ['books?select=id&title=like(any).{*b,c}&isbn=is.null', 2],
  ] as const) {
    const { status, json } = await ada.ask(`/rest/v1/${filter.replaceAll('"', '%22')}`, { headers: { ...READ, 'x-retry-count': '1' } })
    expect([filter, status, (json as unknown[]).length]).toEqual([filter, 200, found])
  }
})

test('explain is a text, with options that end in a semicolon, and csv is one too', async () => {
  for (const options of ['', 'analyze|verbose|settings|buffers|wal']) {
    const accept = `application/vnd.pgrst.plan+text; for="application/json"; options=${options};`
    const { status, text } = await service('/rest/v1/books?select=id', { headers: { ...READ, accept } })
    expect([status, text.startsWith('Aggregate')]).toEqual([200, true])
  }
  const csv = await ada.ask('/rest/v1/books?select=id,pages&order=id', { headers: { ...READ, accept: 'text/csv' } })
  expect(csv.text).toBe('id,pages\n1,1\n2,2')
})

test('an empty preference before a comma is none', async () => {
  const { status, json } = await ada.ask('/rest/v1/books?select=id&id=eq.1', {
    method: 'PATCH',
    body: { pages: 6 },
    headers: write(',return=representation'),
  })
  expect([status, json]).toEqual([200, [{ id: 1 }]])
})

test('a delete has no body, and an empty answer is null', async () => {
  const { status, text } = await ada.ask('/rest/v1/books?id=eq.1', { method: 'DELETE', headers: write('') })
  expect([status, text]).toEqual([204, ''])
})

test('stripNulls arrives as a parameter of plain JSON', async () => {
  const { text } = await ada.ask('/rest/v1/books?select=id,isbn&id=eq.1', {
    headers: { ...READ, accept: 'application/json;nulls=stripped' },
  })
  expect(text).toBe('[{"id":1}]')
})

test('whole numbers are ints, reals are doubles even when whole', async () => {
  await service('/rest/v1/samples', { body: SAMPLE_ROW })
  const { text } = await ada.ask('/rest/v1/samples?select=*', { headers: READ })
  decode(text, [SAMPLE])
  // `as double` fails in Dart on a JSON number without a point.
  expect(text).toContain('"ratio":2.0')
  expect(text).toContain('"whole":7,')
})
