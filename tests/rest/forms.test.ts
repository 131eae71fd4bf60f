// The forms that answers take over HTTP: media types, zones, preferences and windows.
import { beforeAll, describe, expect, test } from 'vitest'
import { mount, service, stranger } from './backend'
import { fillShelf, rows } from './shelf'

beforeAll(async () => {
  await mount()
  await fillShelf()
})

describe('the forms of a body', () => {
  const prefer = (text: string) => ({ headers: { prefer: text } })
  const as = (accept: string) => ({ headers: { accept } })

  test('CSV has its header without rows too, and embeds as JSON', async () => {
    const csv = await service(
      '/rest/v1/books?select=id,name:title,reviews(stars),...people!author_id(author:name),meta&id=eq.2',
      as('text/csv'),
    )
    expect(csv.text).toBe('id,name,reviews,author,meta\n2,Brook,"[{""stars"":4}]",Ben,"{""n"":""20"",""lang"":""it""}"')
    const none = await service('/rest/v1/tags?id=eq.nothing', as('text/csv'))
    expect([none.text, none.headers.get('content-type')]).toEqual(['id,label\n', 'text/csv; charset=utf-8'])
    expect((await stranger('/rest/v1/people?id=eq.nothing', as('text/csv'))).text).toBe('id,name,email,mentor_id\n')
  })

  test('GeoJSON takes the column that holds geometries', async () => {
    const point = { type: 'Point', coordinates: [-71.10044, 42.373695] }
    const id = '0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a01'
    const made = await service('/rest/v1/samples?select=note,data', {
      body: { id, note: 'shop', data: point },
      headers: { accept: 'application/geo+json', prefer: 'return=representation' },
    })
    const feature = { type: 'Feature', geometry: point, properties: { note: 'shop' } }
    expect([made.status, made.json, made.headers.get('content-type')]).toEqual([
      201,
      { type: 'FeatureCollection', features: [feature] },
      'application/geo+json; charset=utf-8',
    ])
    expect((await service(`/rest/v1/samples?select=note,data&id=eq.${id}`, as('application/geo+json'))).json).toEqual(made.json)
    const none = await service('/rest/v1/samples?note=eq.nothing', as('application/geo+json'))
    expect(none.json).toEqual({ type: 'FeatureCollection', features: [] })
    for (const address of ['tags', 'samples?select=note', 'samples?select=data->type', 'books?id=eq.1']) {
      const { status, json } = await service(`/rest/v1/${address}`, as('application/geo+json'))
      expect([address, status, json]).toMatchObject([address, 400, { code: '22023', message: 'geometry column is missing' }])
    }
  })

  test.each([
    ['application/json;q=0.2, text/csv;q=0.8', 'text/csv; charset=utf-8'],
    ['text/html, application/xhtml+xml, */*;q=0.1', 'application/json; charset=utf-8'],
    ['application/json; charset=utf-8', 'application/json; charset=utf-8'],
    ['application/vnd.pgrst.array', 'application/json; charset=utf-8'],
    ['application/vnd.pgrst.array;nulls=stripped', 'application/vnd.pgrst.array+json;nulls=stripped; charset=utf-8'],
    ['text/csv;q=0, application/json', 'application/json; charset=utf-8'],
  ])('Accept: %s', async (accept, type) => {
    expect((await service('/rest/v1/tags?limit=1', as(accept))).headers.get('content-type')).toBe(type)
  })

  test('nulls are stripped at every depth, of one object too', async () => {
    const select = '/rest/v1/books?select=id,isbn,meta,reviews(id,body)&id=eq.1&reviews.order=id&reviews.limit=2'
    const stripped = { id: 1, meta: { n: '1', lang: 'en' }, reviews: [{ id: 'r1', body: 'Good' }, { id: 'r2' }] }
    expect((await service(select, as('application/vnd.pgrst.array+json;nulls=stripped'))).json).toEqual([stripped])
    expect((await service(select, as('application/vnd.pgrst.object;nulls=stripped'))).json).toEqual(stripped)
    expect((await service(select, as('application/json;nulls=stripped'))).json).toEqual([stripped])
    expect((await service(select, prefer('return=stripped-nulls'))).json).toEqual([stripped])
  })

  test('times stand in the zone that is asked for, in embeds and writes too', async () => {
    await service('/rest/v1/samples', {
      body: { id: '0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a02', note: 'zone', millis: '2026-07-01T00:00:00Z', seconds: '2026-12-01T00:00:00Z' },
    })
    const { json, headers } = await service(
      '/rest/v1/samples?select=millis,seconds,raw:millis::text,t:millis::timestamp&note=eq.zone',
      prefer('timezone=Europe/Rome'),
    )
    expect(json).toEqual([
      {
        millis: '2026-07-01T02:00:00.000+02:00',
        seconds: '2026-12-01T01:00:00+01:00',
        raw: '2026-07-01 00:00:00+00',
        t: '2026-07-01T00:00:00.000',
      },
    ])
    expect(headers.get('preference-applied')).toBe('timezone=Europe/Rome')
    const strict = await service('/rest/v1/samples?select=millis.max()&note=eq.zone', prefer('handling=strict, timezone=-4'))
    expect([strict.json, strict.headers.get('preference-applied')]).toEqual([
      [{ max: '2026-06-30T20:00:00.000-04:00' }],
      'handling=strict, timezone=-4',
    ])
    const nested = await service('/rest/v1/reviews?select=id,books(created_at)&id=eq.r1', prefer('timezone=Asia/Kathmandu'))
    expect(nested.text).toMatch(/^\[\{"id":"r1","books":\{"created_at":"[\d-]{10}T[\d:]{8}\.\d{3}\+05:45"\}\}\]$/)
    const patched = await service('/rest/v1/samples?select=millis&note=eq.zone', {
      method: 'PATCH',
      body: { whole: 1 },
      headers: { prefer: 'return=representation, timezone=Europe/Rome' },
    })
    expect(patched.json).toEqual([{ millis: '2026-07-01T02:00:00.000+02:00' }])
    const wrong = await service('/rest/v1/samples?select=millis&note=eq.zone', prefer('handling=lenient, timezone=Mars/Olympus'))
    expect([wrong.status, wrong.json, wrong.headers.get('preference-applied')]).toEqual([
      200,
      [{ millis: '2026-07-01T00:00:00.000+00:00' }],
      'handling=lenient',
    ])
    const refused = await service('/rest/v1/samples', prefer('handling=strict, timezone=Mars/Olympus'))
    expect([refused.status, refused.json]).toMatchObject([400, { code: 'PGRST122', details: 'Invalid preferences: timezone=Mars/Olympus' }])
  })

  test('the first of each preference counts, and those that are unknown only under strict handling', async () => {
    const first = await stranger('/rest/v1/books?limit=1', prefer('count=exact,count=planned, nonsense , return=minimal,'))
    expect([first.status, first.headers.get('preference-applied')]).toEqual([206, 'count=exact'])
    const strict = await stranger('/rest/v1/books', prefer('handling=strict, anything'))
    expect([strict.status, strict.json]).toMatchObject([
      400,
      { code: 'PGRST122', message: 'Invalid preferences given with handling=strict', details: 'Invalid preferences: anything' },
    ])
  })
})

