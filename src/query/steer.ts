// Keeps SQLite from an index that finds too much. Without statistics it takes `visibility = 'team'` to find ten rows, as it takes
// `owner_id = ?` to; we know that the first is a kind of row and the second a person's own.
import type { Expression, OperandNode, TableModel } from '../define'
import type { CompileContext } from './context'
import { isFact } from './fold'
import type { SortKey } from './order'
import { leadsIndex, selective } from './policy'

/** The comparisons of one reason to admit (a folded policy without `or` at its top) that mustn't choose the index. */
export function unindexed(context: CompileContext, table: TableModel, branch: Expression, keys: readonly SortKey[]): Set<Expression> {
  const terms = branch.kind === 'and' ? branch.terms : [branch]
  const kinds = terms.flatMap((term) => {
    const name = kindColumn(term)
    return name !== null && leadsIndex(table, name) ? [{ term, name }] : []
  })
  const own = terms.filter((term) => selective(context, term, 0, table))
  if (own.length > 0) return new Set(kinds.map(({ term }) => term))
  const [first] = keys
  if (!first?.model || !leadsIndex(table, first.model.name)) return new Set()
  // Nobody's own rows: an index that begins with the kind serves only if it goes on in the order that is asked for.
  const ordered = ({ name }: { readonly name: string }) => table.indexes.some(({ columns }) => columns[0] === name && columns[1] === first.model!.name)
  return kinds.some(ordered) ? new Set() : new Set(kinds.map(({ term }) => term))
}

/** The row's column that a term holds to a value of the app's own code. */
function kindColumn(term: Expression): string | null {
  if (term.kind !== 'compare' || term.operator !== 'eq' || isFact(term.right)) return null
  const own = (node: OperandNode) => node.kind === 'column' && node.scope === 0
  // The sign stands before the left side, and takes its affinity away: a literal has been given its type already.
  return own(term.left) && term.left.kind === 'column' && term.right.kind === 'literal' ? term.left.column : null
}
