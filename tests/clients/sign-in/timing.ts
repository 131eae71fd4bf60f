// How long an answer takes doesn't tell whether somebody has an account: known and unknown addresses are asked for in turn, and their times compared by rank.
import { describe, expect, test } from 'vitest'
import { hashPassword } from '../../../src/auth/password'
import { acquaintance, ATTEMPTS } from '../../support/acquaintances'
import { PASSWORD, type Lodge } from './lodge'

/** How often a time of the second is longer than one of the first: a half when nothing tells them apart, 0 or 1 when everything does (Mann and Whitney). */
function rankOf(first: readonly number[], second: readonly number[]): number {
  const wins = first.flatMap((a) => second.map((b) => (b > a ? 1 : b === a ? 0.5 : 0)))
  return wins.reduce<number>((sum, win) => sum + win, 0) / wins.length
}

/** Of each kind; that all of one are slower than all of the other by chance happens once in 6,435 times. */
const ROUNDS = 8

export function timing(lodge: () => Lodge): void {
  let hash: Promise<string> | null = null
  const hashed = (): Promise<string> => (hash ??= hashPassword(PASSWORD))

  /** Milliseconds that one answer took. */
  const timeOf = async (path: string, body: object): Promise<number> => {
    const { url, keys } = lodge().server
    const headers = { apikey: keys.publishableKey, 'content-type': 'application/json' }
    const started = performance.now()
    const answer = await fetch(`${url}/auth/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    await answer.arrayBuffer()
    return performance.now() - started
  }

  describe('P18: an answer takes as long for who is known as for who is not', () => {
    // Numbers go the way of addresses; a hash each is enough.
    test.for(ATTEMPTS.filter(({ name, hashes }) => !hashes || !name.includes('phone')))('$name', async ({ path, body }) => {
      const known = await hashed()
      const people = Array.from({ length: ROUNDS + 1 }, (_, round) => [
        { familiar: false, ...acquaintance('unknown', known) },
        { familiar: true, ...acquaintance(round % 2 === 0 ? 'confirmed' : 'unconfirmed', known) },
      ])
      const { db } = lodge().server
      await db.batch(people.flat().flatMap(({ statements }) => statements.map(({ sql, params }) => db.prepare(sql).bind(...params))))
      const times: { familiar: number[]; strange: number[] } = { familiar: [], strange: [] }
      for (const [round, pair] of people.entries()) {
        // Neither always comes behind the other; the first round only warms up.
        for (const who of round % 3 === 0 ? pair : pair.toReversed()) {
          const time = await timeOf(path, body(who))
          if (round > 0) times[who.familiar ? 'familiar' : 'strange'].push(time)
        }
      }
      const rank = rankOf(times.strange, times.familiar)
      const apart = Math.abs(median(times.familiar) - median(times.strange))
      const told = `rank ${rank.toFixed(2)}, medians ${apart.toFixed(1)} ms apart: ${times.strange.map(Math.round).join(' ')} | ${times.familiar.map(Math.round).join(' ')}`
      // Told apart: every single time, and by more than what the way through a network hides.
      expect((rank === 0 || rank === 1) && apart > Math.max(5, median(times.strange) / 10), told).toBe(false)
    })
  })
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
