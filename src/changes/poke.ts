// Tells a store's `ChangeFeed` that something was written: a moment after the answer, once for many writes. Carries nothing; when a poke is lost,
// the cron's finds what is waiting.
import type { Env } from '../platform'

/** Writes within this time of a poke share the next. */
export const POKE_GAP_MS = 200

/** When an isolate poked a store last, and when it will again. */
interface Poked {
  last: number
  planned: number
}

/** The memory of an isolate. `first` is called before its first poke of a store. */
export function newPoker(first: (env: Env, store: string) => Promise<void>): (env: Env, store: string) => Promise<void> {
  const stores = new Map<string, Poked>()
  const registered = new Set<string>()
  return async (env, store) => {
    const now = Date.now()
    const poked = stores.get(store) ?? { last: 0, planned: 0 }
    stores.set(store, poked)
    if (now - poked.last < POKE_GAP_MS) {
      // One that is planned comes after this write, and so sees it.
      if (poked.planned > now) return
      poked.planned = poked.last + POKE_GAP_MS
      await new Promise((resolve) => setTimeout(resolve, poked.planned - now))
    }
    poked.last = Date.now()
    if (!registered.has(store)) {
      await first(env, store)
      registered.add(store)
    }
    await feedOf(env, store)?.poke(store)
  }
}

/** The object of a store; undefined where none is bound. */
export function feedOf(env: Env, store: string) {
  return env.CHANGE_FEED?.get(env.CHANGE_FEED.idFromName(store))
}
