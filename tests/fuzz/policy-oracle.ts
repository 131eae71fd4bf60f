// Judges a policy's tree over rows held in JavaScript. Slow, plain, and written without a look at the compiler.
import type { Principal } from '../../src/core'
import type { ColumnType, Expression, Model, OperandNode, TableModel } from '../../src/define'
import { and, at, compare, fromJson, isIn, like, lower, not, or, type Stored, type Truth } from './logic'

/** A row as it is stored, by wire names. */
export type Row = Readonly<Record<string, Stored>>

/** Tables by name. */
export type State = ReadonlyMap<string, readonly Row[]>

export interface World {
  readonly model: Model
  readonly state: State
  readonly principal: Principal
  /** UTC ms. */
  readonly now: number
}

/** Rows in sight of the expression: 0 is the policy's own, each `exists` adds its own. */
type Scopes = Readonly<Record<number, Row>>

/** What the policy says of `row`. */
export function judge(world: World, expression: Expression, row: Row): Truth {
  return evaluate(world, expression, { 0: row })
}

function evaluate(world: World, node: Expression, scopes: Scopes): Truth {
  switch (node.kind) {
    case 'constant':
      return node.value
    case 'and':
      return and(node.terms.map((term) => evaluate(world, term, scopes)))
    case 'or':
      return or(node.terms.map((term) => evaluate(world, term, scopes)))
    case 'not':
      return not(evaluate(world, node.term, scopes))
    case 'compare': {
      const types = [typeOf(world.model, node.left), typeOf(world.model, node.right)]
      const type = types[0] ?? types[1]
      const left = operand(world, node.left, scopes, type)
      const right = operand(world, node.right, scopes, type)
      if (node.operator === 'like' || node.operator === 'ilike') return like(left, right, node.operator === 'ilike')
      return compare(node.operator, left, right)
    }
    case 'null':
      return (operand(world, node.operand, scopes) === null) !== node.negated
    case 'in': {
      const type = typeOf(world.model, node.operand)
      return isIn(operand(world, node.operand, scopes, type), node.list.map((item) => operand(world, item, scopes, type)))
    }
    case 'inClaim': {
      const list = at(world.principal.claims, node.path)
      return isIn(operand(world, node.operand, scopes), Array.isArray(list) ? list.map(fromJson) : [])
    }
    case 'exists':
      return (world.state.get(node.table) ?? []).some((row) => evaluate(world, node.where, { ...scopes, [node.scope]: row }) === true)
    case 'fact':
      return node.fact === 'attested' ? world.principal.attested : hasRole(world.principal, node.name)
    case 'entitled':
      throw new Error('Entitlements are not part of this version.')
  }
}

function hasRole(principal: Principal, name: string): boolean {
  const roles = at(principal.claims, ['app_metadata', 'roles'])
  return Array.isArray(roles) && roles.includes(name)
}

/** The type of the column an operand reads directly, by which times on the other side are measured. */
function typeOf(model: Model, node: OperandNode): ColumnType | undefined {
  return node.kind === 'column' ? columnOf(model, node.table, node.column) : undefined
}

function columnOf(model: Model, table: string, column: string): ColumnType | undefined {
  return model.tables.get(table)?.columns.get(column)?.type
}

/** Times become the unit of the column they are compared with. */
function operand(world: World, node: OperandNode, scopes: Scopes, against?: ColumnType): Stored {
  const time = (ms: number) => (against === 'timestamp' ? Math.floor(ms / 1000) : ms)
  switch (node.kind) {
    case 'column': {
      const row = scopes[node.scope]
      if (row === undefined || !(node.column in row)) throw new Error(`No ${node.table}.${node.column} in scope ${node.scope}.`)
      return row[node.column] ?? null
    }
    case 'literal':
      if (node.literal instanceof Date) return time(node.literal.getTime())
      return typeof node.literal === 'boolean' ? Number(node.literal) : node.literal
    case 'auth':
      return world.principal[node.fact]
    case 'claim':
      return fromJson(at(world.principal.claims, node.path))
    case 'now':
      return time(world.now + node.offsetMs)
    case 'json': {
      const text = operand(world, node.of, scopes)
      return text === null ? null : fromJson(at(JSON.parse(String(text)) as unknown, node.path))
    }
    case 'lower':
      return lower(operand(world, node.of, scopes))
  }
}

/** Whether `principal` passes the policy; the service passes every one. */
export function admits(world: World, expression: Expression, row: Row): boolean {
  return world.principal.role === 'service_role' || judge(world, expression, row) === true
}

/** The row as a reader sees it: columns whose own policy isn't TRUE are NULL. */
export function seen(world: World, table: TableModel, row: Row): Row {
  const out: Record<string, Stored> = { ...row }
  for (const column of table.columns.values()) if (column.read !== null && !admits(world, column.read, row)) out[column.name] = null
  return out
}

/** The rows of a table that the caller may read, each as they see it. */
export function visible(world: World, name: string): { readonly row: Row; readonly seen: Row }[] {
  const table = world.model.tables.get(name)
  if (table === undefined) return []
  return (world.state.get(name) ?? []).filter((row) => admits(world, table.policies.read, row)).map((row) => ({ row, seen: seen(world, table, row) }))
}
