// Sends what is due to one endpoint: takes a few, tries them side by side, records all of them and takes the next in one round trip.
// Any number may do so at once.
import { uuidv7 } from '../core'
import { log } from '../observability'
import { run, type Keys, type Statement } from '../platform'
import { checkAddress } from './address'
import { claim, deliveryId, finish, insertDeliveries, LEASE_MS, nextDue, type Claimed, type Ending } from './delivery'
import {
  allEndpoints,
  disable,
  isTold,
  oneEndpoint,
  openSecrets,
  PRIMARY,
  toEndpoint,
  type DisabledReason,
  type Endpoint,
} from './endpoint'
import { envelope } from './event'
import { nextAttempt } from './schedule'
import type { EndpointSecret } from './secret'
import { send, TIMEOUT_MS, type Attempt } from './send'

/** What a worker takes at once, and how many of them it tries side by side: a Worker has six connections. */
const TAKEN = 24
const SIDE_BY_SIDE = 6
/** What is due in so few milliseconds is waited for. */
const WORTH_WAITING_MS = 1_500
/** When to look again where other workers are. */
const BUSY_MS = 2_000
/** When to try again what can't be signed. */
const KEYLESS_MS = 60_000
/** How long a worker goes on by itself, in milliseconds. */
const WORK_MS = 30_000

export interface DeliveryContext {
  /** The primary store's. */
  readonly db: D1Database
  readonly keys: Keys
  /** Admits this machine itself: in development. */
  readonly loopback: boolean
  /** Divides the waits of the schedule, and the time that a receiver has. */
  readonly speed: number
  readonly fetch: typeof fetch
  readonly now?: () => number
  readonly random?: () => number
}

/** How it stands when a worker stops: when something is due next, UTC ms; null when nothing is. */
export interface Delivered {
  readonly attempts: number
  readonly delivered: number
  readonly next: number | null
}

interface Round {
  readonly endpoint: Endpoint | null
  readonly lease: string
  readonly taken: readonly Claimed[]
  readonly due: number | null
  /** When it was asked what is due, UTC ms. */
  readonly at: number
}

/** Works until nothing is due, or for half a minute. */
export async function deliver(context: DeliveryContext, id: string): Promise<Delivered> {
  const now = context.now ?? Date.now
  const started = now()
  let attempts = 0
  let delivered = 0
  let round = await exchange(context, id, [])
  for (;;) {
    if (round.endpoint === null) return { attempts, delivered, next: null }
    if (round.taken.length === 0) {
      const wait = round.due === null ? Infinity : round.due - now()
      // What is due and not to be had is another worker's, or behind what another worker has.
      if (round.due !== null && round.due <= round.at) return { attempts, delivered, next: now() + BUSY_MS }
      if (wait > WORTH_WAITING_MS) return { attempts, delivered, next: round.due }
      await new Promise((resolve) => setTimeout(resolve, Math.max(wait, 0)))
      round = await exchange(context, id, [])
      continue
    }
    const results = await attemptAll(context, round.endpoint, round)
    attempts += results.filter(({ ending }) => ending.state !== 'released').length
    delivered += results.filter(({ ending }) => ending.state === 'delivered').length
    const more = now() - started <= WORK_MS && !results.some(({ unsent }) => unsent)
    round = await exchange(context, id, await record(context, round.endpoint, round.lease, results), more)
    if (!more) return { attempts, delivered, next: round.due }
  }
}

/** Records, then takes again, in one batch. */
async function exchange(context: DeliveryContext, id: string, records: readonly Statement[], more = true): Promise<Round> {
  const lease = uuidv7()
  const limit = more ? TAKEN : 0
  const at = (context.now ?? Date.now)()
  const answers = await run(context.db, [...records, claim(id, lease, at, limit), oneEndpoint(id), nextDue(id)])
  const [taken, endpoint, due] = answers.slice(records.length)
  const row = endpoint!.results[0]
  return {
    endpoint: row === undefined ? null : toEndpoint(row),
    lease,
    taken: taken!.results as unknown as Claimed[],
    at,
    due: (due!.results[0]?.['at'] as number | null | undefined) ?? null,
  }
}

interface Result {
  readonly ending: Ending
  /** Null when none was made. */
  readonly attempt: Attempt | null
  /** This invocation may call nobody any more. */
  readonly unsent?: boolean
}

async function attemptAll(context: DeliveryContext, endpoint: Endpoint, { taken, lease, at }: Round): Promise<Result[]> {
  const now = context.now ?? Date.now
  const until = at + LEASE_MS
  const secrets = await openSecrets(context.keys, endpoint).catch(async (error: unknown) => {
    // Nothing can be signed until the root key is back: no attempt was made.
    const endings = taken.map((one) => released(one, now() + KEYLESS_MS))
    await run(context.db, finish(endpoint.id, lease, endings, now()))
    throw error
  })
  const results: Result[] = []
  const waiting = [...taken]
  // The receiver asked for silence, or wants no more: what wasn't tried yet goes back.
  let stopped = false
  const work = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      // Nobody may be trying what another worker could take meanwhile.
      if (stopped || now() + TIMEOUT_MS * 1.25 > until) {
        results.push({ ending: released(one, now()), attempt: null })
        continue
      }
      const result = await attemptOne(context, endpoint, secrets, one)
      stopped ||= result.attempt === null || result.ending.state === 'failed' || silence(result.attempt) !== null
      results.push(result)
    }
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, () => work()))
  return results
}

