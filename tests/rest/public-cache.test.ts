// The location's cache answers strangers on tables that say so, and nobody ever gets what another was answered.
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createBackend, type Backend } from '../../src/backend'
import type { AppDefinition } from '../../src/define'
import { deriveApiKeys, newLocation, type Env } from '../../src/platform'
import library from '../apps/library'
import { mount, person, sql, type Asked, type Person } from './backend'

const bindings = env as unknown as Env
const keys = await deriveApiKeys(bindings.PERIGEE_ROOT_KEY ?? '')
const nameOf = (table: object): string => (table as Record<symbol, string>)[Symbol.for('drizzle:Name')] ?? ''

/** The library with shared tables: books for a minute, tags and what joins them for less. */
const shared = (seconds: Readonly<Record<string, number>>): AppDefinition => ({
  ...library,
  tables: library.tables.map((one) => {
    const maxAge = seconds[nameOf(one.table)]
    return maxAge === undefined ? one : ({ ...one, rules: { ...one.rules, cache: { maxAge } } } as typeof one)
  }),
})
const TABLES = { books: 60, tags: 30, book_tags: 45, people: 60 }

let location = 0
let ask: (address: string, asked?: Asked) => Promise<{ status: number; text: string; headers: Headers; calls: number }>

/** A location that nothing was asked of yet. */
function elsewhere(app: AppDefinition = shared(TABLES), name = `l${location++}`): typeof ask {
  const backend: Backend = createBackend(
    app,
    newLocation((cache) => caches.open(`${name}-${cache}`)),
  )
  return async (address, { method = 'GET', headers = {} } = {}) => {
    const context = createExecutionContext()
    const answer = await backend.fetch(
      new Request(`http://localhost${address}`, { method, headers: { apikey: keys.publishableKey, ...headers } }),
      bindings,
      context,
    )
    const text = await answer.text()
    await waitOnExecutionContext(context)
    return { status: answer.status, text, headers: answer.headers, calls: Number(answer.headers.get('x-perigee-d1-calls')) }
  }
}

let ada: Person
beforeAll(async () => {
  await mount()
  ada = await person()
})

beforeEach(async () => {
  for (const table of ['book_tags', 'reviews', 'books', 'tags', 'people']) await sql(`delete from ${table}`)
  await sql("insert into books (id, title, owner_id, published, created_at) values (1, 'Public', null, 1, 0), (2, 'Hers', ?, 0, 0)", ada.id)
  await sql("insert into tags (id, label) values ('t', 'x')")
  ask = elsewhere()
})

const BOOKS = '/rest/v1/books?select=id,title&order=id'
const status = ({ headers }: { headers: Headers }) => headers.get('cache-status')

