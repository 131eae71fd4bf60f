// Random choices that fast-check makes, remembers and shrinks.
import fc, { type GeneratorValue } from 'fast-check'

export interface Draw {
  /** 0 up to and including `max`. */
  int(max: number): number
  pick<T>(list: readonly T[]): T
  /** True in about `percent` of a hundred. Shrinks to false. */
  chance(percent: number): boolean
  /** `count` independent results. */
  times<T>(count: number, make: (index: number) => T): T[]
  /** Some of the list, in its order. */
  some<T>(list: readonly T[], percent?: number): T[]
}

export function draw(g: GeneratorValue): Draw {
  const int = (max: number) => g(nat, max)
  const chance = (percent: number) => int(99) >= 100 - percent
  return {
    int,
    chance,
    pick: <T>(list: readonly T[]): T => {
      if (list.length === 0) throw new Error('Nothing to pick from.')
      return list[list.length === 1 ? 0 : int(list.length - 1)] as T
    },
    times: (count, make) => Array.from({ length: count }, (_, index) => make(index)),
    some: (list, percent = 50) => list.filter(() => chance(percent)),
  }
}

const nat = (max: number) => fc.nat({ max })

/** Absent in workerd, where the size is the gate's. */
const environment: Readonly<Record<string, string | undefined>> =
  (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env ?? {}

/** Cases of all fuzz tests together in the gate; each names its share. */
const GATE = 2000

/** How many cases a test runs: its share of `FUZZ_CASES` (the soak's size), else of the gate's 2,000. */
function cases(share: number): number {
  return Math.round(Number(environment['FUZZ_CASES'] ?? GATE) * (share / GATE))
}

/** Seeds differ from run to run only when `FUZZ_SEED` says so; the gate's is fixed. */
export const seed = Number(environment['FUZZ_SEED'] ?? 20_261_123)

/**
 * Runs a property `share` times, or the soak's part of that, and on failure says which command replays it.
 * `file` is the test's own, from the root of the repository.
 */
export function holds(file: string, share: number, property: (choose: Draw) => void): void {
  const path = environment['FUZZ_PATH']
  const result = fc.check(
    fc.property(fc.gen(), (g) => property(draw(g))),
    {
      numRuns: cases(share),
      seed,
      ...(path ? { path } : {}),
      endOnFailure: !environment['FUZZ_SHRINK'],
      interruptAfterTimeLimit: 2 ** 31 - 1,
    },
  )
  if (!result.failed) return
  const replay = `FUZZ_SEED=${result.seed} FUZZ_PATH=${result.counterexamplePath ?? ''} npx vitest run ${file}`
  const cause = result.errorInstance
  throw new Error(
    `${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n\nAfter ${result.numRuns} cases. Replay: ${replay}\nAdd FUZZ_SHRINK=1 to look for a smaller one.`,
  )
}
