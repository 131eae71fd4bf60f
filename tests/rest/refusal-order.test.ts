// Which of several reasons a caller is told: policies speak before constraints, and HEAD refuses what GET does.
import { beforeAll, expect, test } from 'vitest'
import { mount, person, service, sql, stranger, type Person } from './backend'

let ada: Person

beforeAll(async () => {
  await mount()
  ada = await person()
})

const codeOf = ({ status, json }: { status: number; json: unknown }) => [status, (json as { code: string }).code]

test('whoever may not write the row is told so, whatever else is wrong with it', async () => {
  // A value is missing as well.
  expect(codeOf(await stranger('/rest/v1/books', { body: { pages: 1 } }))).toEqual([401, '42501'])
  expect(codeOf(await ada.ask('/rest/v1/books', { body: { pages: 1, owner_id: 'somebody else' } }))).toEqual([403, '42501'])
  expect(codeOf(await ada.ask('/rest/v1/books', { body: { pages: 1 } }))).toEqual([400, '23502'])
  expect(await sql('select count(*) as n from books')).toEqual([{ n: 0 }])
})

test('one key twice in an upsert is the mistake of the caller', async () => {
  const body = [
    { id: 't1', label: 'one' },
    { id: 't1', label: 'two' },
  ]
  const answer = await service('/rest/v1/tags', { body, headers: { prefer: 'resolution=merge-duplicates' } })
  expect(codeOf(answer)).toEqual([400, '21000'])
  expect(await sql('select count(*) as n from tags')).toEqual([{ n: 0 }])
})

test('HEAD has the status of GET', async () => {
  for (const query of [
    'select=nope',
    'select=secret',
    'select=id,reviews(nope)',
    'nope=eq.1',
    'order=nope',
    'select=id',
    'select=count()',
  ]) {
    const table = query.includes('secret') ? 'people' : 'books'
    const [head, get] = [await stranger(`/rest/v1/${table}?${query}`, { method: 'HEAD' }), await stranger(`/rest/v1/${table}?${query}`)]
    expect([query, head.status, head.text, head.headers.get('content-range')]).toEqual([
      query,
      get.status,
      '',
      get.headers.get('content-range'),
    ])
  }
})

test('a bare count is the number of rows, as the guides of Supabase write it', async () => {
  await service('/rest/v1/books', { body: { id: 7, title: 'Seven' } })
  await service('/rest/v1/reviews', { body: [1, 2].map((stars) => ({ id: `r${stars}`, book_id: 7, stars })) })
  await service('/rest/v1/reviews', { body: { id: 'r3', book_id: 7, stars: 3, hidden_by: 'mod' } })
  expect((await stranger('/rest/v1/books?select=title,reviews(count)')).json).toEqual([{ title: 'Seven', reviews: [{ count: 2 }] }])
  expect((await stranger('/rest/v1/books?select=n:count')).json).toEqual([{ n: 1 }])
})
