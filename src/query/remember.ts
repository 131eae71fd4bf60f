// Compiled reads, remembered: phones ask the same again and again, and what was compiled for a caller stays right for that caller.
// Forgets with the query, which the dialects keep; holds nothing of any row.
import type { Principal } from '../core'
import type { CompiledQuery, Execution } from './compiled'
import type { Query } from './query'

/** How many callers a query is remembered for. */
const CALLERS = 8

const remembered = new WeakMap<Query, Map<Principal, CompiledQuery>>()

/** Only plain reads by the caller's own rights: the rest depends on more than who asks. */
function isPlain({ operations, idempotency }: Query, execution: Execution): boolean {
  if (execution.asService !== undefined || execution.sessionChecked || idempotency) return false
  return operations.every(({ kind }) => kind === 'read')
}

/** What this same query became for this same principal; undefined when it isn't known. */
export function recall(query: Query, execution: Execution): CompiledQuery | undefined {
  return isPlain(query, execution) ? remembered.get(query)?.get(execution.principal) : undefined
}

/** Keeps it for the next time. The caller sees to it that nothing in it depends on the time. */
export function remember(query: Query, execution: Execution, compiled: CompiledQuery): void {
  if (!isPlain(query, execution)) return
  const callers = remembered.get(query) ?? new Map<Principal, CompiledQuery>()
  remembered.set(query, callers)
  callers.set(execution.principal, compiled)
  const oldest = callers.keys().next().value
  if (callers.size > CALLERS && oldest !== undefined) callers.delete(oldest)
}
