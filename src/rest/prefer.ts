// The Prefer header: what the client wishes, which of it applies, and how the answer says so.
import { AppError } from '../core'
import { restErrors } from './errors'
import { parseZone, type Zone } from './timezone'

export interface Preferences {
  /** A row that is there already as it was sent is answered as if it had just been made. */
  readonly retry: 'same' | null
  readonly resolution: 'merge-duplicates' | 'ignore-duplicates' | null
  readonly missing: 'default' | 'null' | null
  readonly return: 'minimal' | 'headers-only' | 'representation' | null
  readonly count: 'exact' | 'planned' | 'estimated' | null
  readonly tx: 'commit' | 'rollback' | null
  readonly handling: 'lenient' | 'strict' | null
  readonly timezone: { readonly name: string; readonly zone: Zone } | null
  readonly maxAffected: number | null
  /** supabase-swift asks for this in Prefer, where PostgREST knows no such thing. */
  readonly stripNulls: boolean
}

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  retry: ['same'],
  resolution: ['merge-duplicates', 'ignore-duplicates'],
  missing: ['default', 'null'],
  return: ['minimal', 'headers-only', 'representation'],
  count: ['exact', 'planned', 'estimated'],
  tx: ['commit', 'rollback'],
  handling: ['lenient', 'strict'],
}
const STRIPPED_NULLS = 'return=stripped-nulls'

/**
 * Reads the header, several of them joined by commas. The first occurrence of each preference wins.
 * Errors: PGRST122 for what isn't known under `handling=strict`, a zone that isn't one too.
 * Without it times stay in UTC, and the answer's `Preference-Applied` says so.
 */
export function parsePrefer(header: string | null): Preferences {
  const chosen = new Map<string, string>()
  const unknown: string[] = []
  let timezone: Preferences['timezone'] = null
  const parts = (header ?? '').split(',').map((part) => part.trim())
  for (const part of parts) {
    if (part === '' || part === STRIPPED_NULLS) continue
    const equals = part.indexOf('=')
    const key = part.slice(0, Math.max(equals, 0))
    const value = part.slice(equals + 1)
    const zone: Zone | null = key === 'timezone' && timezone === null ? parseZone(value) : null
    if (zone !== null) timezone = { name: value, zone }
    const fits =
      (key === 'timezone' && timezone !== null) ||
      (key === 'max-affected' && /^\d+$/.test(value)) ||
      (Object.hasOwn(KNOWN, key) && KNOWN[key]!.includes(value))
    if (!fits) unknown.push(part)
    else if (!chosen.has(key)) chosen.set(key, value)
  }
  if (chosen.get('handling') === 'strict' && unknown.length > 0) throw invalid(unknown)
  const pick = (key: string): never => (chosen.get(key) ?? null) as never
  return {
    retry: pick('retry'),
    resolution: pick('resolution'),
    missing: pick('missing'),
    return: pick('return'),
    count: pick('count'),
    tx: pick('tx'),
    handling: pick('handling'),
    timezone,
    maxAffected: chosen.get('handling') === 'strict' && chosen.has('max-affected') ? Number(chosen.get('max-affected')) : null,
    stripNulls: parts.includes(STRIPPED_NULLS),
  }
}

/** Errors: PGRST127 for `tx=rollback` where the app doesn't allow it; passed over, it would leave a change that nobody meant to last. */
export function requireRollback({ tx }: Preferences, allowed: boolean): void {
  if (tx !== 'rollback' || allowed) return
  throw new AppError(restErrors.rest_not_implemented, {
    details: 'Prefer: tx=rollback is not allowed here.',
    hint: 'app({ rest: { allowRollback: true } }) allows it.',
  })
}

function invalid(preferences: readonly string[]): AppError {
  return new AppError(restErrors.rest_strict_preferences, { details: `Invalid preferences: ${preferences.join(', ')}` })
}

/** What of the preferences applied to this request, in PostgREST's order; null when nothing did. */
export function preferenceApplied(preferences: Preferences, method: string): string | null {
  const post = method === 'POST'
  const write = post || method === 'PATCH' || method === 'PUT' || method === 'DELETE'
  const { retry, resolution, missing, count, tx, handling, timezone, maxAffected } = preferences
  const applied = [
    post && retry !== null && resolution === null && `retry=${retry}`,
    post && resolution !== null && `resolution=${resolution}`,
    (post || method === 'PATCH') && missing !== null && `missing=${missing}`,
    write && preferences.return !== null && `return=${preferences.return}`,
    count !== null && `count=${count}`,
    tx !== null && `tx=${tx}`,
    handling !== null && `handling=${handling}`,
    timezone !== null && `timezone=${timezone.name}`,
    write && maxAffected !== null && `max-affected=${maxAffected}`,
  ].filter((entry) => entry !== false)
  return applied.length > 0 ? applied.join(', ') : null
}
