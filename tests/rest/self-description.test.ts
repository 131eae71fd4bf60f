// What the data API says of itself: the root's Swagger 2.0, as tools written for PostgREST read it.
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { createClient } from '@supabase/supabase-js'
import { beforeAll, describe, expect, test } from 'vitest'
import { createBackend } from '../../src/backend'
import { buildModel, type RestRules } from '../../src/define'
import { deriveApiKeys, type Env } from '../../src/platform'
import library from '../apps/library'
import { fetchBackend, mount, nobody, person, PUBLISHABLE_KEY, service, stranger } from './backend'

interface Swagger {
  readonly swagger: string
  readonly host: string
  readonly basePath: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly parameters?: readonly { $ref: string }[] }>>>>
  readonly definitions: Readonly<Record<string, { readonly required?: string[]; readonly properties: Readonly<Record<string, object>> }>>
  readonly parameters: Readonly<Record<string, { readonly name: string; readonly in: string }>>
}

beforeAll(() => mount())

/** The library under other rules, asked with a key. */
async function under(rest: RestRules, key: 'publishable' | 'secret', path = '/rest/v1/', extra: object = {}): Promise<Response> {
  const bindings = env as unknown as Env
  const { secretKey } = await deriveApiKeys(bindings.PERIGEE_ROOT_KEY ?? '')
  const context = createExecutionContext()
  const { headers = {}, ...variables } = extra as { headers?: Record<string, string> }
  const request = new Request(`http://localhost${path}`, {
    headers: { apikey: key === 'secret' ? secretKey : PUBLISHABLE_KEY, ...headers },
  })
  const answer = await createBackend({ ...library, rest }).fetch(request, { ...bindings, ...variables }, context)
  await waitOnExecutionContext(context)
  return answer
}

