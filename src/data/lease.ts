// Fences what an attempt at a job writes: its batch stands only while the attempt has the lease, and its last batch says that the job is done.
import { AppError } from '../core'
import type { Store } from '../platform'
import type { CompiledQuery, CompiledStatement, Execution, Query } from '../query'
import { dataErrors } from './errors'

const LOST = "json_extract('{}', 'PERIGEE|lease||0')"

/** The same statements behind one that asks for the lease. Throws `several_stores` when the job's last writes lie in another database than the job. */
export function fenced(compiled: CompiledQuery, query: Query, { lease, now }: Execution, store: Store): CompiledQuery {
  if (!lease || (!lease.finish && query.operations.every(({ kind }) => kind === 'read'))) return compiled
  if (lease.store !== store.name) {
    // Another database can't ask: that the job is done must not stand apart from its effects.
    if (lease.finish) throw new AppError(dataErrors.several_stores)
    return compiled
  }
  const params = [lease.job, lease.token]
  const held = "`id` = ?1 and `lease` = ?2 and `state` = 'running'"
  if (!lease.finish)
    return before(compiled, [
      { sql: `select iif(exists(select 1 from \`sys_jobs\` where ${held}), null, ${LOST}) as ok`, params, role: 'guard', operation: -1 },
    ])
  return before(compiled, [
    {
      sql: `update \`sys_jobs\` set \`state\` = 'done', \`lease\` = null, \`error\` = null, \`finished_at\` = cast(?3 as integer) where ${held}`,
      params: [...params, String(now)],
      role: 'guard',
      operation: -1,
    },
    { sql: `select iif(changes() = 1, null, ${LOST}) as ok`, params: [], role: 'guard', operation: -1 },
  ])
}

const before = (compiled: CompiledQuery, statements: readonly CompiledStatement[]): CompiledQuery => ({
  ...compiled,
  statements: [...statements, ...compiled.statements],
})
