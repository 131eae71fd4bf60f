// Exact limits: one object a subject. What it knows is one number, kept in storage, so that neither eviction nor a deploy forgives anybody.
import { DurableObject } from 'cloudflare:workers'
import type { Env } from '../platform'
import { decide, type Rate, type RateDecision } from './gcra'

/** How long after its last effect a subject is forgotten. */
const QUIET_MS = 60_000

/** The limiter of one subject, which its name says: a class of routes and an address, an account or a session, hashed. */
export class RateLimiter extends DurableObject<Env> {
  #arrival: number
  #hasAlarm: boolean

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#arrival = Number(ctx.storage.kv.get('arrival') ?? 0)
    this.#hasAlarm = this.#arrival !== 0
  }

  /** Takes one request, or refuses it. No `await` between reading and writing: requests can't interleave. */
  take(rate: Rate): RateDecision {
    const { arrival, ...decision } = decide(this.#arrival, rate, Date.now())
    if (decision.allowed) {
      this.#arrival = arrival
      this.ctx.storage.kv.put('arrival', arrival)
    }
    if (!this.#hasAlarm) {
      this.#hasAlarm = true
      this.ctx.waitUntil(this.ctx.storage.setAlarm(arrival + QUIET_MS))
    }
    return decision
  }

  /** Forgets a subject that has been quiet: its storage is freed. */
  override async alarm(): Promise<void> {
    if (this.#arrival > Date.now()) {
      await this.ctx.storage.setAlarm(this.#arrival + QUIET_MS)
      return
    }
    this.#arrival = 0
    this.#hasAlarm = false
    await this.ctx.storage.deleteAll()
  }
}
