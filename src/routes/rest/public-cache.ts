// Answers strangers from their location's cache, on tables that say so. Whoever has a token or the secret key neither reads nor fills
// it, and nothing but a whole, good answer to a GET is kept.
import type { AppContext } from '../../middleware'
import { sharedKey, sharedSeconds, type Plan, type RestAnswer, type RestRequest } from '../../rest'

const CACHE = 'perigee-public'
/** Of the copy, not of answers: its status, and when it was made, UTC ms. */
const STATUS = 'x-perigee-status'
const MADE = 'x-perigee-made'
/** What a copy that a browser keeps depends on: who signs in must not be shown what a stranger was. */
const VARY = 'Accept, Prefer, Range, Accept-Profile, Authorization, apikey'

/** `answer`, from the cache where it may. Says in `Cache-Status` (RFC 9211) what became of the request. */
export async function publicly(c: AppContext, plan: Plan, incoming: RestRequest, answer: () => Promise<RestAnswer>): Promise<RestAnswer> {
  const reads = incoming.method === 'GET' || incoming.method === 'HEAD'
  const seconds = reads ? sharedSeconds(c.var.model, plan) : null
  if (seconds === null) return answer()
  const { role, uid } = c.var.principal
  if (role !== 'anon' || uid !== null) return said(await answer(), 'fwd=bypass')
  if (incoming.method === 'HEAD') return said(await answer(), 'fwd=method')
  const cache = await c.var.location.cache(CACHE).catch(() => null)
  const key = new URL(`/.perigee/public/${sharedKey(c.var.model, incoming)}`, c.req.url).href
  const fresh = /\bno-(?:cache|store)\b/i.test(incoming.header('cache-control') ?? '')
  const copy = fresh ? undefined : await cache?.match(key).catch(() => undefined)
  const found = copy ? await answerIn(copy, seconds) : null
  if (found) return found
  const made = await answer()
  const kept = cache !== null && made.body !== null && (made.status === 200 || made.status === 206)
  if (kept) c.executionCtx.waitUntil(cache.put(key, copyOf(made, seconds)).catch(() => undefined))
  const shared = kept || cache === null ? sharing(made, seconds, null) : made
  return said(shared, `fwd=${fresh ? 'request' : 'uri-miss'}${kept ? '; stored' : ''}`)
}

const said = (answer: RestAnswer, what: string): RestAnswer => ({
  ...answer,
  headers: { ...answer.headers, 'cache-status': `Perigee; ${what}` },
})

function sharing(answer: RestAnswer, seconds: number, age: number | null): RestAnswer {
  const aged = age === null ? {} : { age: String(age) }
  return { ...answer, headers: { ...answer.headers, vary: VARY, 'cache-control': `public, max-age=${seconds}`, ...aged } }
}

function copyOf({ status, headers, body }: RestAnswer, seconds: number): Response {
  // The key says what the copy varies by; a partial answer is a whole one to the cache.
  const { vary: _, ...rest } = headers
  return new Response(body, {
    headers: { ...rest, 'cache-control': `public, max-age=${seconds}`, [STATUS]: String(status), [MADE]: String(Date.now()) },
  })
}

/** What of a copy's headers is the cache's own. */
const OWN = new Set([STATUS, MADE, 'age', 'cf-cache-status', 'content-length', 'date'])

/** Null when the copy is too old: a cache may keep it longer than it was told. */
async function answerIn(copy: Response, seconds: number): Promise<RestAnswer | null> {
  const age = Math.max(0, Math.floor((Date.now() - Number(copy.headers.get(MADE))) / 1000))
  const status = Number(copy.headers.get(STATUS))
  if (!(age < seconds) || (status !== 200 && status !== 206)) return null
  const headers = Object.fromEntries([...copy.headers].filter(([name]) => !OWN.has(name)))
  const answer = sharing({ status, headers, body: await copy.text() }, seconds, age)
  return said(answer, `hit; ttl=${seconds - age}`)
}
