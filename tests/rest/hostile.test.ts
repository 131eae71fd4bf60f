// Where the features of the data API meet: whatever a stranger or somebody signed in makes of them, what they may not read has no part in
// the answer, and what they send is never taken for the engine's own.
import { beforeAll, describe, expect, test } from 'vitest'
import { mount, person, service, sql, stranger, type Answer, type Asked, type Person } from './backend'

let ada: Person
let ben: Person

const batch = (operations: readonly unknown[], headers: Readonly<Record<string, string>> = {}): Asked => ({ body: { operations }, headers })
const OBJECT = { Accept: 'application/vnd.pgrst.object+json' }
const ROWS = { Prefer: 'return=representation' }
const codeOf = ({ status, json }: Answer) => [status, (json as { code?: string } | null)?.code]

beforeAll(async () => {
  await mount()
  ;[ada, ben] = [await person(), await person()]
  const put = async (table: string, body: unknown) => expect((await service(`/rest/v1/${table}`, { body })).status).toBe(201)
  await put('people', [
    { id: ada.id, name: 'Ada', email: 'ada@example.com', mentor_id: null },
    { id: ben.id, name: 'Ben', email: 'ben@example.com', mentor_id: ada.id },
  ])
  await put('books', [
    { id: 1, title: 'Open', owner_id: ada.id, author_id: ada.id, published: true, isbn: 'a1', pages: 10, meta: { n: 1 } },
    { id: 2, title: 'Shut', owner_id: ada.id, author_id: ada.id, published: false, isbn: 'a2', pages: 20, meta: { n: 2 } },
  ])
  await put('reviews', [
    { id: 'r1', book_id: 1, reviewer_id: ben.id, stars: 5, body: 'Good', hidden_by: null },
    { id: 'r2', book_id: 1, reviewer_id: ada.id, stars: 2, body: 'Bad', hidden_by: 'mod' },
  ])
  await put('articles', [
    { id: 'a1', title: 'Kites', body: 'red kites', remarks: 'heron', author_id: ada.id, public: true },
    { id: 'a2', title: 'Gulls', body: 'grey gulls', remarks: 'crane', author_id: ada.id, public: false },
  ])
  await put('stays', [{ id: 1, ages: '[1,10)', price: '[1,5)', secret: '[1,2)', guest_id: ada.id }])
})

describe('what looks like a reference', () => {
  const shapes = [
    { reference: null },
    { reference: {} },
    { reference: [] },
    { reference: { operation: 0, column: 'id' } },
    { reference: { operation: 0, column: 'id', row: '0][0' } },
    { reference: { operation: 0, column: 'id', row: -1 } },
    { reference: { operation: 1, column: 'id', row: 'every' } },
  ]
  test('is a text in a text column, and JSON in a JSON column, alone and in a batch', async () => {
    for (const shape of shapes) {
      const row = { id: crypto.randomUUID(), note: shape, data: shape }
      const kept = [{ id: row.id, note: JSON.stringify(shape), data: shape }]
      const alone = await stranger('/rest/v1/samples?select=id,note,data', { body: row, headers: ROWS })
      expect([shape, alone.status, alone.json]).toEqual([shape, 201, kept])
      const patched = await stranger(`/rest/v1/samples?select=id,note,data&id=eq.${row.id}`, {
        method: 'PATCH',
        body: { note: shape, data: shape },
        headers: ROWS,
      })
      expect([patched.status, patched.json]).toEqual([200, kept])
      const second = crypto.randomUUID()
      const both = await stranger(
        '/rest/v1/batch',
        batch([
          { method: 'POST', path: '/tags', body: { id: second, label: second } },
          { method: 'POST', path: '/samples?select=id,note,data', headers: ROWS, body: { ...row, id: second } },
        ]),
      )
      expect([shape, both.status, (both.json as { results: { body: unknown }[] }).results?.[1]?.body]).toEqual([
        shape,
        200,
        [{ ...kept[0], id: second }],
      ])
    }
  })
})

