// The document and the page of the surface: complete, consistent, and with nothing in them that clients mustn't know.
import { beforeAll, describe, expect, test } from 'vitest'
import { auth } from '../../src/routes/auth'
import { administration } from '../../src/routes/auth/admin'
import { mount, nobody, type Answer } from './backend'

interface Document {
  readonly openapi: string
  readonly servers: readonly { readonly url: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string; readonly responses: object }>>>>
  readonly components: Readonly<
    Record<string, Readonly<Record<string, { readonly properties?: object; readonly required?: readonly string[] }>>>
  >
}

let answer: Answer
let document: Document
let page: Answer

beforeAll(async () => {
  await mount()
  answer = await nobody('/openapi.json')
  document = answer.json as unknown as Document
  page = await nobody('/docs')
})

/** What a route of factors is described as: for their ids, for recovery codes, or both. */
function recovery(route: string): string[] {
  const codes = route.replace('{id}', 'recovery-codes')
  return /^(get|post) \S+\{id\}$|regenerate/.test(route) ? [codes] : [route, codes]
}

describe('/openapi.json', () => {
  test('is OpenAPI 3.1 for the host that was called, without a key', () => {
    expect([answer.status, document.openapi, document.servers[0]?.url]).toEqual([200, '3.1.0', 'http://localhost'])
  })

  test('every reference leads somewhere, and every operation has a name of its own', () => {
    for (const [, pointer = ''] of answer.text.matchAll(/"\$ref":"#\/([^"]+)"/g)) expect(document).toHaveProperty(pointer.split('/'))
    const names = Object.values(document.paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId))
    expect(new Set(names).size).toBe(names.length)
    expect(names).not.toContain(undefined)
  })

  test('names each served table and visible column, and nothing else', () => {
    const tables = Object.keys(document.paths).filter((path) => path.startsWith('/rest/v1/') && path !== '/rest/v1/batch')
    expect(tables).toEqual(
      [
        'people',
        'books',
        'editions',
        'reviews',
        'articles',
        'tags',
        'book_tags',
        'fans',
        'people#annex',
        'loans#annex',
        'stays',
        'samples',
        'book_stats',
      ].map((name) => `/rest/v1/${name}`),
    )
    expect(Object.keys(document.components['schemas']?.['people']?.properties ?? {})).toEqual([
      'id',
      'name',
      'email',
      'mentor_id',
      // Computed.
      'badge',
      'is_me',
      'followers',
    ])
    expect(document.components['schemas']?.['books.insert']?.required).toEqual(['title'])
    expect(answer.text).toMatch(/Full-text search: `wfts/)
    // Webhooks have a secret of their own.
    const others = Object.entries(document.paths).filter(([path]) => !path.startsWith('/api/v1/admin/webhooks'))
    expect(JSON.stringify([others, document.components])).not.toContain('"secret"')
    expect(answer.text).not.toMatch(/\b_version|\b_updated_at|auth_users|sys_changes/)
  })

  test('describes types as they are on the wire', () => {
    expect(document.components['schemas']?.['samples']?.properties).toMatchObject({
      id: { type: 'string', format: 'uuid' },
      whole: { type: ['integer', 'null'] },
      flag: { type: ['boolean', 'null'] },
      millis: { type: ['string', 'null'], format: 'date-time' },
      day: { format: 'date' },
      data: {},
    })
    expect(document.components['schemas']?.['stays']?.properties).toMatchObject({ ages: { type: ['string', 'null'], format: 'int4range' } })
    expect(document.components['schemas']?.['books']?.properties).toMatchObject({
      genre: { enum: ['novel', 'poetry', 'essay', null] },
      title: { type: 'string', maxLength: 100 },
      created_at: { readOnly: true },
    })
  })

  test('describes every route of sign-in that exists, and no other', () => {
    const routes = [...auth.routes, ...administration.routes]
      // The second address of invitations is Swift's alone.
      .filter(({ path }) => path !== '/*' && !path.endsWith('/') && path !== '/admin/invite')
      .map(({ method, path }) => `${method.toLowerCase()} /auth/v1${path.replaceAll(/:([^/]+)/g, '{$1}')}`)
      // Recovery codes are a factor with a name in the place of an id.
      .flatMap((route) => (/factors\/\{id\}(?!\/challenge)/.test(route) && !route.includes('admin') ? recovery(route) : [route]))
    const described = Object.entries(document.paths).flatMap(([path, item]) =>
      path.startsWith('/auth/') ? Object.keys(item).map((method) => `${method} ${path}`) : [],
    )
    expect(described.toSorted()).toEqual([...new Set(routes)].toSorted())
  })
})

describe('/docs', () => {
  test('shows every operation and column, from this host alone', () => {
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8'])
    for (const path of Object.keys(document.paths).filter((candidate) => candidate !== '/health')) expect(page.text).toContain(path)
    for (const column of ['mentor_id', 'created_at', 'publisher']) expect(page.text).toContain(`<code>${column}</code>`)
    expect(page.text).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
    expect(page.text).not.toMatch(/\sstyle="|\son\w+="|_version|undefined|\[object/)
    expect(page.text.replace(/<section id="webhooks">[\s\S]*?<\/section>/, '')).not.toContain('secret<')
  })

  test('its policy admits its own style and script only, under a fresh nonce', async () => {
    const policy = page.headers.get('content-security-policy') ?? ''
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1] ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(nonce.length).toBeGreaterThan(20)
    expect([...page.text.matchAll(/<(?:style|script)[^>]*>/g)].every(([tag]) => tag.includes(`nonce="${nonce}"`))).toBe(true)
    expect((await nobody('/docs')).headers.get('content-security-policy')).not.toBe(policy)
  })

  test('every error that a problem links to has its row', async () => {
    const errors = await nobody('/docs/errors')
    expect([errors.status, errors.headers.get('content-security-policy')?.includes("default-src 'none'")]).toEqual([200, true])
    const { json } = await nobody('/graphql/v1/anything')
    const [page = '', code = ''] = (json as unknown as { type: string }).type.split('#')
    expect(page).toBe('/docs/errors')
    for (const id of [code, 'rest_unknown_table', 'unique_violation', 'undefined_column']) expect(errors.text).toContain(`<tr id="${id}">`)
    const ids = [...errors.text.matchAll(/<tr id="([^"]+)">/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })
})
