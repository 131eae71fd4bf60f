// The arithmetic of exact limits: the generic cell rate algorithm (ITU-T I.371). Pure; it keeps nothing.

/** `requests` in `seconds` on average, up to `burst` at once. */
export interface Rate {
  readonly requests: number
  readonly seconds: number
  readonly burst: number
}

export interface RateDecision {
  readonly allowed: boolean
  /** Seconds, whole, at least 1 when refused. */
  readonly retryAfter: number
}

/**
 * Whether one more request may pass at `now` (UTC ms). `arrival` is the theoretical arrival time that the last allowed one left;
 * a refused request leaves it as it was.
 */
export function decide(arrival: number, rate: Rate, now: number): RateDecision & { readonly arrival: number } {
  const interval = (rate.seconds * 1000) / rate.requests
  const base = Math.max(arrival, now)
  const allowedAt = base - interval * (rate.burst - 1)
  if (now < allowedAt) return { allowed: false, retryAfter: Math.max(1, Math.ceil((allowedAt - now) / 1000)), arrival }
  return { allowed: true, retryAfter: 0, arrival: base + interval }
}
