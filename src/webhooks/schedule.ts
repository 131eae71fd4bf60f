// When a delivery that failed is tried again: ten attempts in a little over three days (Standard Webhooks, "Retry schedule").

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Milliseconds before each further attempt; the first is made at once. */
export const SCHEDULE: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
]
/** So much of the wait may be added to it, so that those that failed together don't come back together. */
const JITTER = 0.1
/** What a receiver may ask for with Retry-After, at most. */
export const MAX_RETRY_AFTER_MS = 24 * HOUR

/**
 * The time of the next attempt after `attempts` of them failed, UTC ms; null when there is none. `random` is in [0, 1). A receiver's
 * Retry-After makes the wait longer, never shorter. `speed` divides the waits.
 */
export function nextAttempt(
  attempts: number,
  now: number,
  options: { readonly random: number; readonly retryAfterMs: number | null; readonly speed: number },
): number | null {
  const wait = SCHEDULE[attempts - 1]
  if (wait === undefined) return null
  const asked = Math.min(options.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS)
  return now + Math.ceil(Math.max(wait * (1 + JITTER * options.random), asked) / options.speed)
}

/** Retry-After (RFC 9110 §10.2.3) in milliseconds from `now`: seconds or an HTTP date; null when it is neither or past. */
export function retryAfter(header: string | null, now: number): number | null {
  const text = header?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * SECOND
  if (!/^[A-Za-z]{3}, /.test(text)) return null
  const wait = Date.parse(text) - now
  return Number.isNaN(wait) || wait <= 0 ? null : wait
}