describe('the root', () => {
  const document = async (headers: Record<string, string> = {}) => (await service('/rest/v1/', { headers })).json as unknown as Swagger

  test('is Swagger 2.0 for the host that was called', async () => {
    const { swagger, host, basePath } = await document()
    expect([swagger, host, basePath]).toEqual(['2.0', 'localhost', '/rest/v1'])
  })

  test('names each served table and visible column, and nothing else', async () => {
    const { text } = await service('/rest/v1/')
    const { paths, definitions } = await document()
    const served = [...buildModel(library).tables.values()].filter((table) => table.served && table.exposed.schema === 'public')
    expect(Object.keys(paths)).toEqual(['/', ...served.map(({ exposed }) => `/${exposed.name}`).toSorted()])
    expect(Object.keys(paths)).toContain('/book_tags')
    expect(Object.keys(paths['/books'] ?? {})).toEqual(['get', 'post', 'delete', 'patch'])
    expect(Object.keys(definitions['people']?.properties ?? {})).toEqual(['id', 'name', 'email', 'mentor_id'])
    expect(text).not.toMatch(/secret"|_version|_updated_at|auth_users|sys_changes|annex/)
  })

  test('describes columns in the words of Postgres, with keys annotated', async () => {
    const { definitions } = await document()
    expect(definitions['samples']?.properties).toEqual({
      id: { type: 'string', format: 'uuid', default: 'uuidv7()', description: 'Note:\nThis is a Primary Key.<pk/>' },
      whole: { type: 'integer', format: 'bigint' },
      ratio: { type: 'number', format: 'double precision' },
      amount: { type: 'number', format: 'numeric' },
      flag: { type: 'boolean', format: 'boolean' },
      seconds: { type: 'string', format: 'timestamp with time zone' },
      millis: { type: 'string', format: 'timestamp with time zone' },
      day: { type: 'string', format: 'date' },
      data: { format: 'jsonb' },
      bytes: { type: 'string', format: 'bytea' },
      note: { type: 'string', format: 'text', default: 'none' },
    })
    expect(definitions['books']?.properties).toMatchObject({
      author_id: { description: "Note:\nThis is a Foreign Key to `people.id`.<fk table='people' column='id'/>" },
      genre: { type: 'string', format: 'public.books_genre', enum: ['novel', 'poetry', 'essay'] },
      title: { maxLength: 100 },
      published: { type: 'boolean', default: true },
      created_at: { default: 'now()', readOnly: true },
    })
    expect(definitions['books']?.required).toEqual(['id', 'title', 'published', 'created_at'])
    // A key that is a reference too says both.
    expect(definitions['editions']?.properties['book_id']).toMatchObject({
      description: "Note:\nThis is a Primary Key.<pk/>\nThis is a Foreign Key to `books.id`.<fk table='books' column='id'/>",
    })
    // Null where the caller may not read it, whatever the database holds.
    expect(definitions['people']?.required).toEqual(['id', 'name'])
  })

  test('has parameters for rows, pages and preferences, and each reference leads somewhere', async () => {
    const { text, json } = await service('/rest/v1/')
    const { parameters, paths } = json as unknown as Swagger
    const found = json as unknown as Record<string, Record<string, unknown>>
    const references = [...text.matchAll(/"#\/(\w+)\/([^"]+)"/g)]
    expect(references.length).toBeGreaterThan(50)
    for (const [, kind = '', name = ''] of references) expect(found[kind]).toHaveProperty([name])
    expect(parameters['rowFilter.books.genre']).toEqual({ name: 'genre', in: 'query', required: false, type: 'string' })
    expect(parameters['body.books']).toMatchObject({ in: 'body', schema: { $ref: '#/definitions/books' } })
    const asked = (paths['/tags']?.['get']?.parameters ?? []).map(({ $ref }) => $ref.slice('#/parameters/'.length))
    expect(asked).toEqual([
      'rowFilter.tags.id',
      'rowFilter.tags.label',
      'select',
      'order',
      'range',
      'rangeUnit',
      'offset',
      'limit',
      'preferCount',
    ])
  })

  test('speaks of the schema that a header chooses', async () => {
    const answer = await service('/rest/v1/', { headers: { 'accept-profile': 'annex' } })
    expect(answer.headers.get('content-profile')).toBe('annex')
    expect(Object.keys((answer.json as unknown as Swagger).paths)).toEqual(['/', '/loans', '/people'])
    expect(answer.text).toContain("<fk table='people' column='id'/>")
    expect(await service('/rest/v1/', { headers: { 'accept-profile': 'other' } })).toMatchObject({
      status: 406,
      json: { code: 'PGRST106' },
    })
  })

  test('comes as OpenAPI or plain JSON, to HEAD without a body, and says what it takes', async () => {
    const type = async (accept: string) => (await service('/rest/v1/', { headers: { accept } })).headers.get('content-type')
    expect(await type('*/*')).toBe('application/openapi+json; charset=utf-8')
    expect(await type('application/openapi+json')).toBe('application/openapi+json; charset=utf-8')
    expect(await type('application/json')).toBe('application/json; charset=utf-8')
    expect(await service('/rest/v1/', { headers: { accept: 'text/csv' } })).toMatchObject({ status: 406, json: { code: 'PGRST107' } })
    const head = await service('/rest/v1/', { method: 'HEAD' })
    expect([head.status, head.text, head.headers.get('content-type')]).toEqual([200, '', 'application/openapi+json; charset=utf-8'])
    const options = await service('/rest/v1/', { method: 'OPTIONS' })
    expect([options.status, options.headers.get('allow')]).toEqual([200, 'OPTIONS,GET,HEAD'])
    expect(await service('/rest/v1/', { method: 'POST', body: {} })).toMatchObject({ status: 405, json: { code: 'PGRST117' } })
  })

  test('is for the secret key alone, unless the app says otherwise', async () => {
    expect((await nobody('/rest/v1/')).status).toBe(401)
    const { ask } = await person()
    for (const asker of [stranger, ask]) expect(await asker('/rest/v1/')).toMatchObject({ status: 404, json: { code: 'PGRST126' } })
    expect((await under({ openapi: 'anyone' }, 'publishable')).status).toBe(200)
    expect((await under({ openapi: 'off' }, 'secret')).status).toBe(404)
  })
})

describe('a plan', () => {
  const accept = (text: string) => ({ headers: { accept: text } })
  const TEXT = 'application/vnd.pgrst.plan+text; for="application/json"; options=;'
  const JSON_ANALYZED = 'application/vnd.pgrst.plan+json; for="application/json"; options=analyze|verbose;'

  interface Planned {
    readonly Plan: {
      readonly 'Node Type': string
      readonly 'Rows Read'?: number
      readonly 'Actual Rows'?: number
      readonly Plans: object[]
    }
    readonly 'Query Text'?: string
  }

  test('is the tree that the database would walk, in one call', async () => {
    const answer = await stranger('/rest/v1/reviews?book_id=eq.1&select=stars,books(title)', accept(TEXT))
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'application/vnd.pgrst.plan+text; for="application/json"; charset=utf-8',
    ])
    expect(answer.text).toMatch(/^Aggregate on reviews\n {2}-> {2}/)
    expect(answer.text).toMatch(/SEARCH \w+ USING INDEX reviews_book \(book_id=\?\) {2}\[reviews\]/)
    expect(answer.text).toMatch(/SEARCH \w+ USING INTEGER PRIMARY KEY \(rowid=\?\) {2}\[books\]/)
    expect(answer.text).not.toContain('select')
    expect(answer.headers.get('x-perigee-d1-calls')).toBe('1')
  })

  test('comes as JSON, with the statement when verbose and with what it cost when analysed', async () => {
    for (const id of ['p1', 'p2', 'p3']) await service('/rest/v1/people', { body: { id, name: id } })
    const answer = await stranger('/rest/v1/people?select=name&name=like.p*', accept(JSON_ANALYZED))
    expect(answer.headers.get('content-type')).toBe(
      'application/vnd.pgrst.plan+json; for="application/json"; options=analyze|verbose; charset=utf-8',
    )
    const [planned, ...others] = answer.json as unknown as Planned[]
    expect(others).toEqual([])
    expect(planned?.Plan).toMatchObject({ 'Node Type': 'Aggregate', 'Relation Name': 'people', 'Actual Rows': 3 })
    expect(planned?.Plan['Rows Read']).toBeGreaterThanOrEqual(3)
    expect(JSON.stringify(planned?.Plan.Plans)).toContain('"Relation Name":"people"')
    expect(planned?.['Query Text']).toMatch(/from `people`/)
    expect(answer.headers.get('x-perigee-d1-calls')).toBe('1')
  })

  test('is what supabase-js asks for with explain()', async () => {
    const client = createClient('http://localhost', PUBLISHABLE_KEY, { global: { fetch: fetchBackend }, auth: { persistSession: false } })
    const text = await client.from('people').select('name').explain()
    expect(text.data).toMatch(/^Aggregate on people\n {2}-> {2}/)
    const { data, error } = await client.from('people').select('name').limit(1).explain({ format: 'json', analyze: true })
    expect([error, data]).toMatchObject([null, [{ Plan: { 'Node Type': 'Aggregate', 'Rows Read': expect.any(Number) } }]])
  })

  test('of a write runs nothing, even when told to analyse it', async () => {
    const before = (await service('/rest/v1/people?select=id&order=id')).text
    for (const asked of [
      { method: 'POST', body: { id: 'planned', name: 'x' } },
      { method: 'PATCH', body: { name: 'x' } },
      { method: 'DELETE' },
    ]) {
      const answer = await service(`/rest/v1/people?select=id${asked.method === 'POST' ? '' : '&id=eq.p1'}`, {
        ...asked,
        ...accept(JSON_ANALYZED),
      })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe(
        'application/vnd.pgrst.plan+json; for="application/json"; options=verbose; charset=utf-8',
      )
      const statements = answer.json as unknown as Planned[]
      expect(statements.some(({ Plan }) => Plan['Node Type'] === 'Write')).toBe(true)
      expect(statements.every(({ Plan }) => Plan['Rows Read'] === undefined)).toBe(true)
      // A step that goes through no table names none.
      expect(answer.text).not.toMatch(/"Relation Name":"(?:CONSTANT|\()/)
    }
    expect((await service('/rest/v1/people?select=id&order=id')).text).toBe(before)
  })

  test('is made for the caller: a policy shows as it binds them', async () => {
    const { ask } = await person()
    const owners = await ask('/rest/v1/books?select=title&order=id&limit=5', accept(TEXT))
    expect(owners.text).toContain('books_owner')
    expect((await service('/rest/v1/books?select=title&order=id&limit=5', accept(TEXT))).text).not.toContain('books_owner')
  })

  test('of a session that ended is refused', async () => {
    const { ask } = await person()
    expect((await ask('/rest/v1/books', accept(TEXT))).status).toBe(200)
    expect((await ask('/auth/v1/logout', { method: 'POST' })).status).toBe(204)
    expect((await ask('/rest/v1/books', accept(TEXT))).status).toBe(401)
  })

  test('is refused as any request would be, before anything is planned', async () => {
    expect(await stranger('/rest/v1/nothing', accept(TEXT))).toMatchObject({ status: 404, json: { code: 'PGRST205' } })
    expect(await stranger('/rest/v1/people?secret=eq.x', accept(TEXT))).toMatchObject({ status: 400, json: { code: '42703' } })
    const wrong = 'application/vnd.pgrst.plan+text; for="application/xml"'
    expect(await stranger('/rest/v1/people', accept(wrong))).toMatchObject({ status: 406, json: { code: 'PGRST107' } })
  })

  test('is for whom the app says, and in production for nobody unless it does', async () => {
    const asked = (plans: RestRules['plans'], key: 'publishable' | 'secret', mode: string) =>
      under(plans ? { plans } : {}, key, '/rest/v1/people', { ...accept(TEXT), PERIGEE_ENV: mode, PERIGEE_HOSTS: 'localhost' }).then(
        ({ status }) => status,
      )
    expect(await asked(undefined, 'secret', 'production')).toBe(406)
    expect(await asked(undefined, 'publishable', 'development')).toBe(200)
    expect(await asked('service', 'secret', 'production')).toBe(200)
    expect(await asked('service', 'publishable', 'production')).toBe(406)
    expect(await asked('anyone', 'publishable', 'production')).toBe(200)
    expect(await asked('off', 'secret', 'development')).toBe(406)
  })
})

test('development remembers the forms of what was asked, for the index advisor; production does not', async () => {
  const shapes = async () =>
    (await (await under({}, 'publishable', '/dev/shapes')).json()) as { role: string; count: number; rowsRead: number; query: unknown }[]
  const mine = async () => (await shapes()).filter(({ query }) => JSON.stringify(query).includes('"rating"'))
  await under({}, 'publishable', '/rest/v1/books?rating=gt.1&select=id', { PERIGEE_ENV: 'production', PERIGEE_HOSTS: 'localhost' })
  expect(await mine()).toEqual([])
  for (const rating of ['1', '2', '3']) expect((await stranger(`/rest/v1/books?rating=gt.${rating}&select=id`)).status).toBe(200)
  expect((await service('/rest/v1/books?rating=gt.1&select=id')).status).toBe(200)
  // Refused, so there is nothing to advise.
  await stranger('/rest/v1/books?rating=gt.many&select=id')
  expect((await mine()).map(({ role, count }) => [role, count])).toEqual([
    ['anon', 3],
    ['service_role', 1],
  ])
})
