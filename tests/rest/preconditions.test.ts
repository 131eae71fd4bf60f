// ETags, and what they are for: reads that answer 304, and writes that don't undo what somebody else wrote meanwhile.
import { createClient } from '@supabase/supabase-js'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fetchBackend, mount, person, PUBLISHABLE_KEY, service, sql, stranger, type Answer, type Asked, type Person } from './backend'

let ada: Person
let ben: Person

beforeAll(async () => {
  await mount()
  ada = await person()
  ben = await person()
})

beforeEach(async () => {
  for (const table of ['reviews', 'books', 'people', 'tags']) await sql(`delete from ${table}`)
  await sql(
    "insert into books (id, title, owner_id, published, created_at, _version, _updated_at) values (1, 'One', ?, 1, 0, 3, 1700000000000), (2, 'Two', ?, 0, 0, 1, 1700000000000)",
    ada.id,
    ben.id,
  )
  await sql(
    "insert into people (id, name, email, secret, _version, _updated_at) values ('p', 'P', 'p@example.com', 's1', 1, 1700000000000)",
  )
})

const ONE = '/rest/v1/books?id=eq.1'
const OBJECT = { accept: 'application/vnd.pgrst.object+json' }
const RETURN = { prefer: 'return=representation' }
const etagOf = ({ headers }: Answer): string => headers.get('etag') ?? ''
const versionOf = async (id: number) => (await sql('select _version as v, title from books where id = ?', id))[0]
const patch = (etag: string, body: unknown = { title: 'Changed' }, headers: Asked['headers'] = {}): Asked => ({
  method: 'PATCH',
  body,
  headers: { 'if-match': etag, ...headers },
})

