// Turns a `Query` into the statements of one round trip, for one caller at one time.
import { AppError } from '../core'
import type { Model } from '../define'
import type { CompiledQuery, CompiledStatement, Execution } from './compiled'
import { compileContext, type CompileContext } from './context'
import { queryErrors } from './errors'
import type { Query } from './query'
import { tellAndUndo } from './raise'
import { compilePageChecks, compileRead, type Layout } from './read'
import { sourcesOf } from './reference'
import { forgetSources } from './reference-keep'
import { recall, remember } from './remember'
import { render, sql, type Sql } from './sql'
import { compileWrite } from './write'
import { claimKey, type Keep } from './write-idempotency'
import { resolveReferences } from './write-reference'

/** Compiles without touching a database. Throws an `AppError` of this room for whatever the query names or holds wrongly. */
export function compile(model: Model, query: Query, execution: Execution, layout: Layout = 'fitting'): CompiledQuery {
  const known = layout === 'fitting' ? recall(query, execution) : undefined
  if (known !== undefined) return known
  const context = contextOf(model, query, execution)
  const { idempotency } = query
  const keep = idempotency ? { id: idempotency.key } : null
  const claims = idempotency && keep ? claimKey(context, keep, idempotency.fingerprint) : []
  const statements = context.operations.flatMap((_, i) => located(context, i, () => compileOperation(context, i, keep, layout)))
  const compiled = { statements: [...claims, ...statements, ...forgetSources(context)] }
  if (layout === 'fitting' && !context.timed) remember(query, execution, compiled)
  return compiled
}

function contextOf(model: Model, query: Query, execution: Execution): CompileContext {
  const { operations } = resolveReferences(model, query, execution.now)
  return compileContext(model, execution, operations, sourcesOf(model.tables, operations))
}

function compileOperation(context: CompileContext, index: number, keep: Keep | null, layout: Layout): CompiledStatement[] {
  const operation = context.operations[index]!
  if (operation.kind !== 'read') return compileWrite(context, operation, index, keep)
  if (keep) throw new AppError(queryErrors.not_built, { message: 'Reads among the operations of an idempotent request are not built yet.' })
  return [...compilePageChecks(context, operation, index), compileRead(context, operation, index, layout)]
}

/** Of several operations an error says which it is of. */
function located<T>(context: CompileContext, index: number, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw context.operations.length > 1 && error instanceof AppError ? ofOperation(error, index) : error
  }
}

/** The error with the number of the operation that failed, as a member of its body. */
export function ofOperation(error: AppError, operation: number): AppError {
  const { occurrence } = error
  return new AppError(error.definition, { ...occurrence, message: error.message, body: { ...occurrence.body, operation } })
}

/** A question about operation number `index` of a query that failed; null when there is nothing to ask. */
export type Question = (context: CompileContext, index: number) => Sql | null

/**
 * Asks a question about the state that operation number `index` met. Alone it gives one row with `answer`; behind other operations these
 * are done first, and undone by the failure that tells the answer (fault `told`).
 */
export function compileQuestion(model: Model, query: Query, execution: Execution, index: number, question: Question): CompiledStatement[] {
  const context = contextOf(model, query, execution)
  const asked = question(context, index)
  if (asked === null) return []
  if (index === 0) return [{ ...render(sql`select ${asked} as answer`), role: 'read', operation: 0 }]
  const before = context.operations.slice(0, index).flatMap((_, i) => compileOperation(context, i, null, 'fitting'))
  return [...before, { ...tellAndUndo(asked), role: 'check', operation: index }]
}
