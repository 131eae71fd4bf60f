// What `npm run bench` asks of both sides, and the share of the hand-written Worker's throughput that Perigee has to reach.
import { LIST } from './data'
import { checkTree, TREE } from './tree'

export interface Case {
  readonly name: string
  readonly request: string
  /** Perigee's requests a second as a part of the bare Worker's. */
  readonly target: number
  /** Throws unless the answer is what is meant to be measured. */
  check(text: string): void
}

export const CASES: readonly Case[] = [
  {
    name: 'list of 20',
    request: LIST,
    target: 0.85,
    check: (text) => {
      if ((JSON.parse(text) as unknown[]).length !== 20) throw new Error(`The list isn't twenty rows: ${text.slice(0, 200)}`)
    },
  },
  { name: 'embeds of 3 levels, 20 × 10 × 5', request: TREE, target: 0.8, check: checkTree },
]
