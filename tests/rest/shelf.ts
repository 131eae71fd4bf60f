// Books on a shelf with their authors, reviews, tags and editions, for tests of what answers look like.
import { expect } from 'vitest'
import { person, service, type Ask, type Person } from './backend'

/** Fills the library. Gives two of its people, who wrote and own some of the books. */
export async function fillShelf(): Promise<{ readonly ada: Person; readonly ben: Person }> {
  const [ada, ben] = [await person(), await person()]
  const people = [
    { id: ada.id, name: 'Ada', email: 'ada@example.com', mentor_id: null },
    { id: ben.id, name: 'Ben', email: 'ben@example.com', mentor_id: ada.id },
    { id: 'cleo', name: 'Cleo', email: null, mentor_id: ada.id },
  ]
  expect((await service('/rest/v1/people', { body: people })).status).toBe(201)
  const books = [
    {
      id: 1,
      title: 'Alpine',
      author_id: ada.id,
      owner_id: ada.id,
      published: true,
      pages: 100,
      price: '12.50',
      meta: { n: '1', lang: 'en' },
    },
    { id: 2, title: 'Brook', author_id: ben.id, owner_id: ben.id, published: true, pages: 200, price: '9', meta: { n: '20', lang: 'it' } },
    { id: 3, title: '3', author_id: ada.id, owner_id: ada.id, published: false, pages: 300, price: null, meta: null },
    { id: 4, title: '4', author_id: null, owner_id: ben.id, published: false, pages: null, price: null, meta: { n: 'x', lang: 'en' } },
  ]
  expect((await service('/rest/v1/books', { body: books })).status).toBe(201)
  const reviews = [
    { id: 'r1', book_id: 1, reviewer_id: ben.id, stars: 5, body: 'Good', hidden_by: null },
    { id: 'r2', book_id: 1, reviewer_id: ada.id, stars: 2, body: null, hidden_by: null },
    { id: 'r3', book_id: 1, reviewer_id: ben.id, stars: 1, body: 'secret', hidden_by: 'mod' },
    { id: 'r4', book_id: 2, reviewer_id: ada.id, stars: 4, body: 'Fine', hidden_by: null },
  ]
  expect((await service('/rest/v1/reviews', { body: reviews })).status).toBe(201)
  const tags = [
    { id: 't1', label: 'snow' },
    { id: 't2', label: 'water' },
  ]
  await service('/rest/v1/tags', { body: tags })
  const links = [
    { book_id: 1, tag_id: 't1' },
    { book_id: 1, tag_id: 't2' },
    { book_id: 2, tag_id: 't2' },
  ]
  expect((await service('/rest/v1/book_tags', { body: links })).status).toBe(201)
  await service('/rest/v1/editions', {
    body: [
      { book_id: 1, publisher: 'North' },
      { book_id: 3, publisher: 'South' },
    ],
  })
  return { ada, ben }
}

/** The body of an answer that must be one. */
export const rows = async (address: string, ask: Ask = service) => {
  const { status, json, text } = await ask(`/rest/v1/${address}`)
  if (status !== 200 && status !== 206) throw new Error(`${address} answered ${status}: ${text}`)
  return json as unknown
}
/** What an address is refused with. */
export const refusal = async (address: string, ask: Ask = service) => {
  const { status, json } = await ask(`/rest/v1/${address}`)
  const { code, message, details } = json as { code: string; message: string; details: unknown }
  return { status, code, message, details }
}
