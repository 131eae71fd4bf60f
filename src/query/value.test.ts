import { describe, expect, test } from 'vitest'
import { AppError } from '../core'
import type { ColumnModel } from '../define'
import { parseInstant } from './instant'
import { encodeValue, type ValuePurpose } from './value'

const column = (type: ColumnModel['type'], rest: Partial<ColumnModel> = {}): ColumnModel => ({
  name: 'c',
  property: 'c',
  type,
  notNull: false,
  primaryKey: false,
  hidden: false,
  readOnly: false,
  generated: false,
  engine: false,
  default: null,
  onUpdate: null,
  read: null,
  values: null,
  maxLength: null,
  computed: null,
  bare: false,
  ...rest,
})

const encode = (type: ColumnModel['type'], input: unknown, purpose: ValuePurpose = 'write', rest: Partial<ColumnModel> = {}): unknown => {
  try {
    return encodeValue(column(type, rest), input, purpose)
  } catch (error) {
    if (error instanceof AppError) return error.definition.postgrest
    throw error
  }
}

describe('encodeValue', () => {
  test('integers are exact to 64 bits and nothing else is one', () => {
    expect(encode('integer', '9223372036854775807')).toBe('9223372036854775807')
    expect(encode('integer', '-9223372036854775808')).toBe('-9223372036854775808')
    expect(encode('integer', '9223372036854775808')).toBe('22003')
    expect(encode('bigint', '-9223372036854775809')).toBe('22003')
    expect(encode('integer', 5)).toBe('5')
    expect(encode('integer', ' +007 ')).toBe('7')
    expect(encode('integer', 2 ** 53)).toBe('22003')
    for (const input of ['', 'abc', '1.5', 1.5, true, '0x10', '1e3', {}, [1], '٣'])
      expect([input, encode('integer', input)]).toEqual([input, '22P02'])
    expect(encode('integer', '9'.repeat(100_000))).toBe('22003')
  })

  test('the message is Postgres’ own', () => {
    expect(() => encodeValue(column('integer'), 'abc', 'filter')).toThrow('invalid input syntax for type integer: "abc"')
  })

  test('reals are finite numbers, decimals keep their digits', () => {
    expect(encode('real', '1.50')).toBe(1.5)
    expect(encode('real', '.5e1')).toBe(5)
    expect(encode('real', 'Infinity')).toBe('22P02')
    expect(encode('real', '1e999')).toBe('22003')
    expect(encode('numeric', '00012345678901234567890.1200')).toBe('12345678901234567890.1200')
    expect(encode('numeric', '-.5')).toBe('-0.5')
    expect(encode('numeric', '5.')).toBe('5')
    expect(encode('numeric', '.')).toBe('22P02')
  })

  test('booleans are the words that Postgres takes', () => {
    for (const word of [true, 'true', 'T', 'yes', 'on', '1', 1]) expect(encode('boolean', word)).toBe('1')
    for (const word of [false, 'fal', 'n', 'off', '0', 0]) expect(encode('boolean', word)).toBe('0')
    for (const word of ['', 'o', 'maybe', 2, 'truex']) expect([word, encode('boolean', word)]).toEqual([word, '22P02'])
  })

  test('moments become the column’s unit, finer than it only in a filter', () => {
    expect(encode('timestamp_ms', '2026-01-02T03:04:05.1239Z')).toBe('1767323045123')
    expect(encode('timestamp_ms', '2026-01-02T03:04:05.1235Z', 'filter')).toBe('1767323045123.5')
    expect(encode('timestamp', '2026-01-02 03:04:05.9+00')).toBe('1767323045')
    expect(encode('timestamp', '2026-01-02T05:04:05.5+02:00', 'filter')).toBe('1767323045.5')
    expect(encode('timestamp', '1969-12-31T23:59:59.5Z')).toBe('-1')
    expect(encode('timestamp_ms', 'Fri Jan 02 2026 03:04:05 GMT+0000')).toBe('22007')
    expect(encode('timestamp_ms', 1_767_323_045_123)).toBe('22007')
    expect(encode('timestamp_ms', '2025-02-29T00:00:00Z')).toBe('22008')
    expect(encode('timestamp_ms', '2026-01-02T25:00:00Z')).toBe('22008')
    expect(encode('date', '2026-1-2')).toBe('2026-01-02')
    expect(encode('date', '2026-02-30')).toBe('22008')
    expect(encode('date', 'today')).toBe('22007')
  })

  test('texts keep to their form', () => {
    expect(encode('uuid', '{A0EEBC99-9C0B4EF8-BB6D6BB9BD380A11}')).toBe('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')
    expect(encode('uuid', 'nope')).toBe('22P02')
    expect(encode('text', 'abc', 'write', { maxLength: 2 })).toBe('22001')
    expect(encode('text', '🏔🏔', 'write', { maxLength: 2 })).toBe('🏔🏔')
    expect(encode('text', 'abc', 'filter', { maxLength: 2 })).toBe('abc')
    expect(encode('text', 'c', 'filter', { values: ['a', 'b'] })).toBe('22P02')
    expect(encode('text', 5)).toBe('5')
    expect(encode('text', { a: 1 })).toBe('{"a":1}')
    expect(encode('text', 'a\0')).toBe('22021')
    expect(encode('text', '\ud800')).toBe('22021')
    expect(encode('blob', '\\x00FF')).toBe('00ff')
    expect(encode('blob', '\\x0')).toBe('22P02')
    expect(encode('json', 'a')).toBe('"a"')
    expect(encode('json', '[1, 2]', 'filter')).toBe('[1,2]')
    expect(encode('json', '{', 'filter')).toBe('22P02')
    for (const type of ['text', 'integer', 'json', 'blob', 'timestamp'] as const) expect(encode(type, null)).toBeNull()
  })
})

test('a leap second, midnight as 24:00 and a far offset are moments, a zone’s name is none', () => {
  expect(parseInstant('2026-01-01T24:00:00Z')).toBe(Date.UTC(2026, 0, 2))
  expect(parseInstant('2016-12-31T23:59:60Z')).toBe(Date.UTC(2017, 0, 1))
  expect(parseInstant('2026-01-01T00:00:00-1130')).toBe(Date.UTC(2026, 0, 1, 11, 30))
  expect(parseInstant('2026-01-01T00:00:00 Europe/Berlin')).toBeNull()
  expect(parseInstant('2026-01-01T00:00:00+16:00')).toBe('out of range')
  expect(parseInstant('2026-01-01')).toBe(Date.UTC(2026, 0, 1))
})
