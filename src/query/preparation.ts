// What the patterns of one request share: how much work it may be to prepare them, before the database sees any.
import type { CharacterSet } from './characters'
import { tooComplex } from './errors'

/** Steps that all patterns of one request may take to be prepared: about a second. */
export const MOST_STEPS = 3_000_000

export interface Preparation {
  steps: number
  /** Sets in brackets, in both cases, by what they are. */
  readonly folded: Map<string, CharacterSet>
}

export const unprepared = (): Preparation => ({ steps: 0, folded: new Map() })

/** Throws `too_complex`. */
export function spend(preparation: Preparation, steps: number): void {
  preparation.steps += steps
  if (preparation.steps > MOST_STEPS) throw tooComplex('its patterns take too long to be prepared. Send fewer of them.')
}
