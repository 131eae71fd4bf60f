// Calling the app's functions: which, with what, and how values come back.
import { beforeAll, describe, expect, test } from 'vitest'
import { fillShelves, nobody, person, service, stranger, type Answer, type Person } from './counter'

let reader: Person

beforeAll(async () => {
  await fillShelves()
  reader = await person()
})

const rpc = '/rest/v1/rpc'
const code = (answer: Answer) => (answer.json as { code: string } | null)?.code
const post = (name: string, body: unknown, headers: Record<string, string> = {}) => stranger(`${rpc}/${name}`, { body, headers })

describe('which function', () => {
  test('one that is not there is told with what was searched, and a near one is named', async () => {
    const answer = await post('ad', { a: 1, b: 2 })
    expect([answer.status, code(answer)]).toEqual([404, 'PGRST202'])
    expect(answer.json).toMatchObject({
      message: 'Could not find the function public.ad(a, b) in the schema cache',
      details:
        'Searched for the function public.ad with parameters a, b or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache.',
      hint: null,
    })
    expect((await post('echoo', {})).json).toMatchObject({
      message: 'Could not find the function public.echoo without parameters in the schema cache',
      details: expect.stringContaining('without parameters or with a single unnamed json/jsonb parameter, but') as string,
      hint: 'Perhaps you meant to call the function public.echo',
    })
  })

  test('arguments that are missing or unknown find no function', async () => {
    for (const body of [{ b: 1 }, { a: 1, c: 2 }]) {
      const answer = await post('add', body)
      expect([answer.status, code(answer)]).toEqual([404, 'PGRST202'])
      expect(answer.json).toMatchObject({ hint: 'Perhaps you meant to call the function public.add(a, b)' })
    }
    expect((await stranger(`${rpc}/add?a=1&c=2`)).status).toBe(404)
    const none = await stranger(`${rpc}/add`)
    expect([none.status, none.json]).toMatchObject([404, { code: 'PGRST202', hint: null }])
  })

  test('other schemas have none, and other verbs are refused', async () => {
    expect(code(await post('add', { a: 1 }, { 'content-profile': 'annex' }))).toBe('PGRST202')
    expect(code(await post('add', { a: 1 }, { 'content-profile': 'nope' }))).toBe('PGRST106')
    expect((await post('add', { a: 1 }, { 'content-profile': 'public' })).headers.get('content-profile')).toBe('public')
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const answer = await stranger(`${rpc}/add`, { method })
      expect([answer.status, code(answer)]).toEqual([405, 'PGRST101'])
    }
  })

  test('OPTIONS says which verbs there are', async () => {
    expect((await stranger(`${rpc}/add`, { method: 'OPTIONS' })).headers.get('allow')).toBe('OPTIONS,GET,HEAD,POST')
    expect((await stranger(`${rpc}/borrow`, { method: 'OPTIONS' })).headers.get('allow')).toBe('OPTIONS,POST')
    expect((await stranger(`${rpc}/nope`, { method: 'OPTIONS' })).status).toBe(404)
  })
})

describe('who may call', () => {
  test('is asked before anything runs: 401 for a stranger, 403 for a person', async () => {
    const denied = await post('mine_only', {})
    expect([denied.status, code(denied), denied.headers.get('www-authenticate')]).toEqual([401, '42501', 'Bearer'])
    expect((await nobody(`${rpc}/mine_only`, { body: {} })).status).toBe(401)
    expect((await reader.ask(`${rpc}/mine_only`, { body: {} })).json).toBe(reader.id)
    const editors = await reader.ask(`${rpc}/editors_only`, { body: {} })
    expect([editors.status, code(editors)]).toEqual([403, '42501'])
    expect(code(await reader.ask(`${rpc}/service_only`, { body: {} }))).toBe('42501')
    expect((await service(`${rpc}/service_only`, { body: {} })).json).toBe('service_role')
  })

  test('whoever may not is not told what is wrong with an argument', async () => {
    expect(code(await stranger(`${rpc}/borrow`, { body: { book: 'x' } }))).toBe('42501')
  })

  test('a session that was ended ends also a function that asks no table', async () => {
    const gone = await person()
    expect((await gone.ask(`${rpc}/mine_only`, { body: {} })).status).toBe(200)
    await gone.ask('/auth/v1/logout', { method: 'POST' })
    for (const name of ['mine_only', 'effect']) {
      const answer = await gone.ask(`${rpc}/${name}`, { body: {} })
      expect([answer.status, code(answer)]).toEqual([401, 'PGRST303'])
    }
    expect(code(await gone.ask(`${rpc}/good_books`))).toBe('PGRST303')
  })
})

