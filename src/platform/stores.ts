// Which database holds what. Nobody else names a D1 binding.
import { metered, type DatabaseObserver } from './database'
import type { Env } from './env'
import { openOutbox, type Outbox } from './outbox'

/** The databases of one request. */
export interface Stores {
  /** People, sessions, keys and every table that isn't partitioned. */
  readonly primary: Store
  readonly all: readonly Store[]
  /** What batches hand to the queue; absent where nobody can wait for it. */
  readonly outbox?: Outbox
  /** The store of a partition's rows; the primary for a table without `partition`. */
  forPartition(table: { readonly partition: string | null }, key: string | null): Store
}

export interface Store {
  /** `db`, `db_1`, …: stands in cursors. */
  readonly name: string
  /** The primary, whatever replicas there are. */
  readonly db: D1Database
  /** The same store in a session, which may read from a replica that is as new as `start` says. Writes go to the primary always. */
  begin(start: SessionStart): StoreSession
}

/** A bookmark, or where the first query of a session goes. */
export type SessionStart = 'first-primary' | 'first-unconstrained' | (string & {})

export interface StoreSession extends Store {
  /** How new the last answer was; null before the first. */
  bookmark(): string | null
}

function openStore(name: string, db: D1Database, observe: DatabaseObserver): Store {
  const begin = (start: SessionStart): StoreSession => {
    const session = db.withSession(start)
    return { name, db: metered(session, name, observe), begin, bookmark: () => session.getBookmark() }
  }
  return { name, db: metered(db, name, observe), begin }
}

/** Slots a partition key hashes to; moving a slot to another store is a data move, adding a store isn't. */
const SLOTS = 1024

/** Opens the stores that the environment binds: `DB`, then `DB_1`, `DB_2`, … `later` keeps the isolate alive for what follows a write. */
export function openStores(env: Env, observe: DatabaseObserver, later?: (work: Promise<unknown>) => void): Stores {
  const bindings = env as unknown as Record<string, D1Database | undefined>
  const all: Store[] = [openStore('db', env.DB, observe)]
  for (let n = 1; bindings[`DB_${n}`]; n++) all.push(openStore(`db_${n}`, bindings[`DB_${n}`]!, observe))
  const primary = all[0]!
  return {
    primary,
    all,
    ...(later ? { outbox: openOutbox(env, later) } : {}),
    forPartition: (table, key) => (table.partition === null || key === null ? primary : all[slotOf(key) % all.length]!),
  }
}

/** FNV-1a, 32 bits, over UTF-16 units. */
function slotOf(key: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193) >>> 0
  return hash % SLOTS
}
