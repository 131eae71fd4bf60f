// Many rows at once, CSV, inserts that come again, and values that are left to their defaults.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mount, person, service, sql, stranger, type Person } from './backend'

let ada: Person
let ben: Person

beforeAll(async () => {
  await mount()
  ada = await person()
  ben = await person()
})
beforeEach(async () => {
  for (const table of ['books', 'tags', 'samples', 'people']) await sql(`delete from ${table}`)
})

const count = async (table: string, where = '1') => (await sql(`select count(*) as n from ${table} where ${where}`))[0]?.['n']
const uuid = (n: number) => `0193a3c2-7f1e-7d6a-9b1c-${String(n).padStart(12, '0')}`

describe('ten thousand rows', () => {
  const sample = (n: number) => ({ id: uuid(n), whole: n, note: `row ${n} ${'x'.repeat(400)}`, data: { n } })

  test('go in one request, in one batch, and come back in order', async () => {
    const body = Array.from({ length: 10_000 }, (_, n) => sample(n))
    const headers = { prefer: 'return=representation, count=exact' }
    const made = await service('/rest/v1/samples?select=whole', { body, headers })
    expect([made.status, made.headers.get('content-range'), made.headers.get('x-perigee-d1-calls')]).toEqual([201, '*/10000', '1'])
    expect((made.json as { whole: number }[]).map(({ whole }) => whole)).toEqual(body.map(({ whole }) => whole))
    const merged = await service('/rest/v1/samples?select=id', {
      body: body.map(({ id, whole }) => ({ id, whole: whole + 5_000 })),
      headers: { prefer: 'resolution=merge-duplicates, return=representation, count=exact' },
    })
    expect([merged.status, merged.headers.get('content-range'), (merged.json as unknown[]).length]).toEqual([200, '*/10000', 10_000])
    expect([await count('samples'), await count('samples', 'whole >= 10000'), await count('samples', "note like 'row%'")]).toEqual([
      10_000, 5_000, 10_000,
    ])
  })

  test('or none, and the error says which key', async () => {
    // In chunks of which the last fails.
    const body = Array.from({ length: 1_500 }, (_, n) => ({ id: uuid(n), note: 'x'.repeat(2_000) }))
    const twice = await service('/rest/v1/samples', { body: [...body, { id: uuid(1_499), note: 'again' }] })
    expect([twice.status, twice.json]).toEqual([
      409,
      {
        code: '23505',
        message: 'duplicate key value violates unique constraint "samples_pkey"',
        details: `Key (id)=(${uuid(1_499)}) already exists.`,
        hint: null,
      },
    ])
    const wrong = await service('/rest/v1/samples?columns=id,whole', { body: [...body.slice(0, 5), { id: uuid(9_999), whole: 'many' }] })
    expect([wrong.status, wrong.json]).toMatchObject([400, { code: '22P02', details: 'Row 6 of those that were sent.' }])
    const single = { accept: 'application/vnd.pgrst.object+json' }
    expect(await service('/rest/v1/samples', { body, headers: single })).toMatchObject({ status: 406, json: { code: 'PGRST116' } })
    expect(await count('samples')).toBe(0)
  })

  test('a stranger learns of no key by a bulk either', async () => {
    await ben.ask('/rest/v1/books', { body: { title: 'private', isbn: 'hidden', published: false } })
    const body = [
      { title: 'a', isbn: 'free' },
      { title: 'b', isbn: 'hidden' },
    ]
    expect(await ada.ask('/rest/v1/books', { body })).toMatchObject({ status: 409, json: { code: '23505', details: null } })
    // Whoever may not even write the rows learns nothing at all.
    const others = body.map((row) => ({ ...row, owner_id: ben.id }))
    expect(await ada.ask('/rest/v1/books', { body: others })).toMatchObject({ status: 403, json: { code: '42501' } })
    expect(await stranger('/rest/v1/books', { body })).toMatchObject({ status: 401, json: { code: '42501' } })
  })

  test('as CSV, typed by its columns', async () => {
    const lines = Array.from({ length: 3_000 }, (_, n) => `${uuid(n)},${n},${n}.5,t,"say ""${n}""",NULL,"{""n"":${n}}"`)
    const body = `id,whole,ratio,flag,note,millis,data\r\n${lines.join('\r\n')}\r\n`
    const { status, headers } = await service('/rest/v1/samples', { body, headers: { 'content-type': 'text/csv', prefer: 'count=exact' } })
    expect([status, headers.get('content-range')]).toEqual([201, '*/3000'])
    expect(await service(`/rest/v1/samples?select=whole,ratio,flag,note,millis,n:data->n&id=eq.${uuid(7)}`)).toMatchObject({
      json: [{ whole: 7, ratio: 7.5, flag: true, note: 'say "7"', millis: null, n: 7 }],
    })
    const csv = (text: string, query = '') => service(`/rest/v1/samples${query}`, { body: text, headers: { 'content-type': 'text/csv' } })
    expect(await csv('id,nothing\n1,2')).toMatchObject({ status: 400, json: { code: 'PGRST204' } })
    expect(await csv(`id,nothing,note\n${uuid(5_000)},2,kept`, '?columns=id,note')).toMatchObject({ status: 201 })
    expect(await csv(`id,whole\n${uuid(5_001)},1\n${uuid(5_002)},many`)).toMatchObject({
      json: { code: '22P02', details: 'Row 2 of those that were sent.' },
    })
  })
})

