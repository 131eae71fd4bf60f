import { expect, test } from 'vitest'
import library from '../../tests/apps/library'
import { buildModel } from '../define'
import { planRequest } from './request'

const model = buildModel(library)

function planOf(headers: Readonly<Record<string, string>> = {}, search = 'select=id&limit=3', method = 'GET', of = model) {
  return planRequest(of, { method, table: 'books', search, header: (name) => headers[name] ?? null, body: null })
}

test('the same read is planned once, and by each model for itself', () => {
  expect(planOf()).toBe(planOf())
  expect(planOf({}, 'select=id&limit=3', 'GET', buildModel(library))).not.toBe(planOf())
})

test('whatever a plan depends on makes another one', () => {
  const plans = [
    planOf(),
    planOf({}, 'select=id&limit=4'),
    planOf({}, 'select=id&limit=3', 'HEAD'),
    planOf({ prefer: 'count=exact' }),
    planOf({ accept: 'application/vnd.pgrst.object+json' }),
    planOf({ range: '0-1' }),
  ]
  expect(new Set(plans.map((plan) => JSON.stringify({ ...plan, table: null }))).size).toBe(plans.length)
})

test('a request of any length makes a plan, and a long one leaves none behind', () => {
  const long = { prefer: `count=exact${' '.repeat(3_000)}` }
  expect(planOf(long)).not.toBe(planOf(long))
  expect(planOf(long).query).toEqual(planOf({ prefer: 'count=exact' }).query)
})

test('only so many are remembered', () => {
  const first = planOf()
  for (let i = 0; i < 300; i++) planOf({}, `select=id&limit=${i + 10}`)
  expect(planOf()).not.toBe(first)
  expect(planOf()).toEqual(first)
})
