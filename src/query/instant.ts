// Reads a moment as mobile SDKs and Postgres write it. Strict: what it doesn't know it refuses, rather than guess a zone.

const INSTANT = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i

/**
 * UTC milliseconds, with a fraction when the text is finer; without an offset the text is UTC. Null when it isn't a moment,
 * `out of range` when it has the form of one that doesn't exist.
 */
export function parseInstant(text: string): number | 'out of range' | null {
  const match = INSTANT.exec(text.trim())
  if (!match) return null
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const offset = offsetOf(match[8])
  if (month < 1 || month > 12 || hour > 24 || minute > 59 || second > 60 || offset === null) return 'out of range'
  if (hour === 24 && (minute > 0 || second > 0)) return 'out of range'
  const midnight = new Date(0)
  midnight.setUTCFullYear(year, month - 1, day)
  if (midnight.getUTCDate() !== day) return 'out of range'
  const whole = midnight.getTime() + ((hour * 60 + minute) * 60 + second - offset * 60) * 1000
  return whole + Number(`0.${match[7] ?? 0}`) * 1000
}

/** Minutes east of UTC. */
function offsetOf(text: string | undefined): number | null {
  if (text === undefined || text.toUpperCase() === 'Z') return 0
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(3).replace(':', '') || 0)]
  if (hours > 15 || minutes > 59) return null
  return (hours * 60 + minutes) * (text.startsWith('-') ? -1 : 1)
}
