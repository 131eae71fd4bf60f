// How new what a reader sees must be: bookmarks of D1's sessions, one a store, as clients carry them, and as this location remembers
// them. Losing one costs latency. What lets a reader off the primary is a proof that it answered them a moment ago.
import { createHmac } from 'node:crypto'
import { equalConstantTime, utf8 } from '../core'
import type { SessionStart, Store, StoreSession } from './stores'

/** How long a session counts as alive without the primary being asked: so long a signed-out phone may read from a replica elsewhere. */
export const LIVE_MS = 30_000
/** How long a location goes by what a person wrote there, when the phone doesn't carry bookmarks itself. */
export const RECENT_MS = 10_000
/** The longest header that is read. */
export const MAX_HEADER_LENGTH = 1_024
const PEOPLE = 5_000

/** Decides where the reads of one request begin, and hears what became of each call. */
export interface Reading {
  /** `open`: all tables concerned let strangers read from replicas that may lag. */
  start(store: Store, open: () => boolean): SessionStart | Promise<SessionStart>
  answered(session: StoreSession, what: Answered): void
}

export interface Answered {
  /** Whether the primary answered, and judged the caller's session if there is one. */
  readonly primary: boolean
  readonly wrote: boolean
  /** Whether it was refused; the caller should see why, so the next read begins at the primary. */
  readonly failed?: boolean
}

/** What a client carries from answer to request: `bookmark[; store=bookmark]…[; live=time.mac]`. */
export interface Carried {
  /** By store. */
  readonly marks: ReadonlyMap<string, string>
  readonly live: Proof | null
}

interface Proof {
  /** UTC ms at which the primary knew the session. */
  readonly at: number
  readonly mac: string
}

const BOOKMARK = /^[0-9a-f]{1,16}(?:-[0-9a-f]{1,16}){2}-[0-9a-f]{1,40}$/
const PART = /^(?:(db(?:_\d{1,4})?)=)?([0-9a-f-]+)$/
const PROOF = /^live=([0-9a-z]{1,10})\.([\w-]{22})$/
const NOTHING: Carried = { marks: new Map(), live: null }
const PRIMARY = 'db'

/** Reads the header `x-d1-bookmark`; what isn't one of ours counts for nothing. */
export function readCarried(header: string | null): Carried {
  if (header === null || header.length > MAX_HEADER_LENGTH) return NOTHING
  const marks = new Map<string, string>()
  let live: Proof | null = null
  for (const part of header.split(';').map((text) => text.trim())) {
    const proof = PROOF.exec(part)
    const [, store = PRIMARY, mark = ''] = PART.exec(part) ?? []
    if (proof) live = { at: Number.parseInt(proof[1]!, 36), mac: proof[2]! }
    else if (BOOKMARK.test(mark)) marks.set(store, mark)
    else return NOTHING
  }
  return { marks, live }
}

/** The header's text; null when there is nothing to carry. */
export function writeCarried({ marks, live }: Carried): string | null {
  if (marks.size === 0) return null
  const parts = [...marks].map(([store, mark]) => (store === PRIMARY ? mark : `${store}=${mark}`))
  return [...parts, ...(live ? [`live=${live.at.toString(36)}.${live.mac}`] : [])].join('; ')
}

/**
 * Says that the primary answered `subject`, a session or a role, at `at`, and that what was seen is `marks`. Both are in the proof, so that
 * neither an older bookmark nor another's is of any use with it.
 */
export function proveLive(key: Uint8Array, subject: string, marks: ReadonlyMap<string, string>, at: number): Proof {
  return { at, mac: macOf(key, subject, marks, at) }
}

/** Whether the proof is of this subject and these bookmarks, made here, and new enough. */
export function isLive(key: Uint8Array, subject: string, { marks, live }: Carried, now: number): boolean {
  if (live === null || live.at > now || now - live.at >= LIVE_MS) return false
  return equalConstantTime(utf8(macOf(key, subject, marks, live.at)), utf8(live.mac))
}

function macOf(key: Uint8Array, subject: string, marks: ReadonlyMap<string, string>, at: number): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([subject, at, ...[...marks].flat()]))
    .digest('base64url')
    .slice(0, 22)
}

/** The later of two; bookmarks of a database sort as texts. */
export function laterMark(a: string, b: string | undefined): string {
  return b !== undefined && b.length === a.length && b > a ? b : a
}

/** What a person wrote here last. */
export interface Written {
  /** Bookmarks after it, by store; null when it is known that nothing is known. */
  readonly marks: ReadonlyMap<string, string> | null
  /** The session that wrote. */
  readonly sessionId: string | null
  readonly at: number
}

/** The memory of one isolate at one location. */
export interface Location {
  /** Undefined when this isolate knows nothing of the person, not even that. */
  known(uid: string): Written | undefined
  remember(uid: string, written: Written): void
  /** Proofs of this person's sessions from before `now` count for nothing here any more. */
  end(uid: string, now: number): void
  endedAt(uid: string): number
  /** The location's cache of that name; null where there is none. */
  cache(name: string): Promise<Cache | null>
}

/** A location of its own; `open` is the runtime's unless a test is elsewhere. */
export function newLocation(open: (name: string) => Promise<Cache | null> = openCache): Location {
  const written = bounded<Written>()
  const ended = bounded<number>()
  return {
    known: written.get,
    remember: written.set,
    end: ended.set,
    endedAt: (uid) => ended.get(uid) ?? 0,
    cache: open,
  }
}

async function openCache(name: string): Promise<Cache | null> {
  return typeof caches === 'undefined' ? null : caches.open(name)
}

function bounded<T>() {
  const entries = new Map<string, T>()
  return {
    get: (key: string): T | undefined => entries.get(key),
    set(key: string, value: T): void {
      entries.delete(key)
      entries.set(key, value)
      const oldest = entries.keys().next().value
      if (entries.size > PEOPLE && oldest !== undefined) entries.delete(oldest)
    },
  }
}
