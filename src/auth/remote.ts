// What providers publish, key sets and discovery documents: read over https with limits, kept in the isolate and in KV, so that a provider's
// bad hour isn't ours. Addresses come from the app's declaration or from the declared issuer's own document, never from a client.
import { AppError } from '../core'
import { platformErrors } from '../platform'
import type { Workshop } from './workshop'

const TIMEOUT_MS = 5_000
const MAX_BYTES = 262_144
/** How old a document may be before it is read again. */
const FRESH_MS = 60 * 60_000
/** How long one is used whose provider doesn't answer. */
const KEPT_MS = 24 * 60 * 60_000
/** How soon a provider that didn't answer is asked again. */
const PAUSE_MS = 60_000
/** The same while nothing of its own is known: people wait for it. */
const SHORT_PAUSE_MS = 5_000
/** How often an unknown key may cause another look. */
const MISS_INTERVAL_MS = 30_000

/** Names that lead nowhere but into somebody's own network or host (RFC 6761, RFC 6762, RFC 8375). */
const PRIVATE_NAME = /(?:^|\.)(?:localhost|local|localdomain|internal|intranet|private|corp|home|lan|home\.arpa|onion|test|invalid)$/
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether an address may be asked: https, a public host's name. `loopback` admits this machine, also over http. */
export function isAskable(address: string, loopback: boolean): boolean {
  const url = URL.parse(address)
  if (url === null || url.username !== '' || url.password !== '') return false
  const host = url.hostname.toLowerCase().replace(/\.$/, '')
  if (loopback && LOOPBACK.has(host) && /^https?:$/.test(url.protocol)) return true
  const named = host.includes('.') && !host.startsWith('[') && !/\.\d+$/.test(host)
  return url.protocol === 'https:' && named && !PRIVATE_NAME.test(host)
}

async function readLimited(response: Response): Promise<string> {
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader()
  if (reader === undefined) return ''
  const decoder = new TextDecoder()
  let text = ''
  for (let bytes = 0; ;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.byteLength
    if (bytes > MAX_BYTES) {
      void reader.cancel().catch(() => undefined)
      throw new Error(`The answer is larger than ${MAX_BYTES} bytes.`)
    }
    text += decoder.decode(value, { stream: true })
  }
}

/** What a provider answered: its status and, when it is one, the JSON. */
export interface RemoteAnswer {
  readonly status: number
  readonly json: unknown
}

/** Asks a provider, following no redirect. Throws when it may not be asked, doesn't answer in time, or answers more than 256 KiB. */
export async function ask(address: string, loopback: boolean, init: RequestInit = {}): Promise<RemoteAnswer> {
  if (!isAskable(address, loopback)) throw new Error(`${URL.parse(address)?.origin ?? 'The address'} may not be asked.`)
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const response = await fetch(address, { ...init, redirect: 'manual', signal })
  const text = await readLimited(response)
  try {
    return { status: response.status, json: JSON.parse(text) }
  } catch {
    return { status: response.status, json: null }
  }
}

interface Held {
  readonly document: unknown
  /** UTC ms; of the provider's answer. */
  readonly readAt: number
}

interface Memory extends Held {
  /** Until when it is used without another look. */
  readonly until: number
  missedAt: number
}

const memory = new Map<string, Memory>()
/** By address: when it last failed with nothing known to go on with, UTC ms. */
const failed = new Map<string, number>()

const kvKey = (address: string) => `auth:remote:${address}`

async function fromKv({ env, now }: Workshop, address: string): Promise<Held | null> {
  const held = await env.KV.get<Held>(kvKey(address), 'json').catch(() => null)
  return held !== null && typeof held.readAt === 'number' && now - held.readAt < KEPT_MS ? held : null
}

function remember(address: string, held: Held, until: number): Memory {
  const entry = { ...held, until, missedAt: memory.get(address)?.missedAt ?? 0 }
  memory.set(address, entry)
  return entry
}

/** Asks the provider and keeps what it says. `isGood` judges the document. Throws when there is none. */
async function refresh(workshop: Workshop, address: string, loopback: boolean, isGood: (document: unknown) => boolean): Promise<Memory> {
  const { env, now, later } = workshop
  const { status, json } = await ask(address, loopback, { headers: { accept: 'application/json' } })
  if (status !== 200 || !isGood(json)) throw new Error(`${address} answered ${status} and no document that can be used.`)
  const held: Held = { document: json, readAt: now }
  later(env.KV.put(kvKey(address), JSON.stringify(held), { expirationTtl: KEPT_MS / 1000 }).catch(() => undefined))
  return remember(address, held, now + FRESH_MS)
}

function unavailable(cause: unknown): AppError {
  return new AppError(platformErrors.service_unavailable, {
    message: 'The provider cannot be reached right now. Try again shortly.',
    headers: { 'retry-after': '5' },
    cause,
  })
}

/** A document of a provider, an hour old at most, a day when the provider doesn't answer. Errors: `service_unavailable`. */
export async function remoteDocument(
  workshop: Workshop,
  address: string,
  loopback: boolean,
  isGood: (document: unknown) => boolean,
): Promise<unknown> {
  const { now } = workshop
  const known = memory.get(address)
  if (known !== undefined && now < known.until && now >= known.readAt) return known.document
  const kept = await fromKv(workshop, address)
  if (kept !== null && now - kept.readAt < FRESH_MS) return remember(address, kept, kept.readAt + FRESH_MS).document
  if (known === undefined && kept === null && Math.abs(now - (failed.get(address) ?? 0)) < SHORT_PAUSE_MS) {
    throw unavailable(new Error(`${address} failed a moment ago.`))
  }
  try {
    return (await refresh(workshop, address, loopback, isGood)).document
  } catch (cause) {
    failed.set(address, now)
    const stale = [known, kept].find((one) => one !== null && one !== undefined && now - one.readAt < KEPT_MS)
    if (!stale) throw unavailable(cause)
    return remember(address, stale, now + PAUSE_MS).document
  }
}

/**
 * The same, read anew because something isn't in what was known; null when it still isn't, when somebody looked in vain less than 30 s ago,
 * or when the provider doesn't answer.
 */
export async function remoteAgain(
  workshop: Workshop,
  address: string,
  loopback: boolean,
  isGood: (document: unknown) => boolean,
  satisfies: (document: unknown) => Promise<boolean>,
): Promise<unknown> {
  const known = memory.get(address)
  if (known !== undefined && Math.abs(workshop.now - known.missedAt) < MISS_INTERVAL_MS) return null
  const read = await refresh(workshop, address, loopback, isGood).catch(() => null)
  const document = read?.document ?? null
  if (document !== null && (await satisfies(document))) return document
  // After the look, not before: good tokens that arrive while it runs must look for themselves.
  const entry = memory.get(address)
  if (entry !== undefined) entry.missedAt = workshop.now
  return null
}
