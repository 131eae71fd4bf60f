import { expect, test } from 'vitest'
import { encodeLiteral } from './operand'

test('a time is its milliseconds where it meets a number, in the unit of a column of times, and nothing beside what is no number', () => {
  const bound = (type: Parameters<typeof encodeLiteral>[0]) => encodeLiteral(type, new Date(5_000))
  for (const type of ['integer', 'bigint', 'real', 'numeric', 'timestamp_ms', null] as const)
    expect(bound(type)).toEqual({ chunks: [{ bound: 5_000 }] })
  expect(bound('timestamp')).toEqual({ chunks: [{ bound: 5 }] })
  expect(bound('boolean')).toBeNull()
})