const released = ({ pos, key }: Pick<Claimed, 'pos' | 'key'>, now: number): Ending => ({
  pos,
  key,
  state: 'released',
  nextAt: now,
  status: null,
  reason: null,
})

async function attemptOne(
  context: DeliveryContext,
  endpoint: Endpoint,
  secrets: readonly EndpointSecret[],
  { pos, id, key, body, attempts }: Claimed,
): Promise<Result> {
  const now = context.now ?? Date.now
  const address = checkAddress(endpoint.url, { loopback: context.loopback })
  const attempt: Attempt = address.ok
    ? await send(address.url, { id, body }, secrets, { now: now(), fetch: context.fetch, timeoutMs: timeoutOf(context) })
    : { ok: false, status: null, reason: 'address', retryAfterMs: null }
  if (!attempt.ok && attempt.reason === 'unsent') return { ending: released({ pos, key }, now()), attempt: null, unsent: true }
  if (attempt.ok) return { ending: { pos, key, state: 'delivered', nextAt: null, status: attempt.status, reason: null }, attempt }
  const nextAt =
    attempt.reason === 'gone'
      ? null
      : nextAttempt(attempts, now(), {
          random: (context.random ?? Math.random)(),
          retryAfterMs: attempt.retryAfterMs,
          speed: context.speed,
        })
  const state = nextAt === null ? 'failed' : 'ready'
  return { ending: { pos, key, state, nextAt, status: attempt.status, reason: attempt.reason }, attempt }
}

/** A receiver under development gets half a second at least, however fast time goes. */
const timeoutOf = ({ speed }: DeliveryContext): number => (speed === 1 ? TIMEOUT_MS : Math.max(500, TIMEOUT_MS / speed))

/** How long the receiver wants to hear nothing at all, in milliseconds: with these answers Retry-After speaks of it, not of one message. */
function silence(attempt: Attempt): number | null {
  return !attempt.ok && (attempt.status === 429 || attempt.status === 503) ? attempt.retryAfterMs : null
}

async function record(context: DeliveryContext, endpoint: Endpoint, lease: string, results: readonly Result[]): Promise<Statement[]> {
  const now = (context.now ?? Date.now)()
  const succeeded = results.some(({ attempt }) => attempt?.ok === true)
  const failed = results.some(({ attempt }) => attempt?.ok === false)
  const silent = Math.max(0, ...results.map(({ attempt }) => (attempt === null ? 0 : (silence(attempt) ?? 0))))
  const last = results.find(({ ending }) => ending.state === 'failed')
  const statements: Statement[] = [
    ...finish(
      endpoint.id,
      lease,
      results.map(({ ending }) => ending),
      now,
    ),
    {
      sql:
        'UPDATE `sys_webhooks` SET `last_success_at` = coalesce(cast(?2 AS INTEGER), `last_success_at`), ' +
        '`last_failure_at` = coalesce(cast(?3 AS INTEGER), `last_failure_at`), `not_before` = max(`not_before`, cast(?4 AS INTEGER)) WHERE `id` = ?1',
      params: [
        endpoint.id,
        succeeded ? String(now) : null,
        failed ? String(now) : null,
        String(silent > 0 ? now + Math.ceil(Math.min(silent, 24 * 3_600_000) / context.speed) : 0),
      ],
    },
  ]
  if (last === undefined) return statements
  const reason: DisabledReason = last.ending.reason === 'gone' ? 'gone' : 'exhausted'
  log('error', 'webhook.disabled', { endpoint: endpoint.id, reason, status: last.ending.status, why: last.ending.reason })
  return [...statements, disable(endpoint.id, reason, now), ...(await notices(context, endpoint, reason, last.ending, now))]
}

/** Tells the other endpoints that name `webhook.disabled`. */
async function notices(
  context: DeliveryContext,
  endpoint: Endpoint,
  reason: DisabledReason,
  ending: Ending,
  now: number,
): Promise<Statement[]> {
  const type = 'webhook.disabled'
  const [answer] = await run(context.db, [allEndpoints])
  const told = answer!.results.map(toEndpoint).filter((one) => one.id !== endpoint.id && isTold(one, type))
  const body = envelope(type, now, {
    endpoint: endpoint.id,
    url: endpoint.url,
    reason,
    last_status: ending.status,
    last_reason: ending.reason,
  })
  const deliveries = await Promise.all(
    told.map(async ({ id }) => ({
      id: await deliveryId(id, `${type} ${endpoint.id} ${now}`),
      endpoint: id,
      store: PRIMARY,
      seq: 0,
      key: `${type} ${endpoint.id}`,
      type,
      body,
    })),
  )
  return insertDeliveries(deliveries, now)
}
