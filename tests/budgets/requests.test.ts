// D1 calls, rows read and rows written of what phones ask most, at 1,000 rows. Counts don't vary, so a growth is a change of the code.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, test } from 'vitest'
import { fill, LIST } from '../../bench/data'
import { checkTree, fillTree, TREE } from '../../bench/tree'
import { call, PASSWORD, service, signUp, stranger, type User } from '../support/users'
import { costOf, withinBudget } from './budget'

let all: User
let twenty: User
let none: User

const json = (who: Readonly<Record<string, string>>, method: string, body: unknown): RequestInit => ({
  method,
  headers: { ...who, 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

beforeAll(async () => {
  ;[all, twenty, none] = [await signUp('all'), await signUp('twenty'), await signUp('none')]
  await fill((env as unknown as { DB: D1Database }).DB, 1000, { all: all.id, twenty: twenty.id })
  expect((await call('/rest/v1/profiles', json(none.headers, 'POST', { handle: 'counted', display_name: 'Counted' }))).status).toBe(201)
  // Warms the isolate: keys and tokens are known from then on.
  for (const { headers } of [all, twenty, none]) await call(LIST, { headers })
}, 60_000)

async function list(who: Readonly<Record<string, string>>, path = LIST): Promise<{ response: Response; rows: unknown[] }> {
  const response = await call(path, { headers: who })
  const rows = (await response.json()) as unknown[]
  expect(response.status, JSON.stringify(rows)).toBe(200)
  return { response, rows }
}

describe('the list of 20', () => {
  test('for who sees all', async () => {
    const { response, rows } = await list(all.headers)
    expect(rows).toHaveLength(20)
    withinBudget('list: sees all', response)
  })

  test('for who sees twenty', async () => {
    const { response, rows } = await list(twenty.headers)
    expect(rows).toHaveLength(20)
    withinBudget('list: sees twenty', response)
  })

  test('for who sees none', async () => {
    const { response, rows } = await list(none.headers)
    expect(rows).toEqual([])
    withinBudget('list: sees none', response)
  })

  test('for a stranger', async () => {
    const { response, rows } = await list(stranger)
    expect(rows).toEqual([])
    withinBudget('list: stranger', response)
  })

  test('for the service', async () => {
    const { response, rows } = await list(service)
    expect(rows).toHaveLength(20)
    withinBudget('list: service', response)
  })

  test('with the owner embedded in each row', async () => {
    const { response, rows } = await list(all.headers, LIST.replace('created_at&', 'created_at,profiles(display_name)&'))
    expect(rows).toHaveLength(20)
    withinBudget('list: with owners', response)
  })
})

test('a search, for who sees all and for who sees none', async () => {
  const search = LIST.replace('?', '?title=wfts."number 7" or "number 9"&')
  const { response, rows } = await list(all.headers, search)
  expect(rows).toHaveLength(2)
  withinBudget('search', response)
  const nothing = await list(none.headers, search)
  expect(nothing.rows).toEqual([])
  withinBudget('search: sees none', nothing.response)
})

test("a public table out of the location's cache", async () => {
  const path = '/rest/v1/profiles?select=id,handle&order=handle&limit=20'
  const first = await list(stranger, path)
  const again = await list(stranger, path)
  expect(again.rows).toEqual(first.rows)
  expect(again.response.headers.get('cache-status')).toContain('hit')
  withinBudget('list: cached', again.response)
})

test('a row by its key', async () => {
  const { response, rows } = await list(all.headers, '/rest/v1/trips?id=eq.01900000-0000-7000-9000-000000000007')
  expect(rows).toHaveLength(1)
  withinBudget('one row', response)
})

describe('writes', () => {
  test('an insert, an update and a delete are one batch each', async () => {
    const inserted = await call('/rest/v1/trips', {
      ...json(none.headers, 'POST', { title: 'Counted' }),
      headers: { ...none.headers, 'content-type': 'application/json', prefer: 'return=representation' },
    })
    expect(inserted.status).toBe(201)
    withinBudget('insert', inserted)
    const [{ id }] = (await inserted.json()) as [{ id: string }]
    const updated = await call(`/rest/v1/trips?id=eq.${id}`, json(none.headers, 'PATCH', { title: 'Counted again' }))
    expect(updated.status).toBe(204)
    withinBudget('update', updated)
    const deleted = await call(`/rest/v1/trips?id=eq.${id}`, { method: 'DELETE', headers: none.headers })
    expect(deleted.status).toBe(204)
    withinBudget('delete', deleted)
  })

  test('fifty rows at once are one batch', async () => {
    const rows = Array.from({ length: 50 }, (_, n) => ({ title: `Bulk ${n}` }))
    const response = await call('/rest/v1/trips', json(none.headers, 'POST', rows))
    expect(response.status).toBe(201)
    withinBudget('insert fifty', response)
  })

  test('ten thousand rows at once are one batch too', async () => {
    const rows = Array.from({ length: 10_000 }, (_, n) => ({ title: `Bulk ${n}` }))
    const response = await call('/rest/v1/trips', json(none.headers, 'POST', rows))
    expect(response.status).toBe(201)
    withinBudget('insert ten thousand', response)
    expect((await call('/rest/v1/trips?title=like.Bulk*', { method: 'DELETE', headers: none.headers })).status).toBe(204)
  })

  test('an insert under a key is one batch, and one more call when it comes again; one that brings its id is one batch each time', async () => {
    const keyed = { ...json(none.headers, 'POST', { title: 'Keyed' }) }
    const send = () =>
      call('/rest/v1/trips', { ...keyed, headers: { ...keyed.headers, prefer: 'return=representation', 'idempotency-key': 'budget' } })
    const first = await send()
    expect(first.status).toBe(201)
    withinBudget('insert under a key', first)
    const again = await send()
    expect([again.status, await again.text()]).toEqual([201, await first.text()])
    withinBudget('insert under a key, again', again)
    const own = json(none.headers, 'POST', { id: '01900000-0000-7000-9000-00000000aaaa', title: 'Own' })
    for (const name of ['insert with retry=same', 'insert with retry=same, again'] as const) {
      const retried = await call('/rest/v1/trips', { ...own, headers: { ...own.headers, prefer: 'retry=same, return=representation' } })
      expect(retried.status).toBe(201)
      withinBudget(name, retried)
    }
  })

  test('a batch with references is one batch', async () => {
    const operations = [
      { id: 'trip', method: 'POST', path: '/trips', headers: { prefer: 'return=representation' }, body: { title: 'Batch' } },
      { method: 'POST', path: '/waypoints', body: { trip_id: { $ref: 'trip.id' }, lat: 46.5, lon: 7.9 } },
      { method: 'PATCH', path: '/trips?id=eq.{trip.id}', body: { title: 'Batched' } },
      { method: 'GET', path: '/trips?select=title,waypoints(*)&id=eq.{trip.id}' },
    ]
    const response = await call('/rest/v1/batch', json(none.headers, 'POST', { operations }))
    expect(response.status, await response.clone().text()).toBe(200)
    withinBudget('batch of four', response)
    expect((await call('/rest/v1/trips?title=in.(Batched,Keyed,Own)', { method: 'DELETE', headers: none.headers })).status).toBe(204)
  })
})

describe('sign-in', () => {
  test('sign-up, sign-in, refresh and sign-out', async () => {
    const up = await call('/auth/v1/signup', json(stranger, 'POST', { email: 'counted@example.com', password: PASSWORD }))
    withinBudget('sign-up', up)
    const signedIn = await call(
      '/auth/v1/token?grant_type=password',
      json(stranger, 'POST', { email: 'counted@example.com', password: PASSWORD }),
    )
    expect(signedIn.status).toBe(200)
    withinBudget('sign-in', signedIn)
    const { refresh_token, access_token } = (await signedIn.json()) as { refresh_token: string; access_token: string }
    const refreshed = await call('/auth/v1/token?grant_type=refresh_token', json(stranger, 'POST', { refresh_token }))
    expect(refreshed.status).toBe(200)
    withinBudget('refresh', refreshed)
    const out = await call('/auth/v1/logout', { method: 'POST', headers: { ...stranger, authorization: `Bearer ${access_token}` } })
    expect(out.status).toBe(204)
    withinBudget('sign-out', out)
  })

  test('a warm request is authenticated without any call of its own', async () => {
    const { response } = await list(none.headers)
    expect(costOf(response).d1Calls).toBe(1)
  })
})

// Last, because it adds rows that the other counts would see.
test('embeds of three levels are one call', async () => {
  await fillTree((env as unknown as { DB: D1Database }).DB, { all: all.id, twenty: twenty.id })
  const { response, rows } = await list(all.headers, TREE)
  checkTree(JSON.stringify(rows))
  withinBudget('embeds of 3 levels', response)
})

// They write too: each sees its own.
describe('functions', () => {
  test('that write a batch and give a row: the batch, and the row', async () => {
    const response = await call('/rest/v1/rpc/start_trip', json(none.headers, 'POST', { title: 'Counted', lat: 1, lon: 2 }))
    expect(response.status).toBe(200)
    withinBudget('function: batch', response)
  })

  test('that say which rows cost what the rows cost: one call', async () => {
    const address = '/rest/v1/rpc/my_trips_since?since=2020-01-01&select=title,profiles(display_name),waypoints(lat)&limit=20'
    const { response, rows } = await list(none.headers, address)
    expect(rows).toEqual([{ title: 'Counted', profiles: { display_name: 'Counted' }, waypoints: [{ lat: 1 }] }])
    withinBudget('function: rows', response)
  })
})
