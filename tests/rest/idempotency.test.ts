// A phone that lost the answer sends its write again: it is done once.
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { mount, person, sql, stranger, type Person } from './backend'

let ada: Person
let ben: Person

beforeAll(async () => {
  await mount()
  ada = await person()
  ben = await person()
})
beforeEach(() => sql('delete from books'))

const KEYED = { prefer: 'return=representation', 'idempotency-key': '0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a3b' }
const count = async () => (await sql('select count(*) as n from books'))[0]?.['n']

test('the same write is done once and answered alike, also when its row changed since', async () => {
  const send = () => ada.ask('/rest/v1/books?select=id,title', { body: { title: 'once' }, headers: KEYED })
  const first = await send()
  expect(first.status).toBe(201)
  await sql("update books set title = 'later'")
  const again = await send()
  expect([again.status, again.text, await count()]).toEqual([201, first.text, 1])
})

test('fifty at once are done once', async () => {
  const headers = { ...KEYED, 'idempotency-key': 'fifty' }
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => ada.ask('/rest/v1/books?select=id', { body: { title: 'x' }, headers })),
  )
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
  expect([answers[0]?.status, await count()]).toEqual([201, 1])
})

test('a key serves no other request, and nobody else', async () => {
  const headers = { ...KEYED, 'idempotency-key': '"mine"' }
  await ada.ask('/rest/v1/books', { body: { title: 'a' }, headers })
  const other = await ada.ask('/rest/v1/books', { body: { title: 'b' }, headers })
  expect([other.status >= 400 && other.status < 500, await count()]).toEqual([true, 1])
  const hers = await ben.ask('/rest/v1/books?select=title,owner_id', { body: { title: 'a' }, headers })
  expect([hers.status, hers.json]).toEqual([201, [{ title: 'a', owner_id: ben.id }]])
})

test('a write that was refused keeps no key', async () => {
  const headers = { ...KEYED, 'idempotency-key': 'refused' }
  expect((await ada.ask('/rest/v1/books', { body: { title: 'a', owner_id: ben.id }, headers })).status).toBe(403)
  expect((await ada.ask('/rest/v1/books', { body: { title: 'a', owner_id: ada.id }, headers })).status).toBe(201)
})

test('keys that are no keys are refused', async () => {
  for (const key of ['""', 'x'.repeat(256), 'a b']) {
    expect(await stranger('/rest/v1/books', { body: { title: 'a' }, headers: { 'idempotency-key': key } })).toMatchObject({
      status: 400,
      json: { code: 'PGRST100' },
    })
  }
})
