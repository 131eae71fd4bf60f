import { expect, test } from 'vitest'
import { latestRun } from './cron'

const MINUTE = 60_000

/** All runs between two times, as the minute's cron finds them. */
function runsOf(pattern: string, zone: string, from: string, to: string): string[] {
  const found: string[] = []
  for (let now = Date.parse(from); now <= Date.parse(to); now += MINUTE) {
    const run = latestRun({ pattern, zone }, now - MINUTE, now)
    if (run !== null) found.push(new Date(run).toISOString().slice(0, 16))
  }
  return found
}

test('a run is the minute that the pattern names, in UTC and in a zone', () => {
  expect(runsOf('15 3 * * *', 'UTC', '2026-05-01T02:00:00Z', '2026-05-02T04:00:00Z')).toEqual(['2026-05-01T03:15', '2026-05-02T03:15'])
  expect(runsOf('15 3 * * *', 'Asia/Kolkata', '2026-05-01T18:00:00Z', '2026-05-01T23:59:00Z')).toEqual(['2026-05-01T21:45'])
  expect(runsOf('0 9 * * 1', 'Europe/Zurich', '2026-05-04T00:00:00Z', '2026-05-04T23:00:00Z')).toEqual(['2026-05-04T07:00'])
})

test('where the clock is put forward, a time that never comes is the moment at which it would have been', () => {
  // Zurich, 29 March 2026: 02:00 becomes 03:00, at 01:00 UTC.
  const spring = ['2026-03-28T22:00:00Z', '2026-03-29T06:00:00Z'] as const
  expect(runsOf('30 2 * * *', 'Europe/Zurich', ...spring)).toEqual(['2026-03-29T01:30'])
  expect(runsOf('0 2 * * *', 'Europe/Zurich', ...spring)).toEqual(['2026-03-29T01:00'])
  expect(runsOf('0 3 * * *', 'Europe/Zurich', ...spring)).toEqual(['2026-03-29T01:00'])
  expect(runsOf('30 1 * * *', 'Europe/Zurich', ...spring)).toEqual(['2026-03-29T00:30'])
  expect(runsOf('30 2 * * *', 'America/New_York', '2026-03-08T04:00:00Z', '2026-03-08T10:00:00Z')).toEqual(['2026-03-08T07:30'])
  // Lord Howe's clock moves by half an hour, 02:00 becomes 02:30 on 4 October 2026, at 15:30 UTC the day before.
  expect(runsOf('15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T12:00:00Z', '2026-10-03T20:00:00Z')).toEqual(['2026-10-03T15:45'])
})

test('where the clock is put back, a time that comes twice is the first of them', () => {
  // Zurich, 25 October 2026: 03:00 becomes 02:00, at 01:00 UTC.
  const autumn = ['2026-10-24T22:00:00Z', '2026-10-25T06:00:00Z'] as const
  expect(runsOf('30 2 * * *', 'Europe/Zurich', ...autumn)).toEqual(['2026-10-25T00:30'])
  expect(runsOf('0 3 * * *', 'Europe/Zurich', ...autumn)).toEqual(['2026-10-25T02:00'])
  expect(runsOf('0 2 * * *', 'Europe/Zurich', ...autumn)).toEqual(['2026-10-25T00:00'])
  expect(runsOf('30 1 * * *', 'America/New_York', '2026-11-01T04:00:00Z', '2026-11-01T10:00:00Z')).toEqual(['2026-11-01T05:30'])
})

test('each hour and each half hour is each real one, whatever the clock does', () => {
  for (const [from, to] of [
    ['2026-03-28T20:00:00Z', '2026-03-29T06:00:00Z'],
    ['2026-10-24T20:00:00Z', '2026-10-25T06:00:00Z'],
  ] as const) {
    expect(runsOf('0 * * * *', 'Europe/Zurich', from, to)).toHaveLength(11)
    expect(runsOf('*/30 * * * *', 'Europe/Zurich', from, to)).toHaveLength(21)
  }
})

test('of runs that were missed the latest is made up for, and none before the window', () => {
  const now = Date.parse('2026-05-01T12:34:56Z')
  const cron = { pattern: '*/10 * * * *', zone: 'UTC' }
  expect(latestRun(cron, now - 3_600_000, now)).toBe(Date.parse('2026-05-01T12:30:00Z'))
  expect(latestRun({ ...cron, pattern: '0 11 * * *' }, now - 3_600_000, now)).toBeNull()
})
