// A small app, a receiver in the same process that answers as it is told, and the worker that sends to it.
import { env } from 'cloudflare:workers'
import { blob, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { anyone, app, buildModel, table } from '../../src/define'
import { changesBetween, readExtent } from '../../src/data'
import { addCall, newCost, type Cost } from '../../src/observability'
import { keysOf, openStores, run, type Env, type Keys } from '../../src/platform'
import { registerConsumers } from '../../src/changes/cursor'
import { runConsumer } from '../../src/changes/run'
import { consume, webhookConsumer, work, type WorkContext } from '../../src/webhooks'
import { serve } from '../support/backend'

export const notes = sqliteTable('notes', {
  id: text('id').primaryKey(),
  title: text('title').notNull(),
  secret: text('secret'),
  done: integer('done', { mode: 'boolean' }).notNull().default(false),
  at: integer('at', { mode: 'timestamp_ms' }),
  big: integer('big'),
  extra: text('extra', { mode: 'json' }),
  raw: blob('raw', { mode: 'buffer' }),
})

const everyone = { read: anyone(), insert: anyone(), update: anyone(), delete: anyone() }

export const club = app({
  name: 'Club',
  tables: [table(notes, { ...everyone, columns: { secret: { hidden: true } } })],
  internal: [sqliteTable('journal', { id: text('id').primaryKey() })],
})

export const model = buildModel(club)
/** Without a queue: nobody works but who is asked to. */
export const bindings = { ...(env as unknown as Env), JOBS: undefined, CHANGE_FEED: undefined } as unknown as Env
export const backend = serve(club, bindings)
export const db = bindings.DB

/** Reads a request that the worker sent. */
export interface Received {
  readonly id: string
  readonly body: { readonly type: string; readonly timestamp: string; readonly data: Record<string, unknown> }
  readonly text: string
  readonly headers: Headers
}

export type Answering = (received: Received) => Response | Promise<Response>

const LIVE = {
  get now() {
    return Date.now()
  },
  set now(_: number) {
    throw new Error('give the worker a clock of its own')
  },
}

/** Someone who sends; a `clock` of its own is moved by hand. */
export async function worker(answer: Answering, clock: { now: number } = LIVE, keys?: Keys) {
  const received: Received[] = []
  const cost = newCost(false)
  const stores = openStores(bindings, (call) => addCall(cost, call))
  const context: WorkContext = {
    db: stores.primary.db,
    keys: keys ?? (await keysOf(bindings)),
    loopback: false,
    speed: 1,
    now: () => clock.now,
    random: () => 0,
    model,
    stores,
    fetch: async (_, init) => {
      const text = init?.body as string
      const headers = new Headers(init?.headers)
      const one = { id: headers.get('webhook-id') ?? '', body: JSON.parse(text) as Received['body'], text, headers }
      received.push(one)
      return answer(one)
    },
  }
  return { received, clock, cost, work: (id: string) => work(context, id) }
}

let handled = 0

/** What the change feed does: hands what was written since to the consumer, and commits its statements. */
export async function feed(now = Date.now()): Promise<Cost> {
  const cost = newCost(false)
  const store = openStores(bindings, () => undefined).primary
  const counted = openStores(bindings, (call) => addCall(cost, call)).primary.db
  const { head, epoch } = await readExtent(store)
  const changes = await changesBetween(store, handled + 1, head, 1000)
  const { statements } = await consume(counted, model, { store: 'db', epoch }, changes, now)
  await run(counted, statements)
  handled = head
  return cost
}

/** The real change feed with the real follower, over the primary store. Begins behind what was written so far. */
export async function feedThrough() {
  const stores = openStores(bindings, () => undefined)
  const consumer = webhookConsumer(model)
  await registerConsumers(stores.primary, [consumer], Date.now() + 60_000, Date.now())
  return {
    run: () => runConsumer({ model, env: bindings, stores, store: stores.primary, consumer, clock: Date.now, random: Math.random }),
    async standing() {
      const [row] = (
        await db
          .prepare('SELECT error, next_at IS NOT NULL AS resting FROM sys_consumers WHERE name = ?1')
          .bind(consumer.name)
          .all<Record<string, unknown>>()
      ).results
      return row
    },
  }
}