describe('a read that was made before', () => {
  test('answers 304 without a body, a list and a single row alike, and 200 once something that is read has changed', async () => {
    for (const [path, headers] of [
      ['/rest/v1/books?select=id,title&order=id', {}],
      [ONE, OBJECT],
      ['/rest/v1/books?select=id,title&order=id', { accept: 'text/csv' }],
    ] as const) {
      const first = await ada.ask(path, { headers })
      expect(etagOf(first)).toMatch(/^"[\d.]*-[\w-]{22}"$/)
      expect(first.headers.get('cache-control')).toBe('private, no-cache')
      for (const sent of [etagOf(first), `W/${etagOf(first)}`, `"x", ${etagOf(first)}`, '*']) {
        const again = await ada.ask(path, { headers: { ...headers, 'if-none-match': sent } })
        expect([again.status, again.text, etagOf(again)], sent).toEqual([304, '', etagOf(first)])
        expect(again.headers.get('content-range')).toBe(first.headers.get('content-range'))
      }
      await sql("update books set title = title || '!', _version = _version + 1")
      const changed = await ada.ask(path, { headers: { ...headers, 'if-none-match': etagOf(first) } })
      expect(changed.status).toBe(200)
      expect(etagOf(changed)).not.toBe(etagOf(first))
    }
  })

  test('is told apart by its media type, by the rows that are counted, and by who asks', async () => {
    const tags = [
      await ada.ask(ONE),
      await ada.ask(ONE, { headers: OBJECT }),
      await ada.ask(ONE, { headers: { accept: 'text/csv' } }),
      await ada.ask(ONE, { headers: { prefer: 'count=exact' } }),
    ].map(etagOf)
    expect(new Set(tags).size).toBe(4)
    const [hers, his] = [await ada.ask('/rest/v1/books?order=id'), await ben.ask('/rest/v1/books?order=id')]
    expect(etagOf(hers)).not.toBe(etagOf(his))
    expect((await ben.ask('/rest/v1/books?order=id', { headers: { 'if-none-match': etagOf(hers) } })).status).toBe(200)
  })

  test('is not influenced by a column that the caller may not read, hidden or by its own rule', async () => {
    const path = '/rest/v1/people?order=id'
    const first = await stranger(path)
    expect(first.text).not.toContain('example.com')
    await sql("update people set email = 'q@example.com', secret = 's2', _version = _version + 1, _updated_at = 5")
    expect(etagOf(await stranger(path))).toBe(etagOf(first))
    // By its key the revision changes with the row, and the body still counts as known.
    const single = await stranger('/rest/v1/people?id=eq.p')
    await sql("update people set secret = 's3', _version = _version + 1")
    expect((await stranger('/rest/v1/people?id=eq.p', { headers: { 'if-none-match': etagOf(single) } })).status).toBe(304)
  })

  test('tells nothing of a row that the caller may not read, or of one that is not there', async () => {
    const [unreadable, missing] = [await ada.ask('/rest/v1/books?id=eq.2'), await ada.ask('/rest/v1/books?id=eq.99')]
    expect([unreadable.text, etagOf(unreadable)]).toEqual(['[]', etagOf(missing)])
    expect(etagOf(missing)).toMatch(/^"-/)
  })

  test('HEAD has none, and errors have none', async () => {
    expect((await ada.ask(ONE, { method: 'HEAD' })).headers.get('etag')).toBeNull()
    const error = await ada.ask('/rest/v1/books?nope=eq.1', { headers: { 'if-none-match': '*' } })
    expect([error.status, error.headers.get('etag')]).toEqual([400, null])
  })

  test("supabase-js selects through an HTTP cache that revalidates, as a browser's does", async () => {
    const kept = new Map<string, { etag: string; body: string }>()
    let known = 0
    const revalidating: typeof fetch = async (input, init) => {
      const request = new Request(input, init)
      const before = kept.get(request.url)
      if (before) request.headers.set('if-none-match', before.etag)
      const answer = await fetchBackend(request)
      if (answer.status === 304) {
        known++
        return new Response(before!.body, { status: 200, headers: { 'content-type': 'application/json' } })
      }
      const body = await answer.text()
      if (answer.headers.has('etag')) kept.set(request.url, { etag: answer.headers.get('etag')!, body })
      return new Response(body, answer)
    }
    const client = createClient('http://localhost', PUBLISHABLE_KEY, {
      accessToken: () => Promise.resolve(ada.token),
      global: { fetch: revalidating },
    })
    const select = () => client.from('books').select('id,title').order('id')
    const first = await select()
    expect(await select()).toMatchObject({ data: first.data, error: null })
    expect(known).toBe(1)
    await sql("update books set title = 'New'")
    expect((await select()).data).toEqual([{ id: 1, title: 'New' }])
  })
})

describe('If-Match', () => {
  test('writes with the ETag of a read, and with that of the write before', async () => {
    const read = await ada.ask(ONE)
    const first = await ada.ask(ONE, patch(etagOf(read), { title: 'First' }, RETURN))
    expect([first.status, await versionOf(1)]).toEqual([200, { v: 4, title: 'First' }])
    expect(etagOf(first)).toBe(etagOf(await ada.ask(ONE)))
    const second = await ada.ask(ONE, patch(etagOf(first), { title: 'Second' }))
    expect([second.status, await versionOf(1)]).toEqual([204, { v: 5, title: 'Second' }])
    const stale = await ada.ask(ONE, patch(etagOf(first)))
    expect([stale.status, etagOf(stale)]).toEqual([412, '"5"'])
    expect(stale.json).toEqual({
      code: 'PT412',
      message: 'The row is not as the request says it must be. Read it again.',
      details: 'The row is at version 5.',
      hint: null,
    })
    expect(await versionOf(1)).toEqual({ v: 5, title: 'Second' })
  })

  test('takes a version alone, a weak ETag and `*`, and no other ETag fits', async () => {
    for (const [tag, status] of [
      ['"3"', 204],
      ['4', 204],
      ['W/"5"', 204],
      ['*', 204],
      ['"6"', 412],
      ['"3.1-x"', 412],
      ['"another"', 412],
      ['"-aaaaaaaaaaaaaaaaaaaaaa"', 412],
    ] as const) {
      expect((await ada.ask(ONE, patch(tag))).status, tag).toBe(status)
    }
    for (const garbage of ['', '"7", "8"', "' or 1=1 --", '"', '99999999999999999999'])
      expect((await ada.ask(ONE, patch(garbage))).json, garbage).toMatchObject({ code: 'PGRST100' })
  })

  test('of a restored database the same version written at another time is not the same', async () => {
    const read = await ada.ask(ONE)
    await sql('update books set _updated_at = _updated_at + 1 where id = 1')
    expect((await ada.ask(ONE, patch(etagOf(read)))).status).toBe(412)
  })

  test('guards deletes, puts and upserts', async () => {
    expect((await ada.ask(ONE, { method: 'DELETE', headers: { 'if-match': '"2"' } })).status).toBe(412)
    expect((await ada.ask(ONE, { method: 'DELETE', headers: { 'if-match': '"3"' } })).status).toBe(204)
    await service('/rest/v1/tags', { body: { id: 't', label: 'a' } })
    const put = (tag: string, id = 't') =>
      service(`/rest/v1/tags?id=eq.${id}`, { method: 'PUT', body: { id, label: tag }, headers: { 'if-match': tag } })
    expect((await put('"2"')).status).toBe(412)
    expect((await put('"1"')).status).toBe(204)
    const merge = (tag: string, id = 't') =>
      service('/rest/v1/tags', { body: { id, label: tag }, headers: { 'if-match': tag, prefer: 'resolution=merge-duplicates' } })
    expect([(await merge('"1"')).status, (await merge('"2"')).status]).toEqual([412, 200])
    // What must be there and isn't.
    for (const answer of [await put('*', 'new'), await merge('"1"', 'new')]) {
      expect(answer.json).toMatchObject({ code: 'PT412', details: 'There is no such row.' })
      expect(answer.headers.get('etag')).toBeNull()
    }
    expect(await sql('select id, _version as v from tags')).toEqual([{ id: 't', v: 3 }])
  })

  test('on a row that is not there, or not theirs, nothing is found as without it, and `*` says so', async () => {
    for (const path of ['/rest/v1/books?id=eq.99', '/rest/v1/books?id=eq.2']) {
      expect((await ada.ask(path, patch('"1"'))).status).toBe(204)
      expect((await ada.ask(path, patch('"7"'))).status).toBe(204)
      expect((await ada.ask(path, patch('"1"', { title: 'x' }, OBJECT))).status).toBe(406)
      const any = await ada.ask(path, patch('*'))
      expect([any.status, any.headers.get('etag')]).toEqual([412, null])
      expect((await ada.ask(path, { method: 'DELETE', headers: { 'if-match': '*' } })).status).toBe(412)
    }
    expect(await versionOf(2)).toEqual({ v: 1, title: 'Two' })
  })

  test('needs a request of one row that changes it', async () => {
    for (const [path, asked] of [
      ['/rest/v1/books?published=is.true', patch('"1"')],
      ['/rest/v1/books?or=(id.eq.1,id.eq.2)', patch('"1"')],
      ['/rest/v1/books', { method: 'DELETE', headers: { 'if-match': '"1"' } }],
      ['/rest/v1/books', { body: { title: 'x' }, headers: { 'if-match': '"1"' } }],
      ['/rest/v1/books', { body: [{ id: 1 }, { id: 2 }], headers: { 'if-match': '"1"', prefer: 'resolution=merge-duplicates' } }],
      [ONE, { method: 'PATCH', body: { title: 'x' }, headers: { 'if-none-match': '*' } }],
      ['/rest/v1/books', { body: { title: 'x' }, headers: { 'if-none-match': '"1"' } }],
      ['/rest/v1/books', { body: [{ title: 'x' }, { title: 'y' }], headers: { 'if-none-match': '*' } }],
    ] as const) {
      const answer = await service(path, asked)
      expect([answer.status, answer.json], JSON.stringify(asked)).toMatchObject([400, { code: 'PGRST100' }])
    }
  })

  test('of fifty who change one row at once one does, and 49 are told', async () => {
    const etag = etagOf(await ada.ask(ONE))
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => ada.ask(ONE, patch(etag, { title: `by ${n}` }))))
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
    expect(answers.filter(({ status, headers }) => status === 412 && headers.get('etag') === '"4"')).toHaveLength(49)
    expect(await versionOf(1)).toMatchObject({ v: 4 })
  })
})

describe('If-None-Match: * makes a row or nothing', () => {
  test('with POST, PUT and an upsert, and says that there is one', async () => {
    const make = (method: string, prefer = '') =>
      service(method === 'PUT' ? '/rest/v1/tags?id=eq.t' : '/rest/v1/tags', {
        method,
        body: { id: 't', label: method },
        headers: { 'if-none-match': '*', prefer },
      })
    expect((await make('PUT')).status).toBe(204)
    for (const answer of [await make('PUT'), await make('POST'), await make('POST', 'resolution=merge-duplicates')])
      expect([answer.status, answer.json]).toMatchObject([412, { code: 'PT412', details: 'There is such a row.' }])
    expect(await sql('select label, _version as v from tags')).toEqual([{ label: 'PUT', v: 1 }])
    // Another key than the one asked for stays a conflict.
    const other = await service('/rest/v1/tags', { body: { id: 'u', label: 'PUT' }, headers: { 'if-none-match': '*' } })
    expect([other.status, other.json]).toMatchObject([409, { code: '23505' }])
  })

  test('of fifty who make one row at once one does', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        service('/rest/v1/tags', { body: { id: 'one', label: `${n}` }, headers: { 'if-none-match': '*' } }),
      ),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(49)
  })
})
