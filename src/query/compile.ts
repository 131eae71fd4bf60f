// Turns a `Query` into the statements of one round trip, for one caller at one time.
import type { Model } from '../define'
import type { CompiledQuery, Execution } from './compiled'
import { compileContext } from './context'
import type { Query } from './query'
import { compileRead, type Layout } from './read'
import { compileWrite } from './write'
import { resolveReferences } from './write-reference'

/** Compiles without touching a database. Throws an `AppError` of this room for whatever the query names or holds wrongly. */
export function compile(model: Model, query: Query, execution: Execution, layout: Layout = 'fitting'): CompiledQuery {
  const context = compileContext(model, execution)
  const { operations } = resolveReferences(model, query, execution.now)
  const statements = operations.flatMap((operation, i) => (operation.kind === 'read' ? [compileRead(context, operation, i, layout)] : compileWrite(context, operation, i)))
  return { statements }
}
