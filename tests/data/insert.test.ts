import { beforeAll, expect, test } from 'vitest'
import { ALL, ask, db, insert, lastCost, mount, people, person, pick, refusal, rows, stored } from './club'

const [ann, bob] = [person('ann'), person('bob')]

beforeAll(async () => {
  await mount(db)
  await people('ann', 'bob')
})

test('a row comes back with its defaults: an id, the caller, the clock, the function, the DDL', async () => {
  const [row] = await rows(ann, insert('notes', { title: 'first' }, { returning: { select: ALL } }))
  expect(row).toMatchObject({ owner_id: 'ann', status: 'draft', pinned: false, views: 0, code: 'made-here', moderation: 'unseen', loud: 'FIRST', touched: '2026-05-28T20:26:40.000+00:00' })
  expect(row!['id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  expect(Object.keys(row!)).not.toContain('secret')
  expect(Object.keys(row!)).not.toContain('_version')
  expect(await stored("select _version as v, _updated_at > 1700000000000 as t, secret from notes where title = 'first'")).toEqual([{ v: 1, t: 1, secret: 'hush' }])
})

test('one batch, and the session is asked for in it', async () => {
  await ask(ann, [insert('notes', { title: 'cost' })])
  expect(lastCost.d1Calls).toBe(1)
})
