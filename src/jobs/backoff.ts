// How long a failed attempt waits.
import type { JobModel } from '../define'

/**
 * Milliseconds until the attempt after number `attempt` (from 1): doubles from `firstMs` up to `mostMs`, of which the upper half is left to chance, so
 * that what failed together doesn't come back together. `random` is in [0, 1).
 */
export function backoffMs({ firstMs, mostMs }: JobModel['backoff'], attempt: number, random: number): number {
  const whole = Math.min(mostMs, firstMs * 2 ** Math.min(attempt - 1, 40))
  return Math.round(whole * (0.5 + random / 2))
}

export { reasonOf } from '../observability'
