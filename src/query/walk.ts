// Matches text against sets of characters: by GLOB where the pattern fits D1's cap, else by walking an automaton along the text, one
// step a character, inside the same statement.
import { ALL, type CharacterSet } from './characters'
import type { Preparation } from './preparation'
import { automatonOf, END, FOUND } from './regex-automaton'
import type { Pattern } from './regex-parse'
import { bind, FALSE, sql, type Sql } from './sql'

/** A character of a set, any one, or any number of any. */
export type Item = { readonly set: CharacterSet } | 'one' | 'many'

/** D1's cap. */
const MAX_GLOB_BYTES = 50

/** A GLOB; null when D1 takes no pattern that long. */
export function glob(value: Sql, pattern: string): Sql | null {
  return new TextEncoder().encode(pattern).length <= MAX_GLOB_BYTES ? sql`${value} glob ${bind(pattern)}` : null
}

/** Characters of a text that a step of the walk carries with it; finding the next ones costs the way to them. */
const STRETCH = 256

/** The items as GLOB; null when they don't fit it. */
export function globSql(value: Sql, items: readonly Item[]): Sql | null {
  const parts = items.map((item) => (item === 'one' ? '?' : item === 'many' ? '*' : globClass(item.set)))
  if (parts.includes(null)) return null
  return glob(value, parts.join(''))
}

/** Marks that mean something in brackets. */
const MARKS = [...']^-['].map((mark) => mark.codePointAt(0)!)

function globClass(set: CharacterSet): string | null {
  const [first] = set
  if (!first) return null
  if (set.length === 1 && first[0] === first[1]) {
    const character = String.fromCodePoint(first[0])
    return '*?['.includes(character) ? `[${character}]` : character
  }
  const open = set.at(-1)![1] === 0x10ffff
  const ranges = open ? gaps(set) : set
  if (ranges.length === 0 || ranges.flat().some((code) => MARKS.includes(code) || code === 0 || (code >= 0xd800 && code <= 0xdfff)))
    return null
  const text = ranges.map(([from, to]) => {
    const [low, high] = [String.fromCodePoint(from), String.fromCodePoint(to)]
    return from === to ? low : to === from + 1 ? low + high : `${low}-${high}`
  })
  return `[${open ? '^' : ''}${text.join('')}]`
}

/** What lies between the ranges of a set that goes on to the last character. */
function gaps(set: CharacterSet): [number, number][] {
  return set.map(([from], i): [number, number] => [i === 0 ? 0 : set[i - 1]![1] + 1, from - 1]).filter(([from, to]) => to >= from)
}

/** The items as a pattern for the whole text. */
export function patternOf(items: readonly Item[]): Pattern {
  const any: Pattern = { kind: 'set', set: ALL }
  const parts = items.map((item): Pattern => {
    if (item === 'many') return { kind: 'repeat', item: any, least: 0, most: null }
    return item === 'one' ? any : { kind: 'set', set: item.set }
  })
  return { kind: 'sequence', items: [{ kind: 'position', position: 'start' }, ...parts, { kind: 'position', position: 'end' }] }
}

/** `needed` must stand in the text, as it is or in lower case, or nothing is walked. */
export interface Needed {
  readonly text: string
  readonly folded: boolean
}

/**
 * Whether the pattern is found in the text; NULL when that is NULL. The automaton is one parameter, put in a table with an index once a
 * statement. Throws `too_complex`.
 */
export function walkSql(value: Sql, pattern: Pattern, preparation?: Preparation, needed: Needed | null = null): Sql {
  const ranges = automatonOf(pattern, preparation)
  if (ranges.length === 0) return sql`(${value} is null and null)`
  const first = ranges.find(([from]) => from === 0)!
  if (first[1] === END && first[2] === 0x10ffff && first[3] === FOUND) return sql`(${value} is not null or null)`
  // Ranges are looked at by their low end, so that letters of ASCII are found first.
  const arrows = sql`d(s, l, h, n) as materialized (select value ->> 0, value ->> 1, value ->> 2, value ->> 3 from json_each(${bind(JSON.stringify(ranges))}))`
  const stretch: Sql = { chunks: [String(STRETCH)] }
  const start = sql`select 1, 0, coalesce(unicode(x), ${END_SQL}), substr(x, 1, ${stretch})`
  const state = sql`(select n from d where d.s = w.s and d.l <= w.u and d.h >= w.u limit 1)`
  const character = sql`coalesce(unicode(iif(i % ${stretch} = 0, substr(x, i + 1, 1), substr(c, i % ${stretch} + 1, 1))), ${END_SQL})`
  const step = sql`select i + 1, ${state}, ${character}, iif(i % ${stretch} = 0, substr(x, i + 1, ${stretch}), c) from w where w.s >= 0`
  const found = sql`exists(with recursive ${arrows}, w(i, s, u, c) as (${start} union all ${step}) select 1 from w where s = ${FOUND_SQL})`
  const verdict = needed ? sql`iif(instr(${needed.folded ? sql`lower(x)` : sql`x`}, ${bind(needed.text)}) > 0, ${found}, ${FALSE})` : found
  return sql`(select case when x is not null then ${verdict} end from (select ${value} as x))`
}

const END_SQL: Sql = { chunks: [String(END)] }
const FOUND_SQL: Sql = { chunks: [String(FOUND)] }
