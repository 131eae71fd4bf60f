// Turns an insert, update or delete into the statements of one batch. Pure: it asks no database, and leaves every judgement that
// needs one to SQL.
//
// Roles: `guard` and `check` give nothing that matters, they pass or fail the batch. `write` gives a row for each row written:
// `g` is 1 when it is new and 0 otherwise, `d` its JSON text, when an answer was asked for and can be told at once. `returned`
// gives `d` for each row where it can't.
import type { CompiledStatement } from './compiled'
import { servedTable, type CompileContext } from './context'
import type { Delete, Insert, Update } from './query'
import { refuseView } from './write-errors'
import type { Keep } from './write-keep'
import { compileInsert } from './write-insert'
import { compileDelete, compileUpdate } from './write-update'

/** The statements of operation number `index`, in order. Throws what the payload or the filter is refused for. With `keep` its answer is kept. */
export function compileWrite(
  context: CompileContext,
  operation: Insert | Update | Delete,
  index: number,
  keep: Keep | null,
): CompiledStatement[] {
  refuseView(servedTable(context, operation.table), operation.kind)
  switch (operation.kind) {
    case 'insert':
      return compileInsert(context, operation, index, keep)
    case 'update':
      return compileUpdate(context, operation, index, keep)
    case 'delete':
      return compileDelete(context, operation, index, keep)
  }
}
