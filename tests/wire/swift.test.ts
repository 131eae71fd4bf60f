// supabase-swift 2.x (Sources/PostgREST): the requests its builders make and the decoders its answers must pass.
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
      { id: 1, title: 'a, "b"', pages: 1 },
      { id: 2, title: 'c', pages: 2 },
    ],
  })
})

/** Content-Type goes along even with GET. */
const READ = {
  accept: 'application/json',
  'content-type': 'application/json',
  'accept-profile': 'public',
  'x-client-info': 'supabase-swift/2.30.0',
}
const WRITE = { accept: 'application/json', 'content-type': 'application/json', 'content-profile': 'public' }
/** `PostgrestError` is Decodable: texts or nothing. */
const ERROR: Shape = { message: 'string', 'code?': 'string', 'details?': 'string', 'hint?': 'string' }

const countOf = ({ headers }: Answer) => {
  const last = headers.get('content-range')?.split('/').at(-1)
  return last === undefined || last === '*' ? null : Number.parseInt(last, 10)
}

test('a select with order, whose nulls are always named, and a count', async () => {
  const answer = await ada.ask('/rest/v1/books?select=id,title&order=pages.desc.nullslast,id.asc.nullslast&limit=1&offset=0', {
    headers: { ...READ, prefer: 'count=exact' },
  })
  expect(decode(answer.text, [{ id: 'int', title: 'string' }])).toEqual([{ id: 2, title: 'c' }])
  expect(countOf(answer)).toBe(2)
})

test('lists escape their quotes, null is spelled NULL', async () => {
  const list = encodeURIComponent('in.("a, \\"b\\"",c)')
  expect((await ada.ask(`/rest/v1/books?select=id&title=${list}&order=id.asc.nullslast`, { headers: READ })).json).toEqual([
    { id: 1 },
    { id: 2 },
  ])
  expect((await ada.ask('/rest/v1/books?select=id&isbn=is.NULL&pages=eq.1', { headers: READ })).json).toEqual([{ id: 1 }])
})

test('a bulk insert names its columns sorted and unquoted, and asks for nothing unless told', async () => {
  const { status, text } = await ada.ask('/rest/v1/books?columns=pages,title', {
    body: [{ title: 'x', pages: 5 }, { title: 'y' }],
    headers: WRITE,
  })
  expect([status, text]).toEqual([201, ''])
})

test('update, upsert and delete ask for a representation without select', async () => {
  const updated = await ada.ask('/rest/v1/books?id=eq.1', {
    method: 'PATCH',
    body: { title: 'z' },
    headers: { ...WRITE, prefer: 'return=representation,count=exact' },
  })
  expect([updated.status, countOf(updated)]).toEqual([200, 1])
  decode(updated.text, [{ id: 'int', title: 'string', 'pages?': 'int', published: 'bool', created_at: 'instant', 'meta?': 'json' }])
  const upserted = await ada.ask('/rest/v1/books?on_conflict=id&columns=id,title', {
    body: [{ id: 1, title: 'w' }],
    headers: { ...WRITE, prefer: 'resolution=merge-duplicates,return=representation' },
  })
  expect(upserted.status).toBe(200)
  const deleted = await ada.ask('/rest/v1/books?id=eq.1', { method: 'DELETE', headers: { ...WRITE, prefer: 'return=representation' } })
  expect(deleted.status).toBe(200)
  decode(deleted.text, [{ id: 'int', title: 'string' }])
})

test('maybeSingle reads "N row" out of the details of PGRST116', async () => {
  const none = await ada.ask('/rest/v1/books?select=*&id=eq.99', { headers: { ...READ, accept: 'application/vnd.pgrst.object+json' } })
  const error = decode(none.text, ERROR) as { code: string; details: string }
  expect([none.status, error.code, /(\d+) row/.exec(error.details)?.[1]]).toEqual([406, 'PGRST116', '0'])
})