describe('arguments', () => {
  const echo = async (search: string) =>
    (await stranger(`${rpc}/echo?${search}`)).json as Record<string, unknown> & { types: Record<string, string> }

  test('of an address are texts, which the schema gives their types', async () => {
    const given = await echo(
      'text=5&flag=t&list={1,2}&names={a,%22b,c%22}&day=2026-01-02&at=2026-01-02T03:04:05Z&big=9007199254740993&data={%22n%22:1}&any=[1]&kind=a&either=3',
    )
    expect(given).toMatchObject({
      text: '5',
      flag: true,
      list: [1, 2],
      names: ['a', 'b,c'],
      day: '2026-01-02',
      at: '2026-01-02T03:04:05.000Z',
      data: { n: 1 },
      any: [1],
      kind: 'a',
      either: 3,
    })
    expect(given.types).toMatchObject({ text: 'string', flag: 'boolean', big: 'bigint', at: 'object' })
    expect(await echo('list=1&list=2&either=none&any=plain&flag=0')).toMatchObject({
      list: [1, 2],
      either: 'none',
      any: 'plain',
      flag: false,
    })
    expect(await echo('list=[3,4]')).toMatchObject({ list: [3, 4] })
    expect(await echo('text=eq.5&text=in.(1)')).toMatchObject({ text: 'in.(1)' })
  })

  test('of a body are JSON, and texts are cast as Postgres would', async () => {
    const given = (await post('echo', { text: '5', flag: 'true', list: ['1', 2], big: 5, any: '5', at: '2026-01-02' })).json as Record<
      string,
      unknown
    >
    expect(given).toMatchObject({ text: '5', flag: true, list: [1, 2], any: '5', at: '2026-01-02T00:00:00.000Z' })
    const exact = await stranger(`${rpc}/echo`, { body: '{"big":9007199254740993}' })
    expect(exact.text).toContain('"big":9007199254740993')
  })

  test('of a form are texts', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await stranger(`${rpc}/add`, { body: 'a=2&b=3', headers })).json).toBe(5)
  })

  test('an empty body is none, and defaults hold', async () => {
    expect((await stranger(`${rpc}/empty_args`, { method: 'POST' })).json).toBe('ok')
    expect((await stranger(`${rpc}/nothing_at_all`, { method: 'POST' })).status).toBe(204)
    expect((await post('add', { a: 1 })).json).toBe(2)
  })

  test('columns= says which of the body to take', async () => {
    expect((await stranger(`${rpc}/add?columns=a,b`, { body: { a: 1, b: 5, c: 7 } })).json).toBe(6)
    expect((await stranger(`${rpc}/add?columns=a`, { body: { a: 1, b: 5 } })).json).toBe(2)
  })

  test('of the wrong type are told by name', async () => {
    for (const answer of [
      await post('add', { a: 'x' }),
      await stranger(`${rpc}/add?a=x`),
      await post('add', { a: null }),
      await stranger(`${rpc}/echo?at=5`),
      await post('squares', { n: -1 }),
    ]) {
      expect([answer.status, code(answer)]).toEqual([400, '22P02'])
      expect((answer.json as { message: string }).message).toMatch(/^invalid input for function (add: a|squares: n|echo: at): /)
    }
  })

  test('of a list the first object counts, and null is no argument', async () => {
    expect((await post('add', [{ a: 1, b: 2 }, { a: 9 }] as never)).json).toBe(3)
    for (const body of ['null', '[]', '']) expect((await post('empty_args', body as never)).json).toBe('ok')
    expect(code(await post('add', 'null' as never))).toBe('PGRST202')
  })

  test('a body that is no object is refused', async () => {
    for (const body of ['[1]', '"a"', '3', '[[]]', '{', '{"a":1,"__proto__":{}}']) expect(code(await post('add', body))).toBe('PGRST102')
    expect(code(await post('add', { a: 'x\0' }))).toBe('22P05')
    expect(code(await stranger(`${rpc}/add`, { body: 'a', headers: { 'content-type': 'image/png' } }))).toBe('PGRST102')
    const plain = await stranger(`${rpc}/add`, { body: 'a', headers: { 'content-type': 'text/plain' } })
    expect([plain.status, (plain.json as { message: string }).message]).toEqual([
      404,
      'Could not find the function public.add in the schema cache',
    ])
  })
})

