// Splits a policy that admits for several reasons into one predicate a reason. Under an order and a limit each can then be
// answered by its own index, the first rows of each suffice, and a person who may see little reads little.
import type { Expression } from '../define'

/** More reasons than this cost more than they save. */
const MAX_BRANCHES = 8

/** The reasons, each a folded policy; together they admit the same rows. Null when there is only one, or too many. */
export function branchesOf(policy: Expression): readonly Expression[] | null {
  const branches = split(policy)
  return branches && branches.length > 1 ? branches : null
}

/** Null when there are too many. */
function split(node: Expression): Expression[] | null {
  switch (node.kind) {
    case 'or':
      return capped(node.terms.map(split))
    case 'and': {
      // One alternative is multiplied out; more would multiply with each other.
      const at = node.terms.findIndex((term) => term.kind === 'or' || (term.kind === 'exists' && (split(term)?.length ?? 0) > 1))
      if (at < 0) return [node]
      const others = node.terms.filter((_, i) => i !== at)
      return (
        split(node.terms[at]!)?.map((term): Expression => ({
          kind: 'and',
          terms: [...others, ...(term.kind === 'and' ? term.terms : [term])],
        })) ?? null
      )
    }
    case 'exists':
      return split(node.where)?.map((where): Expression => ({ ...node, where })) ?? null
    default:
      return [node]
  }
}

function capped(parts: readonly (Expression[] | null)[]): Expression[] | null {
  if (parts.includes(null)) return null
  const all = parts.flatMap((part) => part ?? [])
  return all.length > MAX_BRANCHES ? null : all
}
