// Whom a store's `ChangeFeed` wakes, and when it looks again. Pure: it is told where everybody stands.
import { run, type Store } from '../platform'
import { HEAD } from './cursor'

/** A consumer as the feed sees it. */
export interface Waiter {
  readonly name: string
  readonly seq: number
  /** Not to be woken before, UTC ms. */
  readonly nextAt: number | null
  /** Whether something follows its cursor, or the cursor is of another log, or something is to be tried again. */
  readonly behind: boolean
}

/** Who was woken and hasn't said since that it rests: where it stood and when. */
export type Woken = ReadonlyMap<string, { readonly seq: number; readonly at: number }>

/** A run that hasn't moved its cursor for so long is taken for lost. */
export const LOST_MS = 30_000
export const SHORTEST_LOOK_MS = 2_000
export const LONGEST_LOOK_MS = 30_000

export interface Plan {
  readonly wake: readonly string[]
  readonly woken: Woken
  /** UTC ms; null when everybody has caught up, until somebody writes. */
  readonly lookAt: number | null
  /** The pause before that look, to double. */
  readonly pause: number
}

/** `pause` is the one before this look; 0 when a write caused it. */
export function planWakes(waiters: readonly Waiter[], before: Woken, now: number, pause: number): Plan {
  const woken = new Map<string, { seq: number; at: number }>()
  const wake: string[] = []
  const looks: number[] = []
  const next = Math.min(Math.max(pause * 2, SHORTEST_LOOK_MS), LONGEST_LOOK_MS)
  for (const { name, seq, nextAt, behind } of waiters) {
    if (!behind) continue
    if (nextAt !== null && nextAt > now) {
      looks.push(nextAt)
      continue
    }
    const known = before.get(name)
    const running = known !== undefined && (known.seq !== seq || now - known.at < LOST_MS)
    if (!running) wake.push(name)
    woken.set(name, running && known.seq === seq ? known : { seq, at: now })
    looks.push(now + next)
  }
  return { wake, woken, lookAt: looks.length === 0 ? null : Math.min(...looks), pause: next }
}

/** Where everybody stands, in one call. */
export async function readWaiters(store: Store): Promise<Waiter[]> {
  const [answer] = await run(store.db, [{ sql: WAITERS, params: [] }])
  return (answer!.results as unknown as { name: string; seq: number; next_at: number | null; behind: number }[]).map(
    ({ name, seq, next_at, behind }) => ({ name, seq, nextAt: next_at, behind: behind === 1 }),
  )
}

const WAITERS =
  'SELECT c.`name`, c.`seq`, c.`next_at`, ' +
  `c.\`epoch\` <> s.\`epoch\` OR c.\`seq\` <> ${HEAD} ` +
  'OR EXISTS (SELECT 1 FROM `sys_change_failures` AS f WHERE f.`consumer` = c.`name` AND f.`replay_at` IS NOT NULL) AS behind ' +
  'FROM `sys_consumers` AS c, `sys_store` AS s WHERE s.`id` = 1'
