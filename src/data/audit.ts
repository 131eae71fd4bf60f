// What code of the app did with the engine's rights: a record in the same transaction as the deed, and one of its own when the deed was undone.
import { uuidv7 } from '../core'
import { run, type Statement, type Store } from '../platform'
import type { CompiledQuery, Execution, Query } from '../query'

/** How long the record is kept. */
export const AUDIT_MS = 90 * 24 * 3600 * 1000

/** The same statements, with the record before them when policies are set aside for a reason. */
export function audited(compiled: CompiledQuery, query: Query, execution: Execution): CompiledQuery {
  if (execution.asService === undefined) return compiled
  return { ...compiled, statements: [{ ...recordOf(query, execution, 'done'), role: 'guard', operation: -1 }, ...compiled.statements] }
}

/** Records that such a query was refused, and so left no trace. */
export async function auditFailure(store: Store, query: Query, execution: Execution): Promise<void> {
  if (execution.asService !== undefined) await run(store.db, [recordOf(query, execution, 'failed')])
}

function recordOf({ operations }: Query, { principal, asService, function: name, requestId, now }: Execution, outcome: 'done' | 'failed') {
  const deeds = JSON.stringify(operations.map(({ kind, table }) => ({ op: kind, table })))
  return {
    sql: 'insert into `sys_audit` (`id`, `at`, `uid`, `function`, `reason`, `request`, `operations`, `outcome`) values (?1, cast(?2 as integer), ?3, ?4, ?5, ?6, ?7, ?8)',
    params: [uuidv7(now), String(now), principal.uid, name ?? null, asService ?? '', requestId ?? null, deeds, outcome],
  } satisfies Statement
}
