// `~` and `~*` of Postgres. A pattern that LIKE or GLOB can say is said so, and finds its rows by an index where LIKE would; any other
// is walked along the text.
import { ALL, fold, includes, variants, type CharacterSet } from './characters'
import { likeSql } from './like'
import { unprepared, type Preparation } from './preparation'
import { parsePattern, type Pattern } from './regex-parse'
import type { Sql } from './sql'
import { globSql, walkSql, type Item, type Needed } from './walk'

/** Whether the pattern is found somewhere in `value`; NULL when that is NULL. Throws 2201B, PGRST127 and `too_complex`. */
export function regexSql(value: Sql, text: string, ignoreCase: boolean, preparation: Preparation = unprepared()): Sql {
  const pattern = trimmed(parsePattern(text, ignoreCase, preparation))
  const items = itemsOf(pattern)
  if (items) {
    const like = likeOf(items)
    if (like) return likeSql(value, like.pattern, like.ignoreCase, preparation)
    const glob = globSql(value, items)
    if (glob) return glob
  }
  return walkSql(value, pattern, preparation, neededBy(pattern))
}

const flat = (pattern: Pattern): readonly Pattern[] => (pattern.kind === 'sequence' ? pattern.items.flatMap(flat) : [pattern])

/** What may repeat at an end that isn't held to the text's is there as often as it must be: more of it is found as well. */
function trimmed(pattern: Pattern): Pattern {
  const parts = [...flat(pattern)]
  for (const end of [0, -1]) {
    let part = parts.at(end)
    for (; part?.kind === 'repeat' && part.least === 0; part = parts.at(end)) parts.splice(end, 1)
    if (part?.kind === 'repeat') parts.splice(end, 1, ...(part.least === 1 ? flat(part.item) : [{ ...part, most: part.least }]))
  }
  return { kind: 'sequence', items: parts }
}

const isAll = (set: CharacterSet): boolean => set.length === 1 && set[0]![0] === ALL[0]![0] && set[0]![1] === ALL[0]![1]
/** Repetitions that are written out. */
const MOST_COPIES = 20

/** The pattern as one character behind the other, with anything between; null when it isn't so. */
function itemsOf(pattern: Pattern): Item[] | null {
  const parts = [...flat(pattern)]
  const held = (at: number, position: string): boolean => {
    const part = parts.at(at)
    if (part?.kind !== 'position' || part.position !== position) return false
    parts.splice(at, 1)
    return true
  }
  const [starts, ends] = [held(0, 'start'), held(-1, 'end')]
  const items: Item[] = starts ? [] : ['many']
  for (const part of parts) {
    if (part.kind === 'set') items.push(isAll(part.set) ? 'one' : { set: part.set })
    else if (part.kind === 'repeat' && part.item.kind === 'set' && part.least <= MOST_COPIES) {
      const any = isAll(part.item.set)
      if (part.most !== part.least && !(any && part.most === null)) return null
      for (let n = 0; n < part.least; n++) items.push(any ? 'one' : { set: part.item.set })
      if (part.most === null) items.push('many')
    } else return null
  }
  return ends ? items : [...items, 'many']
}

const isOne = (set: CharacterSet): boolean => set.length === 1 && set[0]![0] === set[0]![1]
const sameSet = (left: CharacterSet, right: CharacterSet): boolean => JSON.stringify(left) === JSON.stringify(right)

/** The items as a LIKE pattern, when each is one character, or one in both its cases. */
function likeOf(items: readonly Item[]): { pattern: string; ignoreCase: boolean } | null {
  const sets = items.flatMap((item) => (typeof item === 'object' ? [item.set] : []))
  if (sets.some((set) => set.length === 0)) return null
  const exact = sets.every(isOne)
  if (!exact && !sets.every((set) => sameSet(set, variants(set[0]![0])))) return null
  const text = items.map((item) =>
    item === 'many' ? '%' : item === 'one' ? '_' : String.fromCodePoint(item.set[0]![0]).replace(/[%_\\]/, '\\$&'),
  )
  return { pattern: text.join(''), ignoreCase: !exact }
}

/** The longest text that stands in whatever the pattern finds. */
function neededBy(pattern: Pattern): Needed | null {
  let [best, open]: [string, string] = ['', '']
  let folded = false
  for (const part of [...flat(pattern), null]) {
    const letter = part?.kind === 'set' ? letterOf(part.set) : null
    if (letter === null) {
      if (open.length > best.length) best = open
      open = ''
    } else {
      open += letter
      folded ||= !isOne((part as { set: CharacterSet }).set)
    }
  }
  if (best === '') return null
  return { text: folded ? best.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()) : best, folded }
}

/** The character that a set stands for, up to the case of ASCII. */
function letterOf(set: CharacterSet): string | null {
  const code = set[0]?.[0]
  if (code === undefined) return null
  if (isOne(set)) return String.fromCodePoint(code)
  return code < 128 && includes(set, fold(code)) && sameSet(set, variants(code)) ? String.fromCodePoint(code) : null
}
