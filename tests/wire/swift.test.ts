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
