// POST /rest/v1/batch: several requests, all or none, each under its policy, later ones with values of earlier ones.
import { env } from 'cloudflare:workers'
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { createBackend } from '../../src/backend'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Env } from '../../src/platform'
import library from '../apps/library'
import { mount, person, PUBLISHABLE_KEY, service, sql, stranger, type Ask, type Person } from './backend'

let ada: Person
let ben: Person

beforeAll(async () => {
  await mount()
  ada = await person()
  ben = await person()
})
beforeEach(async () => {
  await sql('delete from books')
  await sql('delete from tags')
  await sql('delete from samples')
  await sql('delete from people')
})

interface Result {
  readonly id?: string
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: never
}

const send = (ask: Ask, operations: unknown, headers: Record<string, string> = {}) =>
  ask('/rest/v1/batch', { body: { operations }, headers })
const results = async (ask: Ask, operations: unknown, headers: Record<string, string> = {}): Promise<readonly Result[]> => {
  const { status, text, json } = await send(ask, operations, headers)
  if (status !== 200) throw new Error(text)
  return (json as { results: Result[] }).results
}
const count = async (table: string) => (await sql(`select count(*) as n from ${table}`))[0]?.['n']
const REPRESENTED = { Prefer: 'return=representation' }

describe('operations', () => {
  test('use what earlier ones made, in one call of the database', async () => {
    const answer = await send(ada.ask, [
      { id: 'book', method: 'POST', path: '/books?select=id,title', headers: REPRESENTED, body: { title: 'Emma' } },
      { method: 'POST', path: '/editions', body: { book_id: { $ref: 'book.id' }, publisher: 'Murray' } },
      {
        id: 'tag',
        method: 'POST',
        path: '/rest/v1/tags',
        body: [
          { id: 't1', label: 'classic' },
          { id: 't2', label: 'novel' },
        ],
      },
      { method: 'POST', path: '/book_tags', body: { book_id: { $ref: 'book.id' }, tag_id: { $ref: 'tag.1.id' } } },
      { method: 'PATCH', path: '/books?id=eq.{book.id}&title=eq.Emma', headers: { prefer: 'count=exact' }, body: { pages: 400 } },
      {
        id: 'all',
        method: 'GET',
        path: '/books?select=title,pages,editions(publisher),tags(label)&id=in.({book.*.id})',
        headers: { accept: 'application/vnd.pgrst.object+json' },
      },
      { method: 'DELETE', path: '/tags?or=(id.in.({tag.*.id}),label.eq.x)', headers: { Prefer: 'return=representation, count=exact' } },
      { method: 'HEAD', path: '/books', headers: { prefer: 'count=exact' } },
    ])
    expect(answer.headers.get('x-perigee-d1-calls')).toBe('1')
    const [book, edition, , , patched, all, removed, head] = (answer.json as { results: Result[] }).results
    const id = (book!.body as { id: number }[])[0]!.id
    expect(book).toMatchObject({
      id: 'book',
      status: 201,
      body: [{ id, title: 'Emma' }],
      headers: { 'preference-applied': 'return=representation' },
    })
    expect(edition).toEqual({ status: 201, headers: expect.objectContaining({ 'content-range': '*/*' }), body: null })
    expect(patched).toMatchObject({ status: 204, headers: { 'content-range': '0-0/1' } })
    expect(all).toMatchObject({
      status: 200,
      body: { title: 'Emma', pages: 400, editions: { publisher: 'Murray' }, tags: [{ label: 'novel' }] },
    })
    expect(removed).toMatchObject({ status: 200, headers: { 'content-range': '*/2' } })
    expect(head).toMatchObject({ status: 200, body: null, headers: { 'content-range': '0-0/1' } })
    expect(await sql('select book_id from editions')).toEqual([{ book_id: id }])
  })

  test('are each answered in the dialect of their request: CSV, one object, headers alone, exact digits', async () => {
    const id = '0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a3b'
    const [csv, made, one, put] = await results(ada.ask, [
      {
        method: 'POST',
        path: '/tags',
        headers: { 'Content-Type': 'text/csv', Accept: 'text/csv', ...REPRESENTED },
        body: 'id,label\na,"x, ""y"""\n',
      },
      {
        id: 'made',
        method: 'POST',
        path: '/samples',
        headers: { Prefer: 'return=headers-only' },
        body: { id, whole: '9007199254740993', data: { $ref: 'made.id' } },
      },
      { method: 'GET', path: `/samples?select=whole,data&id=eq.${id}`, headers: { accept: 'application/vnd.pgrst.object+json' } },
      { method: 'PUT', path: '/samples?id=eq.{made.id}', headers: REPRESENTED, body: { id: { $ref: 'made.id' }, note: 'put' } },
    ])
    expect(csv!.body).toBe('id,label\na,"x, ""y"""')
    expect(made).toMatchObject({ status: 201, headers: { location: `/samples?id=eq.${id}` } })
    // In a JSON column what looks like a reference is JSON.
    expect(JSON.stringify(one!.body)).toContain('{"$ref":"made.id"}')
    expect(put).toMatchObject({ status: 200, body: [{ id, note: 'put' }] })
    const { text } = await send(ada.ask, [{ method: 'GET', path: `/samples?select=whole&id=eq.${id}` }])
    expect(text).toContain('"whole":9007199254740993')
  })

  test('are refused together, and the error says which one it was of', async () => {
    const before = async () =>
      JSON.stringify([await sql('select * from books'), await sql('select * from tags'), await count('sys_changes')])
    await sql("insert into tags (id, label, _version, _updated_at) values ('t', 'taken', 1, 0)")
    await ben.ask('/rest/v1/books', { body: { title: 'private', isbn: 'secret-isbn', published: false } })
    const state = await before()
    const fine = { method: 'POST', path: '/books', body: { title: 'fine' } }
    const table: [unknown[], number, Record<string, unknown>][] = [
      [
        [fine, { method: 'POST', path: '/tags', body: { id: 'u', label: 'taken' } }],
        409,
        { code: '23505', details: 'Key (label)=(taken) already exists.', operation: 1 },
      ],
      [
        [fine, fine, { method: 'POST', path: '/books', body: { title: 'x', isbn: 'secret-isbn' } }],
        409,
        { code: '23505', details: null, operation: 2 },
      ],
      [[fine, { method: 'POST', path: '/books', body: { title: 'x', owner_id: ben.id } }], 403, { code: '42501', operation: 1 }],
      [[fine, { method: 'POST', path: '/reviews', body: { id: 'r', book_id: 0, stars: 1 } }], 409, { code: '23503', operation: 1 }],
      [[fine, { method: 'POST', path: '/books', body: { title: 'x'.repeat(101) } }], 400, { code: '22001', operation: 1 }],
      [[fine, { method: 'PATCH', path: '/books?nothing=eq.1', body: { title: 'x' } }], 400, { code: '42703', operation: 1 }],
      [
        [fine, { method: 'GET', path: '/books?title=eq.none', headers: { accept: 'application/vnd.pgrst.object+json' } }],
        406,
        { code: 'PGRST116', operation: 1 },
      ],
      [
        [fine, { method: 'DELETE', path: '/tags', headers: { prefer: 'handling=strict, max-affected=0' } }],
        400,
        { code: 'PGRST124', operation: 1 },
      ],
      [[{ method: 'POST', path: '/tags', body: { id: 'u', label: 'taken' } }], 409, { code: '23505', operation: 0 }],
      [[fine, { method: 'GET', path: '/nothing' }], 404, { code: 'PGRST205', operation: 1 }],
      [
        [
          { ...fine, id: 'a' },
          { method: 'POST', path: '/editions', body: { book_id: { $ref: 'b.id' }, publisher: 'x' } },
        ],
        400,
        { code: 'PGRST102', operation: 1 },
      ],
      [
        [
          { ...fine, id: 'a' },
          { method: 'POST', path: '/tags', body: { id: { $ref: 'a.owner' }, label: 'x' } },
        ],
        400,
        { code: '42703', operation: 1 },
      ],
      [
        [
          { id: 'a', method: 'GET', path: '/people?select=id' },
          { method: 'PATCH', path: '/books', body: { title: { $ref: 'a.secret' } } },
        ],
        400,
        { code: '42703', operation: 1 },
      ],
      [
        [
          { id: 'a', method: 'GET', path: '/books?isbn=eq.secret-isbn' },
          { method: 'POST', path: '/tags', body: { id: 'z', label: { $ref: 'a.title' } } },
        ],
        409,
        { code: '21000', operation: 0 },
      ],
    ]
    for (const [operations, status, body] of table) {
      const answer = await send(ada.ask, operations)
      expect([answer.status, answer.json]).toEqual([status, expect.objectContaining(body)])
      expect(answer.text).not.toContain('private')
    }
    expect(await before()).toBe(state)
  })

  test('that are no operations are refused by name', async () => {
    const tags = { method: 'GET', path: '/tags' }
    const table: [unknown, string][] = [
      [[], 'one operation'],
      ['x', 'one operation'],
      [[1], 'is an object'],
      [[{ ...tags, header: {} }], 'has no "header"'],
      [[{ ...tags, id: 'a.b' }], 'letters, digits'],
      [
        [
          { ...tags, id: 'a' },
          { ...tags, id: 'a' },
        ],
        'Two operations',
      ],
      [[{ method: 'TRACE', path: '/tags' }], 'is one of'],
      [[{ method: 'GET', path: 'tags' }], 'begins with'],
      [[{ ...tags, headers: { prefer: 1 } }], 'not a text'],
      [[{ ...tags, headers: { 'Idempotency-Key': 'x' } }], 'belongs to the batch'],
      [[{ ...tags, headers: { Prefer: 'tx=rollback' } }], 'belongs to the batch'],
    ]
    for (const [operations, details] of table) {
      const { status, json } = await send(stranger, operations)
      expect([status, json]).toEqual([400, expect.objectContaining({ code: 'PGRST102', details: expect.stringContaining(details) })])
    }
    expect((await stranger('/rest/v1/batch', { body: '[1' })).status).toBe(400)
    expect((await stranger('/rest/v1/batch')).status).toBe(405)
    expect(await send(stranger, [{ method: 'GET', path: '/a/b' }])).toMatchObject({ status: 404, json: { code: 'PGRST125' } })
    expect(await send(stranger, [{ method: 'POST', path: '/rpc/f' }])).toMatchObject({ status: 400, json: { code: 'PGRST127' } })
    expect(
      (
        await send(
          stranger,
          Array.from({ length: 100 }, () => tags),
        )
      ).status,
    ).toBe(200)
    expect(
      await send(
        stranger,
        Array.from({ length: 101 }, () => tags),
      ),
    ).toMatchObject({ status: 413, json: { code: '54000' } })
  })

  test('text of a filter that looks like a reference and is none stays text', async () => {
    await sql("insert into tags (id, label, _version, _updated_at) values ('t', '{other.id}', 1, 0)")
    const [found, none] = await results(stranger, [
      { id: 'one', method: 'GET', path: '/tags?label=eq.{other.id}' },
      { method: 'GET', path: '/tags?label=eq.{one.id}' },
    ])
    expect([(found!.body as unknown[]).length, (none!.body as unknown[]).length]).toEqual([1, 0])
  })

  test('a page past its end is told in its own result', async () => {
    const [made, page] = await results(ada.ask, [
      { method: 'POST', path: '/books', body: { title: 'x' } },
      { method: 'GET', path: '/books?offset=5', headers: { prefer: 'count=exact' } },
    ])
    expect([made!.status, page!.status, (page!.body as { code: string }).code, await count('books')]).toEqual([201, 416, 'PGRST103', 1])
  })
})

