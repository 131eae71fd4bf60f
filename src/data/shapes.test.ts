import { expect, test } from 'vitest'
import { ANONYMOUS, SERVICE } from '../core'
import type { Condition, Query } from '../query'
import { formOf, readShapes, recordShape } from './shapes'

const query = (where: Condition, limit = 20): Query => ({
  operations: [{ kind: 'read', table: 'notes', select: [{ kind: 'all' }], where, limit }],
  shape: { form: 'list' },
})
const equals = (value: string, column = 'kind'): Condition => ({ kind: 'compare', target: { column }, operator: 'eq', value })

test('values are no part of a form; columns, operators and the word behind `is` are', () => {
  expect(formOf(query(equals('a'), 1))).toBe(formOf(query(equals('b'), 2)))
  expect(formOf(query(equals('a')))).not.toContain('"a"')
  expect(formOf(query(equals('a')))).not.toBe(formOf(query(equals('a', 'color'))))
  const is = (value: 'null' | 'true') => query({ kind: 'is', target: { column: 'kind' }, value })
  expect(formOf(is('null'))).not.toBe(formOf(is('true')))
})

test('questions of one form are counted together, by role, and only so many are kept', () => {
  for (const [value, rowsRead] of [
    ['a', 7],
    ['b', 90],
    ['c', 3],
  ] as const)
    recordShape(query(equals(value)), ANONYMOUS, rowsRead)
  recordShape(query(equals('a')), SERVICE, 1)
  expect(readShapes().map(({ role, count, rowsRead }) => [role, count, rowsRead])).toEqual([
    ['anon', 3, 90],
    ['service_role', 1, 1],
  ])
  for (let i = 0; i < 500; i++) recordShape(query(equals('a', `column${i}`)), ANONYMOUS, 1)
  expect(readShapes()).toHaveLength(500)
  expect(readShapes().every(({ count }) => count === 1)).toBe(true)
})
