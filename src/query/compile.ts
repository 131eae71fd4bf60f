// Turns a `Query` into the statements of one round trip, for one caller at one time.
import { AppError } from '../core'
import type { Model } from '../define'
import type { CompiledQuery, CompiledStatement, Execution } from './compiled'
import { compileCancel, compileEnqueue } from './enqueue'
import { compileContext, servedTable, type CompileContext } from './context'
import { tooComplex } from './errors'
import type { Query } from './query'
import { tellAndUndo } from './raise'
import { compilePageChecks, compileRead, isRevised, readText, type Layout } from './read'
import { knowColumns, sourcesOf } from './reference'
import { forgetSources } from './reference-keep'
import { recall, remember } from './remember'
import { askSession } from './session'
import { render, sql, type Sql } from './sql'
import { countSearchesAnew } from './search'
import { compileWrite } from './write'
import { claimKey, KEEP_UNDONE, keepRead, keepUnder, openUndone, tellKept, type Keep } from './write-keep'
import { resolveReferences } from './write-reference'

/** Compiles without touching a database. Throws an `AppError` of this room for whatever the query names or holds wrongly. */
export function compile(model: Model, query: Query, execution: Execution, layout: Layout = 'fitting'): CompiledQuery {
  const known = layout === 'fitting' ? recall(query, execution) : undefined
  if (known !== undefined) return known
  const context = contextOf(model, query, execution)
  const { keep, opening } = keeping(context, query)
  const statements = [
    ...(checksPages(context) ? askSession(context, '', 0) : []),
    ...opening,
    ...context.operations.flatMap((_, i) => located(context, i, () => compileOperation(context, i, keep, layout))),
    ...forgetSources(context),
    ...(keep ? tellKept(keep, context.operations.length - 1) : []),
  ]
  if (statements.length > MAX_STATEMENTS)
    throw tooComplex(`it comes to more than ${MAX_STATEMENTS} statements. Send fewer operations at once.`)
  const compiled = { statements }
  if (layout === 'fitting' && !context.timed) remember(query, execution, compiled)
  return compiled
}

/** D1 runs 1,000 in one call of a Worker; what is left over is for finding out what a refusal was. */
export const MAX_STATEMENTS = 900

/** Whether something is asked of a page beside its answer, which asks for the session itself, and so could tell who has none how many rows there are. */
function checksPages({ operations, sources }: CompileContext): boolean {
  return operations.some((operation, i) => operation.kind === 'read' && (operation.expect !== undefined || sources.has(i)))
}

/** Where answers are kept, and what that begins with. Whoever only reads has nothing to do once or to undo. */
function keeping(context: CompileContext, { operations, idempotency, undo }: Query): { keep: Keep | null; opening: CompiledStatement[] } {
  if (operations.every(({ kind }) => kind === 'read')) return { keep: null, opening: [] }
  if (undo) return { keep: KEEP_UNDONE, opening: openUndone() }
  if (!idempotency) return { keep: null, opening: [] }
  return {
    keep: keepUnder(idempotency.key, context.execution.principal),
    opening: claimKey(context, idempotency.key, idempotency.fingerprint),
  }
}

function contextOf(model: Model, query: Query, execution: Execution): CompileContext {
  const { operations } = resolveReferences(model, query, execution.now)
  const context = compileContext(model, execution, operations, sourcesOf(model.tables, operations))
  // Whoever asks for what isn't there is told so, rather than the operation that has it not.
  for (const [source, { asks, columns }] of context.sources) located(context, asks, () => knowColumns(context, source, columns))
  return context
}

function compileOperation(context: CompileContext, index: number, keep: Keep | null, layout: Layout): CompiledStatement[] {
  const operation = context.operations[index]!
  countSearchesAnew(context)
  if (operation.kind === 'enqueue') return compileEnqueue(context, operation, index, keep)
  if (operation.kind === 'cancel') return compileCancel(context, operation, index, keep)
  if (operation.kind !== 'read') return compileWrite(context, operation, index, keep)
  const checks = compilePageChecks(context, operation, index)
  if (keep)
    return [...checks, keepRead(keep, readText(context, operation), isRevised(servedTable(context, operation.table), operation), index)]
  return [...checks, compileRead(context, operation, index, layout)]
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
