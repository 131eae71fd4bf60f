// Sets of characters as ranges of code points, and the letters that differ from one another only in case.

/** Sorted, apart from one another; both ends belong. */
export type CharacterSet = readonly (readonly [from: number, to: number])[]

export const LAST = 0x10ffff
export const ALL: CharacterSet = [[0, LAST]]

export const single = (code: number): CharacterSet => [[code, code]]

/** Sorts and joins ranges. */
export function union(...sets: readonly CharacterSet[]): CharacterSet {
  const out: [number, number][] = []
  for (const [from, to] of sets.flat().sort(([a], [b]) => a - b)) {
    const last = out.at(-1)
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else out.push([from, to])
  }
  return out
}

export function complement(set: CharacterSet): CharacterSet {
  const out: [number, number][] = []
  let next = 0
  for (const [from, to] of set) {
    if (from > next) out.push([next, from - 1])
    next = to + 1
  }
  if (next <= LAST) out.push([next, LAST])
  return out
}

export const includes = (set: CharacterSet, code: number): boolean => set.some(([from, to]) => from <= code && code <= to)

const ascii = (pattern: RegExp): CharacterSet =>
  union(...Array.from({ length: 128 }, (_, code) => (pattern.test(String.fromCharCode(code)) ? single(code) : [])))

/** Blocks whose characters are all letters, or none is one, need no look at each. */
const LETTERS: CharacterSet = [
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xac00, 0xd7a3],
  [0x20000, 0x323af],
]
const LOOKED_AT: CharacterSet = [
  [0x80, 0x33ff],
  [0xa000, 0xabff],
  [0xf900, 0xffff],
  [0x10000, 0x1fbff],
]

function beyondAscii(pattern: RegExp): CharacterSet {
  const out: [number, number][] = []
  for (const [from, to] of LOOKED_AT) {
    for (let code = from; code <= to; code++) {
      if (!pattern.test(String.fromCodePoint(code))) continue
      const last = out.at(-1)
      if (last?.[1] === code - 1) last[1] = code
      else out.push([code, code])
    }
  }
  return out
}

// Characters that Unicode hasn't given a meaning count as what stands around them, which keeps the ranges few.
const DEFINED: Readonly<Record<string, () => CharacterSet>> = {
  alpha: () => union(ascii(/[A-Za-z]/), LETTERS, beyondAscii(/[\p{Alphabetic}\p{M}\p{Cn}]/u)),
  alnum: () => union(ascii(/[A-Za-z0-9]/), LETTERS, beyondAscii(/[\p{Alphabetic}\p{M}\p{Nd}\p{Cn}]/u)),
  word: () => union(named('alnum')!, single(95)),
  digit: () => ascii(/\d/),
  xdigit: () => ascii(/[0-9A-Fa-f]/),
  // A space that doesn't break is none.
  space: () => union(ascii(/\s/), beyondAscii(/(?![\u00a0\u2007\u202f\ufeff])\s/u)),
  blank: () => union(ascii(/[ \t]/), beyondAscii(/(?![\u00a0\u2007\u202f])\p{Zs}/u)),
  upper: () => union(ascii(/[A-Z]/), beyondAscii(/\p{Lu}/u)),
  lower: () => union(ascii(/[a-z]/), beyondAscii(/\p{Ll}/u)),
  punct: () => union(ascii(/[!-/:-@[-`{-~]/), beyondAscii(/[\p{P}\p{S}]/u)),
  cntrl: () => [
    [0, 31],
    [127, 159],
  ],
  ascii: () => [[0, 127]],
  graph: () => complement(union(named('cntrl')!, named('space')!)),
  print: () => complement(named('cntrl')!),
}

const known = new Map<string, CharacterSet>()

/** The POSIX class of that name (`alpha`, `digit`, …); null when there is none. Made when first asked for. */
export function named(name: string): CharacterSet | null {
  const found = known.get(name)
  if (found) return found
  if (!Object.hasOwn(DEFINED, name)) return null
  const made = DEFINED[name]!()
  known.set(name, made)
  return made
}

const codesOf = (text: string): readonly number[] => Array.from(text, (character) => character.codePointAt(0)!)

/** One character folded: its lower case where that is one character too, and ASCII only for ASCII. */
export function fold(code: number): number {
  if (code < 128) return code >= 65 && code <= 90 ? code + 32 : code
  const [lower, more] = codesOf(String.fromCodePoint(code).toLowerCase())
  return more === undefined && lower! >= 128 ? lower! : code
}

/** The text with each character folded. */
export function foldText(text: string): string {
  return Array.from(text, (character) => String.fromCodePoint(fold(character.codePointAt(0)!))).join('')
}

/** Title case, and capitals whose other case JavaScript writes with two characters or not at all. */
const OTHERS: ReadonlyMap<number, readonly number[]> = new Map([
  [0xdf, [0x1e9e]],
  [0xe5, [0x212b]],
  [0x1c6, [0x1c5]],
  [0x1c9, [0x1c8]],
  [0x1cc, [0x1cb]],
  [0x1f3, [0x1f2]],
  [0x3b8, [0x3f4]],
  [0x3c9, [0x2126]],
])

/** All characters that fold to the same. */
export function variants(code: number): CharacterSet {
  const folded = fold(code)
  const [upper, more] = codesOf(String.fromCodePoint(folded).toUpperCase())
  const candidates = [code, folded, ...(more === undefined ? [upper!] : []), ...(OTHERS.get(folded) ?? [])]
  return union(...candidates.filter((one) => fold(one) === folded).map(single))
}

/** Where letters with two cases stand; beyond, no character changes. */
const CASED: CharacterSet = [
  [0x41, 0x24ff],
  [0x2c00, 0x2d2f],
  [0xa640, 0xabbf],
  [0xff21, 0xff5a],
  [0x10400, 0x118df],
  [0x16e40, 0x16e7f],
  [0x1e900, 0x1e943],
]

let cased: readonly (readonly [code: number, both: CharacterSet])[] | null = null

/** Letters with another case, and all that fold to the same. */
function casedLetters(): readonly (readonly [code: number, both: CharacterSet])[] {
  cased ??= CASED.flatMap(([from, to]) =>
    Array.from({ length: to - from + 1 }, (_, i) => [from + i, variants(from + i)] as const).filter(
      ([, both]) => both.length > 1 || both[0]![0] !== both[0]![1],
    ),
  )
  return cased
}

/** The set with every character in both cases. */
export function foldSet(set: CharacterSet): CharacterSet {
  return union(set, ...casedLetters().flatMap(([code, both]) => (includes(set, code) ? [both] : [])))
}
