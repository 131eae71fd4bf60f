// What can be called in the harbour: one function of each kind of answer.
import * as z from 'zod'
import { anyone, fn, nothing, setOf, value } from '../../../src/define'
import { ships } from './tables'

export const statusOf = fn(
  'status_of',
  { args: z.object({ ship: z.string() }), returns: value(z.string().nullable()), volatility: 'read', who: anyone() },
  async ({ args, db }) => (await db.query(ships, { where: { name: args.ship } }))[0]?.status ?? null,
)

export const shipsLike = fn(
  'ships_like',
  { args: z.object({ start: z.string().default('') }), returns: setOf(ships), volatility: 'read', who: anyone() },
  ({ args, db }) => db.rows(ships, { where: ({ row, like }) => like(row.name, `${args.start}%`) }),
)

export const tally = fn(
  'tally',
  { args: z.object({ numbers: z.array(z.int()) }), returns: setOf(z.int()), volatility: 'read', who: anyone() },
  ({ args }) => args.numbers.map((number) => number + 1),
)

export const layUp = fn(
  'lay_up',
  { args: z.object({ ship: z.string() }), returns: value(z.string().nullable()), volatility: 'write', who: anyone() },
  async ({ args, db }) => (await db.update(ships, { status: 'IN_PORT' }, { where: { name: args.ship } }))[0]?.status ?? null,
)

export const ring = fn('ring', { args: z.object({}), returns: nothing, volatility: 'read', who: anyone() }, () => undefined)
