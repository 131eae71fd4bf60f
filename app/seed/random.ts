// Chance that repeats itself: the same seed gives the same hikers on every machine. Not for secrets.

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Whole number from `low` to `high`, both included. */
  between(low: number, high: number): number
  pick<T>(list: readonly T[]): T
  chance(probability: number): boolean
  /** Skewed towards the front of the list, as popularity is. */
  pickPopular<T>(list: readonly T[]): T
  /** A UUIDv7 of that moment (UTC ms). */
  id(at: number): string
}

/** mulberry32 over a 32-bit seed. */
export function random(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const at = <T>(list: readonly T[], index: number): T => {
    const item = list[Math.min(index, list.length - 1)]
    if (item === undefined) throw new Error('nothing to pick from an empty list')
    return item
  }
  const hex = (digits: number): string =>
    Math.floor(next() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0')
  return {
    next,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: (list) => at(list, Math.floor(next() * list.length)),
    chance: (probability) => next() < probability,
    pickPopular: (list) => at(list, Math.floor(next() ** 2.2 * list.length)),
    id(moment) {
      const time = Math.floor(moment).toString(16).padStart(12, '0')
      return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${'89ab'.charAt(Math.floor(next() * 4))}${hex(3)}-${hex(6)}${hex(6)}`
    },
  }
}
