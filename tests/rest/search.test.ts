// Full-text search over HTTP: what each operator finds, what it mustn't, and how much it reads on the way.
import { createClient } from '@supabase/supabase-js'
import { beforeAll, describe, expect, test } from 'vitest'
import { fetchBackend, mount, person, PUBLISHABLE_KEY, service, sql, stranger, type Ask, type Person } from './backend'

let ann: Person
let bob: Person

const rows = [
  ['cats', 'The fat cats ran', 'They sat on the mat and ate rats.', null],
  ['café', 'Café Zürich', 'Running water, well-known beds; the end.', null],
  ['dogs', 'A dog runs', null, 'kennel'],
  ['rat', 'Rat fat', 'A cat.', null],
] as const

beforeAll(async () => {
  await mount()
  ann = await person()
  bob = await person()
  for (const { id } of [ann, bob]) await sql('insert into people (id, name) values (?, ?)', id, id)
  for (const [id, title, body, remarks] of rows)
    await sql('insert into articles (id, title, body, remarks, author_id) values (?, ?, ?, ?, ?)', id, title, body, remarks, ann.id)
  await sql(`insert into articles (id, title, body, author_id, public) values ('draft', 'Secret cats', 'x', ?, 0)`, ann.id)
})

const found = async (search: string, ask: Ask = stranger): Promise<string[]> => {
  const { status, json, text } = await ask(`/rest/v1/articles?select=id&order=id&${search}`)
  if (status !== 200) throw new Error(text)
  return (json as { id: string }[]).map(({ id }) => id)
}

describe('each type of search finds what Postgres would', () => {
  test.each([
    // plainto_tsquery: every word, by its stem; stop words, case and accents don't count.
    ['title=plfts.cat', ['cats']],
    ['title=plfts.FAT CATS', ['cats']],
    ['title=plfts.the cats of', ['cats']],
    ['title=plfts.cafe', ['café']],
    ['title=plfts.ZURICH', ['café']],
    ['title=plfts.cat | dog', []],
    ['body=plfts.well-known', ['café']],
    ['body=plfts.known-well', []],
    // Stop words alone find nothing, and their negation everything that there is.
    ['title=plfts.the', []],
    ['title=plfts.', []],
    ['title=plfts.!!!', []],
    ['title=not.plfts.the', ['café', 'cats', 'dogs', 'rat']],
    // phraseto_tsquery: next to each other; a stop word between is some word.
    ['title=phfts.fat cats', ['cats']],
    ['title=phfts.cats fat', []],
    ['title=phfts.rat fat', ['rat']],
    ['body=phfts.sat on the mat', ['cats']],
    ['body=phfts.sat under a mat', ['cats']],
    ['body=phfts.sat mat', []],
    ['body=phfts.mat on the sat', []],
    ['body=phfts.sat the mat', []],
    ['body=not.phfts.mat on the sat', ['café', 'cats', 'rat']],
    // websearch_to_tsquery
    ['title=wfts.fat or dog', ['cats', 'dogs', 'rat']],
    ['title=wfts.fat -rat', ['cats']],
    ['title=wfts.-fat', ['café', 'dogs']],
    ['title=wfts."fat cat"', ['cats']],
    ['title=wfts."cat fat" or dog', ['dogs']],
    ['title=wfts.fat -"fat cat"', ['rat']],
    ['title=wfts.or fat or', ['cats', 'rat']],
    ['title=wfts.((( fat %26', ['cats', 'rat']],
    ['title=wfts."', []],
    // to_tsquery
    ["title=fts.'fat' %26 'cat'", ['cats']],
    ['title=fts.fat%26cat', ['cats']],
    ['title=fts.cat|dog', ['cats', 'dogs']],
    ['title=fts.!fat', ['café', 'dogs']],
    ['title=fts.fat %26 !cat', ['rat']],
    ['title=fts.dog | !fat', ['café', 'dogs']],
    ['title=fts.!(fat | dog)', ['café']],
    ['title=fts.!!fat', ['cats', 'rat']],
    ['title=fts.(cat | dog) %26 (run | zürich)', ['dogs']],
    ['title=fts.fat <-> cat', ['cats']],
    ['title=fts.(fat | a) <-> (rat | cat)', ['cats']],
    ['body=fts.sat <3> mat', ['cats']],
    ['body=fts.sat <3> mat <2> ate:*', ['cats']],
    ['body=fts.sat <2> mat', []],
    ['title=fts.cats <0> cat', ['cats']],
    ['title=fts.cats <0> fat', []],
    ['title=fts.fat <-> cat <0> cats', ['cats']],
    ['body=fts.mat <3> sat', []],
    ['body=fts.(sat <3> mat) %26 !rat | well <2> beds', ['café']],
    ['body=fts(simple).sat <3> mats', []],
    ['title=fts.caf:*', ['café']],
    ["title=fts.'fat ca':*", ['cats']],
    ['title=fts.fat%26the', ['cats', 'rat']],
    ["title=fts.'it''s' %26 fat", ['cats', 'rat']],
    ['title=fts.', []],
    // Configurations
    ['title=fts(english).cat', ['cats']],
    ['title=fts(simple).cat', []],
    ['title=fts(simple).cats', ['cats']],
    ['title=plfts(simple).the', ['cats']],
    ['title=wfts(pg_catalog.english).runs', ['dogs']],
    ['body=plfts.run', ['café']],
    // Trees, and other filters beside
    ['or=(title.plfts.dog,body.fts.cat)', ['dogs', 'rat']],
    ['or=(title.wfts."fat -rat",id.eq.dogs)', ['cats', 'dogs']],
    ['and=(title.fts.fat,body.not.fts.rats)', ['rat']],
    ['title=fts.fat&likes=eq.0&public=is.true', ['cats', 'rat']],
    ['title=fts.fat&id=eq.rat', ['rat']],
    ['not.and=(title.fts.fat,body.fts.rats)', ['café', 'dogs', 'rat']],
    // Without text there is neither a match nor its opposite.
    ['body=not.fts.cat', ['café', 'cats']],
    ['body=not.fts.the', ['café', 'cats', 'rat']],
    ['body=fts.!cat', ['café', 'cats']],
  ])('%s', async (search, ids) => {
    expect(await found(search)).toEqual(ids)
  })
})

