// Pages by cursor: nothing that is there throughout is passed over or comes twice, whatever others insert and delete meanwhile.
import { createClient } from '@supabase/supabase-js'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fetchBackend, mount, person, PUBLISHABLE_KEY, service, sql, stranger, type Answer, type Ask, type Person } from './backend'

let ada: Person
let ben: Person

beforeAll(async () => {
  await mount()
  ada = await person()
  ben = await person()
})

beforeEach(async () => {
  for (const table of ['reviews', 'books', 'people', 'samples', 'tags']) await sql(`delete from ${table}`)
})

type Row = Record<string, unknown>

const next = ({ headers }: Answer) => headers.get('x-next-cursor')
const prev = ({ headers }: Answer) => headers.get('x-prev-cursor')
const idsOf = ({ json }: Answer): unknown[] => (json as Row[]).map(({ id }) => id)

/** All pages from the first on, and back again from the last. */
async function walk(ask: Ask, path: string, between: () => Promise<void> = () => Promise.resolve()): Promise<[unknown[][], unknown[][]]> {
  const forward: Answer[] = []
  for (let cursor: string | null = ''; cursor !== null; cursor = next(forward.at(-1)!)) {
    const answer = await ask(`${path}&cursor=${cursor}`)
    expect(answer.status, answer.text).toBe(200)
    forward.push(answer)
    await between()
  }
  const backward: Answer[] = []
  for (let cursor = prev(forward.at(-1)!); cursor !== null; cursor = prev(backward[0]!)) {
    const answer = await ask(`${path}&cursor=${cursor}`)
    expect(answer.status, answer.text).toBe(200)
    backward.unshift(answer)
    await between()
  }
  return [forward.map(idsOf), backward.map(idsOf)]
}

/** A generator of numbers below 1, the same for the same seed. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** A row of few different values, so that most are equal, and some are NULL. */
function sample(id: string, draw: () => number): (string | number | null)[] {
  const some = <T>(...values: T[]): T | null => (draw() < 0.25 ? null : values[Math.floor(draw() * values.length)]!)
  return [
    id,
    some('-9223372036854775808', '9007199254740993', '9007199254740992', '0'),
    some(0.1, 0.1 + Number.EPSILON / 8, 1e-300, -1.5, 1e300),
    some('1.10', '1.1', '-0.25', '12345678901234567.89'),
    some(0, 1),
    some('1700000000', '-1'),
    some('1700000000001', '1700000000002', '253402300800000'),
    some('2026-01-02', 'not a date'),
    some('', "it's", 'Ünï"code', 'a,b)c', 'x'.repeat(300)),
  ]
}

async function insertSamples(rows: readonly (string | number | null)[][]): Promise<void> {
  const cell = (n: number) => `value ->> ${n}`
  await sql(
    `insert into samples (id, whole, ratio, amount, flag, seconds, millis, day, note) select ${cell(0)}, cast(${cell(1)} as integer), ${cell(2)}, ${cell(3)}, ${cell(4)}, cast(${cell(5)} as integer), cast(${cell(6)} as integer), ${cell(7)}, ${cell(8)} from json_each(?)`,
    JSON.stringify(rows),
  )
}

const ORDERS = [
  'id',
  'id.desc',
  'whole,ratio.desc',
  'ratio.nullsfirst',
  'amount.desc.nullslast,flag',
  'flag,seconds.desc.nullslast,millis',
  'millis.desc',
  'day.nullsfirst,note.desc',
  'note.desc.nullslast,whole.nullsfirst,ratio',
]

