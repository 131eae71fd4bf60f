// What bad input gets: the right status, an error that names the problem, no 500, nothing written, nothing told.
import { beforeAll, describe, expect, test } from 'vitest'
import { fetchBackend, mount, nobody, person, PUBLISHABLE_KEY, service, sql, stranger, type Ask, type Person } from './backend'

let ada: Person

beforeAll(async () => {
  await mount()
  ada = await person()
  const books = [
    { id: 1, title: 'secret title', published: false },
    { id: 2, title: 'open', published: true },
  ]
  expect((await service('/rest/v1/books', { body: books })).status).toBe(201)
})

async function refused(ask: Ask, address: string, asked: Parameters<Ask>[1], status: number, code: string): Promise<string> {
  const answer = await ask(`/rest/v1/${address}`, asked)
  const body = (answer.json ?? {}) as { code?: string; message?: unknown }
  expect([answer.status, body.code, typeof body.message]).toEqual([status, code, 'string'])
  expect(Object.keys(body)).toEqual(['code', 'message', 'details', 'hint'])
  expect(answer.text).not.toContain('secret title')
  expect(answer.text).not.toMatch(/SQLITE|D1_ERROR|\.ts:\d|select `|insert into `/)
  return answer.text
}

describe('keys and tokens', () => {
  const encode = (value: unknown) => btoa(JSON.stringify(value)).replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_')

  test('no API key, a wrong one, and tokens that are not ours are 401', async () => {
    expect((await nobody('/rest/v1/books')).status).toBe(401)
    expect((await nobody('/rest/v1/books', { headers: { apikey: 'sb_publishable_wrong' } })).status).toBe(401)
    const [header = '', payload = '', signature = ''] = ada.token.split('.')
    const claims = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>
    const kid = (JSON.parse(atob(header)) as { kid: string }).kid
    const forged = [
      `${encode({ alg: 'none', typ: 'JWT' })}.${payload}.`,
      `${encode({ alg: 'HS256', typ: 'JWT', kid })}.${payload}.${signature}`,
      `${header}.${encode({ ...claims, role: 'service_role' })}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
      'not.a.token',
    ]
    for (const token of forged) {
      const { status, json } = await stranger('/rest/v1/books', { headers: { authorization: `Bearer ${token}` } })
      expect([token.slice(0, 12), status, (json as { code: string }).code]).toEqual([token.slice(0, 12), 401, 'PGRST301'])
    }
  })

  test('a token whose session ended is refused on the next call, also by a write of nothing', async () => {
    const ben = await person()
    expect((await ben.ask('/rest/v1/books')).status).toBe(200)
    expect((await ben.ask('/auth/v1/logout', { method: 'POST' })).status).toBe(204)
    await refused(ben.ask, 'books', {}, 401, 'PGRST303')
    await refused(ben.ask, 'books', { body: { title: 'x' } }, 401, 'PGRST303')
    await refused(ben.ask, 'books', { body: [] }, 401, 'PGRST303')
    await refused(ben.ask, 'books?id=eq.2', { method: 'DELETE' }, 401, 'PGRST303')
  })
})

describe('addresses', () => {
  test.each([
    ['bokos', 404, 'PGRST205'],
    ['auth_users', 404, 'PGRST205'],
    ['sys_changes', 404, 'PGRST205'],
    ['sqlite_master', 404, 'PGRST205'],
    ['trips', 404, 'PGRST205'],
    ['books/1', 404, 'PGRST125'],
    ['rpc/anything', 404, 'PGRST202'],
    ['', 404, 'PGRST126'],
    ['constructor', 404, 'PGRST205'],
    ['books%00', 404, 'PGRST205'],
    ["books';drop table books--", 404, 'PGRST205'],
  ])('%j is %i %s', async (address, status, code) => {
    await refused(stranger, address, {}, status, code)
  })

  test('OPTIONS says which methods there are, and a preflight echoes the headers it asks for', async () => {
    const options = await stranger('/rest/v1/books', { method: 'OPTIONS' })
    expect([options.status, options.headers.get('allow'), options.headers.get('access-control-allow-origin')]).toEqual([
      200,
      'OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE',
      '*',
    ])
    await refused(stranger, 'bokos', { method: 'OPTIONS' }, 404, 'PGRST205')
    const preflight = await nobody('/rest/v1/books', {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'apikey,x-retry-count',
      },
    })
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([204, 'apikey,x-retry-count'])
    expect(
      (await stranger('/rest/v1/books', { headers: { origin: 'https://app.example' } })).headers.get('access-control-expose-headers'),
    ).toContain('Content-Range')
  })

  test('a key in the address is no filter, and is not repeated', async () => {
    const { status, headers } = await nobody(`/rest/v1/books?apikey=${PUBLISHABLE_KEY}&id=eq.2`)
    expect([status, headers.get('content-location')]).toEqual([200, '/books?id=eq.2'])
  })

  test('methods that do nothing here are 405', async () => {
    await refused(stranger, 'books', { method: 'PUT', body: {} }, 405, 'PGRST105')
    await refused(stranger, 'rpc/anything', { method: 'DELETE' }, 405, 'PGRST101')
  })
})

describe('queries', () => {
  const nested = (levels: number) => `and=(${'or('.repeat(levels - 1)}id.eq.1,id.eq.2${')'.repeat(levels)}`

  const cases: readonly (readonly [address: string, status: number, code: string])[] = [
    ['books?title=nope', 400, 'PGRST100'],
    ['books?title=eq', 400, 'PGRST100'],
    ['books?or=id.eq.1', 400, 'PGRST100'],
    ['books?or=(id.eq.1', 400, 'PGRST100'],
    ['books?select=id,(', 400, 'PGRST100'],
    ['books?order=id.sideways', 400, 'PGRST100'],
    ['books?id=eq.%00', 400, '22021'],
    ['books?select=%00', 400, '22021'],
    ['books?id=eq.%c3%28', 400, 'PGRST100'],
    [`books?id=eq.${'9'.repeat(5000)}`, 400, '22003'],
    [`books?rating=eq.1e999`, 400, '22003'],
    ['books?limit=-1', 416, 'PGRST103'],
    ['books?owner=eq.x', 400, '42703'],
    ['books?select=owner(x)', 400, 'PGRST200'],
    ['people?order=secret', 400, '42703'],
    ['books?select=id;drop table books', 400, 'PGRST100'],
    ["books?title=eq.' or 1=1--", 200, ''],
    [`books?${nested(51)}`, 400, '54001'],
    [`books?select=${'reviews('.repeat(11)}id${')'.repeat(11)}`, 400, 'PGRST100'],
  ]
  test.each(cases.map(([address, status, code]) => [address.slice(0, 60), status, code, address] as const))(
    '%s is %i %s',
    async (_, status, code, address) => {
      if (status === 200) expect(await stranger(`/rest/v1/${encodeURI(address)}`)).toMatchObject({ status, text: '[]' })
      else await refused(stranger, address, {}, status, code)
    },
  )

  test('fifty levels and ten thousand filters are answered or refused, never a 500', async () => {
    const deep = await stranger(`/rest/v1/books?select=id&order=id&${nested(50)}`)
    expect([deep.status, deep.json]).toEqual([200, [{ id: 2 }]])
    let mixed = 'id.eq.2'
    for (let i = 0; i < 48; i++) mixed = i % 2 === 0 ? `or(id.eq.9,${mixed})` : `and(id.lt.9,${mixed})`
    expect((await stranger(`/rest/v1/books?select=id&or=(${mixed})`)).json).toEqual([{ id: 2 }])
    await refused(stranger, `books?${Array.from({ length: 10_000 }, (_, i) => `id=neq.${i}`).join('&')}`, {}, 414, '54000')
    const many = await stranger(`/rest/v1/books?select=id&${Array.from({ length: 1000 }, (_, i) => `id=neq.${i + 10}`).join('&')}`)
    expect([many.status, many.json]).toEqual([200, [{ id: 2 }]])
    expect(many.headers.get('content-location')).toBeNull()
    const or = await stranger(`/rest/v1/books?select=id&or=(${Array.from({ length: 1000 }, (_, i) => `id.eq.${i}`).join(',')})`)
    expect([or.status, or.json]).toEqual([200, [{ id: 2 }]])
    const list = await stranger(`/rest/v1/books?select=id&id=in.(${Array.from({ length: 3000 }, (_, i) => i).join(',')})`)
    expect(list.json).toEqual([{ id: 2 }])
  })

  test('a pattern of any length and any characters is safe', async () => {
    for (const pattern of ['*'.repeat(500), '%_'.repeat(200), '[a-z]*', '\\\\*', 'a\\%', `*${'x'.repeat(3000)}*`]) {
      expect([200, 400]).toContain((await stranger(`/rest/v1/books?title=like.${encodeURIComponent(pattern)}`)).status)
      expect([200, 400]).toContain((await stranger(`/rest/v1/books?title=ilike.${encodeURIComponent(pattern)}`)).status)
    }
  })
})

describe('bodies', () => {
  const bytes = (...values: number[]) => new Uint8Array(values)

  test.each(
    [
      ['', 'PGRST102'],
      ['{', 'PGRST102'],
      ['{"title":"x"', 'PGRST102'],
      ['"text"', 'PGRST102'],
      ['null', 'PGRST102'],
      ['[{"title":"x"},{"pages":1}]', 'PGRST102'],
      ['[{"title":"x"},5]', 'PGRST102'],
      ['{"__proto__":{"title":"x"}}', 'PGRST102'],
      ['{"constructor":"x"}', 'PGRST204'],
      ['{"title":"a\\u0000b"}', '22P05'],
      ['{"title":"\\udc00"}', '22P05'],
      ['{"title":{"a":1},"nope":1}', 'PGRST204'],
      ['{"title":"x","pages":1e400}', '22P02'],
      [`{"title":"x","pages":${'9'.repeat(500)}}`, '22003'],
      [`{"title":"x","meta":${'['.repeat(60)}${']'.repeat(60)}}`, 'PGRST102'],
    ].map(([body = '', code = '']) => [body.slice(0, 50), code, body] as const),
  )('%j is refused with %s', async (_, code, body) => {
    await refused(ada.ask, 'books', { body, method: 'POST' }, 400, code)
    expect(await sql('select count(*) as n from books')).toEqual([{ n: 2 }])
  })

  test('a number too large for anything is named as it was sent', async () => {
    for (const [column, message] of [
      ['pages', 'invalid input syntax for type integer: "1e400"'],
      ['rating', '"1e400" is out of range for type double precision'],
    ]) {
      const { json } = await ada.ask('/rest/v1/books', { body: `{"title":"x","${column}":1e400}`, method: 'POST' })
      expect(json).toMatchObject({ message })
    }
  })

  test('invalid UTF-8, other content types and large bodies are refused', async () => {
    await refused(ada.ask, 'books', { body: bytes(0x7b, 0xff, 0xfe, 0x7d) }, 400, 'PGRST102')
    await refused(ada.ask, 'books', { body: '<book/>', headers: { 'content-type': 'text/xml' } }, 400, 'PGRST102')
    await refused(ada.ask, 'books', { body: 'title,pages\nx', headers: { 'content-type': 'text/csv' } }, 400, 'PGRST102')
    await refused(ada.ask, 'books', { body: `{"title":"${'x'.repeat(13 * 1024 * 1024)}"}` }, 413, '54000')
    expect(await sql('select count(*) as n from books')).toEqual([{ n: 2 }])
  })

  test('a body that is cut half-way is no failure of ours, and writes nothing', async () => {
    const parts = ['[{"title":"cut"},', null]
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const part = parts.shift()
        if (part) controller.enqueue(new TextEncoder().encode(part))
        else controller.error(new Error('Network connection lost.'))
      },
    })
    const headers = { apikey: PUBLISHABLE_KEY, authorization: `Bearer ${ada.token}`, 'content-type': 'application/json' }
    const answer = await fetchBackend('http://localhost/rest/v1/books', { method: 'POST', headers, body })
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'PGRST102'])
    expect((await service('/rest/v1/books?title=eq.cut')).json).toEqual([])
  })
})

describe('headers', () => {
  test.each([
    [{ accept: 'text/html' }, 406, 'PGRST107'],
    [{ 'accept-profile': 'auth' }, 406, 'PGRST106'],
    [{ prefer: 'handling=strict, nonsense' }, 400, 'PGRST122'],
    [{ prefer: 'handling=strict, timezone=Mars/Olympus' }, 400, 'PGRST122'],
    [{ range: '5-1' }, 416, 'PGRST103'],
  ])('%j is %i %s', async (headers, status, code) => {
    await refused(stranger, 'books', { headers: headers as unknown as Record<string, string> }, status, code)
  })
})