describe('what a search is refused for, by name', () => {
  test.each([
    ['title=fts.fat cat', '42601', 'syntax error in tsquery: "fat cat"'],
    ['title=fts.(fat', '42601', 'syntax error in tsquery: "(fat"'],
    ['title=fts.fat)', '42601', 'syntax error in tsquery: "fat)"'],
    ["title=fts.'fat", '42601', `syntax error in tsquery: "'fat"`],
    ['title=fts.fat %26', '42601', 'no operand in tsquery: "fat &"'],
    ['title=fts.!', '42601', 'no operand in tsquery: "!"'],
    ['title=fts.fat <99999> cat', '22023', 'distance in phrase operator must be an integer value between zero and 16384 inclusive'],
    ['title=fts.fat:A', 'PGRST127', 'Feature not implemented'],
    ['title=fts.(fat%26a) <-> cat', 'PGRST127', 'Feature not implemented'],
    ['title=fts(klingon).fat', '42704', 'text search configuration "klingon" does not exist'],
    ['authors_name=fts.fat', '42703', 'column articles.authors_name does not exist'],
    ['likes=fts.fat', 'PGRST127', 'column articles.likes is not searchable'],
    [`title=plfts.${'word '.repeat(201)}`, 'PGRST100', 'The request is too complex: it searches for more than 200 words.'],
    [
      `title=fts.${'('.repeat(21)}a${')'.repeat(21)}`,
      'PGRST100',
      'The request is too complex: its full-text query nests more than 20 deep.',
    ],
  ])('%s', async (search, code, message) => {
    const { status, json } = await stranger(`/rest/v1/articles?${search}`)
    expect({ status, json }).toMatchObject({ status: 400, json: { code, message } })
  })

  test('a column that is not declared says how to declare it, and one that is hidden does not exist', async () => {
    const { json } = await stranger('/rest/v1/books?title=fts.word')
    expect(json).toMatchObject({
      code: 'PGRST127',
      message: 'column books.title is not searchable',
      hint: expect.stringContaining("searchable: ['title']") as string,
    })
    expect((await stranger('/rest/v1/people?secret=fts.word')).json).toMatchObject({ code: '42703' })
  })

  test('as many words, and as many parentheses, as are allowed', async () => {
    expect(await found(`title=plfts.${'fat '.repeat(200)}`)).toEqual(['cats', 'rat'])
    const nested = (deep: number, open: string) => `${open.repeat(deep)}fat${')'.repeat(deep)}`
    for (const open of ['(', '!(', '(dog|(', 'fat%26(', '(fat%26!', '!(!dog|(', 'fat%26(dog|!'])
      expect([
        open,
        await found(`title=fts.${nested(20, open).replace(/\)+$/, ')'.repeat(20 * open.split('(').length - 20))}`).catch(String),
      ]).toEqual([open, expect.anything()])
  })
})