describe('values', () => {
  test('come bare, with the headers of a read', async () => {
    const answer = await stranger(`${rpc}/add?a=1&b=2`)
    expect([answer.status, answer.text, answer.headers.get('content-range'), answer.headers.get('content-location')]).toEqual([
      200,
      '3',
      '0-0/*',
      '/rpc/add?a=1&b=2',
    ])
    expect((await stranger(`${rpc}/null_value`)).text).toBe('null')
    expect((await post('add', { a: 1 })).headers.get('content-location')).toBeNull()
  })

  test('of a set are a list, paged and counted', async () => {
    expect((await stranger(`${rpc}/squares?n=4`)).json).toEqual([0, 1, 4, 9])
    const page = await stranger(`${rpc}/squares?n=4&limit=2&offset=1`, { headers: { prefer: 'count=exact' } })
    expect([page.status, page.text, page.headers.get('content-range')]).toEqual([206, '[1,4]', '1-2/4'])
    expect((await stranger(`${rpc}/squares?n=4`, { headers: { range: '2-9' } })).text).toBe('[4,9]')
    const past = await stranger(`${rpc}/squares?n=4&offset=5`, { headers: { prefer: 'count=exact' } })
    expect([past.status, code(past)]).toEqual([416, 'PGRST103'])
    expect((await stranger(`${rpc}/squares?n=0`)).headers.get('content-range')).toBe('*/*')
    expect(code(await stranger(`${rpc}/squares?n=4&limit=-1`))).toBe('PGRST103')
  })

  test('have no columns to filter or order by', async () => {
    for (const search of ['n=4&x=eq.1', 'n=4&order=x', 'n=4&or=(x.eq.1,y.eq.2)', 'n=4&not.and=(x.eq.1)'])
      expect(code(await stranger(`${rpc}/squares?${search}`))).toBe('42703')
  })

  test('HEAD gives the headers, and nothing the status 204', async () => {
    const head = await stranger(`${rpc}/squares?n=4`, { method: 'HEAD', headers: { prefer: 'count=exact' } })
    expect([head.status, head.text, head.headers.get('content-range')]).toEqual([200, '', '0-3/4'])
    expect((await stranger(`${rpc}/nothing_at_all`)).status).toBe(204)
    expect((await stranger(`${rpc}/nothing_at_all`, { method: 'HEAD' })).status).toBe(204)
    const minimal = await post('squares', { n: 4 }, { prefer: 'count=exact,return=minimal' })
    expect([minimal.status, minimal.text, minimal.headers.get('content-range'), minimal.headers.get('preference-applied')]).toEqual([
      204,
      '',
      '0-3/4',
      'return=minimal, count=exact',
    ])
  })

  test('as one object, as CSV, and in no other type', async () => {
    const object = { accept: 'application/vnd.pgrst.object+json' }
    expect((await stranger(`${rpc}/add?a=1`, { headers: object })).text).toBe('2')
    expect((await stranger(`${rpc}/squares?n=1`, { headers: object })).text).toBe('0')
    expect(code(await stranger(`${rpc}/squares?n=2`, { headers: object }))).toBe('PGRST116')
    expect((await stranger(`${rpc}/squares?n=2`, { headers: { accept: 'text/csv' } })).text).toBe('pgrst_scalar\n0\n1')
    expect(code(await stranger(`${rpc}/add?a=1`, { headers: { accept: 'image/png' } }))).toBe('PGRST107')
    expect(code(await stranger(`${rpc}/add?a=1`, { headers: { accept: 'application/vnd.pgrst.plan+text' } }))).toBe('PGRST107')
  })

  test('max-affected bounds sets that are read', async () => {
    const prefer = (n: number) => ({ prefer: `handling=strict, max-affected=${n}` })
    const within = await post('squares', { n: 2 }, prefer(2))
    expect([within.text, within.headers.get('preference-applied')]).toEqual(['[0,1]', 'handling=strict, max-affected=2'])
    expect(code(await post('squares', { n: 3 }, prefer(2)))).toBe('PGRST124')
    expect(code(await post('good_books', {}, prefer(2)))).toBe('PGRST124')
    expect(code(await post('add', { a: 1 }, prefer(2)))).toBe('PGRST128')
    expect(code(await post('nothing_at_all', {}, prefer(2)))).toBe('PGRST128')
    expect(code(await reader.ask(`${rpc}/annotate`, { body: { id: 'x', note: 'y' }, headers: prefer(2) }))).toBe('PGRST127')
  })
})

describe('errors of the app', () => {
  test('that it raises are told as it says', async () => {
    const plain = await stranger(`${rpc}/refuse`)
    expect([plain.status, plain.json]).toEqual([400, { code: 'P0001', message: 'not today', details: 'It rains.', hint: 'Come again.' }])
    expect((await stranger(`${rpc}/refuse?code=PT418`)).status).toBe(418)
    const stated = await stranger(`${rpc}/refuse?status=409`)
    expect([stated.status, code(stated)]).toEqual([409, 'PT409'])
    expect((await stranger(`${rpc}/refuse?status=402&code=23514`)).status).toBe(402)
  })

  test('that it did not mean to tell say nothing', async () => {
    for (const search of ['burst', 'liar', 'refuse?code=no', 'refuse?status=200', 'secrets']) {
      const answer = await stranger(`${rpc}/${search}`)
      expect([answer.status, code(answer)]).toEqual([500, 'XX000'])
      expect(answer.text).not.toMatch(/1234|pin|raise|secret|no such/)
    }
  })

  test('one that asks the database too often is stopped', async () => {
    expect((await stranger(`${rpc}/busy?calls=40`)).json).toBe(40)
    expect(code(await stranger(`${rpc}/busy?calls=41`))).toBe('54000')
  })

  test('one that gives more than an answer holds is stopped', async () => {
    expect((await stranger(`${rpc}/many_rows?bytes=1800000`)).status).toBe(200)
    expect(code(await stranger(`${rpc}/many_rows?bytes=1900000`))).toBe('54000')
  })
})