describe('pages by cursor', () => {
  test('hold each row once, in the order of the whole list, both ways, by columns of every type with ties and nulls', async () => {
    const draw = random(7)
    await insertSamples(Array.from({ length: 20 }, (_, n) => sample(`s${n}`, draw)))
    for (const order of ORDERS) {
      // With the key, as the pages have it.
      const tie = order.startsWith('id') ? '' : `,id${order.split(',').at(-1)!.includes('.desc') ? '.desc' : ''}`
      const whole = idsOf(await service(`/rest/v1/samples?select=id&order=${order}${tie}`))
      for (const limit of [3, 19, 20]) {
        const [forward, backward] = await walk(service, `/rest/v1/samples?select=id&order=${order}&limit=${limit}`)
        expect(forward.flat(), `${order} by ${limit}`).toEqual(whole)
        expect(forward).toHaveLength(Math.ceil(20 / limit))
        expect([...backward.flat(), ...forward.at(-1)!], `${order} back by ${limit}`).toEqual(whole)
      }
    }
  }, 60_000)

  test('neither pass over nor repeat a row that is there throughout, while others are inserted and deleted', async () => {
    for (let seed = 1; seed <= 9; seed++) {
      await sql('delete from samples')
      const draw = random(seed)
      const stays = Array.from({ length: 25 }, (_, n) => `k${n}`)
      const passing = new Set(Array.from({ length: 15 }, (_, n) => `p${n}`))
      await insertSamples([...stays, ...passing].map((id) => sample(id, draw)))
      let made = 0
      const meddle = async () => {
        const victims = [...passing].filter(() => draw() < 0.3)
        const added = Array.from({ length: Math.floor(draw() * 4) }, () => `${draw() < 0.5 ? 'a' : 'z'}${made++}`)
        await Promise.all([
          insertSamples(added.map((id) => sample(id, draw))),
          ...victims.map((id) => sql('delete from samples where id = ?', id)),
        ])
        for (const id of victims) passing.delete(id)
        for (const id of added) passing.add(id)
      }
      const order = ORDERS[seed % ORDERS.length]!
      const [forward, backward] = await walk(service, `/rest/v1/samples?select=id&order=${order}&limit=${1 + (seed % 5)}`, meddle)
      const seen = forward.flat()
      expect(new Set(seen).size, `seed ${seed}`).toBe(seen.length)
      expect(
        stays.filter((id) => !seen.includes(id)),
        `seed ${seed}`,
      ).toEqual([])
      const back = [...backward.flat(), ...forward.at(-1)!]
      expect(new Set(back).size, `seed ${seed}`).toBe(back.length)
      expect(
        stays.filter((id) => !back.includes(id)),
        `seed ${seed}`,
      ).toEqual([])
    }
  }, 60_000)

  test('say where they are in Link too, keep filters and shape, and count all rows', async () => {
    await sql("insert into books (id, title, pages, created_at) values (1, 'A', 5, 0), (2, 'B', 5, 0), (3, 'C', 1, 0), (4, 'D', 5, 0)")
    const first = await stranger('/rest/v1/books?select=title&pages=eq.5&order=title.desc&limit=2&cursor=', {
      headers: { prefer: 'count=exact', accept: 'text/csv' },
    })
    expect([first.status, first.text, first.headers.get('content-range'), prev(first)]).toEqual([206, 'title\nD\nB', '0-1/3', null])
    expect(first.headers.get('access-control-expose-headers')).toContain('X-Next-Cursor')
    const link = /^<(\?[^>]+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1]
    expect(link).toBe(`?select=title&pages=eq.5&order=title.desc&limit=2&cursor=${next(first)}`)
    const second = await stranger(`/rest/v1/books${link}`, { headers: { prefer: 'count=exact' } })
    expect([second.json, second.headers.get('content-range'), next(second)]).toEqual([[{ title: 'A' }], '*/3', null])
    expect(second.headers.get('link')).toContain('rel="prev"')
    expect((await stranger(`/rest/v1/books?order=title.desc&cursor=${next(first)}`, { method: 'HEAD' })).status).toBe(200)
    // Without the parameter nothing of it is there.
    expect([...(await stranger('/rest/v1/books?limit=2')).headers.keys()].filter((name) => /cursor|link/.test(name))).toEqual([])
  })

  test("come through supabase-js's order and limit", async () => {
    await sql("insert into tags (id, label) values ('a', 'x'), ('b', 'y'), ('c', 'z')")
    let cursor: string | null = ''
    const paged: typeof fetch = async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input)
      url.searchParams.set('cursor', cursor ?? '')
      const answer = await fetchBackend(url, init)
      cursor = answer.headers.get('x-next-cursor')
      return answer
    }
    const client = createClient('http://localhost', PUBLISHABLE_KEY, { global: { fetch: paged } })
    const found: unknown[] = []
    for (let page = 0; page < 2; page++) {
      const { data, error } = await client.from('tags').select('id').order('label', { ascending: false }).limit(2)
      expect(error).toBeNull()
      found.push(data)
    }
    expect([found, cursor]).toEqual([[[{ id: 'c' }, { id: 'b' }], [{ id: 'a' }]], null])
  })

  test('are under the policy like any read, and hold nothing that the caller may not read', async () => {
    await sql(
      "insert into people (id, name, email, secret) values ('1', 'n', 'one@example.com', 'hush'), ('2', 'n', 'two@example.com', 'hush'), (?, 'n', 'me@example.com', 'hush')",
      ada.id,
    )
    const [forward] = await walk(ada.ask, '/rest/v1/people?select=id&order=email.desc.nullslast&limit=1')
    expect(forward.flat()).toHaveLength(3)
    expect(forward.flat()[0]).toBe(ada.id)
    for (let answer = await ada.ask('/rest/v1/people?order=email&limit=1&cursor='); ;) {
      const text = atob((next(answer) ?? '').replaceAll('-', '+').replaceAll('_', '/'))
      expect(text).not.toMatch(/one@|two@|hush/)
      if (next(answer) === null) break
      answer = await ada.ask(`/rest/v1/people?order=email&limit=1&cursor=${next(answer)}`)
    }
    await sql(
      "insert into books (id, title, owner_id, published, created_at) values (1, 'A', ?1, 0, 0), (2, 'B', ?2, 0, 0)",
      ada.id,
      ben.id,
    )
    const hers = await ada.ask('/rest/v1/books?order=title&limit=1&cursor=')
    expect([idsOf(hers), next(hers)]).toEqual([[1], null])
    // Somebody else's cursor is a place like any other.
    const all = await service('/rest/v1/books?order=title&limit=1&cursor=')
    expect(idsOf(await ada.ask(`/rest/v1/books?order=title&limit=1&cursor=${next(all)}`))).toEqual([])
  })
})

