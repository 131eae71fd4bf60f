// Ranges of whole numbers by their least and greatest members, and what Postgres says of two of them. Shares nothing with src/query.
import type { Condition } from '../../src/query/query'

export const RANGES = ['[1,5)', '[1,4]', '(0,5)', '(,3)', '[2,)', '(,)', 'empty', '[4,4]', '[3,3)', '[5,9]', '(4,10)', '[-3,1)'] as const

type Members = { readonly least: number; readonly most: number } | null

function membersOf(text: string): Members {
  const match = /^([[(])(-?\d*),(-?\d*)([\])])$/.exec(text)
  if (!match) return null
  const [, open, lower = '', upper = '', close] = match
  const least = lower === '' ? -Infinity : Number(lower) + Number(open === '(')
  const most = upper === '' ? Infinity : Number(upper) - Number(close === ')')
  return least > most ? null : { least, most }
}

/** How a column holds the range. */
export function storedRange(text: string): string {
  const members = membersOf(text)
  if (!members) return '["empty"]'
  const lower = members.least === -Infinity ? null : members.least
  const upper = members.most === Infinity ? null : members.most + 1
  return JSON.stringify([`${lower === null ? '(' : '['}${lower ?? ''},${upper ?? ''})`, lower, Number(lower !== null), upper, 0])
}

/** What a client is shown of a stored range. */
export const shownRange = (stored: string): string => (JSON.parse(stored) as string[])[0]!

/** A text that sorts as the range does: the empty one first, then by the least member, then by the greatest. */
export function sortable(stored: string): string {
  const members = membersOf(shownRange(stored))
  const place = (value: number) => (value === -Infinity ? '000' : value === Infinity ? '999' : String(value + 500))
  return members ? `1${place(members.least)}${place(members.most)}` : '0'
}

/** What `cs`, `cd`, `ov`, `sl`, `sr`, `nxl`, `nxr` and `adj` say of a stored range and a filter's text. */
export function rangeTruth(condition: Extract<Condition, { kind: 'contain' | 'range' }>, stored: string): boolean {
  const [a, b] = [
    membersOf(shownRange(stored)),
    membersOf(/^-?\d+$/.test(condition.value) ? `[${condition.value},${condition.value}]` : condition.value),
  ]
  if (condition.operator === 'contains') return b === null || (a !== null && a.least <= b.least && b.most <= a.most)
  if (condition.operator === 'containedBy') return a === null || (b !== null && b.least <= a.least && a.most <= b.most)
  if (a === null || b === null) return false
  switch (condition.operator) {
    case 'overlaps':
      return a.least <= b.most && b.least <= a.most
    case 'sl':
      return a.most < b.least
    case 'sr':
      return a.least > b.most
    case 'nxr':
      return a.most <= b.most
    case 'nxl':
      return a.least >= b.least
    case 'adj':
      return a.most + 1 === b.least || b.most + 1 === a.least
  }
}