describe('a batch under a key', () => {
  const operations = [
    { id: 'book', method: 'POST', path: '/books?select=id', headers: REPRESENTED, body: { title: 'once' } },
    {
      method: 'POST',
      path: '/editions',
      headers: { Prefer: 'return=headers-only' },
      body: { book_id: { $ref: 'book.id' }, publisher: 'x' },
    },
    { method: 'GET', path: '/books?select=title', headers: { prefer: 'count=exact' } },
  ]

  test('fifty at once are done once and answered alike, and another batch is refused', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(ada.ask, operations, { 'idempotency-key': 'batch' })))
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect((answers[0]!.json as { results: Result[] }).results[1]!.headers['location']).toMatch(/^\/editions\?book_id=eq\.\d+$/)
    expect([await count('books'), await count('editions')]).toEqual([1, 1])
    expect(await send(ada.ask, operations.slice(1), { 'idempotency-key': 'batch' })).toMatchObject({ status: 400 })
    expect(await send(ada.ask, operations.slice(0, 1), { 'idempotency-key': 'batch' })).toMatchObject({ status: 422 })
    expect((await send(ben.ask, operations, { 'idempotency-key': 'batch' })).status).toBe(200)
  })

  test('keeps nothing when it fails', async () => {
    const failing = [...operations, { method: 'POST', path: '/books', body: {} }]
    expect(await send(ada.ask, failing, { 'idempotency-key': 'fails' })).toMatchObject({
      status: 400,
      json: { code: '23502', operation: 3 },
    })
    expect((await send(ada.ask, operations, { 'idempotency-key': 'fails' })).status).toBe(200)
    expect(await count('books')).toBe(1)
  })
})

