// Nobody learns from an answer whether an address has an account: not from its status, its headers, its shape, nor from what it asked the database.
// (How long it takes is in tests/clients/sign-in/timing.ts, where clocks run.)
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { hashPassword } from '../../src/auth/password'
import lodge from '../apps/lodge'
import { acquaintance, ATTEMPTS, STATES, type State } from '../support/acquaintances'
import { serve, sql } from '../support/backend'

vi.setConfig({ testTimeout: 60_000 })

const { stranger } = serve(lodge)

/** Of one password, made once: each costs 140 ms. */
let hash: string

beforeAll(async () => {
  hash = await hashPassword('a long walk home')
})

async function somebody(state: State) {
  const who = acquaintance(state, hash)
  for (const { sql: statement, params } of who.statements) await sql(statement, ...params)
  return who
}

/** What may differ: names of members and their types stay, what is in them goes. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]))
}

/** Its value is compared, too. */
const COUNTED = new Set(['x-perigee-d1-calls', 'x-sb-error-code', 'content-type', 'cache-control'])

describe('P18: an answer is the same for who is known and who is not', () => {
  test.for(ATTEMPTS)('$name', async ({ path, body }) => {
    const seen: Record<string, unknown> = {}
    for (const state of STATES) {
      const who = await somebody(state)
      // The second one comes too soon after the first.
      const answers = [await stranger(`/auth/v1/${path}`, { body: body(who) }), await stranger(`/auth/v1/${path}`, { body: body(who) })]
      seen[state] = answers.map(({ status, headers, json }) => ({
        status,
        headers: [...headers].map(([name, value]) => (COUNTED.has(name) ? `${name}: ${value}` : name)).toSorted(),
        body: shapeOf(json),
      }))
    }
    for (const state of STATES) expect({ [state]: seen[state] }).toEqual({ [state]: seen['unknown'] })
  })
})