describe('nobody finds what they may not read', () => {
  test('rows', async () => {
    expect(await found('title=fts.secret')).toEqual([])
    expect(await found('title=fts.secret', bob.ask)).toEqual([])
    expect(await found('title=fts.secret', ann.ask)).toEqual(['draft'])
    expect(await found('title=fts.secret', service)).toEqual(['draft'])
    expect(await found('title=not.fts.secret')).toEqual(['café', 'cats', 'dogs', 'rat'])
  })

  test('counts', async () => {
    for (const [ask, range] of [
      [stranger, '*/0'],
      [bob.ask, '*/0'],
      [ann.ask, '0-0/1'],
    ] as const) {
      const counted = await ask('/rest/v1/articles?select=id&title=fts.secret', { headers: { prefer: 'count=exact' } })
      expect(counted.headers.get('content-range')).toBe(range)
      const head = await ask('/rest/v1/articles?title=fts.secret', { method: 'HEAD', headers: { prefer: 'count=exact' } })
      expect(head.headers.get('content-range')).toBe(range)
    }
  })

  test('columns, in no form of the question', async () => {
    expect(await found('remarks=fts.kennel', ann.ask)).toEqual(['dogs'])
    expect(await found('remarks=fts.kennel', service)).toEqual(['dogs'])
    for (const search of [
      'remarks=fts.kennel',
      'remarks=not.fts.kennel',
      'remarks=fts.!kennel',
      'remarks=not.fts.the',
      'or=(remarks.fts.kennel,remarks.fts.!kennel)',
      'not.or=(remarks.fts.kennel)',
    ]) {
      expect(await found(search)).toEqual([])
      expect(await found(search, bob.ask)).toEqual([])
    }
    expect(await found('title=fts.kennel', ann.ask)).toEqual([])
    const { json } = await bob.ask('/rest/v1/articles?remarks=fts.kennel', {
      method: 'PATCH',
      headers: { prefer: 'return=representation' },
      body: { likes: 9 },
    })
    expect(json).toEqual([])
  })
})

