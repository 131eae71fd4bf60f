// The questions that were asked lately, without the values in them: what the index advisor works from. Lives in the isolate, in development only.
import type { Principal, Role } from '../core'
import type { Query } from '../query'

export interface QueryShape {
  /** As it was first asked; only its form counts. */
  readonly query: Query
  readonly role: Role
  readonly count: number
  /** The most that any of them read. */
  readonly rowsRead: number
}

const KEPT = 500
const shapes = new Map<string, QueryShape>()

/** Counts a query with its like; the one that was least lately asked is forgotten when there are too many. */
export function recordShape(query: Query, { role }: Principal, rowsRead: number): void {
  const key = `${role} ${formOf(query)}`
  const known = shapes.get(key)
  shapes.delete(key)
  shapes.set(key, {
    query: known?.query ?? query,
    role,
    count: (known?.count ?? 0) + 1,
    rowsRead: Math.max(known?.rowsRead ?? 0, rowsRead),
  })
  const oldest = shapes.keys().next().value
  if (shapes.size > KEPT && oldest !== undefined) shapes.delete(oldest)
}

/** The most often asked first. */
export function readShapes(): QueryShape[] {
  return [...shapes.values()].toSorted((a, b) => b.count - a.count)
}

/** Keys under which values of clients stand. The word behind `is` and a keyset's length are part of the form. */
const VALUES = new Set(['value', 'values', 'pattern', 'text', 'after', 'before', 'rows', 'set', 'limit', 'offset'])

/** The query as text, the same for any values. */
export function formOf({ operations }: Query): string {
  return JSON.stringify(operations, function (this: { kind?: unknown }, key, value: unknown) {
    return VALUES.has(key) && this.kind !== 'is' ? '?' : value
  })
}
