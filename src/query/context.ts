// What is known while one query is compiled: the model, the caller, and which aliases are taken.
import { AppError } from '../core'
import type { Model, TableModel } from '../define'
import type { Execution } from './compiled'
import type { Operation } from './query'
import type { Source } from './reference'
import { unprepared, type Preparation } from './preparation'
import { queryErrors } from './errors'

export interface CompileContext {
  readonly model: Model
  readonly execution: Execution
  /** Row policies and column `read` rules don't apply. */
  readonly service: boolean
  /** The time of the statement, UTC ms. */
  clock(): number
  /** Whether anything asked for the time, so that what was compiled is good for this moment only. */
  readonly timed: boolean
  /** All operations of the query, and what later ones ask of earlier ones. */
  readonly operations: readonly Operation[]
  readonly sources: ReadonlyMap<number, Source>
  /** What the patterns of the whole query have cost so far. */
  readonly preparation: Preparation
  /** A table alias that nothing else in the query has. */
  alias(prefix: string): string
}

/** Aliases are numbered in the order they are asked for, so that the same question gives the same SQL. */
export function compileContext(
  model: Model,
  execution: Execution,
  operations: readonly Operation[] = [],
  sources: ReadonlyMap<number, Source> = new Map(),
): CompileContext {
  let aliases = 0
  let timed = false
  return {
    model,
    execution,
    operations,
    sources,
    service: execution.principal.role === 'service_role' || execution.asService !== undefined,
    clock: () => {
      timed = true
      return execution.now
    },
    get timed() {
      return timed
    },
    preparation: unprepared(),
    alias: (prefix) => `${prefix}${aliases++}`,
  }
}

/** A table that clients may name. Throws `undefined_table`. */
export function servedTable(context: CompileContext, name: string): TableModel {
  const table = context.model.tables.get(name)
  if (!table?.served) {
    throw new AppError(queryErrors.undefined_table, { message: `Could not find the table 'public.${name}' in the schema cache` })
  }
  return table
}
