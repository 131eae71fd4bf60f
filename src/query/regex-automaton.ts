// A pattern as a deterministic automaton: from each state, the characters that lead to the next. Walking it costs one step a character,
// whatever the pattern, so that no pattern is slower than another. Patterns that need too many states are refused.
import { includes, LAST, named, union, type CharacterSet } from './characters'
import { tooComplex } from './errors'
import { spend, unprepared, type Preparation } from './preparation'
import type { Pattern, Position } from './regex-parse'

/** What a pattern may come to, as written out, as states, and as ranges of characters between them. */
export const MOST_NODES = 1000
export const MOST_STATES = 400
export const MOST_RANGES = 20_000
/** Nodes that are visited while the states are found. */
const MOST_VISITS = 1_000_000
/** The state in which the rest of the text doesn't matter, and the character that stands for the end of the text. */
export const FOUND = -1
export const END = -1

/** In state `from` a character between `low` and `high` leads to `to`. The first state is 0; where nothing leads on, nothing is found. */
export type Range = readonly [from: number, low: number, high: number, to: number]

/** A node of the automaton as the pattern is written; `to` are numbers of nodes. */
type Node =
  | { kind: 'set'; set: CharacterSet; to: number }
  | { kind: 'fork'; to: number[] }
  | { kind: 'position'; position: Position; to: number }
  | { kind: 'accept' }

function nodesOf(pattern: Pattern): { nodes: Node[]; start: number } {
  const nodes: Node[] = [{ kind: 'accept' }]
  const add = (node: Node): number => {
    if (nodes.length >= MOST_NODES)
      throw tooComplex(`its regular expression is longer than ${MOST_NODES} characters when repetitions are written out.`)
    return nodes.push(node) - 1
  }
  const build = (part: Pattern, to: number): number => {
    switch (part.kind) {
      case 'set':
        return add({ kind: 'set', set: part.set, to })
      case 'position':
        return add({ kind: 'position', position: part.position, to })
      case 'sequence':
        return part.items.reduceRight((next, item) => build(item, next), to)
      case 'choice':
        return add({ kind: 'fork', to: part.items.map((item) => build(item, to)) })
      case 'repeat':
        return repeat(part, to)
    }
  }
  const repeat = ({ item, least, most }: Extract<Pattern, { kind: 'repeat' }>, to: number): number => {
    let next = to
    if (most === null) {
      const loop: Node = { kind: 'fork', to: [to] }
      next = add(loop)
      loop.to.push(build(item, next))
    } else for (let n = least; n < most; n++) next = add({ kind: 'fork', to: [to, build(item, next)] })
    for (let n = 0; n < least; n++) next = build(item, next)
    return next
  }
  return { nodes, start: build(pattern, 0) }
}

/** What stands beside a position, as far as positions ask. */
type Side = 'none' | 'word' | 'newline' | 'other'

function holds(position: Position, before: Side, after: Side): boolean {
  const [left, right] = [before === 'word', after === 'word']
  switch (position) {
    case 'start':
      return before === 'none'
    case 'end':
      return after === 'none'
    case 'line start':
      return before === 'none' || before === 'newline'
    case 'line end':
      return after === 'none' || after === 'newline'
    case 'word start':
      return !left && right
    case 'word end':
      return left && !right
    case 'word edge':
      return left !== right
    case 'no word edge':
      return left === right
  }
}

/** Characters that the pattern never tells apart. */
interface Kind {
  readonly ranges: [number, number][]
  /** The sets that hold them. */
  readonly sets: ReadonlySet<CharacterSet>
  readonly side: Side
}

function kindsOf(nodes: readonly Node[], preparation: Preparation): Kind[] {
  const positions = new Set(nodes.flatMap((node) => (node.kind === 'position' ? [node.position] : [])))
  const words = [...positions].some((position) => position.includes('word'))
  const lines = [...positions].some((position) => position.startsWith('line'))
  const word = words ? named('word')! : []
  const sets = [...new Set(nodes.flatMap((node) => (node.kind === 'set' ? [node.set] : [])))]
  const all = [...sets, ...(words ? [word] : []), ...(lines ? [[[10, 10]] as CharacterSet] : [])]
  const bounds = [...new Set([0, LAST + 1, ...all.flatMap((set) => set.flatMap(([from, to]) => [from, to + 1]))])].sort((a, b) => a - b)
  const kinds = new Map<string, Kind>()
  spend(preparation, bounds.length * all.length)
  // Each set is walked along once, beside the bounds.
  const places = all.map(() => 0)
  for (let i = 0; i + 1 < bounds.length; i++) {
    const [from, to] = [bounds[i]!, bounds[i + 1]! - 1]
    const holding = all.flatMap((set, n) => {
      while (places[n]! < set.length && set[places[n]!]![1] < from) places[n]!++
      const range = set[places[n]!]
      return range && range[0] <= from ? [n] : []
    })
    const key = holding.join(',')
    const side: Side = words && includes(word, from) ? 'word' : lines && from === 10 ? 'newline' : 'other'
    const kind = kinds.get(key) ?? { ranges: [], sets: new Set(holding.map((n) => all[n]!)), side }
    kinds.set(key, kind)
    const last = kind.ranges.at(-1)
    if (last?.[1] === from - 1) last[1] = to
    else kind.ranges.push([from, to])
  }
  return [...kinds.values()]
}