describe('Prefer: retry=same', () => {
  const headers = { prefer: 'retry=same, return=representation' }
  const tag = { id: 't', label: 'one' }

  test('an insert that comes again is answered as it was', async () => {
    const first = await ada.ask('/rest/v1/tags', { body: tag, headers })
    expect([first.status, first.headers.get('preference-applied'), first.json]).toEqual([201, 'retry=same, return=representation', [tag]])
    const log = await count('sys_changes')
    const again = await ada.ask('/rest/v1/tags', { body: tag, headers })
    expect(again.headers.get('etag')).toBe(first.headers.get('etag'))
    expect([again.status, again.text, again.headers.get('content-range')]).toEqual([201, first.text, first.headers.get('content-range')])
    const located = await ada.ask('/rest/v1/tags', { body: tag, headers: { prefer: 'retry=same, return=headers-only, count=exact' } })
    expect([located.status, located.headers.get('location'), located.headers.get('content-range')]).toEqual([201, '/tags?id=eq.t', '*/1'])
    const one = await ada.ask('/rest/v1/tags', { body: tag, headers: { ...headers, accept: 'application/vnd.pgrst.object+json' } })
    expect([one.status, one.json]).toEqual([201, tag])
    expect(await count('sys_changes')).toBe(log)
    expect((await ada.ask('/rest/v1/tags', { body: tag })).status).toBe(409)
  })

  test('fifty at once make one row and fifty equal answers', async () => {
    const id = uuid(1)
    const body = {
      id,
      whole: 5,
      note: 'x',
      data: { b: [1, null], a: 'é' },
      day: '2026-01-02',
      bytes: '\\x00ff',
      amount: '1.50',
      millis: '2026-01-02T03:04:05Z',
    }
    const answers = await Promise.all(Array.from({ length: 50 }, () => stranger('/rest/v1/samples', { body, headers })))
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect([answers[0]!.status, await count('samples')]).toEqual([201, 1])
  })

  test('other values, and rows that are another’s, are duplicates', async () => {
    await ada.ask('/rest/v1/tags', { body: tag, headers })
    expect(await ada.ask('/rest/v1/tags', { body: { ...tag, label: 'two' }, headers })).toMatchObject({
      status: 409,
      json: {
        code: '23505',
        message: 'duplicate key value violates unique constraint "tags_pkey"',
        details: 'Key (id)=(t) already exists.',
      },
    })
    expect(await ada.ask('/rest/v1/tags', { body: { id: 'u', label: 'one' }, headers })).toMatchObject({
      status: 409,
      json: { details: 'Key (label)=(one) already exists.' },
    })
    const mine = { id: 900, title: 'mine', published: false }
    expect((await ben.ask('/rest/v1/books', { body: mine, headers })).status).toBe(201)
    expect((await ben.ask('/rest/v1/books', { body: mine, headers })).status).toBe(201)
    const theft = await ada.ask('/rest/v1/books', { body: mine, headers })
    expect([theft.status, theft.json]).toMatchObject([409, { code: '23505', details: null }])
    expect(theft.text).not.toContain('mine')
    expect(await stranger('/rest/v1/books', { body: mine, headers })).toMatchObject({ status: 401, json: { code: '42501' } })
    expect(await stranger('/rest/v1/books', { body: { ...mine, id: 901 }, headers })).toMatchObject({
      status: 401,
      json: { code: '42501' },
    })
    // Changed since by somebody: the phone must look again.
    await ben.ask('/rest/v1/books?id=eq.900', { method: 'PATCH', body: { title: 'later' } })
    expect((await ben.ask('/rest/v1/books', { body: mine, headers })).status).toBe(409)
  })

  test('is no way to guess what the caller may not read', async () => {
    await service('/rest/v1/people', { body: { id: ada.id, name: 'Ada', email: 'ada@example.com' } })
    const guess = (email: string | null) => ({ body: { id: ada.id, name: 'Ada', email }, headers: { prefer: 'retry=same' } })
    for (const email of ['ada@example.com', 'other@example.com', null]) {
      const { status, json } = await ben.ask('/rest/v1/people', guess(email))
      expect([status, json]).toMatchObject([409, { code: '23505' }])
    }
    expect((await ada.ask('/rest/v1/people', guess('ada@example.com'))).status).toBe(201)
    expect((await ada.ask('/rest/v1/people', guess('other@example.com'))).status).toBe(409)
    expect((await ben.ask('/rest/v1/people', { body: { id: ada.id, name: 'Ada' }, headers: { prefer: 'retry=same' } })).status).toBe(201)
  })

  test('what a row left to its default is not compared', async () => {
    const body = { title: 'x', id: 950 }
    const columns = '?columns=id,title,published,owner_id'
    for (const _ of [1, 2])
      expect((await ada.ask(`/rest/v1/books${columns}`, { body, headers: { prefer: 'retry=same, missing=default' } })).status).toBe(201)
    expect(await count('books')).toBe(1)
  })

  test('of several rows some may be there already; the same key twice is refused', async () => {
    await ada.ask('/rest/v1/tags', { body: tag })
    const body = [{ id: 'a', label: 'a' }, tag, { id: 'b', label: 'b' }]
    const made = await ada.ask('/rest/v1/tags?select=id', { body, headers: { prefer: 'retry=same, return=representation, count=exact' } })
    expect([made.status, made.json, made.headers.get('content-range')]).toEqual([201, [{ id: 'a' }, { id: 't' }, { id: 'b' }], '*/3'])
    expect(await ada.ask('/rest/v1/tags', { body: [tag, tag], headers })).toMatchObject({ json: { code: '21000' } })
    const keyed = { ...headers, 'idempotency-key': 'retried' }
    const first = await ada.ask('/rest/v1/tags', { body, headers: keyed })
    expect((await ada.ask('/rest/v1/tags', { body, headers: keyed })).text).toBe(first.text)
    expect([first.status, (first.json as unknown[]).length]).toEqual([201, 3])
  })

  test('a row without a key of the client is made each time', async () => {
    for (const n of [1, 2]) {
      expect((await ada.ask('/rest/v1/books', { body: { title: 'x' }, headers })).status).toBe(201)
      expect(await count('books')).toBe(n)
    }
  })
})

