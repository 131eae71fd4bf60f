// Turns a `Query` into the statements of one round trip, for one caller at one time.
import { AppError } from '../core'
import type { Model } from '../define'
import type { CompiledQuery, Execution } from './compiled'
import { compileContext } from './context'
import { queryErrors } from './errors'
import type { Query, Read } from './query'
import { compileRead } from './read'

/** Compiles without touching a database. Throws an `AppError` of this room for whatever the query names or holds wrongly. */
export function compile(model: Model, query: Query, execution: Execution): CompiledQuery {
  const context = compileContext(model, execution)
  const reads = query.operations.filter((operation): operation is Read => operation.kind === 'read')
  if (reads.length < query.operations.length) throw new AppError(queryErrors.not_built, { message: 'Writes are not built yet.' })
  return { statements: reads.map((read, operation) => compileRead(context, read, operation)) }
}