test('stripNulls arrives in Prefer', async () => {
  const { text, headers } = await ada.ask('/rest/v1/books?select=id,isbn&id=eq.1', {
    headers: { ...READ, prefer: 'return=stripped-nulls' },
  })
  expect([text, headers.get('preference-applied')]).toEqual(['[{"id":1}]', null])
})

test('every type decodes', async () => {
  await service('/rest/v1/samples', { body: SAMPLE_ROW })
  const { text } = await ada.ask('/rest/v1/samples?select=*', { headers: READ })
  expect(decode(text, [SAMPLE])).toEqual([
    {
      ...SAMPLE_ROW,
      seconds: '2026-01-02T03:04:05+00:00',
      millis: expect.stringContaining('.12') as string,
      data: expect.anything() as object,
    },
  ])
})

test('errors decode', async () => {
  for (const address of ['books?select=nope', 'nothing', 'books?title=eq', 'books?select=tags!x(id)']) {
    const { status, text } = await ada.ask(`/rest/v1/${address}`, { headers: READ })
    expect(status).toBeGreaterThanOrEqual(400)
    decode(text, ERROR)
  }
})

test('operators in its own spellings, negated ones and lists too', async () => {
  await service('/rest/v1/samples', {
    body: { ...SAMPLE_ROW, id: '0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a4b', note: 'swift', data: { tags: ['a', 'b,c'], n: 1 } },
  })
  await service('/rest/v1/stays', { body: [{ id: 71, during: '[2026-01-01 13:00,2026-01-01 15:00)', ages: '[1,5)' }] })
  await service('/rest/v1/articles', { body: { id: 'sw1', title: 'Red kites over the valley', body: 'They fly.' } })
  for (const [filter, found] of [
    ['samples?select=id&note=eq.swift&data->tags=cs.{a,"b,c"}', 1],
    ['samples?select=id&note=eq.swift&data->tags=ov.{z}', 0],
    ['samples?select=id&note=eq.swift&data=cs.{"n":1}', 1],
    ['samples?select=id&note=eq.swift&data->n=isdistinct.2', 1],
    ['samples?select=id&note=not.in.(x,"y,z")&note=eq.swift', 1],
    ['samples?select=id&note=like(all).{sw*,*ft}', 1],
    ['samples?select=id&note=imatch.^SW', 1],
    ['stays?select=id&id=eq.71&ages=adj.[5,9)', 1],
    ['stays?select=id&id=eq.71&ages=nxl.[0,3)', 1],
    ['stays?select=id&or=(ages.ov."[4,9)",id.eq.0)', 1],
    ['articles?select=id&title=plfts(english).red kite', 1],
    ['articles?select=id&title=wfts.kite -valley', 0],
    ["articles?select=id&title=fts.'red' %26 'kite'", 1],
  ] as const) {
    const { status, json } = await ada.ask(`/rest/v1/${filter.replaceAll('"', '%22')}`, { headers: READ })
    expect([filter, status, (json as unknown[]).length]).toEqual([filter, 200, found])
  }
})

test('nulls are stripped, plans told and writes bounded by the headers of its next version', async () => {
  const stripped = { ...READ, accept: 'application/vnd.pgrst.array+json;nulls=stripped' }
  expect((await ada.ask('/rest/v1/books?select=id,isbn&id=eq.1', { headers: stripped })).text).toBe('[{"id":1}]')
  const accept = 'application/vnd.pgrst.plan+json; for="application/vnd.pgrst.object+json"; options=analyze|verbose;'
  expect((await service('/rest/v1/books?select=id&id=eq.1', { headers: { ...READ, accept } })).json).toMatchObject([{ Plan: {} }])
  const bounded = await ada.ask('/rest/v1/books?pages=gt.0', {
    method: 'DELETE',
    headers: { ...WRITE, prefer: 'return=minimal,handling=strict,max-affected=1' },
  })
  expect([bounded.status, (decode(bounded.text, ERROR) as { code: string }).code]).toEqual([400, 'PGRST124'])
  expect((await ada.ask('/rest/v1/books?select=id', { headers: READ })).json).toHaveLength(2)
})
