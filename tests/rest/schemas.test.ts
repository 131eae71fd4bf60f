// Tables that clients find in a schema of their own.
import { beforeAll, describe, expect, test } from 'vitest'
import { mount, stranger, service } from './backend'

const annex = { 'accept-profile': 'annex', 'content-profile': 'annex' }

beforeAll(async () => {
  await mount()
  await service('/rest/v1/people', { body: { id: 'ada', name: 'Ada of the main house' } })
  await service('/rest/v1/people', { body: { id: 'ada', name: 'Ada of the annex' }, headers: annex })
  await service('/rest/v1/loans', { body: { id: 'l1', person_id: 'ada' }, headers: annex })
})

describe('a schema', () => {
  test('is chosen by a header, and the answer says which', async () => {
    const main = await stranger('/rest/v1/people?select=name')
    expect([main.json, main.headers.get('content-profile')]).toEqual([[{ name: 'Ada of the main house' }], 'public'])
    expect((await service('/rest/v1/')).headers.get('content-profile')).toBe('public')
    const other = await stranger('/rest/v1/people?select=name', { headers: annex })
    expect([other.json, other.headers.get('content-profile')]).toEqual([[{ name: 'Ada of the annex' }], 'annex'])
    expect(other.headers.get('content-location')).toBe('/people?select=name')
  })

  test('embeds its own tables by their names in it, and those of no other', async () => {
    const loans = await stranger('/rest/v1/loans?select=id,people(name)', { headers: annex })
    expect(loans.json).toEqual([{ id: 'l1', people: { name: 'Ada of the annex' } }])
    const back = await stranger('/rest/v1/people?select=name,loans(id)', { headers: annex })
    expect(back.json).toEqual([{ name: 'Ada of the annex', loans: [{ id: 'l1' }] }])
    const across = await stranger('/rest/v1/loans?select=books(title)', { headers: annex })
    expect([across.status, across.json]).toMatchObject([
      400,
      { code: 'PGRST200', details: expect.stringContaining("in the schema 'annex'") },
    ])
    expect((await stranger('/rest/v1/books?select=annex_loans(id)')).status).toBe(400)
  })

  test('has no tables but its own, and is known by name', async () => {
    expect((await stranger('/rest/v1/annex_people')).json).toMatchObject({ code: 'PGRST205' })
    expect((await stranger('/rest/v1/books', { headers: annex })).json).toMatchObject({
      code: 'PGRST205',
      message: "Could not find the table 'annex.books' in the schema cache",
    })
    const unknown = await stranger('/rest/v1/people', { headers: { 'accept-profile': 'attic' } })
    expect([unknown.status, unknown.json]).toMatchObject([
      406,
      { code: 'PGRST106', hint: 'Only the following schemas are exposed: public, annex' },
    ])
  })

  test('is written by the header of bodies', async () => {
    const made = await stranger('/rest/v1/loans', {
      body: { id: 'l2', person_id: 'ada' },
      headers: { 'content-profile': 'annex', prefer: 'return=headers-only' },
    })
    expect([made.status, made.headers.get('location')]).toEqual([201, '/loans?id=eq.l2'])
    const gone = await stranger('/rest/v1/loans?id=eq.l2', { method: 'DELETE', headers: { 'content-profile': 'annex' } })
    expect(gone.status).toBe(204)
  })
})
