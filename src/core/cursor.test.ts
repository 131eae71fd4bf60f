import { expect, test } from 'vitest'
import { decodeCursor, encodeCursor, MAX_CURSOR_LENGTH, type Cursor } from './cursor'
import { toBase64Url, utf8 } from './encoding'

const cursor: Cursor = { store: 'db', epoch: 'e', order: 'o', side: 'after', values: ['a', null, 'Ü"\\\n', ''] }

test('a cursor comes back as it was, on either side, with any values', () => {
  for (const one of [cursor, { ...cursor, side: 'before' as const }, { ...cursor, values: [] }]) {
    expect(encodeCursor(one)).toMatch(/^[\w-]+$/)
    expect(decodeCursor(encodeCursor(one))).toEqual(one)
  }
})

test('what is none is none, and nothing is read beyond the longest', () => {
  const packed = (value: unknown) => toBase64Url(utf8(JSON.stringify(value)))
  for (const text of [
    '',
    'x',
    '====',
    packed(null),
    packed({}),
    packed([]),
    packed(['db', 'e', 'o']),
    packed(['db', 'e', 'o', 2]),
    packed([1, 'e', 'o', 1]),
    packed(['db', 'e', 'o', 1, 5]),
    packed(['db', 'e', 'o', 1, {}]),
  ])
    expect(decodeCursor(text), text).toBeNull()
  expect(decodeCursor(toBase64Url(new Uint8Array([0x5b, 0x22, 0xff, 0x22, 0x5d])))).toBeNull()
  const sized = (length: number) => encodeCursor({ ...cursor, values: ['x'.repeat(length)] })
  const fits = Array.from({ length: MAX_CURSOR_LENGTH }, (_, n) => sized(n)).findLast((text) => text.length <= MAX_CURSOR_LENGTH)!
  expect(decodeCursor(fits)).not.toBeNull()
  expect(decodeCursor(sized(MAX_CURSOR_LENGTH))).toBeNull()
})
