// Turns a `Query` into the statements of one round trip, for one caller at one time.
import { AppError } from '../core'
import type { Model } from '../define'
import type { CompiledQuery, Execution } from './compiled'
import { compileContext } from './context'
import { queryErrors } from './errors'
import type { Query } from './query'
import { compileRead, type Layout } from './read'
import { recall, remember } from './remember'
import { compileWrite } from './write'
import { claimKey } from './write-idempotency'
import { resolveReferences } from './write-reference'

/** Compiles without touching a database. Throws an `AppError` of this room for whatever the query names or holds wrongly. */
export function compile(model: Model, query: Query, execution: Execution, layout: Layout = 'fitting'): CompiledQuery {
  const known = layout === 'fitting' ? recall(query, execution) : undefined
  if (known !== undefined) return known
  const context = compileContext(model, execution)
  const { operations } = resolveReferences(model, query, execution.now)
  const { idempotency } = query
  const keep = idempotency ? { id: idempotency.key } : null
  const claims = idempotency && keep ? claimKey(context, keep, idempotency.fingerprint) : []
  const statements = operations.flatMap((operation, i) => {
    if (operation.kind !== 'read') return compileWrite(context, operation, i, keep)
    if (keep)
      throw new AppError(queryErrors.not_built, { message: 'Reads among the operations of an idempotent request are not built yet.' })
    return [compileRead(context, operation, i, layout)]
  })
  const compiled = { statements: [...claims, ...statements] }
  if (layout === 'fitting' && !context.timed) remember(query, execution, compiled)
  return compiled
}
