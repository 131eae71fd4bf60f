// What the data API says of itself: the root's Swagger 2.0, as tools written for PostgREST read it.
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, test } from 'vitest'
import { createBackend } from '../../src/backend'
import type { RestRules } from '../../src/define'
import { deriveApiKeys, type Env } from '../../src/platform'
import library from '../apps/library'
import { mount, nobody, person, PUBLISHABLE_KEY, service, stranger } from './backend'

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
async function under(rest: RestRules, key: 'publishable' | 'secret', path = '/rest/v1/'): Promise<Response> {
  const bindings = env as unknown as Env
  const { secretKey } = await deriveApiKeys(bindings.PERIGEE_ROOT_KEY ?? '')
  const context = createExecutionContext()
  const request = new Request(`http://localhost${path}`, { headers: { apikey: key === 'secret' ? secretKey : PUBLISHABLE_KEY } })
  const answer = await createBackend({ ...library, rest }).fetch(request, bindings, context)
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
    expect(Object.keys(paths)).toEqual(['/', '/book_tags', '/books', '/editions', '/fans', '/people', '/reviews', '/samples', '/tags'])
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