/** Every way through a text in which the pattern is found somewhere. Throws `too_complex`. */
export function automatonOf(pattern: Pattern, preparation: Preparation = unprepared()): readonly Range[] {
  const { nodes, start } = nodesOf(pattern)
  spend(preparation, nodes.length)
  const kinds = kindsOf(nodes, preparation)
  const sides = [...new Set(kinds.map(({ side }) => side))]
  const takers = new Map<CharacterSet, Kind[]>()
  for (const kind of kinds) {
    for (const set of kind.sets) {
      const list = takers.get(set)
      if (list) list.push(kind)
      else takers.set(set, [kind])
    }
  }
  const states = new Map<string, { readonly id: number; readonly set: readonly number[]; readonly before: Side }>()
  const arrows: [from: number, kind: Kind | null, to: number][] = []
  const queue: { readonly id: number; readonly set: readonly number[]; readonly before: Side }[] = []
  const stateOf = (set: readonly number[], before: Side): number => {
    const key = `${before}:${set.join(',')}`
    const found = states.get(key)
    if (found) return found.id
    if (states.size >= MOST_STATES) throw tooComplex(`its regular expression needs more than ${MOST_STATES} states.`)
    const state = { id: states.size, set, before }
    states.set(key, state)
    queue.push(state)
    return state.id
  }
  stateOf([start], 'none')
  let visits = 0
  for (let state = queue.shift(); state; state = queue.shift()) {
    const before = visits
    for (const side of sides) {
      const reached = closure(nodes, state.set, state.before, side)
      visits += reached.size
      const next = new Map<Kind, Set<number>>()
      for (const id of reached) {
        const node = nodes[id]!
        if (node.kind !== 'set' || reached.has(0)) continue
        for (const kind of takers.get(node.set) ?? []) {
          visits++
          // The match may begin at any character.
          if (kind.side === side) next.set(kind, (next.get(kind) ?? new Set([start])).add(node.to))
        }
      }
      if (visits > MOST_VISITS) throw tooComplex('its regular expression takes too long to be prepared.')
      for (const kind of kinds) {
        if (kind.side !== side) continue
        const set = [...(next.get(kind) ?? [start])].sort((a, b) => a - b)
        arrows.push([state.id, kind, reached.has(0) ? FOUND : stateOf(set, side)])
      }
    }
    spend(preparation, visits - before + kinds.length)
    if (closure(nodes, state.set, state.before, 'none').has(0)) arrows.push([state.id, null, FOUND])
  }
  return rangesOf(arrows)
}

/** The nodes that are reached without taking a character. */
function closure(nodes: readonly Node[], from: readonly number[], before: Side, after: Side): Set<number> {
  const reached = new Set<number>()
  const open = [...from]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (reached.has(id)) continue
    const node = nodes[id]!
    reached.add(id)
    if (node.kind === 'fork') open.push(...node.to)
    else if (node.kind === 'position' && holds(node.position, before, after)) open.push(node.to)
  }
  return reached
}

/** Leaves out the ways from which nothing is ever found, so that a walk ends there. */
function rangesOf(arrows: readonly (readonly [from: number, kind: Kind | null, to: number])[]): Range[] {
  const sources = new Map<number, number[]>()
  for (const [from, , to] of arrows) {
    const list = sources.get(to)
    if (list) list.push(from)
    else sources.set(to, [from])
  }
  const useful = new Set<number>()
  const open = [FOUND]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (useful.has(id)) continue
    useful.add(id)
    open.push(...(sources.get(id) ?? []))
  }
  const byWay = new Map<string, { from: number; to: number; ranges: [number, number][] }>()
  for (const [from, kind, to] of arrows) {
    if (!useful.has(to)) continue
    const key = `${from}>${to}`
    const way = byWay.get(key) ?? { from, to, ranges: [] }
    byWay.set(key, way)
    way.ranges.push(...(kind === null ? [[END, END] as [number, number]] : kind.ranges))
  }
  const out = [...byWay.values()].flatMap(({ from, to, ranges }) => union(ranges).map(([low, high]): Range => [from, low, high, to]))
  if (out.length > MOST_RANGES) throw tooComplex(`its regular expression tells more than ${MOST_RANGES} ranges of characters apart.`)
  return out
}
