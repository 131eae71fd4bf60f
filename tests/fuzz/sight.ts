// The rows that a random policy may speak of, and the ways between them.
import type { Expression, OperandNode } from '../../src/define'
import type { ColumnSpec, Kind, TableSpec } from './apps'
import type { Draw } from './draw'

export interface Scope {
  readonly table: TableSpec
  readonly scope: number
}

export interface Context {
  readonly choose: Draw
  readonly tables: readonly TableSpec[]
  /** Innermost first. */
  readonly scopes: readonly Scope[]
  readonly next: { scope: number }
  /** A random condition over the rows in sight. */
  readonly condition: (context: Context, depth: number) => Expression
}

export function inside(context: Context, where: (inner: Context) => Expression): Expression {
  const { choose, tables } = context
  const table = choose.pick(tables)
  const scope = ++context.next.scope
  const inner: Context = { ...context, scopes: [{ table, scope }, ...context.scopes] }
  const joined = choose.chance(80) ? join(inner) : null
  const rest = where(inner)
  return {
    kind: 'exists',
    table: table.name,
    scope,
    where: joined === null ? rest : { kind: 'and', terms: choose.chance(50) ? [joined, rest] : [rest, joined] },
  }
}

/** An equality between the innermost row and one around it, along a foreign key where there is one. */
function join(context: Context): Expression | null {
  const { choose, scopes } = context
  const [inner, ...outer] = scopes
  if (inner === undefined) return null
  const pairs = outer.flatMap((around) => [
    ...keys(inner, around),
    ...keys(around, inner).map(([a, b]) => [b, a] as [OperandNode, OperandNode]),
  ])
  const pair = pairs.length > 0 && choose.chance(85) ? choose.pick(pairs) : sameKind(context)
  if (pair === null) return null
  return { kind: 'compare', operator: 'eq', left: pair[0], right: pair[1] }
}

function keys(from: Scope, to: Scope): [OperandNode, OperandNode][] {
  return from.table.columns
    .filter((column) => column.references === to.table.name)
    .map((column) => [
      columnNode(from, column),
      columnNode(
        to,
        to.table.columns.find(({ name }) => name === to.table.key[0])!,
      ),
    ])
}

function sameKind(context: Context): [OperandNode, OperandNode] | null {
  const inner = columnIn({ ...context, scopes: context.scopes.slice(0, 1) }, null)
  const outer = inner && columnIn({ ...context, scopes: context.scopes.slice(1) }, [inner.kind])
  return inner && outer ? [inner.node, outer.node] : null
}

export function columnNode(scope: Scope, column: ColumnSpec): OperandNode {
  return { kind: 'column', table: scope.table.name, column: column.property, scope: scope.scope }
}

/** A column in sight, the innermost row's mostly; null when none is of these kinds. */
export function columnIn(context: Context, kinds: readonly Kind[] | null): { node: OperandNode; kind: Kind } | null {
  const { choose, scopes } = context
  const ordered = choose.chance(75) ? scopes : scopes.toReversed()
  for (const scope of ordered) {
    const fitting = scope.table.columns.filter(({ kind }) => (kinds === null ? kind !== 'range' : kinds.includes(kind)))
    if (fitting.length > 0) {
      const column = choose.pick(fitting)
      return { node: columnNode(scope, column), kind: column.kind }
    }
  }
  return null
}
