// The change feed of a backend: who follows, and what the request, the queue and the cron each do for it.
import type { Model } from '../define'
import { log } from '../observability'
import { openStores, type Env, type Store, type Stores } from '../platform'
import { appConsumer } from './app-consumer'
import { consumerRegistry, type Consumer } from './consumer'
import { parkConsumer, registerConsumers, sweepConsumers } from './cursor'
import { feedOf, newPoker } from './poke'
import { runConsumer } from './run'

export interface Changes {
  readonly consumers: ReadonlyMap<string, Consumer>
  /** After a request wrote to these stores: wakes who follows. */
  written(env: Env, stores: Iterable<string>): Promise<void>
  /** Runs the consumer that a message names; resolves when it rests, or has another message on its way. */
  run(name: string, store: Store, stores: Stores, env: Env): Promise<void>
  /** Each minute: wakes who is behind although nobody poked. */
  tick(env: Env): Promise<void>
  /** Forgets what docs/storage.md says. */
  sweep(env: Env, now: number): Promise<void>
}

const RUN_MS = 20_000
/** How long a consumer rests that this Worker has no code for. */
const PARKED_MS = 3600 * 1000

/** `builtIn` are the engine's own consumers; the app's are the model's. */
export function createChanges(model: Model, builtIn: readonly Consumer[] = []): Changes {
  const consumers = consumerRegistry([...builtIn, ...Array.from(model.consumers.values(), (declared) => appConsumer(model, declared))])
  const open = (env: Env) => openStores(env, () => undefined)
  // A Worker's clock stands still until its first request.
  let began = 0
  const register = async (env: Env, name: string) => {
    began ||= Date.now()
    const stores = open(env)
    const store = storeNamed(stores, name)
    if (store) await registerConsumers(store, followersOf(model, consumers, stores, store), began - CLOCK_MS, Date.now())
  }
  const poke = newPoker(register)

  return {
    consumers,
    async written(env, stores) {
      if (consumers.size === 0) return
      began ||= Date.now()
      await Promise.all(Array.from(stores, (store) => poke(env, store).catch((error: unknown) => reportPoke(store, error))))
    },
    async run(name, store, stores, env) {
      const consumer = consumers.get(name)
      if (!consumer) return parkConsumer(store, name, Date.now() + PARKED_MS)
      const budget = { calls: RUN_CALLS, until: Date.now() + RUN_MS }
      const outcome = await runConsumer({ model, env, stores, store, consumer, clock: Date.now, random: Math.random, budget })
      if (outcome === 'more') await env.JOBS?.send({ consumer: name, store: store.name })
      // Who was there first says so itself when it rests.
      else if (outcome !== 'overtaken') await feedOf(env, store.name)?.rested(store.name, name)
    },
    async tick(env) {
      if (consumers.size === 0) return
      for (const { name } of open(env).all) {
        await register(env, name)
        await feedOf(env, name)?.poke(name)
      }
    },
    async sweep(env, now) {
      for (const store of open(env).all) await sweepConsumers(store, now)
    },
  }
}

/** Calls to the database of one run: what a Worker may make on the free plan, less some. */
const RUN_CALLS = 36
/** By how much the clocks of a Worker and of the database may differ. */
const CLOCK_MS = 1_000

const storeNamed = ({ all }: Stores, name: string): Store | undefined => all.find((store) => store.name === name)

/** Only partitioned tables have rows beyond the primary store. */
function followersOf(model: Model, consumers: ReadonlyMap<string, Consumer>, stores: Stores, store: Store): Consumer[] {
  const here = (table: string) => store === stores.primary || (model.tables.get(table)?.partition ?? null) !== null
  return [...consumers.values()].filter(({ wants }) => wants.tables?.some(here) ?? true)
}

/** The write is done; who follows is woken by the cron. */
function reportPoke(store: string, error: unknown): void {
  log('warn', 'change.poke_failed', { store, message: error instanceof Error ? error.message : 'unknown' })
}
