// What a request cost, counted rather than timed: the figures that bench/budgets.json bounds.
import type { DatabaseCall } from '../platform'

export interface Cost {
  d1Calls: number
  rowsRead: number
  rowsWritten: number
  /** The calls themselves; kept in development only. */
  readonly calls: DatabaseCall[] | null
}

export function newCost(keepCalls: boolean): Cost {
  return { d1Calls: 0, rowsRead: 0, rowsWritten: 0, calls: keepCalls ? [] : null }
}

/** Adds one round trip to D1. */
export function addCall(cost: Cost, call: DatabaseCall): void {
  cost.d1Calls += 1
  for (const statement of call.statements) {
    cost.rowsRead += statement.rowsRead
    cost.rowsWritten += statement.rowsWritten
  }
  cost.calls?.push(call)
}
