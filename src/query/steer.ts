// Keeps SQLite from an index that finds too much. Without statistics it takes `visibility = 'team'` to find ten rows, as it takes
// `owner_id = ?` to; we know that the first is a kind of row and the second a person's own.
import type { Expression, OperandNode, TableModel } from '../define'
import type { CompileContext } from './context'
import { isFact } from './fold'
import type { SortKey } from './order'
import { leadsIndex, selective } from './policy'

/** A way to find the rows of one reason to admit. */
export interface Way {
  /** Comparisons that mustn't choose the index. */
  readonly unindexed: ReadonlySet<Expression>
  /** Taken only where the rows of this kind are few, or only where they are many; both are asked when nobody can know. */
  readonly when?: { readonly kind: Expression; readonly few: boolean }
}

const ANY_WAY: Way = { unindexed: new Set() }

/**
 * How to find the rows of one reason (a folded policy without `or` at its top) in an order. Where no index leads through a kind of
 * row in that order there are two ways: sort the few of the kind, or walk along the order until enough of many are found.
 */
export function waysOf(context: CompileContext, table: TableModel, branch: Expression, keys: readonly SortKey[]): readonly Way[] {
  const terms = branch.kind === 'and' ? branch.terms : [branch]
  const kinds = terms.flatMap((term) => {
    const name = kindColumn(term)
    return name !== null && leadsIndex(table, name) ? [{ term, name }] : []
  })
  const [kind] = kinds
  if (!kind) return [ANY_WAY]
  const unindexed = new Set(kinds.map(({ term }) => term))
  if (terms.some((term) => selective(context, term, 0, table))) return [{ unindexed }]
  const [first] = keys
  if (!first?.model || !leadsIndex(table, first.model.name)) return [ANY_WAY]
  const ordered = kinds.some(({ name }) => table.indexes.some(({ columns }) => columns[0] === name && columns[1] === first.model!.name))
  if (ordered) return [ANY_WAY]
  return [
    { unindexed: new Set(), when: { kind: kind.term, few: true } },
    { unindexed, when: { kind: kind.term, few: false } },
  ]
}

/** The row's column that a term holds to a value of the app's own code. */
function kindColumn(term: Expression): string | null {
  if (term.kind !== 'compare' || term.operator !== 'eq' || isFact(term.right)) return null
  const own = (node: OperandNode) => node.kind === 'column' && node.scope === 0
  // The sign stands before the left side, and takes its affinity away: a literal has been given its type already.
  return own(term.left) && term.left.kind === 'column' && term.right.kind === 'literal' ? term.left.column : null
}