describe('a stranger', () => {
  test('is answered from the cache, without the database, until the copy is too old', async () => {
    const first = await ask(BOOKS)
    expect([first.status, first.calls, status(first), first.headers.get('age')]).toEqual([200, 1, 'Perigee; fwd=uri-miss; stored', null])
    expect(first.headers.get('cache-control')).toBe('public, max-age=60')
    await sql("update books set title = 'Changed' where id = 1")
    const second = await ask(BOOKS)
    expect([second.status, second.text, second.calls]).toEqual([200, first.text, 0])
    expect(status(second)).toMatch(/^Perigee; hit; ttl=\d+$/)
    expect(second.headers.get('age')).toMatch(/^\d$/)
    for (const name of ['content-type', 'content-range', 'content-location', 'etag', 'vary', 'cache-control', 'range-unit'])
      expect(second.headers.get(name), name).toBe(first.headers.get(name))
    expect(second.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'))
    expect([...second.headers.keys()].filter((name) => /^x-perigee-(?:status|made)|cf-cache/.test(name))).toEqual([])
    // Another location knows nothing of it, and who insists gets the newest.
    expect((await elsewhere()(BOOKS)).text).toContain('Changed')
    const insisting = await ask(BOOKS, { headers: { 'cache-control': 'no-cache' } })
    expect([insisting.text.includes('Changed'), status(insisting)]).toEqual([true, 'Perigee; fwd=request; stored'])
    expect((await ask(BOOKS)).text).toContain('Changed')
  })

  test('is not answered with a copy that is older than the table says, whatever the cache keeps', async () => {
    await ask(BOOKS)
    const now = Date.now()
    const clock = vi.spyOn(Date, 'now').mockReturnValue(now + 59_000)
    try {
      const old = await ask(BOOKS)
      expect([old.calls, old.headers.get('age'), status(old)]).toEqual([0, '59', 'Perigee; hit; ttl=1'])
      clock.mockReturnValue(now + 60_001)
      expect((await ask(BOOKS)).calls).toBe(1)
    } finally {
      clock.mockRestore()
    }
  })

  test('gets 304 out of the cache', async () => {
    const { headers } = await ask(BOOKS)
    const again = await ask(BOOKS, { headers: { 'if-none-match': headers.get('etag')! } })
    expect([again.status, again.text, again.calls]).toEqual([304, '', 0])
    expect(again.headers.get('etag')).toBe(headers.get('etag'))
  })

  test('gets what was asked for: each address, media type, preference, range and schema has a copy of its own', async () => {
    const requests: [string, Asked['headers']][] = [
      [BOOKS, {}],
      [`${BOOKS}&limit=1`, {}],
      [BOOKS, { accept: 'text/csv' }],
      [`${BOOKS}&limit=1`, { accept: 'application/vnd.pgrst.object+json' }],
      [BOOKS, { prefer: 'count=exact' }],
      [BOOKS, { range: '0-0' }],
      [BOOKS, { 'accept-profile': 'public' }],
      [`${BOOKS}&limit=1`, { prefer: 'count=exact' }],
    ]
    await sql("insert into books (id, title, published, created_at) values (3, 'Other', 1, 0)")
    const fresh = []
    for (const [path, headers] of requests) fresh.push(await ask(path, { headers: headers! }))
    for (const [i, [path, headers]] of requests.entries()) {
      expect(status(fresh[i]!), JSON.stringify(headers)).toContain('stored')
      const cached = await ask(path, { headers: headers! })
      expect([cached.status, cached.text, cached.calls], JSON.stringify(headers)).toEqual([fresh[i]!.status, fresh[i]!.text, 0])
      expect(cached.headers.get('content-range')).toBe(fresh[i]!.headers.get('content-range'))
    }
    expect(fresh.at(-1)!.status).toBe(206)
    // The key in the address is no part of it, and HEAD has no copy.
    expect(status(await ask(`${BOOKS}&apikey=${keys.publishableKey}`))).toContain('hit')
    expect(status(await ask(BOOKS, { method: 'HEAD' }))).toBe('Perigee; fwd=method')
  })

  test('is not answered from it where another table does not say so', async () => {
    for (const path of ['/rest/v1/reviews', '/rest/v1/books?select=id,reviews(stars)', '/rest/v1/tags?select=id,books(id,reviews(id))']) {
      const answers = [await ask(path), await ask(path)]
      expect(
        answers.map((answer) => [answer.calls, status(answer), answer.headers.get('cache-control')]),
        path,
      ).toEqual(answers.map(() => [1, null, 'private, no-cache']))
    }
    const joined = await ask('/rest/v1/books?select=id,tags(label)')
    expect(joined.headers.get('cache-control')).toBe('public, max-age=30')
    expect((await ask('/rest/v1/books?select=id,tags(label)')).calls).toBe(0)
  })

  test('never gets an error out of it', async () => {
    const path = '/rest/v1/books?id=eq.9'
    const object = { headers: { accept: 'application/vnd.pgrst.object+json' } }
    expect((await ask(path, object)).status).toBe(406)
    await sql("insert into books (id, title, published, created_at) values (9, 'Nine', 1, 0)")
    const found = await ask(path, object)
    expect([found.status, found.calls]).toEqual([200, 1])
    expect((await ask('/rest/v1/books?nope=eq.1')).headers.get('cache-status')).toBeNull()
  })
})

describe('nobody else', () => {
  test('reads it or fills it: not a person, not the secret key', async () => {
    const person = { headers: { authorization: `Bearer ${ada.token}` } }
    const secret = { headers: { apikey: keys.secretKey } }
    for (const asked of [person, secret]) {
      const own = await ask(BOOKS, asked)
      expect([own.text.includes('Hers'), own.calls, status(own)]).toEqual([true, 1, 'Perigee; fwd=bypass'])
      expect([own.headers.get('cache-control'), own.headers.get('vary')]).toEqual(['private, no-cache', 'Accept, Prefer, Range'])
    }
    const stranger = await ask(BOOKS)
    expect([stranger.text.includes('Hers'), stranger.calls]).toEqual([false, 1])
    for (const asked of [person, secret]) {
      const own = await ask(BOOKS, asked)
      expect([own.text.includes('Hers'), own.calls]).toEqual([true, 1])
    }
    expect(stranger.headers.get('vary')).toContain('Authorization, apikey')
    // A bad token, and no key at all, are refused and not answered.
    expect((await ask(BOOKS, { headers: { authorization: `Bearer ${ada.token}x` } })).status).toBe(401)
    expect((await ask(BOOKS, { headers: { apikey: 'nonsense' } })).status).toBe(401)
    // Other spellings of a stranger are strangers.
    for (const headers of [
      { apikey: keys.anonJwt, authorization: `Bearer ${keys.anonJwt}` },
      { authorization: `Bearer ${keys.publishableKey}` },
    ])
      expect(status(await ask(BOOKS, { headers }))).toContain('hit')
  })

  test("gets a former app's copies: the key holds the policies", async () => {
    const name = `l${location++}`
    await elsewhere(shared(TABLES), name)(BOOKS)
    expect((await elsewhere(shared(TABLES), name)(BOOKS)).calls).toBe(0)
    expect((await elsewhere(shared({ ...TABLES, tags: 31 }), name)(BOOKS)).calls).toBe(1)
  })

  test('reaches a copy by its own address', async () => {
    await ask(BOOKS)
    expect((await ask('/.perigee/public/x')).status).toBe(404)
  })
})

test('without a cache strangers are answered, and health says why there is none', async () => {
  const backend = createBackend(
    shared(TABLES),
    newLocation(() => Promise.resolve(null)),
  )
  const get = async (url: string) => {
    const context = createExecutionContext()
    const answer = await backend.fetch(new Request(url, { headers: { apikey: keys.publishableKey } }), bindings, context)
    await waitOnExecutionContext(context)
    return answer
  }
  for (let n = 0; n < 2; n++) expect((await get(`http://localhost${BOOKS}`)).headers.get('cache-status')).toBe('Perigee; fwd=uri-miss')
  expect(await (await get('http://localhost/health')).json()).toMatchObject({ cache: 'on' })
  expect(await (await get('https://perigee.someone.workers.dev/health')).json()).toMatchObject({ cache: 'none: it needs a custom domain' })
})
