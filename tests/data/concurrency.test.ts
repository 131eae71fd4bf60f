// Writers at the same time: D1 has one, so what a batch checks holds until its end.
import { beforeEach, expect, test } from 'vitest'
import { ask, eq, freshClub, insert, lastCost, person, refusal, stored, update } from './club'

beforeEach(freshClub)

test('of fifty who take the one desk a person may have, one gets it', async () => {
  const attempts = Array.from({ length: 50 }, (_, n) =>
    refusal(ask(person('eve'), [insert('desks', { id: `d${n}`, person_id: 'eve', place: n })])),
  )
  const refused = (await Promise.all(attempts)).filter((found) => found !== null)
  expect(refused).toHaveLength(49)
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['42501']))
  expect(await stored('select count(*) as n from desks')).toEqual([{ n: 1 }])
})

test('fifty who merge into one row make it once and change it 49 times, each under their own name', async () => {
  const write = (n: number) =>
    insert(
      'notes',
      { id: 'shared', title: `${n}`, status: 'done', club_id: 'climbers' },
      { conflict: { action: 'merge' }, missing: 'default' },
    )
  const results = await Promise.all(Array.from({ length: 50 }, (_, n) => ask(person('ann'), [write(n)])))
  expect(results.reduce((sum, [result]) => sum + result!.inserted!, 0)).toBe(1)
  expect(await stored("select _version as v from notes where id = 'shared'")).toEqual([{ v: 50 }])
  expect(await stored("select distinct context ->> 'uid' as uid from sys_changes where key = '[\"shared\"]'")).toEqual([{ uid: 'ann' }])
  expect(await stored('select context from sys_statement')).toEqual([{ context: null }])
})

test('10,000 rows whose policy reads their own table are judged in one batch, and quickly enough', async () => {
  const seat = (n: number) => ({ id: `s${n}`, owner_id: 'eve', next_to: n === 0 ? 's0' : `s${n - 1}`, taken: true, mood: 'good' })
  const all = Array.from({ length: 10_000 }, (_, n) => seat(n))
  expect((await ask(person('eve'), [insert('chairs', all)]))[0]).toMatchObject({ inserted: 10_000 })
  expect(lastCost.d1Calls).toBe(1)
  expect((await ask(person('eve'), [insert('chairs', all, { conflict: { action: 'merge' } })]))[0]).toMatchObject({
    inserted: 0,
    affected: 10_000,
  })
  expect((await ask(person('eve'), [update('chairs', { mood: 'fine' })]))[0]).toMatchObject({ affected: 10_000 })
  // A few reads a row for each of the statement, its guard and its checks: nothing that grows with the square.
  expect(lastCost.rowsRead).toBeLessThan(150_000)
  expect(await refusal(ask(person('eve'), [update('chairs', { taken: false }, eq('id', 's0'))]))).toMatchObject({ code: '42501' })
})
