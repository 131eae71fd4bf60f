// The herald's database and its consumers, run by hand: no queue and no object stands between a test and the runner.
import { env } from 'cloudflare:workers'
import { createChanges } from '../../src/changes'
import { readStanding, registerConsumers } from '../../src/changes/cursor'
import { runConsumer, type RunOutcome } from '../../src/changes/run'
import { buildModel, type ConsumerDeclaration } from '../../src/define'
import { openStores, type Env } from '../../src/platform'
import { herald } from '../apps/herald'
import { batch, mount } from '../migrations/database'

export const bindings = { ...(env as unknown as Env), CHANGE_FEED: undefined, JOBS: undefined } as unknown as Env
const cost = { d1Calls: 0, rowsRead: 0, rowsWritten: 0 }
const stores = openStores(bindings, ({ statements }) => {
  cost.d1Calls++
  for (const { rowsRead, rowsWritten } of statements) {
    cost.rowsRead += rowsRead
    cost.rowsWritten += rowsWritten
  }
})
export const store = stores.primary

export const mountHerald = () => mount(herald())

/** Begins anew: no rows, no log, no consumers. */
export async function clear(): Promise<void> {
  await batch(
    'DELETE FROM seen',
    'DELETE FROM totals',
    'DELETE FROM articles',
    'DELETE FROM sys_consumers',
    'DELETE FROM sys_change_failures',
    'DELETE FROM sys_audit',
    'UPDATE sys_store SET pruned_seq = (SELECT coalesce(max(seq), pruned_seq) FROM sys_changes) WHERE id = 1',
    'DELETE FROM sys_changes',
  )
}

/** A time for tests to move. */
export interface Clock {
  now: number
}

/** The app with these consumers, and ways to run them. */
export function following(...declared: readonly ConsumerDeclaration[]) {
  const model = buildModel(herald(...declared))
  const { consumers } = createChanges(model)
  const clock: Clock = { now: Date.now() }
  const of = (name: string) => consumers.get(name)!
  return {
    model,
    consumers,
    clock,
    register: (since = 0) => registerConsumers(store, consumers.values(), since, clock.now),
    /** What some work cost the database. */
    async costOf(work: () => Promise<unknown>): Promise<typeof cost> {
      const before = { ...cost }
      await work()
      const since = (key: keyof typeof cost) => cost[key] - before[key]
      return { d1Calls: since('d1Calls'), rowsRead: since('rowsRead'), rowsWritten: since('rowsWritten') }
    },
    standing: (name: string) => readStanding(store, of(name)),
    run: (name: string, calls = 1_000): Promise<RunOutcome> =>
      runConsumer({
        model,
        env: bindings,
        stores,
        store,
        consumer: of(name),
        clock: () => clock.now,
        random: () => 0.5,
        budget: { calls, until: Number.POSITIVE_INFINITY },
      }),
  }
}

export const write = (...ids: readonly string[]) =>
  batch(`INSERT INTO articles (id, title) VALUES ${ids.map((id) => `('${id}', 'Title of ${id}')`).join(', ')}`)
export const names = (count: number, prefix = 'a') => Array.from({ length: count }, (_, n) => `${prefix}${String(n).padStart(4, '0')}`)
export const rows = (text: string) => batch(text)
