import { describe, expect, test } from 'vitest'
import type { Field } from './fields'
import { inZone, parseZone, zoned } from './timezone'

describe('a zone', () => {
  test.each([
    ['Europe/Rome', '2026-01-02T03:04:05.678+00:00', '2026-01-02T04:04:05.678+01:00'],
    ['Europe/Rome', '2026-07-02T03:04:05+00:00', '2026-07-02T05:04:05+02:00'],
    // The hour that summer time ends with comes twice.
    ['Europe/Rome', '2026-10-25T00:30:00.000+00:00', '2026-10-25T02:30:00.000+02:00'],
    ['Europe/Rome', '2026-10-25T01:30:00.000+00:00', '2026-10-25T02:30:00.000+01:00'],
    ['america/los_angeles', '2023-10-18T12:37:59.611+00:00', '2023-10-18T05:37:59.611-07:00'],
    ['Asia/Kathmandu', '2026-12-31T23:00:00.000+00:00', '2027-01-01T04:45:00.000+05:45'],
    ['Australia/Lord_Howe', '2026-01-01T00:00:00.000+00:00', '2026-01-01T11:00:00.000+11:00'],
    ['UTC', '2026-01-02T03:04:05.678+00:00', '2026-01-02T03:04:05.678+00:00'],
    ['Europe/Rome', '1969-12-31T23:59:59.999+00:00', '1970-01-01T00:59:59.999+01:00'],
    ['-4', '2023-10-18T12:37:59.611+00:00', '2023-10-18T08:37:59.611-04:00'],
    ['5.5', '2023-10-18T12:37:59.611+00:00', '2023-10-18T18:07:59.611+05:30'],
    // As Postgres reads it: POSIX counts to the west.
    ['+05:30', '2023-10-18T12:37:59.611+00:00', '2023-10-18T07:07:59.611-05:30'],
    ['UTC-2', '2023-10-18T12:37:59.611+00:00', '2023-10-18T14:37:59.611+02:00'],
    // Not a time of ours.
    ['Europe/Rome', 'yesterday', 'yesterday'],
    ['Europe/Rome', '2026-01-02', '2026-01-02'],
    ['-4', '0001-01-01T00:00:00.000+00:00', '0001-01-01T00:00:00.000+00:00'],
  ])('%s of %s', (zone, utc, expected) => {
    expect(zoned(utc, parseZone(zone)!)).toBe(expected)
  })

  test.each(['', 'Mars/Olympus', '05:30:15', '17', '+99:00', "'; drop", '+05:60', 'Europe/', '1e3'])('%j is none', (text) => {
    expect(parseZone(text)).toBeNull()
  })
})

test('only times are moved, at every depth, and numbers keep their digits', () => {
  const fields: Field[] = [
    { name: 'at', kind: 'time' },
    { name: 'note', kind: 'other' },
    { name: 'inner', kind: 'other', inner: [{ name: 'at', kind: 'time' }, { name: 'one', kind: 'other', inner: [{ name: 'at', kind: 'time' }] }] }, // prettier-ignore
  ]
  const time = '"2026-01-02T00:00:00.000+00:00"'
  const body = `[{"at":${time},"note":${time},"big":9007199254740993,"inner":[{"at":${time},"one":null},{"at":null,"one":{"at":${time}}}]},{"at":[${time},null]}]`
  const moved = '"2026-01-02T01:00:00.000+01:00"'
  expect(inZone(body, fields, parseZone('Europe/Rome')!)).toBe(
    `[{"at":${moved},"note":${time},"big":9007199254740993,"inner":[{"at":${moved},"one":null},{"at":null,"one":{"at":${moved}}}]},{"at":[${moved},null]}]`,
  )
})
