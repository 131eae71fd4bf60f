// How long somebody is banned, in the words of Go's `time.ParseDuration`, which GoTrue takes. Pure.

const UNITS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
const DURATION = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g
/** Go's own: 2^63 nanoseconds, about 292 years. */
const MAX_MS = 2 ** 63 / 1e6

/** Milliseconds of a text like `24h` or `1h30m`, whole ones; 0 for `none`; null when it is no duration. */
export function parseBanDuration(text: string): number | null {
  if (text === 'none') return 0
  if (text.length > 100 || !DURATION.test(text)) return null
  let total = 0
  for (const [, amount, unit] of text.matchAll(PART)) total += Number(amount) * UNITS[unit!]!
  if (!(total < MAX_MS)) return null
  return Math.trunc(text.startsWith('-') ? -total : total) || 0
}