describe('in the rest of a request', () => {
  test('pages and counts', async () => {
    const page = await stranger('/rest/v1/articles?select=id&title=fts.fat|run&order=likes.desc,id&limit=1&offset=1', {
      headers: { prefer: 'count=exact' },
    })
    expect(page.json).toEqual([{ id: 'dogs' }])
    expect(page.headers.get('content-range')).toBe('1-1/3')
    expect((await stranger('/rest/v1/articles?select=count()&title=fts.fat')).json).toEqual([{ count: 2 }])
  })

  test('pages by cursor', async () => {
    const all: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const at: string = `title=wfts.fat or runs&order=likes.desc,id&limit=1&cursor=${encodeURIComponent(cursor)}`
      const page = await stranger(`/rest/v1/articles?select=id&${at}`, { headers: { prefer: 'count=exact' } })
      expect(page.headers.get('content-range')).toMatch(/\/3$/)
      all.push(...(page.json as { id: string }[]).map(({ id }) => id))
      cursor = page.headers.get('x-next-cursor')
    }
    expect(all).toEqual(['cats', 'dogs', 'rat'])
  })

  test('aggregates, and writes that are done together', async () => {
    const groups = await stranger('/rest/v1/articles?select=public,likes.sum()&title=fts.fat')
    expect(groups.json).toEqual([{ public: true, sum: 0 }])
    const operations = [
      { method: 'PATCH', path: '/articles?title=phfts.a dog runs', body: { likes: 1 } },
      { method: 'GET', path: '/articles?select=id,likes&title=fts.dog' },
      { method: 'PATCH', path: '/articles?title=fts.dog', body: { likes: 0 } },
    ]
    const batch = await stranger('/rest/v1/batch', { body: { operations } })
    expect([batch.status, batch.text]).toEqual([200, expect.stringContaining('"likes":1') as string])
    const many = Array.from({ length: 40 }, () => ({ method: 'GET', path: '/articles?select=id&title=fts.fat&body=wfts.-x' }))
    expect((await stranger('/rest/v1/batch', { body: { operations: many } })).status).toBe(200)
  })

  test('embeds', async () => {
    const { json } = await stranger(`/rest/v1/people?select=articles(id)&id=eq.${ann.id}&articles.title=wfts.fat -cats&articles.order=id`)
    expect(json).toEqual([{ articles: [{ id: 'rat' }] }])
    expect((await stranger('/rest/v1/people?select=id,articles!inner(id)&articles.title=fts.secret')).json).toEqual([])
    expect((await stranger('/rest/v1/articles?select=id,people!inner(id)&title=fts.cat')).json).toEqual([
      { id: 'cats', people: { id: ann.id } },
    ])
  })

  test('updates and deletes, and the index follows', async () => {
    const add = (id: string, title: string) => stranger('/rest/v1/articles', { body: { id, title, author_id: bob.id } })
    await add('w1', 'Walrus one')
    await add('w2', 'Walrus two')
    const updated = await stranger('/rest/v1/articles?title=fts.walrus%26!two&select=id', {
      method: 'PATCH',
      headers: { prefer: 'return=representation' },
      body: { title: 'Narwhal' },
    })
    expect(updated.json).toEqual([{ id: 'w1' }])
    expect(await found('title=fts.walrus')).toEqual(['w2'])
    expect(await found('title=fts.narwhal')).toEqual(['w1'])
    const before = await sql('select * from sys_fts_articles_data')
    expect(
      (await stranger('/rest/v1/articles?title=fts.walrus', { method: 'PATCH', body: { likes: 3, title: 'Walrus two' } })).status,
    ).toBe(204)
    expect(await sql('select * from sys_fts_articles_data')).toEqual(before)
    const upserted = await stranger('/rest/v1/articles', {
      body: { id: 'w2', title: 'Orca' },
      headers: { prefer: 'resolution=merge-duplicates' },
    })
    expect(upserted.status).toBe(200)
    expect(await found('title=fts.walrus')).toEqual([])
    expect(await found('title=fts.orca')).toEqual(['w2'])
    expect((await stranger('/rest/v1/articles?title=fts.orca', { method: 'DELETE' })).status).toBe(204)
    expect(await found('title=fts.orca')).toEqual([])
    // The last goes with its author.
    expect((await stranger(`/rest/v1/people?id=eq.${bob.id}`, { method: 'DELETE' })).status).toBe(204)
    expect(await found('title=fts.narwhal')).toEqual([])
    for (const index of ['sys_fts_articles', 'sys_fts_articles_simple'])
      await sql(`insert into ${index} (${index}, rank) values ('integrity-check', 1)`)
  })
})

