// Where a request may read: near the phone, when what it knows shows that nothing of its own would be missing there and that its
// session lives; at the primary otherwise. Carries bookmarks from answer to request, and asks the location only when the phone carries none.
import {
  isLive,
  knownKeys,
  laterMark,
  proveLive,
  readCarried,
  RECENT_MS,
  writeCarried,
  type Carried,
  type Reading,
  type Written,
} from '../platform'
import type { AppContext } from './context'

export const BOOKMARK_HEADER = 'x-d1-bookmark'
const CACHE = 'perigee-bookmarks'

/** The reading of a request that began at `started`, UTC ms. */
export function readingOf(c: AppContext, started: number): Reading {
  const { location } = c.var
  let carried: Carried | null = null
  const sent = (): Carried => (carried ??= readCarried(c.req.header(BOOKMARK_HEADER) ?? null))

  return {
    start(store, open) {
      const { uid, sessionId, role } = c.var.principal
      const mark = sent().marks.get(store.name)
      const person = uid !== null && sessionId !== null
      const known = person ? location.known(uid) : undefined
      if (mark !== undefined) {
        const key = knownKeys(c.env)?.liveness
        const ended = person ? location.endedAt(uid) : 0
        const { live } = sent()
        if (key && live && live.at > ended && isLive(key, sessionId ?? role, sent(), started))
          return laterMark(mark, known?.marks?.get(store.name))
      }
      if (!person) return role === 'anon' && open() ? (mark ?? 'first-unconstrained') : 'first-primary'
      if (mark !== undefined) return 'first-primary'
      const from = (written: Written) => recentMark(written, store.name, sessionId, started) ?? 'first-primary'
      const recent = known && started - known.at < RECENT_MS ? known : null
      if (recent?.marks === null) return from(recent)
      return lookUp(c, uid, recent, started).then(from, () => 'first-primary')
    },
    answered(session, { primary, wrote, failed }) {
      const { uid, sessionId, role } = c.var.principal
      const { marks: before, live } = sent()
      const mark = session.bookmark()
      const marks = new Map(before)
      if (mark !== null) marks.set(session.name, mark)
      const key = knownKeys(c.env)?.liveness
      const subject = sessionId ?? role
      // A replica's answer hands on a proof that holds, with what is seen now; it makes none.
      const at = primary ? started : key && live && isLive(key, subject, sent(), started) ? live.at : null
      // A client that carries nothing back needs no proof, and most SDKs don't: who reads without a bookmark gets one without a proof.
      const proves = key !== undefined && at !== null && !failed && (wrote || before.size > 0)
      carried = { marks, live: proves ? proveLive(key, subject, marks, at) : null }
      if (uid !== null && sessionId !== null) {
        if (failed) location.remember(uid, { marks: null, sessionId: null, at: started })
        else if (wrote) noteWrite(c, uid, { marks, sessionId, at: Date.now() })
      }
      const text = writeCarried(carried)
      if (text !== null) c.header(BOOKMARK_HEADER, text)
    },
  }
}

/** Makes the sign-out of this person felt at once here: the phone gets no proof back, and the older ones count no more. */
export function endReading(c: AppContext, uid: string): void {
  c.var.location.end(uid, Date.now())
  c.var.location.remember(uid, { marks: null, sessionId: null, at: Date.now() })
  const marks = readCarried(c.req.header(BOOKMARK_HEADER) ?? null).marks
  const text = writeCarried({ marks, live: null })
  if (text !== null) c.header(BOOKMARK_HEADER, text)
}

/** The bookmark behind what this session wrote here just now; null when another did, or nobody. */
function recentMark({ marks, sessionId, at }: Written, store: string, asking: string, now: number): string | null {
  if (marks === null || sessionId !== asking || now - at >= RECENT_MS) return null
  return marks.get(store) ?? null
}

/** An address that nobody but this Worker's cache has anything under, and that tells no one's id. */
function addressOf(c: AppContext, uid: string): string {
  const key = knownKeys(c.env)?.liveness
  const name = key ? proveLive(key, `person ${uid}`, new Map(), 0).mac : null
  if (name === null) throw new Error('the keys are not known yet')
  return new URL(`/.perigee/bookmarks/${name}`, c.req.url).href
}

function noteWrite(c: AppContext, uid: string, written: Written): void {
  c.var.location.remember(uid, written)
  c.executionCtx.waitUntil(keep(c, uid, written).catch(() => undefined))
}

async function keep(c: AppContext, uid: string, { marks, sessionId, at }: Written): Promise<void> {
  const cache = await c.var.location.cache(CACHE)
  const headers = { 'content-type': 'application/json', 'cache-control': `max-age=${RECENT_MS / 1000}` }
  await cache?.put(addressOf(c, uid), new Response(JSON.stringify({ marks: [...marks!], sessionId, at }), { headers }))
}

/**
 * What the location knows of the person, who may have written through another isolate since `own`. That it knows nothing is remembered too, so
 * that it isn't asked each time.
 */
async function lookUp(c: AppContext, uid: string, own: Written | null, now: number): Promise<Written> {
  const cache = await c.var.location.cache(CACHE)
  const found = await cache?.match(addressOf(c, uid))
  const parsed = (await found?.json()) as { marks: [string, string][]; sessionId: string; at: number } | undefined
  if (own && (!parsed || parsed.at <= own.at)) return own
  const written: Written = parsed ? { ...parsed, marks: new Map(parsed.marks) } : { marks: null, sessionId: null, at: now }
  c.var.location.remember(uid, written)
  return written
}
