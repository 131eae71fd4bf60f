import { expect, test } from 'vitest'
import { LONGEST_LOOK_MS, LOST_MS, planWakes, SHORTEST_LOOK_MS, type Waiter, type Woken } from './wake'

const behind = (name: string, seq = 1, nextAt: number | null = null): Waiter => ({ name, seq, nextAt, behind: true })
const current = (name: string): Waiter => ({ name, seq: 9, nextAt: null, behind: false })
const NOBODY: Woken = new Map()
const NOW = 1_000_000

test('who is behind is woken, who has caught up is not, and then nobody looks again', () => {
  const plan = planWakes([behind('a'), current('b')], NOBODY, NOW, 0)
  expect(plan).toMatchObject({ wake: ['a'], lookAt: NOW + SHORTEST_LOOK_MS })
  expect(planWakes([current('a'), current('b')], plan.woken, NOW, 0)).toMatchObject({ wake: [], woken: new Map(), lookAt: null })
})

test('who runs is left to it while its cursor moves, and taken for lost when it has stood too long', () => {
  const first = planWakes([behind('a', 1)], NOBODY, NOW, 0)
  const again = planWakes([behind('a', 1)], first.woken, NOW + 5_000, 0)
  expect(again.wake).toEqual([])
  expect(planWakes([behind('a', 1)], again.woken, NOW + LOST_MS - 1, 0).wake).toEqual([])
  expect(planWakes([behind('a', 1)], again.woken, NOW + LOST_MS, 0).wake).toEqual(['a'])
  const moved = planWakes([behind('a', 2)], again.woken, NOW + LOST_MS, 0)
  expect(moved.wake).toEqual([])
  expect(planWakes([behind('a', 2)], moved.woken, NOW + 2 * LOST_MS - 1, 0).wake).toEqual([])
  expect(planWakes([behind('a', 2)], moved.woken, NOW + 2 * LOST_MS, 0).wake).toEqual(['a'])
})

test('who failed is woken when it is due, and looked after at that moment', () => {
  expect(planWakes([behind('a', 1, NOW + 700)], NOBODY, NOW, 0)).toMatchObject({ wake: [], lookAt: NOW + 700 })
  expect(planWakes([behind('a', 1, NOW)], NOBODY, NOW, 0)).toMatchObject({ wake: ['a'] })
  expect(planWakes([behind('a', 1, NOW + 60_000), behind('b')], NOBODY, NOW, 0).lookAt).toBe(NOW + SHORTEST_LOOK_MS)
})

test('looks step from two seconds to thirty', () => {
  const pauses: number[] = []
  for (let pause = 0, look = 0; look < 7; look++) {
    pause = planWakes([behind('a')], NOBODY, NOW, pause).pause
    pauses.push(pause)
  }
  expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000, LONGEST_LOOK_MS, LONGEST_LOOK_MS, LONGEST_LOOK_MS])
})
