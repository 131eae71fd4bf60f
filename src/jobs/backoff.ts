// How long a failed attempt waits, and what is kept of why it failed.
import type { JobModel } from '../define'

/**
 * Milliseconds until the attempt after number `attempt` (from 1): doubles from `firstMs` up to `mostMs`, of which the upper half is left to chance, so
 * that what failed together doesn't come back together. `random` is in [0, 1).
 */
export function backoffMs({ firstMs, mostMs }: JobModel['backoff'], attempt: number, random: number): number {
  const whole = Math.min(mostMs, firstMs * 2 ** Math.min(attempt - 1, 40))
  return Math.round(whole * (0.5 + random / 2))
}

const MAX_LENGTH = 300

/** Anything that looks like a credential: of a header, of our own keys, of an address, or a long text without a meaning. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer|basic)\s+[\w.~+/=-]+/gi, '$1 …'],
  [/\b(?:sb_(?:secret|publishable)|whsec|sk|pk|rk)_[\w-]+/g, '…'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, '$1…@'],
  [/(https?:\/\/[^\s?#"']*)\?[^\s#"']*/gi, '$1?…'],
  [/\b(password|passwd|secret|token|api[-_]?key|authorization)(["']?\s*[:=]\s*["']?)[^\s"',;&}]+/gi, '$1$2…'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '…'],
  [/[A-Za-z0-9+/_-]{40,}={0,2}/g, '…'],
]

/** One line that says why, for whoever looks after the jobs. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name === 'Error' ? '' : `${error.name}: `}${error.message}` : String(error)
  let clean = text.slice(0, 4_000)
  for (const [pattern, instead] of SECRETS) clean = clean.replace(pattern, instead)
  return clean.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_LENGTH) || 'It failed without a word.'
}