describe('what is left out', () => {
  test('of an update, columns that are named and not sent become null, or their defaults', async () => {
    await ada.ask('/rest/v1/books', { body: { id: 1, title: 'x', published: false, pages: 5 } })
    const change = (columns: string, body: unknown, prefer = '') =>
      ada.ask(`/rest/v1/books?columns=${columns}&select=title,published,pages,owner_id&id=eq.1`, {
        method: 'PATCH',
        body,
        headers: { prefer: `return=representation${prefer}` },
      })
    const reset = await change('title,published,owner_id,pages', { title: 'y' }, ', missing=default')
    expect([reset.headers.get('preference-applied'), reset.json]).toEqual([
      'missing=default, return=representation',
      [{ title: 'y', published: true, pages: null, owner_id: ada.id }],
    ])
    expect((await change('published', {}, ', missing=default')).json).toMatchObject([{ published: true }])
    expect(await change('title,published', { title: 'z' })).toMatchObject({ status: 400, json: { code: '23502' } })
    expect(await change('title', {}, ', missing=default')).toMatchObject({ status: 400, json: { code: '23502' } })
    expect(await change('nothing', {}, ', missing=default')).toMatchObject({ status: 400, json: { code: 'PGRST204' } })
    expect(await change('created_at', {}, ', missing=default')).toMatchObject({ status: 403, json: { code: '42501' } })
    expect(await change('id', {}, ', missing=default')).toMatchObject({ status: 400, json: { code: 'PGRST127' } })
  })

  test('of a bulk, each cell by itself', async () => {
    const body = [{ title: 'a' }, { title: 'b', published: false, id: 77 }, { title: 'c', published: null }]
    const headers = { prefer: 'missing=default, return=representation' }
    const address = '/rest/v1/books?columns=id,title,published,owner_id&select=title,published,owner_id'
    expect(await ada.ask(address, { body, headers })).toMatchObject({ status: 400, json: { code: '23502' } })
    const made = await ada.ask(address, { body: body.slice(0, 2), headers })
    expect(made.json).toEqual([
      { title: 'a', published: true, owner_id: ada.id },
      { title: 'b', published: false, owner_id: ada.id },
    ])
    const made2 = await service('/rest/v1/samples?columns=id,note&select=note', {
      body: [{ id: uuid(1) }, { id: uuid(2), note: null }],
      headers,
    })
    expect(made2.json).toEqual([{ note: 'none' }, { note: null }])
  })

  test('a conflict is by a key, and by all of it', async () => {
    const headers = { prefer: 'resolution=merge-duplicates' }
    for (const columns of ['pages', 'title,isbn'])
      expect(await ada.ask(`/rest/v1/books?on_conflict=${columns}`, { body: { title: 'x' }, headers })).toMatchObject({
        status: 400,
        json: { code: '42P10' },
      })
    expect(await ada.ask('/rest/v1/books?on_conflict=nothing', { body: { title: 'x' }, headers })).toMatchObject({
      json: { code: '42703' },
    })
    // Several chunks, of which most rows are there already.
    const rows = Array.from({ length: 1_000 }, (_, n) => ({ id: uuid(n), note: 'x'.repeat(4_000) }))
    await service('/rest/v1/samples', { body: rows.slice(5) })
    const ignoring = (most: number) => ({ prefer: `resolution=ignore-duplicates, handling=strict, max-affected=${most}` })
    expect(await service('/rest/v1/samples', { body: rows, headers: ignoring(4) })).toMatchObject({
      status: 400,
      json: { details: 'The query affects 5 rows' },
    })
    expect((await service('/rest/v1/samples', { body: rows, headers: ignoring(5) })).status).toBe(201)
    const limited = { prefer: 'handling=strict, max-affected=1' }
    const two = [
      { id: 'a', label: 'a' },
      { id: 'b', label: 'b' },
    ]
    expect(await ada.ask('/rest/v1/tags', { body: two, headers: limited })).toMatchObject({ status: 400, json: { code: 'PGRST124' } })
    expect(await ada.ask('/rest/v1/tags', { body: two.slice(1), headers: limited })).toMatchObject({ status: 201 })
    expect(await count('tags')).toBe(1)
  })
})
