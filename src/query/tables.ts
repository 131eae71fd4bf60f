// Which tables a query's answer is made of, apart from those that only policies ask.
import type { Query, SelectItem } from './query'

/** Names of the tables that are read or written, embedded, or joined through. */
export function tablesOf({ operations }: Query): Set<string> {
  const names = new Set<string>()
  const visit = (select: readonly SelectItem[]): void => {
    for (const item of select) {
      if (item.kind !== 'embed') continue
      names.add(item.relationship.to)
      if (item.relationship.junction) names.add(item.relationship.junction.table)
      visit(item.select)
    }
  }
  for (const operation of operations) {
    names.add(operation.table)
    if (operation.kind === 'enqueue' || operation.kind === 'cancel') continue
    visit(operation.kind === 'read' ? operation.select : (operation.returning?.select ?? []))
  }
  return names
}