describe('windows', () => {
  test('a negative offset is none, a negative limit is refused, and an offset too far says how many there are', async () => {
    expect(await rows('tags?select=id&offset=-4&order=id')).toEqual([{ id: 't1' }, { id: 't2' }])
    const limit = await service('/rest/v1/tags?limit=-1')
    expect([limit.status, limit.json]).toMatchObject([416, { code: 'PGRST103', details: 'Limit should be greater than or equal to zero.' }])
    const far = await service('/rest/v1/tags?offset=100', { headers: { prefer: 'count=exact' } })
    expect([far.status, far.headers.get('content-range')]).toEqual([416, '*/2'])
    const none = await service('/rest/v1/tags?limit=0', { headers: { prefer: 'count=exact' } })
    expect([none.status, none.text, none.headers.get('content-range')]).toEqual([206, '[]', '*/2'])
    const backwards = await service('/rest/v1/tags', { headers: { range: '1-0' } })
    expect([backwards.status, (backwards.json as { code: string }).code]).toEqual([416, 'PGRST103'])
    const override = await service('/rest/v1/books?select=id&order=id&limit=3', { headers: { range: '0-1' } })
    expect(override.headers.get('content-range')).toBe('0-1/*')
    const head = await service('/rest/v1/books?select=id&order=id&limit=3&offset=2', { method: 'HEAD' })
    expect([head.status, head.headers.get('content-range')]).toEqual([200, '2-3/*'])
  })
})
