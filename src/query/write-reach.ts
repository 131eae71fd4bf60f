// Which tables a statement writes besides its own: foreign keys carry a change on. Decides when a check can stand inside the
// statement and when it has to follow it.
import type { Expression, Model, TableModel } from '../define'
import type { CompileContext } from './context'
import { foldPolicy } from './fold'
import { tablesRead } from './correlation'

export type WriteKind = 'insert' | 'merge' | 'update' | 'delete'

const WRITES_CHILD = new Set(['cascade', 'set null', 'set default'])

/** Names of all tables that the statement may write, its own among them. `changed` are the columns that an update sets. */
export function tablesWritten(model: Model, table: TableModel, kind: WriteKind, changed: readonly string[] = []): ReadonlySet<string> {
  const found = new Set([table.name])
  if (kind === 'delete') follow(model, table.name, null, found)
  if (kind === 'merge' || kind === 'update') follow(model, table.name, changed, found)
  return found
}

/** `columns`: those that changed in the parent, null when its rows were deleted. */
function follow(model: Model, parent: string, columns: readonly string[] | null, found: Set<string>): void {
  for (const child of model.tables.values()) {
    for (const key of child.foreignKeys) {
      if (key.foreignTable !== parent) continue
      const action = (columns === null ? key.onDelete : key.onUpdate).toLowerCase()
      if (!WRITES_CHILD.has(action) || (columns !== null && !key.foreignColumns.some((column) => columns.includes(column)))) continue
      if (found.has(child.name)) continue
      found.add(child.name)
      follow(model, child.name, columns === null && action === 'cascade' ? null : key.columns, found)
    }
  }
}

/** Whether what the caller's part of the policy reads is being written by the same statement. */
export function readsWritten(context: CompileContext, policy: Expression, written: ReadonlySet<string>): boolean {
  if (context.service) return false
  for (const name of tablesRead(foldPolicy(context, policy))) if (written.has(name)) return true
  return false
}

/** Whether any of the written tables keeps who wrote. */
export function keepsContext(model: Model, written: ReadonlySet<string>): boolean {
  for (const name of written) {
    const table = model.tables.get(name)
    if (table?.audit || table?.sync) return true
  }
  return false
}
