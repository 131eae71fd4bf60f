// How the SDKs call functions: with their bodies and parameters, and decoders as strict as theirs.
import { beforeAll, expect, test } from 'vitest'
import { fillShelves, service, stranger } from '../rpc/counter'
import { decode } from './decode'

beforeAll(fillShelves)

const rpc = '/rest/v1/rpc'
const POST = { method: 'POST', headers: { 'content-type': 'application/json', 'content-profile': 'public' } }
const GET = { headers: { 'accept-profile': 'public' } }
const BOOK = { id: 'int', title: 'string', 'rating?': 'double', published: 'bool', created_at: 'instant', 'released?': 'date' } as const

test('without parameters: Dart sends null, Swift and Python nothing or {}, Kotlin no body', async () => {
  for (const body of ['null', '', '{}']) expect((await stranger(`${rpc}/empty_args`, { ...POST, body })).json).toBe('ok')
  expect((await stranger(`${rpc}/empty_args`, { method: 'POST', headers: { 'content-profile': 'public', prefer: '' } })).json).toBe('ok')
  // Swift's GET has a Content-Type and no body.
  expect((await stranger(`${rpc}/empty_args`, { headers: { ...GET.headers, 'content-type': 'application/json' } })).json).toBe('ok')
})

test('in an address lists are literals of arrays, quoted by Dart and bare in Swift, and objects are JSON', async () => {
  for (const [query, given] of [
    ['names={"a","b c"}', { names: ['a', 'b c'] }],
    ['names={a,"b,c",null}', null],
    ['list={1,2}', { list: [1, 2] }],
    ['list={}', { list: [] }],
    ['data={"n":1}', { data: { n: 1 } }],
    ['flag=true&day=2026-01-02&kind=b', { flag: true, day: '2026-01-02', kind: 'b' }],
    // What looks like a filter is the argument all the same.
    ['text=eq.1', { text: 'eq.1' }],
  ] as const) {
    const { status, json } = await stranger(`${rpc}/echo?${encodeURI(query)}`, GET)
    if (given === null) expect(status).toBe(400)
    else expect([query, json]).toMatchObject([query, given])
  }
})

test('values decode by their type, a count of them too', async () => {
  expect(decode((await stranger(`${rpc}/squares`, { ...POST, body: { n: 3 } })).text, ['int'] as never)).toEqual([0, 1, 4])
  expect((await stranger(`${rpc}/null_value`, { ...POST, body: '{}' })).text).toBe('null')
  const nothing = await stranger(`${rpc}/nothing_at_all`, { ...POST, body: 'null' })
  expect([nothing.status, nothing.text, nothing.headers.get('content-range')]).toEqual([204, '', null])
  const head = await stranger(`${rpc}/good_books?least=0`, { method: 'HEAD', headers: { ...GET.headers, prefer: 'count=exact' } })
  expect([head.status, head.headers.get('content-range')]).toEqual([200, '0-2/3'])
  const counted = await stranger(`${rpc}/good_books?limit=1`, { ...POST, headers: { ...POST.headers, prefer: 'count=exact' }, body: '{}' })
  expect([counted.status, counted.headers.get('content-range')]).toEqual([206, '0-0/3'])
})

test('rows decode as rows of their table do, one as an object, none as nobody asked', async () => {
  const select = 'select=id,title,rating,published,created_at,released'
  decode((await stranger(`${rpc}/good_books?${select}&rating=gte.4&order=id.asc.nullslast`, { ...POST, body: 'null' })).text, [BOOK])
  const one = await stranger(`${rpc}/one_book?${select}`, {
    ...POST,
    headers: { ...POST.headers, accept: 'application/vnd.pgrst.object+json' },
    body: { id: 1 },
  })
  expect(decode(one.text, BOOK)).toMatchObject({ id: 1, rating: 4.5 })
  const none = await stranger(`${rpc}/good_books?id=eq.99`, {
    ...POST,
    headers: { ...POST.headers, accept: 'application/vnd.pgrst.object+json' },
    body: '{}',
  })
  expect([none.status, none.json]).toMatchObject([
    406,
    { code: 'PGRST116', details: 'Results contain 0 rows, application/vnd.pgrst.object+json requires 1 row' },
  ])
  const sums = await stranger(`${rpc}/good_books?select=genre,pages.sum(),rating.avg(),count()&order=genre`, { ...POST, body: '{}' })
  decode(sums.text, [{ genre: 'string', sum: 'int', avg: 'double', count: 'int' }])
})

test('a page past the end of what was counted says how many there are', async () => {
  for (const name of ['squares?n=3&', 'genres?', 'good_books?']) {
    const { status, headers, json } = await stranger(`${rpc}/${name}offset=9`, { headers: { ...GET.headers, prefer: 'count=exact' } })
    expect([status, headers.get('content-range'), json]).toMatchObject([416, '*/3', { code: 'PGRST103' }])
  }
})

test('computed columns and views decode', async () => {
  await service('/rest/v1/reviews', { body: { id: 'w1', book_id: 2, stars: 5 } })
  decode((await stranger('/rest/v1/people?select=id,badge,is_me,followers', GET)).text, [
    { id: 'string', badge: 'string', 'is_me?': 'bool', followers: 'int' },
  ])
  decode((await stranger('/rest/v1/book_stats?select=book_id,reviews,praised,verdict', GET)).text, [
    { book_id: 'int', reviews: 'int', praised: 'bool', verdict: 'string' },
  ])
})

test("Python's delete has a body, its lists of columns are quoted in any order, its HEAD counts", async () => {
  const made = await service('/rest/v1/tags?columns=%22label%22,%22id%22', {
    body: [{ id: 'p1', label: 'p1' }],
    headers: { prefer: 'return=representation,count=exact' },
  })
  expect([made.status, made.json, made.headers.get('content-range')]).toEqual([201, [{ id: 'p1', label: 'p1' }], '*/1'])
  const head = await service('/rest/v1/tags?select=*', { method: 'HEAD', headers: { prefer: 'count=exact' } })
  expect(head.headers.get('content-range')).toMatch(/^0-\d+\/\d+$/)
  const gone = await service('/rest/v1/tags?id=eq.p1', { method: 'DELETE', body: '{}', headers: { prefer: 'return=representation' } })
  expect(gone.json).toEqual([{ id: 'p1', label: 'p1' }])
  const plan = await service('/rest/v1/tags?select=*', { headers: { accept: 'application/vnd.pgrst.plan+json; options=analyze' } })
  expect(plan.json).toMatchObject([{ Plan: { 'Node Type': 'Aggregate' } }])
})