describe('a session that ended', () => {
  test('learns nothing from a batch: no count, no value, no reason', async () => {
    const gone = await person()
    expect((await gone.ask('/auth/v1/logout', { method: 'POST' })).status).toBe(204)
    const all = { method: 'GET', path: '/books' }
    const batches = [
      [{ ...all, headers: OBJECT }],
      [{ ...all, path: '/books?id=eq.99', headers: OBJECT }],
      [all, { ...all, path: '/people', headers: OBJECT }],
      [{ ...all, path: '/people?select=count()', headers: OBJECT }, all],
      [
        { id: 'a', method: 'GET', path: '/people' },
        { method: 'GET', path: '/books?owner_id=eq.{a.id}' },
      ],
      [
        { id: 'a', method: 'GET', path: '/people' },
        { method: 'POST', path: '/tags', body: { id: 'x', label: { $ref: 'a.id' } } },
      ],
    ]
    for (const operations of batches)
      for (const headers of [{}, { prefer: 'tx=rollback' }, { 'idempotency-key': crypto.randomUUID() }]) {
        const answer = await gone.ask('/rest/v1/batch', batch(operations, headers))
        expect([operations, ...codeOf(answer), 'operation' in answer.json]).toEqual([operations, 401, 'PGRST303', false])
      }
  })
})

test('a key serves no request on another schema', async () => {
  const headers = { 'idempotency-key': crypto.randomUUID() }
  const body = { id: 'twice', name: 'Twice' }
  expect((await stranger('/rest/v1/people', { body, headers })).status).toBe(201)
  expect(codeOf(await stranger('/rest/v1/people', { body, headers: { ...headers, 'content-profile': 'annex' } }))).toEqual([422, '22023'])
  expect((await stranger('/rest/v1/people', { body, headers: { 'content-profile': 'annex' } })).status).toBe(201)
})

test('strangers have little kept for them, however much they read beside a write that does nothing', async () => {
  const row = { id: crypto.randomUUID(), note: 'x'.repeat(48_000) }
  expect((await stranger('/rest/v1/samples', { body: row })).status).toBe(201)
  const read = { method: 'GET', path: `/samples?id=eq.${row.id}&select=note` }
  const write = { method: 'PATCH', path: '/tags?id=eq.none', body: { label: 'x' } }
  const keep = (ask: typeof stranger, reads: number) =>
    ask('/rest/v1/batch', batch([write, ...Array.from({ length: reads }, () => read)], { 'idempotency-key': crypto.randomUUID() }))
  expect((await keep(stranger, 2)).status).toBe(200)
  expect(codeOf(await keep(stranger, 3))).toEqual([400, '54000'])
  expect((await keep(ben.ask, 3)).status).toBe(200)
})

test('no address of a row is longer than a header may be', async () => {
  const headers = { prefer: 'return=headers-only' }
  const [short, long] = ['k'.repeat(1_900), 'k'.repeat(2_000)]
  expect((await stranger('/rest/v1/tags', { body: { id: short, label: short }, headers })).headers.get('location')).toBe(
    `/tags?id=eq.${short}`,
  )
  const answer = await stranger('/rest/v1/tags', { body: { id: long, label: long }, headers })
  expect([answer.status, answer.headers.get('location')]).toEqual([201, null])
})

