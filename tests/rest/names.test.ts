// Aliases and paths into JSON, whose names are the client's own: they come back as they are, and are no SQL.
import { beforeAll, describe, expect, test } from 'vitest'
import { mount, service, stranger } from './backend'

beforeAll(async () => {
  await mount()
  expect((await service('/rest/v1/people', { body: { id: 'cleo', name: 'Cleo' } })).status).toBe(201)
  expect((await service('/rest/v1/books', { body: { id: 1, title: 'Alpine', published: true } })).status).toBe(201)
})

describe('names that clients make up', () => {
  const e = encodeURIComponent

  test('stand in the output as they are, and nowhere as SQL', async () => {
    const answer = await stranger(`/rest/v1/books?select=${e(`"x' || 'y":title,"q\\"k":id,"$.a":id`)}&id=eq.1`)
    expect(answer.text).toBe('[{"x\' || \'y":"Alpine","q\\"k":1,"$.a":1}]')
  })

  test('lead into JSON by exactly themselves', async () => {
    const keys = ["a'b", 'a"b', 'a.b', '[0]', '$', '', '#-1', '\u00e9 x']
    await service('/rest/v1/samples', {
      body: { id: '0193a3c2-7f1e-7d6a-9b1c-5f0e6c1d2a3b', data: Object.fromEntries(keys.map((key, i) => [key, { n: i }])) },
    })
    for (const [i, key] of keys.entries()) {
      const path = `data->"${key.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
      expect((await stranger(`/rest/v1/samples?select=${e(`v:${path}->n`)}&${e(`${path}->>n`)}=eq.${i}`)).json).toEqual([{ v: i }])
    }
  })

  test('ten embeds inside one another are answered', async () => {
    let select = 'name'
    for (let i = 0; i < 10; i++) select = `name,down${i}:people!mentor_id(${select})`
    expect((await stranger(`/rest/v1/people?select=${e(select)}&name=eq.Cleo`)).json).toEqual([{ name: 'Cleo', down9: [] }])
  })
})
