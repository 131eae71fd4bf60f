// "Perhaps you meant …": the nearest of the names that a caller may know of anyway.

/** How alike two names must be, from 0 to 1, to be worth a hint. */
const ENOUGH = 0.75

/** The candidate most like `name`, null when none is like enough. */
export function nearestName(name: string, candidates: Iterable<string>, enough = ENOUGH): string | null {
  let best: string | null = null
  let score = enough
  for (const candidate of candidates) {
    const found = similarity(name.toLowerCase(), candidate.toLowerCase(), enough)
    if (found >= score) [best, score] = [candidate, found]
  }
  return best
}

/** 1 minus the Levenshtein distance over the longer length. */
function similarity(a: string, b: string, enough: number): number {
  const longest = Math.max(a.length, b.length)
  if (longest === 0) return 1
  // The distance is at least the difference of the lengths, and names of a request may be long.
  if (Math.min(a.length, b.length) / longest < enough) return 0
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return 1 - row[b.length]! / longest
}
