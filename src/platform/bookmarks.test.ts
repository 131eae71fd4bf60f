import { expect, test } from 'vitest'
import { isLive, laterMark, LIVE_MS, MAX_HEADER_LENGTH, newLocation, proveLive, readCarried, writeCarried } from './bookmarks'

const KEY = new Uint8Array(32).fill(7)
const MARK = `0000000a-00000001-00004f6c-${'0'.repeat(32)}`

test('what is carried comes back as it was, one bookmark a store', () => {
  const live = proveLive(KEY, 'session', new Map([['db', MARK]]), 1_700_000_000_000)
  for (const marks of [
    new Map([['db', MARK]]),
    new Map([
      ['db', MARK],
      ['db_12', `f${MARK.slice(1)}`],
    ]),
    new Map([['db_1', MARK]]),
  ]) {
    for (const carried of [
      { marks, live },
      { marks, live: null },
    ])
      expect(readCarried(writeCarried(carried))).toEqual(carried)
  }
  expect(writeCarried({ marks: new Map(), live })).toBeNull()
})

test('a header that is not all ours counts for nothing, up to its longest', () => {
  for (const header of [
    '',
    ';',
    MARK.toUpperCase(),
    `${MARK};;`,
    `db-1=${MARK}`,
    `db_12345=${MARK}`,
    `${MARK}; live=1.short`,
    `${MARK}, ${MARK}`,
    '0-0',
    'first-primary',
  ])
    expect(readCarried(header), header).toEqual({ marks: new Map(), live: null })
  const full = `${MARK}${' '.repeat(MAX_HEADER_LENGTH - MARK.length)}`
  expect(readCarried(full).marks.get('db')).toBe(MARK)
  expect(readCarried(`${full} `).marks.size).toBe(0)
})

test('a proof holds for half a minute, for its own session and bookmarks, under its own key, and not from the future', () => {
  const marks = new Map([['db', MARK]])
  const carried = { marks, live: proveLive(KEY, 'session', marks, 1_000_000) }
  expect(isLive(KEY, 'session', carried, 1_000_000)).toBe(true)
  expect(isLive(KEY, 'session', carried, 1_000_000 + LIVE_MS - 1)).toBe(true)
  expect(isLive(KEY, 'session', carried, 1_000_000 + LIVE_MS)).toBe(false)
  expect(isLive(KEY, 'session', carried, 999_999)).toBe(false)
  expect(isLive(KEY, 'another', carried, 1_000_001)).toBe(false)
  expect(isLive(new Uint8Array(32), 'session', carried, 1_000_001)).toBe(false)
  expect(isLive(KEY, 'session', { marks, live: { ...carried.live, at: 1_000_001 } }, 1_000_001)).toBe(false)
  expect(isLive(KEY, 'session', { marks, live: null }, 1_000_001)).toBe(false)
  for (const other of [
    new Map([['db', `f${MARK.slice(1)}`]]),
    new Map([['db_1', MARK]]),
    new Map([
      ['db', MARK],
      ['db_1', MARK],
    ]),
    new Map(),
  ])
    expect(isLive(KEY, 'session', { ...carried, marks: other }, 1_000_001)).toBe(false)
})

test('of two bookmarks the later counts', () => {
  const later = `0000000b${MARK.slice(8)}`
  expect([laterMark(MARK, later), laterMark(later, MARK), laterMark(MARK, undefined), laterMark(MARK, 'ffff')]).toEqual([
    later,
    later,
    MARK,
    MARK,
  ])
})

test('a location remembers so many people', () => {
  const location = newLocation(() => Promise.resolve(null))
  for (let n = 0; n <= 5_000; n++) location.end(`p${n}`, n + 1)
  expect([location.endedAt('p0'), location.endedAt('p1'), location.endedAt('p5000')]).toEqual([0, 2, 5_001])
})
