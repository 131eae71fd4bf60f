// Which tables a statement writes besides its own: foreign keys carry a change on. Decides when a check can stand inside the
// statement and when it has to follow it.
import { tablesRead, type Expression, type Model, type TableModel } from '../define'
import type { CompileContext } from './context'
import { foldPolicy } from './fold'

export type WriteKind = 'insert' | 'merge' | 'update' | 'delete'

const WRITES_CHILD = new Set(['cascade', 'set null', 'set default'])

/** Names of all tables that the statement may write, its own among them. `changed` are the columns that the client sets. */
export function tablesWritten(model: Model, table: TableModel, kind: WriteKind, changed: readonly string[] = []): ReadonlySet<string> {
  const reach = unreached()
  if (kind === 'delete') remove(model, table.name, reach)
  else if (kind !== 'insert') change(model, table.name, [...changed, ...touched(table)], reach)
  return new Set([table.name, ...reach.removed, ...reach.changed.keys()])
}

const touched = (table: TableModel): string[] =>
  [...table.columns.values()].flatMap(({ name, onUpdate }) => (onUpdate === null ? [] : [name]))

/**
 * What is known to become of each table. A row may lose a reference by one key and go by another, and each column carries on by
 * itself, so that having been reached once doesn't tell that all is known.
 */
interface Reach {
  readonly removed: Set<string>
  readonly changed: Map<string, Set<string>>
}

const unreached = (): Reach => ({ removed: new Set(), changed: new Map() })

/**
 * Whether deleting rows of the table deletes or changes other rows of it. Then the statement meets rows that are changed or gone by
 * the time it comes to them: neither RETURNING nor `changes()` tell of the rows that it was asked to delete.
 */
export function deletesReachItself(model: Model, table: TableModel): boolean {
  const reach = unreached()
  remove(model, table.name, reach)
  const cascades = [...reach.removed].some((name) =>
    keysTo(model, name).some(([child, key]) => child === table.name && key.onDelete.toLowerCase() === 'cascade'),
  )
  return cascades || reach.changed.has(table.name)
}

/** Rows of the table are deleted. */
function remove(model: Model, name: string, reach: Reach): void {
  if (reach.removed.has(name)) return
  reach.removed.add(name)
  for (const [child, key] of keysTo(model, name)) {
    const action = key.onDelete.toLowerCase()
    if (action === 'cascade') remove(model, child, reach)
    else if (WRITES_CHILD.has(action)) change(model, child, key.columns, reach)
  }
}

/** These columns of some of its rows change. */
function change(model: Model, name: string, columns: readonly string[], reach: Reach): void {
  const known = reach.changed.get(name) ?? new Set()
  reach.changed.set(name, known)
  const fresh = columns.filter((column) => !known.has(column))
  for (const column of fresh) known.add(column)
  if (fresh.length === 0) return
  for (const [child, key] of keysTo(model, name)) {
    if (WRITES_CHILD.has(key.onUpdate.toLowerCase()) && key.foreignColumns.some((column) => fresh.includes(column)))
      change(model, child, key.columns, reach)
  }
}

/** Every foreign key that refers to the table, with the name of the table that has it. */
function keysTo(model: Model, name: string): (readonly [string, TableModel['foreignKeys'][number]])[] {
  return [...model.tables.values()].flatMap((child) =>
    child.foreignKeys.filter(({ foreignTable }) => foreignTable === name).map((key) => [child.name, key] as const),
  )
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