describe('Prefer: tx=rollback', () => {
  test('answers as if it were done', async () => {
    const answer = await send(ada.ask, [{ method: 'POST', path: '/books?select=title', headers: REPRESENTED, body: { title: "it's" } }], {
      prefer: 'tx=rollback',
    })
    expect([answer.status, answer.headers.get('preference-applied'), (answer.json as { results: Result[] }).results[0]!.body]).toEqual([
      200,
      'tx=rollback',
      [{ title: "it's" }],
    ])
    const headers = { prefer: 'tx=rollback, return=representation' }
    const one = await ada.ask('/rest/v1/books?select=title', { body: { title: 'x' }, headers })
    expect([one.status, one.json, one.headers.get('preference-applied')]).toEqual([
      201,
      [{ title: 'x' }],
      'return=representation, tx=rollback',
    ])
    expect(await count('books')).toBe(0)
    expect(
      (await ada.ask('/rest/v1/books', { body: { title: 'x' }, headers: { prefer: 'tx=commit' } })).headers.get('preference-applied'),
    ).toBe('tx=commit')
    const gone = await ada.ask('/rest/v1/books', { method: 'DELETE', headers: { prefer: 'tx=rollback, count=exact' } })
    expect([gone.status, gone.headers.get('content-range'), await count('books')]).toEqual([204, '*/1', 1])
  })

  test('is refused in production, unless the app allows it', async () => {
    const production = { ...(env as unknown as Env), PERIGEE_ENV: 'production', PERIGEE_HOSTS: '*' } as Env
    const ask = async (app: typeof library, path: string, body: unknown) => {
      const context = createExecutionContext()
      const request = new Request(`http://localhost/rest/v1${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', apikey: PUBLISHABLE_KEY, prefer: 'tx=rollback' },
        body: JSON.stringify(body),
      })
      const answer = await createBackend(app).fetch(request, production, context)
      await waitOnExecutionContext(context)
      return [answer.status, ((await answer.text()) || '{}').includes('PGRST127')]
    }
    const tag = { id: 'r', label: 'r' }
    const batch = { operations: [{ method: 'POST', path: '/tags', body: tag }] }
    expect(await ask(library, '/tags', tag)).toEqual([400, true])
    expect(await ask(library, '/batch', batch)).toEqual([400, true])
    expect(await ask({ ...library, rest: { allowRollback: true } }, '/tags', tag)).toEqual([201, false])
    expect(await ask({ ...library, rest: { allowRollback: true } }, '/batch', batch)).toEqual([200, false])
    expect((await service('/rest/v1/tags?id=eq.r')).json).toEqual([])
  })
})

/** Small and seeded: the same history each time. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >> 8) % below
  }
}

describe('random histories of phones that send again, at the same time', () => {
  test.each([1, 2])('number %i leaves each deed done once, whole, and answered alike', async (seed) => {
    const below = random(seed)
    await service('/rest/v1/tags', { body: Array.from({ length: 4 }, (_, n) => ({ id: `t${n}`, label: `free ${n}` })) })
    // A deed takes a tag, which one only can, and makes a book with its edition and its place in the tag; some can't succeed.
    const deeds = Array.from({ length: 24 }, (_, n) => {
      const way = below(4)
      const key = `h${seed}-${n}`
      const book = { title: key, ...(way === 3 ? { owner_id: ben.id } : {}) }
      const operations = [
        {
          id: 'tag',
          method: 'PATCH',
          path: `/tags?label=eq.free ${below(4)}`,
          headers: { accept: 'application/vnd.pgrst.object+json', ...REPRESENTED },
          body: { label: key },
        },
        { id: 'book', method: 'POST', path: '/books?select=id,title', headers: REPRESENTED, body: book },
        { method: 'POST', path: '/editions', body: { book_id: { $ref: 'book.id' }, publisher: key } },
        { method: 'POST', path: '/book_tags', body: { book_id: { $ref: 'book.id' }, tag_id: { $ref: 'tag.id' } } },
      ]
      return { key, fails: way === 3, operations: way === 0 ? operations.slice(1, 3) : operations }
    })
    const sent = deeds.flatMap((deed) => Array.from({ length: 1 + below(4) }, () => deed))
    for (let i = sent.length - 1; i > 0; i--) {
      const j = below(i + 1)
      ;[sent[i], sent[j]] = [sent[j]!, sent[i]!]
    }
    const answers = new Map<string, Set<string>>()
    await Promise.all(
      sent.map(async ({ key, operations }) => {
        const { status, text } = await send(ada.ask, operations, { 'idempotency-key': key })
        answers.set(key, (answers.get(key) ?? new Set()).add(status === 200 ? `200 ${text}` : String(status)))
      }),
    )
    const done = deeds.filter(({ key }) => [...answers.get(key)!].some((told) => told.startsWith('200')))
    for (const { key, fails } of deeds) {
      const told = [...answers.get(key)!]
      // A deed that was refused may succeed when it is sent again, never the other way round.
      expect(told.filter((one) => one.startsWith('200')).length).toBeLessThanOrEqual(1)
      for (const status of told.filter((one) => !one.startsWith('200'))) expect(['403', '406']).toContain(status)
      if (fails) expect(told.some((one) => one.startsWith('200'))).toBe(false)
    }
    expect((await sql('select title from books order by title')).map(({ title }) => title)).toEqual(done.map(({ key }) => key).toSorted())
    expect(await sql('select count(*) as n from books b join editions e on e.book_id = b.id and e.publisher = b.title')).toEqual([
      { n: done.length },
    ])
    const taken = done.filter(({ operations }) => operations.length === 4).map(({ key }) => key)
    const tagged =
      'select t.label from book_tags bt join tags t on t.id = bt.tag_id join books b on b.id = bt.book_id and b.title = t.label'
    expect((await sql(`${tagged} order by t.label`)).map(({ label }) => label)).toEqual(taken.toSorted())
    expect(taken.length).toBeGreaterThan(0)
    expect(await sql('select id from sys_statement where id <> 1')).toEqual([])
  })
})