describe('a cursor that does not fit', () => {
  const begin = async () => {
    await sql("insert into books (id, title, pages, created_at) values (1, 'A', 5, 0), (2, 'B', 5, 0)")
    return next(await stranger('/rest/v1/books?order=title&limit=1&cursor='))!
  }
  const code = async (address: string) => {
    const { status, json } = await stranger(address)
    return [status, (json as { code: string }).code]
  }

  test('is refused by name: garbage, another order or table, an offset beside it', async () => {
    const cursor = await begin()
    for (const garbage of ['x', '%00', 'e30', `${cursor}A`, cursor.slice(0, -6), 'A'.repeat(3000), "1'--", btoa('[1,2,3,4]')])
      expect(await code(`/rest/v1/books?order=title&cursor=${garbage}`), garbage).toEqual([400, garbage === '%00' ? '22021' : 'PGRST103'])
    for (const order of ['title.desc', 'title.nullsfirst', 'title,pages', 'pages'])
      expect(await code(`/rest/v1/books?order=${order}&cursor=${cursor}`), order).toEqual([400, 'PGRST103'])
    expect(await code(`/rest/v1/tags?order=label&cursor=${cursor}`)).toEqual([400, 'PGRST103'])
    expect(await code(`/rest/v1/books?order=title&cursor=${cursor}&offset=1`)).toEqual([400, 'PGRST100'])
    // The parameter is a read's; a write has a filter on a column that isn't there.
    const write = await service('/rest/v1/books?cursor=', { method: 'DELETE' })
    expect([write.status, await sql('select count(*) as n from books')]).toEqual([400, [{ n: 2 }]])
  })

  test('with changed values asks what a filter could, and no SQL', async () => {
    const cursor = await begin()
    const parts = JSON.parse(atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))) as unknown[]
    const forged = (...values: unknown[]) =>
      btoa(JSON.stringify([...parts.slice(0, 4), ...values]))
        .replaceAll('+', '-')
        .replaceAll('/', '_')
        .replaceAll('=', '')
    const asked = async (...values: unknown[]) => stranger(`/rest/v1/books?order=title&cursor=${forged(...values)}`)
    expect(idsOf(await asked("A' or 1=1 --", '0'))).toEqual([2])
    expect(idsOf(await asked(null, null))).toEqual([])
    for (const values of [
      [],
      ['A'],
      ['A', '1', '2'],
      ['A', 'x'],
      ['A', '1 or 1'],
      ['A\0', '1'],
      ['A', 1],
      [{}, '1'],
      ['A', '1'.repeat(40)],
    ])
      expect([(await asked(...values)).status, values]).toEqual([400, values])
  })

  test('of another time line or store says to begin anew', async () => {
    const cursor = await begin()
    const [{ epoch }] = (await sql('select epoch from sys_store')) as [{ epoch: string }]
    await sql("update sys_store set epoch = 'another'")
    const gone = await stranger(`/rest/v1/books?order=title&cursor=${cursor}`)
    await sql('update sys_store set epoch = ?', epoch)
    expect([gone.status, gone.json]).toMatchObject([410, { code: 'PT410', message: expect.stringContaining('Start anew') as string }])
    expect((await stranger(`/rest/v1/books?order=title&cursor=${cursor}`)).status).toBe(200)
  })

  test('needs an order that leads to a place: not by related rows, JSON or groups, nor by a value too long', async () => {
    await begin()
    for (const path of [
      'books?select=id,author:people!author_id(name)&order=author(name)',
      'books?order=meta->x',
      'books?order=meta',
      'books?select=pages,count()',
    ])
      expect(await code(`/rest/v1/${path}&cursor=`), path).toEqual([400, 'PGRST127'])
    await sql('insert into samples (id, note) values (?1, ?2), (?3, ?2)', 'a', 'x'.repeat(1_600), 'b')
    expect(await code('/rest/v1/samples?order=note&limit=1&cursor=')).toEqual([400, '54000'])
    await sql('update samples set note = ?', 'x'.repeat(1_200))
    expect((await walk(stranger, '/rest/v1/samples?order=note&limit=1'))[0]).toEqual([['a'], ['b']])
  })
})
