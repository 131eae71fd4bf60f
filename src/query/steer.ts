// Keeps SQLite from an index that finds too much. Without statistics it takes `visibility = 'team'` to find ten rows, as it takes
// `owner_id = ?` to; we know that the first is a kind of row and the second a person's own.
import type { Expression, TableModel } from '../define'
import type { CompileContext } from './context'
import { correlation, leadsIndex, selective } from './correlation'
import { isFact } from './fold'
import type { SortKey } from './order'

/** A way to find the rows of one reason to admit. */
export interface Way {
  /** Comparisons that mustn't choose the index. */
  readonly unindexed: ReadonlySet<Expression>
  /** Each `exists` to answer by a set of keys. */
  readonly sets?: ReadonlySet<Expression>
  /** Taken only where the rows of this kind are few, or only where they are many; both are asked when nobody can know. */
  readonly when?: Kind & { readonly few: boolean }
}

/** A comparison that holds for all rows of some kind, and the table that it judges. */
interface Kind {
  readonly kind: Expression
  readonly table: TableModel
  readonly scope: number
}

/**
 * How to find the rows of one reason (a folded policy without `or` at its top) in an order. Where no index leads through a kind of
 * row in that order there are two ways: sort the few of the kind, or walk along the order until enough of many are found.
 */
export function waysOf(context: CompileContext, table: TableModel, branch: Expression, keys: readonly SortKey[]): readonly Way[] {
  const terms = termsOf(branch)
  const kinds = kindsOf(terms, table, 0)
  const hints = terms.flatMap((term) => hintsOf(context, term))
  if (terms.some((term) => selective(context, term, 0, table))) return [{ unindexed: new Set([...kinds, ...hints]) }]
  const unindexed = new Set(hints)
  const [kind] = kinds
  if (!kind) return relatedWays(context, table, terms, unindexed)
  const [first] = keys
  if (!first?.model || !leadsIndex(table, first.model.name)) return [{ unindexed }]
  const ordered = kinds.some((term) =>
    table.indexes.some(({ columns }) => columns[0] === columnOf(term, 0) && columns[1] === first.model!.name),
  )
  if (ordered) return [{ unindexed }]
  return [
    { unindexed, when: { kind, table, scope: 0, few: true } },
    { unindexed: new Set([...kinds, ...hints]), when: { kind, table, scope: 0, few: false } },
  ]
}

/** Where a kind of another table's row decides: begin with the few of the kind, or look each row's up where they are many. */
function relatedWays(
  context: CompileContext,
  table: TableModel,
  terms: readonly Expression[],
  unindexed: ReadonlySet<Expression>,
): readonly Way[] {
  for (const term of terms) {
    if (term.kind !== 'exists') continue
    const other = context.model.tables.get(term.table)
    const split = other && correlation(context, term, other, true)
    const [kind] = other && split ? kindsOf(split.rest, other, term.scope) : []
    if (!other || !split || !kind || !split.pairs.some(([outer]) => leadsIndex(table, outer.column))) continue
    const when = { kind, table: other, scope: term.scope }
    return [
      { unindexed, sets: new Set([term]), when: { ...when, few: true } },
      { unindexed, when: { ...when, few: false } },
    ]
  }
  return [{ unindexed }]
}

const termsOf = (node: Expression): readonly Expression[] => (node.kind === 'and' ? node.terms : [node])

/** Comparisons inside an `exists` that mustn't choose the index, because something of the caller does. */
function hintsOf(context: CompileContext, term: Expression): readonly Expression[] {
  if (term.kind !== 'exists') return []
  const table = context.model.tables.get(term.table)
  const terms = termsOf(term.where)
  const inner = terms.flatMap((one) => hintsOf(context, one))
  return table && terms.some((one) => selective(context, one, term.scope, table)) ? [...kindsOf(terms, table, term.scope), ...inner] : inner
}

/** The terms that hold an indexed column of the scope's row to a value of the app's own code. */
function kindsOf(terms: readonly Expression[], table: TableModel, scope: number): readonly Expression[] {
  return terms.filter((term) => {
    const name = columnOf(term, scope)
    return name !== null && leadsIndex(table, name)
  })
}

function columnOf(term: Expression, scope: number): string | null {
  if (term.kind !== 'compare' || term.operator !== 'eq' || term.right.kind !== 'literal' || isFact(term.right)) return null
  // The sign stands before the left side, and takes its affinity away: a literal has been given its type already.
  return term.left.kind === 'column' && term.left.scope === scope ? term.left.column : null
}