describe('supabase-js', () => {
  const articles = () =>
    createClient('http://localhost', PUBLISHABLE_KEY, { global: { fetch: fetchBackend } })
      .from('articles')
      .select('id')
      .order('id')

  test('textSearch, filter, or, not and match in every type', async () => {
    const ids = (rows: readonly { id: string }[] | null) => rows?.map(({ id }) => id)
    expect(ids((await articles().textSearch('title', `'fat' & 'cat'`)).data)).toEqual(['cats'])
    expect(ids((await articles().textSearch('title', `'fat' & 'cat'`, { config: 'english' })).data)).toEqual(['cats'])
    expect(ids((await articles().textSearch('title', 'fat cats', { type: 'plain' })).data)).toEqual(['cats'])
    expect(ids((await articles().textSearch('title', 'cat fat', { type: 'phrase', config: 'english' })).data)).toEqual([])
    expect(ids((await articles().textSearch('title', '"fat cat" or dog -x', { type: 'websearch' })).data)).toEqual(['cats', 'dogs'])
    expect(ids((await articles().textSearch('title', 'cats', { config: 'simple' })).data)).toEqual(['cats'])
    expect(ids((await articles().filter('title', 'fts', 'cat')).data)).toEqual(['cats'])
    expect(ids((await articles().or('title.fts.cat,body.plfts(english).cat')).data)).toEqual(['cats', 'rat'])
    expect(ids((await articles().not('title', 'wfts', 'fat')).data)).toEqual(['café', 'dogs'])
    expect((await articles().textSearch('title', 'fat cats')).error).toMatchObject({ code: '42601' })
    expect((await articles().textSearch('likes', 'x')).error).toMatchObject({ code: 'PGRST127' })
  })
})

test('whatever is searched for, nothing breaks and nothing else is found', async () => {
  const texts = [
    `"`,
    `""`,
    `'`,
    `\\`,
    `*`,
    `"cat" OR title:secret`,
    `} : "secret"`,
    `{title} : secret`,
    `NEAR(secret)`,
    `a" OR "secret`,
    `^secret`,
    `-- x`,
    `); drop table articles; --`,
    `(`,
    `a:*`,
    `\u{1f600}`,
    `\u0301`,
    '٣',
    '漢字',
    'x'.repeat(3000),
    'NOT',
    'AND',
    'OR',
    '-',
    '--',
    '- -cat',
    ':',
    '<->',
    '&|!',
  ]
  for (const text of texts) {
    for (const operator of ['plfts', 'phfts', 'wfts', 'fts', 'not.wfts', 'not.fts']) {
      const { status, json } = await stranger(`/rest/v1/articles?select=id&title=${operator}.${encodeURIComponent(text)}`)
      expect([
        operator,
        text,
        status === 200 ||
          (operator.endsWith('.fts') || operator === 'fts' ? ['42601', 'PGRST127'].includes((json as { code: string }).code) : false),
      ]).toEqual([operator, text, true])
      expect(JSON.stringify(json)).not.toContain('draft')
    }
  }
})

test('a search reads what it finds and no more, whoever asks and whatever stands beside it', async () => {
  await sql(
    `insert into articles (id, title, body, author_id, public, likes)
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000)
    select 'n' || i, iif(i % 1000 = 0, 'Needle ', 'Hay ') || i, 'Stack', ?, i % 2, i from n`,
    ann.id,
  )
  const read = async (search: string, ask: Ask) => {
    const { headers, status, text } = await ask(`/rest/v1/articles?select=id&${search}`)
    expect([status, text]).toEqual([200, text])
    return { found: (JSON.parse(text) as unknown[]).length, read: Number(headers.get('x-perigee-rows-read')) }
  }
  const searches = [
    'title=fts.needle',
    'title=fts.needle&order=likes.desc&limit=2',
    'title=fts.needle&public=is.false',
    'title=fts.needle&likes=gt.5&order=likes',
    `title=fts.needle&author_id=eq.${ann.id}`,
    'title=fts.needle&body=not.fts.hay',
    'or=(title.fts.needle,body.fts.needle)',
  ]
  for (const search of searches) {
    for (const [ask, most] of [
      [stranger, 0],
      [bob.ask, 0],
      [ann.ask, 4],
      [service, 4],
    ] as const) {
      const answer = await read(search, ask)
      expect([search, answer.found]).toEqual([search, search.includes('limit') ? Math.min(most, 2) : most])
      // The index itself is read too: a dozen rows.
      expect(answer.read).toBeLessThan(30)
    }
  }
})