/** What nobody but their owners may read has other values in each of two worlds, and no answer tells which it is. */
describe('what is not theirs to read', () => {
  const WORLDS = [
    {
      email: 'ada@example.com',
      secret: 'hush',
      title: 'Shut',
      isbn: 'a2',
      pages: 20,
      remarks: 'heron',
      stars: 2,
      price: '[1,5)',
      range: '[1,2)',
    },
    { email: '17', secret: '42', title: 'Open', isbn: 'a9', pages: 9_999, remarks: 'kite', stars: 5, price: '[7,9)', range: '[5,7)' },
  ]
  type World = (typeof WORLDS)[number]
  const enter = async (w: World) => {
    await sql('update people set email = ?, secret = ? where id = ?', w.email, w.secret, ada.id)
    await sql("update books set title = ?, isbn = ?, pages = ?, meta = json_object('n', ?) where id = 2", w.title, w.isbn, w.pages, w.pages)
    await sql('update reviews set stars = ?, body = ? where id = ?', w.stars, w.secret, 'r2')
    await sql('update articles set remarks = ?', w.remarks)
    await sql('update articles set title = ?, body = ?, likes = ? where id = ?', w.title, w.remarks, w.pages, 'a2')
    await sql('update stays set price = ?, secret = ?', w.price, w.range)
  }
  const columns: Readonly<Record<string, readonly string[]>> = {
    people: ['email', 'secret', 'badge'],
    books: ['title', 'isbn', 'pages', 'meta', 'length', 'owner_note', 'cipher', 'meta->n'],
    reviews: ['stars', 'body'],
    articles: ['remarks', 'title', 'body', 'likes'],
    stays: ['price', 'secret'],
    book_stats: ['owner_id', 'latest', 'praised', 'verdict'],
  }
  const around: Readonly<Record<string, string>> = {
    people: 'id,books!author_id(title,pages,length),pupils(name,badge)',
    books: 'id,reviews(stars,body),people!author_id(email,badge)',
    reviews: 'id,books(title,people!author_id(badge,email))',
    articles: 'id,people(email,badge)',
    stays: 'id',
    book_stats: 'book_id,books(title)',
  }
  const VALUES = ['17', 'kite', '[7,9)']
  const reads = Object.entries(columns).flatMap(([table, names]) =>
    names.flatMap((name): (readonly [string, Readonly<Record<string, string>>])[] => {
      const at = `/rest/v1/${table}`
      const alias = name.replace('->', '_')
      return [
        [`${at}?select=${name}`, {}],
        [`${at}?select=x:${name}::text`, {}],
        [`${at}?select=x:${name}::int`, {}],
        [`${at}?select=${name},count()&order=${alias}`, {}],
        [`${at}?select=x:${name}.max(),y:${name}.min(),n:${name}.count()`, {}],
        [`${at}?select=x:${name}.sum()`, {}],
        [`${at}?select=${around[table]}&order=${name}.desc`, { prefer: 'count=exact' }],
        [`${at}?select=${around[table]}&order=${name}&limit=1&cursor=`, {}],
        [`${at}?select=${around[table]}&order=${name}&limit=1&offset=1`, { prefer: 'count=planned' }],
        [`${at}?${name}=not.is.null&select=${around[table]}`, { accept: 'text/csv' }],
        [`${at}?${name}=fts.kite`, {}],
        [`${at}?${name}=imatch.^[0-9k]`, {}],
        [`${at}?${name}=ov.[7,8)`, {}],
        [`${at}?${name}=cs.9999`, {}],
        [`${at}?select=id,reviews!inner(stars)&reviews.${name}=gte.3&reviews.order=${name}`, {}],
        [`${at}?select=title,people!author_id()&people.${name}=like.*7*&order=people(${name})`, {}],
        ...VALUES.flatMap((value) => [
          [`${at}?select=${around[table]}&${name}=eq.${value}`, { prefer: 'count=estimated' }] as const,
          [`${at}?or=(${name}.gte.${value},${name}.like.${value}*)`, OBJECT] as const,
        ]),
      ]
    }),
  )
  const tell = ({ status, headers, text }: Answer) => [
    status,
    text,
    ['etag', 'content-range', 'location', 'link', 'x-next-cursor', 'x-prev-cursor', 'content-location'].map((name) => headers.get(name)),
  ]

  /** Writes that are undone, so that each world stays as it is. */
  const undone = { prefer: 'tx=rollback, return=representation, count=exact' }
  const writes = (): (readonly [string, Asked])[] => {
    return WORLDS.flatMap((w): (readonly [string, Asked])[] => [
      [`/rest/v1/people?email=eq.${w.email}&select=id`, { method: 'PATCH', body: { name: 'x' }, headers: undone }],
      [`/rest/v1/people?badge=eq.Ada <${w.email}>&select=badge`, { method: 'DELETE', headers: undone }],
      [
        `/rest/v1/people?select=*,badge`,
        {
          body: { id: ada.id, name: 'Ada', email: w.email, mentor_id: null },
          headers: { prefer: 'tx=rollback, retry=same, return=representation' },
        },
      ],
      [
        `/rest/v1/people?select=*,badge`,
        { body: { id: ada.id, name: 'Ada', secret: w.secret }, headers: { prefer: 'tx=rollback, retry=same' } },
      ],
      [
        `/rest/v1/people?select=*,badge,books!author_id(*)`,
        { body: { id: ada.id, name: 'Adah' }, headers: { prefer: `resolution=merge-duplicates, ${undone.prefer}` } },
      ],
      [
        `/rest/v1/people?on_conflict=email`,
        { body: { id: 'q', name: 'Q', email: w.email }, headers: { prefer: `resolution=ignore-duplicates, ${undone.prefer}` } },
      ],
      [`/rest/v1/books?id=eq.2&title=eq.${w.title}`, { method: 'PATCH', body: { title: 'mine' }, headers: { ...undone, 'if-match': '*' } }],
      [`/rest/v1/books?id=eq.2`, { method: 'DELETE', headers: { ...undone, 'if-match': '"1"' } }],
      [`/rest/v1/books`, { body: { id: 2, title: w.title, pages: w.pages }, headers: { prefer: 'retry=same, tx=rollback' } }],
      [
        `/rest/v1/books`,
        { body: { id: 2, title: w.title, pages: w.pages }, headers: { prefer: `resolution=merge-duplicates, ${undone.prefer}` } },
      ],
      [
        `/rest/v1/reviews?select=*,books(*)`,
        { body: { id: 'r2', book_id: 1, stars: w.stars }, headers: { prefer: 'retry=same, tx=rollback' } },
      ],
      [`/rest/v1/articles?remarks=fts.${w.remarks}`, { method: 'PATCH', body: { likes: 1 }, headers: undone }],
      [`/rest/v1/stays?price=eq.${w.price}`, { method: 'DELETE', headers: undone }],
      [
        '/rest/v1/batch',
        batch(
          [
            { id: 'p', method: 'GET', path: `/people?select=id&id=eq.${ada.id}` },
            { id: 'q', method: 'PATCH', path: `/people?id=eq.${ada.id}`, body: { name: 'x' } },
            { method: 'POST', path: '/tags?select=*', headers: ROWS, body: { id: 't', label: { $ref: 'p.name' } } },
            { method: 'GET', path: '/people?email=eq.{p.email}&select=id,badge' },
            { method: 'GET', path: '/people?name=in.({q.*.email},{p.*.badge})' },
          ],
          undone,
        ),
      ],
      [
        '/rest/v1/batch',
        batch(
          [
            { id: 'p', method: 'GET', path: '/people?id=eq.' + ada.id },
            { method: 'POST', path: '/tags', headers: ROWS, body: { id: 't', label: { $ref: 'p.email' } } },
          ],
          undone,
        ),
      ],
      [
        '/rest/v1/batch',
        batch(
          [
            { id: 'p', method: 'GET', path: '/people?id=eq.' + ada.id },
            { method: 'POST', path: '/tags', headers: ROWS, body: { id: 't', label: { $ref: 'p.badge' } } },
          ],
          undone,
        ),
      ],
      [
        '/rest/v1/batch',
        batch(
          [
            { id: 'p', method: 'GET', path: '/people?id=eq.' + ada.id },
            { method: 'GET', path: '/tags?label=eq.{p.secret}' },
          ],
          undone,
        ),
      ],
      [
        '/rest/v1/batch',
        batch(
          [
            { id: 'b', method: 'GET', path: '/books?id=eq.2' },
            { method: 'POST', path: '/tags', headers: ROWS, body: { id: 't', label: { $ref: 'b.title' } } },
          ],
          undone,
        ),
      ],
      [
        '/rest/v1/batch',
        batch(
          [
            { id: 'b', method: 'DELETE', path: '/people?id=eq.' + ada.id },
            { method: 'POST', path: '/tags', headers: ROWS, body: { id: 't', label: { $ref: 'b.email' } } },
          ],
          undone,
        ),
      ],
    ])
  }

  test('has no part in any answer', async () => {
    const told: unknown[][] = []
    for (const world of WORLDS) {
      await enter(world)
      const answers: unknown[] = []
      for (const ask of [stranger, ben.ask]) {
        // One in three for somebody signed in, who reads as strangers do here.
        for (const [address, headers] of reads.filter((_, i) => ask === stranger || i % 3 === 0))
          answers.push([address, headers, ...tell(await ask(address, { headers }))])
        for (const [address, asked] of writes()) answers.push([address, asked, ...tell(await ask(address, asked))])
      }
      told.push(answers)
    }
    const [one, two] = told
    expect(one!.length).toBe(two!.length)
    // A row that is written is stamped with the time.
    const timeless = (answer: unknown) => JSON.stringify(answer).replaceAll(/(\\"\d+)\.\d+/g, '$1')
    const differing = one!.flatMap((answer, i) => (timeless(answer) === timeless(two![i]) ? [] : [[answer, two![i]]]))
    expect(differing).toEqual([])
  }, 60_000)
})
