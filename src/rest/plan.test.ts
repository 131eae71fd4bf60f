import { describe, expect, test } from 'vitest'
import library from '../../tests/apps/library'
import { AppError } from '../core'
import { buildModel } from '../define'
import type { Result } from '../data'
import { answerOf } from './answer'
import { renderRestError } from './errors'
import { MAX_LISTS_LENGTH } from './parameters'
import { planRequest, type Plan } from './request'

const model = buildModel(library)

interface Sent {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

function plan(line: string, { headers = {}, body }: Sent = {}): Plan {
  const [method = '', address = ''] = line.split(' ')
  const [table = '', search = ''] = address.split('?')
  const bytes = body === undefined ? null : new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
  return planRequest(model, { method, table, search, header: (name) => headers[name] ?? null, body: bytes })
}

const operation = (line: string, sent?: Sent) => plan(line, sent).query.operations[0]!

function refusal(line: string, sent?: Sent): { code: string; status: number; message: string; details: unknown; hint: string | null } {
  try {
    plan(line, sent)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const { status, body } = renderRestError(error, 'anon')
    return { status, ...body }
  }
  throw new Error(`${line} was accepted`)
}

const outcome = (over: Partial<Result> = {}): Result => ({
  body: '[]',
  rows: 0,
  total: null,
  affected: 0,
  inserted: null,
  revision: null,
  page: null,
  ...over,
})

describe('embeds', () => {
  const embedOf = (line: string) => {
    const read = operation(line)
    if (read.kind !== 'read') throw new Error('not a read')
    const item = read.select.find((candidate) => candidate.kind === 'embed')
    if (item?.kind !== 'embed') throw new Error('no embed')
    return item
  }

  test.each([
    ['GET reviews?select=books(title)', 'to-one', 'books', 'reviews_book_id_fkey'],
    ['GET reviews?select=book_id(title)', 'to-one', 'books', 'reviews_book_id_fkey'],
    ['GET reviews?select=reviews_book_id_fkey(title)', 'to-one', 'books', 'reviews_book_id_fkey'],
    ['GET books?select=reviews(stars)', 'to-many', 'reviews', 'reviews_book_id_fkey'],
    ['GET books?select=reviews!book_id(stars)', 'to-many', 'reviews', 'reviews_book_id_fkey'],
    ['GET books?select=people!author_id(name)', 'to-one', 'people', 'books_author_id_fkey'],
    ['GET books?select=people!books_editor_id_fkey(name)', 'to-one', 'people', 'books_editor_id_fkey'],
    ['GET books?select=editor_id(name)', 'to-one', 'people', 'books_editor_id_fkey'],
    ['GET books?select=editions(publisher)', 'one-to-one', 'editions', 'editions_book_id_fkey'],
    ['GET books?select=tags(label)', 'many-to-many', 'tags', 'book_tags_book_id_fkey'],
    ['GET books?select=tags!book_tags(label)', 'many-to-many', 'tags', 'book_tags_book_id_fkey'],
    ['GET people?select=mentees:people(name)', 'to-many', 'people', 'people_mentor_id_fkey'],
    ['GET people?select=mentor:mentor_id(name)', 'to-one', 'people', 'people_mentor_id_fkey'],
    ['GET people?select=mentees:people!mentor_id(name)', 'to-many', 'people', 'people_mentor_id_fkey'],
    ['GET people?select=followers:people!fan_id(name)', 'many-to-many', 'people', 'fans_idol_id_fkey'],
    ['GET people?select=following:people!idol_id(name)', 'many-to-many', 'people', 'fans_fan_id_fkey'],
  ])('%s is %s of %s by %s', (line, kind, to, constraint) => {
    expect(embedOf(line).relationship).toMatchObject({ kind, to, constraint })
  })

  test('several ways are refused with all of them named', () => {
    const error = refusal('GET books?select=people(name)')
    expect(error).toMatchObject({
      status: 300,
      code: 'PGRST201',
      message: "Could not embed because more than one relationship was found for 'books' and 'people'",
    })
    expect(error.details).toContainEqual({
      cardinality: 'many-to-one',
      embedding: 'books with people',
      relationship: 'books_author_id_fkey using books(author_id) and people(id)',
    })
    expect(error.hint).toContain("'people!books_author_id_fkey', 'people!books_editor_id_fkey'")
  })

  test('to itself through a junction a way must be named', () => {
    const error = refusal('GET tags?select=id,tags(label)')
    expect(error).toMatchObject({ code: 'PGRST200' })
    expect(refusal('GET people?select=people!fans(name)')).toMatchObject({ code: 'PGRST201' })
  })

  test('no way is refused, with the name that was perhaps meant', () => {
    expect(refusal('GET books?select=review(stars)')).toMatchObject({
      status: 400,
      code: 'PGRST200',
      hint: "Perhaps you meant 'reviews' instead of 'review'.",
    })
    expect(refusal('GET books?select=samples(id)')).toMatchObject({ code: 'PGRST200', hint: null })
    expect(refusal('GET books?select=people!nope(id)')).toMatchObject({ code: 'PGRST200' })
  })

  test('filters, order and limit go to the embed that they name', () => {
    const embed = embedOf(
      'GET books?select=r:reviews!inner(stars,p:reviewer_id(name))&r.stars=gt.3&r.or=(stars.eq.1,body.is.null)&r.order=stars.desc&r.limit=2&r.offset=1&r.p.name=eq.x',
    )
    expect(embed).toMatchObject({ as: 'r', join: 'inner', limit: 2, offset: 1, order: [{ target: { column: 'stars' }, descending: true }] })
    expect(embed.where).toMatchObject({ kind: 'and', terms: [{ kind: 'compare' }, { kind: 'or' }] })
    expect(embed.select[1]).toMatchObject({ kind: 'embed', as: 'p', where: { kind: 'compare', value: 'x' } })
  })

  test('what is not embedded, or not to-one, or asked with another operator, is refused', () => {
    expect(refusal('GET books?reviews.stars=gt.3')).toMatchObject({ status: 400, code: 'PGRST108' })
    expect(refusal('GET books?order=editions(publisher)')).toMatchObject({ code: 'PGRST108' })
    expect(refusal('GET books?select=reviews(*)&order=reviews(stars)')).toMatchObject({ code: 'PGRST118' })
    expect(refusal('GET books?select=reviews(*)&reviews=eq.1')).toMatchObject({ code: 'PGRST120' })
    expect(refusal('GET books?select=reviews(*),reviews(*)')).toMatchObject({ code: '42712' })
  })

  test('a bare count is the number of rows where no column is called so', () => {
    const counted = { kind: 'aggregate', function: 'count', as: 'count' }
    expect(operation('GET books?select=count')).toMatchObject({ select: [counted] })
    expect(embedOf('GET books?select=id,reviews(count)').select).toEqual([counted])
    expect(operation('GET books?select=n:count')).toMatchObject({ select: [{ ...counted, as: 'n' }] })
  })

  test('null filters on an embed ask whether it found a row', () => {
    expect(operation('GET books?select=*,reviews()&reviews=is.null')).toMatchObject({
      where: { kind: 'related', embed: 'reviews', present: false },
    })
    expect(operation('GET books?select=*,reviews()&or=(reviews.not.is.null,title.eq.x)')).toMatchObject({
      where: { kind: 'or', terms: [{ kind: 'not', term: { kind: 'related', embed: 'reviews' } }, { kind: 'compare' }] },
    })
    expect(embedOf('GET books?select=*,reviews(people())').silent).toBe(true)
    expect(embedOf('GET books?select=*,reviews(stars,people())').silent).toBe(false)
  })
})

describe('windows', () => {
  test('the Range header meets limit and offset', () => {
    expect(operation('GET books', { headers: { range: '5-14' } })).toMatchObject({ offset: 5, limit: 10 })
    expect(operation('GET books?limit=3', { headers: { range: '5-14' } })).toMatchObject({ offset: 5, limit: 0 })
    expect(operation('GET books?offset=4&limit=3', { headers: { range: '5-' } })).toMatchObject({ offset: 5, limit: 2 })
    expect(operation('GET books', { headers: { range: 'bytes=0-1' } })).not.toHaveProperty('limit')
    expect(refusal('GET books', { headers: { range: '9-5' } })).toMatchObject({ status: 416, code: 'PGRST103' })
    expect(refusal('GET books?limit=-1')).toMatchObject({ status: 416, code: 'PGRST103' })
    expect(operation('HEAD books', { headers: { range: '5-14' } })).not.toHaveProperty('limit')
  })

  test('a page says where it stands, and whether there is more', () => {
    const page = plan('GET books?offset=10&limit=5', { headers: { prefer: 'count=exact' } })
    expect(answerOf(page, outcome({ body: '[1]', rows: 5, total: 57 }))).toMatchObject({
      status: 206,
      headers: { 'content-range': '10-14/57', 'preference-applied': 'count=exact' },
    })
    expect(answerOf(page, outcome({ total: 10 }))).toMatchObject({ headers: { 'content-range': '*/10' } })
    expect(() => answerOf(page, outcome({ total: 9 }))).toThrow(AppError)
    const uncounted = plan('GET books?b=is.null&a=is.null&offset=10'.replaceAll('b=', 'pages=').replaceAll('a=', 'isbn='))
    expect(answerOf(uncounted, outcome())).toMatchObject({
      status: 200,
      headers: { 'content-range': '*/*', 'content-location': '/books?isbn=is.null&offset=10&pages=is.null' },
    })
    const all = plan('HEAD books', { headers: { prefer: 'count=exact' } })
    expect(answerOf(all, outcome({ rows: 3, total: 3 }))).toMatchObject({ status: 200, body: null, headers: { 'content-range': '0-2/3' } })
  })
})

describe('writes', () => {
  test('limits are passed over, filters choose the rows, embeds shape the representation', () => {
    expect(operation('DELETE books?limit=1&id=eq.5')).toEqual({
      kind: 'delete',
      table: 'books',
      where: { kind: 'compare', target: { column: 'id' }, operator: 'eq', value: '5' },
    })
    const update = operation('PATCH books?id=eq.5&select=id,reviews(stars)&reviews.limit=1&order=id.desc', {
      headers: { prefer: 'return=representation' },
      body: { title: 'x' },
    })
    expect(update).toMatchObject({
      kind: 'update',
      set: { title: 'x' },
      returning: { select: [{ as: 'id' }, { kind: 'embed', as: 'reviews' }], order: [{ descending: true }] },
    })
  })

  test('keys of a bulk must match unless columns are named', () => {
    expect(refusal('POST books', { body: [{ title: 'a' }, { title: 'b', pages: 1 }] })).toMatchObject({
      status: 400,
      code: 'PGRST102',
      message: 'All object keys must match',
    })
    expect(
      operation('POST books?columns=title,"pages"', {
        body: [{ title: 'a' }, { title: 'b', pages: 1, junk: 2 }],
        headers: { prefer: 'missing=default' },
      }),
    ).toEqual({
      kind: 'insert',
      table: 'books',
      rows: [{ title: 'a' }, { title: 'b', pages: 1 }],
      columns: ['title', 'pages'],
      missing: 'default',
    })
  })

  test('an upsert names what it conflicts with', () => {
    expect(
      operation('POST books?on_conflict=isbn', { body: { isbn: '1' }, headers: { prefer: 'resolution=merge-duplicates' } }),
    ).toMatchObject({ conflict: { action: 'merge', columns: ['isbn'] } })
    expect(operation('POST books', { body: { isbn: '1' }, headers: { prefer: 'resolution=ignore-duplicates' } })).toMatchObject({
      conflict: { action: 'ignore' },
    })
    expect(operation('POST books?on_conflict=isbn', { body: { isbn: '1' } })).not.toHaveProperty('conflict')
  })

  test('one object asked for, or a most of rows, is expected of the write itself', () => {
    const single = { accept: 'application/vnd.pgrst.object+json' }
    expect(operation('PATCH books?id=eq.1', { body: { title: 'x' }, headers: single })).toMatchObject({
      expect: { min: 1, max: 1, error: 'not-single' },
    })
    expect(operation('DELETE books', { headers: { prefer: 'handling=strict, max-affected=2' } })).toMatchObject({
      expect: { max: 2, error: 'max-affected' },
    })
    expect(operation('DELETE books', { headers: { prefer: 'max-affected=2' } })).not.toHaveProperty('expect')
  })

  test('nothing to write reads nothing', () => {
    for (const line of ['POST books', 'PATCH books'] as const) {
      const empty = plan(line, { body: line === 'POST books' ? [] : {}, headers: { prefer: 'return=representation' } })
      expect(empty.query.operations[0]).toMatchObject({ kind: 'read', limit: 0 })
      expect(answerOf(empty, outcome())).toMatchObject({ status: line === 'POST books' ? 201 : 200, body: '[]' })
    }
  })

  test('a put names one row by its whole key, in the address and in the body', () => {
    const body = { id: 5, title: 'x' }
    expect(operation('PUT books?id=eq.5', { body })).toMatchObject({
      kind: 'insert',
      rows: [body],
      conflict: { action: 'merge', columns: ['id'] },
    })
    for (const search of ['', 'title=eq.x', 'id=gt.5', 'id=eq.5&title=eq.x', 'id=not.eq.5', 'or=(id.eq.5)']) {
      expect(refusal(`PUT books?${search}`, { body })).toMatchObject({ status: 405, code: 'PGRST105' })
    }
    expect(refusal('PUT books?id=eq.5&limit=1', { body })).toMatchObject({ status: 400, code: 'PGRST114' })
    expect(refusal('PUT books?id=eq.6', { body })).toMatchObject({ status: 400, code: 'PGRST115' })
    expect(refusal('PUT books?id=eq.5', { body: [body, body] })).toMatchObject({ status: 400, code: 'PGRST115' })
    expect(refusal('PUT books?id=eq.5', { body: { title: 'x' } })).toMatchObject({ status: 400, code: 'PGRST115' })
    const put = plan('PUT books?id=eq.5', { body, headers: { prefer: 'return=representation' } })
    expect(answerOf(put, outcome({ body: '[{}]', rows: 1, affected: 1, inserted: 1 })).status).toBe(201)
    expect(answerOf(put, outcome({ body: '[{}]', rows: 1, affected: 1, inserted: 0 })).status).toBe(200)
  })

  test('statuses and headers follow what was preferred', () => {
    const send = (line: string, prefer: string, result: Partial<Result>) =>
      answerOf(plan(line, { body: { title: 'x' }, headers: { prefer } }), outcome(result))
    expect(send('POST books', '', { affected: 1, inserted: 1 })).toMatchObject({
      status: 201,
      body: null,
      headers: { 'content-range': '*/*' },
    })
    expect(send('POST books', 'return=headers-only', { body: '[{"id":7}]', rows: 1, affected: 1 })).toMatchObject({
      status: 201,
      body: null,
      headers: { location: '/books?id=eq.7' },
    })
    expect(send('POST books', 'return=headers-only', { body: '[{"id":7},{"id":8}]', rows: 2, affected: 2 }).headers).not.toHaveProperty(
      'location',
    )
    expect(send('POST books', 'return=representation, count=exact', { body: '[{}]', rows: 1, affected: 1 })).toMatchObject({
      status: 201,
      body: '[{}]',
      headers: { 'content-range': '*/1', 'preference-applied': 'return=representation, count=exact' },
    })
    expect(send('POST books', 'resolution=merge-duplicates', { affected: 1, inserted: 0 }).status).toBe(200)
    expect(send('POST books', 'resolution=ignore-duplicates', { affected: 0, inserted: 0 }).status).toBe(201)
    expect(send('PATCH books', '', { affected: 2 })).toMatchObject({ status: 204, headers: { 'content-range': '0-1/*' } })
    expect(send('PATCH books', 'count=exact', {})).toMatchObject({ status: 204, headers: { 'content-range': '*/0' } })
    expect(send('DELETE books', 'return=representation', { body: '[{"id":1}]', rows: 1, affected: 1 })).toMatchObject({
      status: 200,
      body: '[{"id":1}]',
    })
  })
})

describe('headers', () => {
  test('strict handling refuses what it does not know, lenient passes over it', () => {
    expect(refusal('GET books', { headers: { prefer: 'handling=strict, anything=1, count=exact' } })).toMatchObject({
      status: 400,
      code: 'PGRST122',
      details: 'Invalid preferences: anything=1',
    })
    expect(plan('GET books', { headers: { prefer: 'anything=1, count=exact' } }).preferences.count).toBe('exact')
    expect(plan('GET books', { headers: { prefer: 'count=exact,count=planned' } }).preferences.count).toBe('exact')
    expect(refusal('GET books', { headers: { prefer: 'timezone=Nowhere/Land, handling=strict' } })).toMatchObject({ code: 'PGRST122' })
    expect(plan('GET books', { headers: { prefer: 'timezone=Nowhere/Land' } }).preferences.timezone).toBeNull()
    expect(plan('GET books', { headers: { prefer: 'handling=strict,timezone=Europe/Rome' } }).preferences.timezone?.name).toBe(
      'Europe/Rome',
    )
    expect(plan('DELETE books', { headers: { prefer: 'tx=rollback' } }).query).toMatchObject({ undo: true })
    expect(plan('DELETE books', { headers: { prefer: 'tx=commit' } }).query).not.toHaveProperty('undo')
  })

  test.each([
    [null, 'array', false],
    ['*/*', 'array', false],
    ['application/json', 'array', false],
    ['application/vnd.pgrst.object+json', 'object', false],
    ['application/vnd.pgrst.object', 'object', false],
    ['application/vnd.pgrst.object+json;nulls=stripped', 'object', true],
    ['application/vnd.pgrst.array+json;nulls=stripped', 'array', true],
    ['application/json;nulls=stripped', 'array', true],
    ['application/vnd.pgrst.array', 'array', false],
    ['application/geo+json', 'geojson', false],
    ['text/csv', 'csv', false],
    ['text/html;q=0.9, application/json;q=0.8', 'array', false],
    ['application/json;q=0.1, text/csv', 'csv', false],
  ])('Accept: %s is %s', (accept, form, stripNulls) => {
    expect(plan('GET books', { headers: accept === null ? {} : { accept } }).media).toMatchObject({ form, stripNulls })
  })

  test.each(['text/html', 'application/xml', 'application/json;q=0'])('Accept: %s is refused', (accept) => {
    expect(refusal('GET books', { headers: { accept } })).toMatchObject({ status: 406, code: 'PGRST107' })
  })

  test('the schema is public', () => {
    expect(answerOf(plan('GET books', { headers: { 'accept-profile': 'public' } }), outcome()).headers).toMatchObject({
      'content-profile': 'public',
    })
    expect(refusal('GET books', { headers: { 'accept-profile': 'private' } })).toMatchObject({ status: 406, code: 'PGRST106' })
    expect(refusal('POST books', { headers: { 'content-profile': 'private' }, body: {} })).toMatchObject({ status: 406, code: 'PGRST106' })
  })

  test('nulls are stripped at every depth, with all digits kept', () => {
    const stripped = plan('GET books', { headers: { prefer: 'return=stripped-nulls' } })
    expect(
      answerOf(stripped, outcome({ body: '[{"a":null,"b":9007199254740993,"c":{"d":null,"e":[null,{"f":null}]}}]', rows: 1 })).body,
    ).toBe('[{"b":9007199254740993,"c":{"e":[null,{}]}}]')
  })

  test('one object is unwrapped', () => {
    const single = plan('GET books', { headers: { accept: 'application/vnd.pgrst.object+json' } })
    expect(single.query.shape.form).toBe('one')
    expect(answerOf(single, outcome({ body: '[{"a":1}]', rows: 1 }))).toMatchObject({
      body: '{"a":1}',
      headers: { 'content-type': 'application/vnd.pgrst.object+json; charset=utf-8' },
    })
  })

  test('CSV quotes what it must', () => {
    const csv = plan('GET books?select=a:id,b:title,c:isbn,d:published,e:meta,f:genre', { headers: { accept: 'text/csv' } })
    const body =
      '[{"a":1,"b":"x,\\"y\\"","c":null,"d":true,"e":{"k":1},"f":""},{"a":9007199254740993,"b":"z","c":"q","d":false,"e":[],"f":"f"}]'
    expect(answerOf(csv, outcome({ body, rows: 2 })).body).toBe('a,b,c,d,e,f\n1,"x,""y""",,t,"{""k"":1}",""\n9007199254740993,z,q,f,[],f')
    expect(answerOf(csv, outcome()).body).toBe('a,b,c,d,e,f\n')
  })
})

describe('addresses', () => {
  test('an unknown table is refused with the one that was perhaps meant, a hidden or unserved one as if it were not there', () => {
    expect(refusal('GET boks')).toMatchObject({
      status: 404,
      code: 'PGRST205',
      message: "Could not find the table 'public.boks' in the schema cache",
      hint: "Perhaps you meant the table 'public.books'",
    })
    expect(refusal('GET auth_users')).toMatchObject({ status: 404, code: 'PGRST205', hint: null })
    expect(refusal('GET __proto__')).toMatchObject({ status: 404, code: 'PGRST205' })
  })

  test('other methods and long addresses are refused', () => {
    expect(refusal('PURGE books')).toMatchObject({ status: 405, code: 'PGRST117' })
    expect(refusal(`GET books?id=eq.${'1'.repeat(16_384)}`)).toMatchObject({ status: 414 })
    expect(operation(`GET books?id=in.(${'1'.repeat(16_000)})`)).toMatchObject({ where: { kind: 'in' } })
    expect(operation(`GET books?id=not.in.(${'1'.repeat(262_000)})`)).toMatchObject({ where: { kind: 'not' } })
    expect(refusal(`GET books?id=in.(${'1'.repeat(MAX_LISTS_LENGTH)})`)).toMatchObject({ status: 414 })
    expect(refusal(`GET books?id=in.(1)&title=eq.in.(${'1'.repeat(16_384)})`)).toMatchObject({ status: 414 })
  })
})

test('a stranger is asked to sign in where a person is told no', () => {
  const denied = new AppError({ code: 'denied', status: 403, title: 'permission denied', retry: false, postgrest: '42501' })
  expect(renderRestError(denied, 'anon')).toMatchObject({
    status: 401,
    headers: { 'www-authenticate': 'Bearer', 'proxy-status': 'PostgREST; error=42501' },
  })
  expect(renderRestError(denied, 'authenticated').status).toBe(403)
})
