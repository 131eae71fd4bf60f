// Judges a policy's tree over rows held in JavaScript. Slow, plain, and written without a look at the compiler.
import type { Principal } from '../../src/core'
import type { ColumnType, Expression, Model, OperandNode, TableModel } from '../../src/define'
import { and, at, compare, like, lower, not, or, order, type Stored, type Truth } from './logic'

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
      const [left, right] = meet(world, node.left, node.right, scopes)
      if (node.operator === 'like' || node.operator === 'ilike')
        return typeof left === 'string' && typeof right === 'string' ? like(left, right, node.operator === 'ilike') : null
      return comparable(left, right) ? compare(node.operator, flat(left), flat(right)) : null
    }
    case 'null':
      return (operand(world, node.operand, scopes) === null) !== node.negated
    case 'in':
      return or(node.list.map((item) => equals(world, node.operand, item, scopes)))
    case 'inClaim': {
      const list = at(world.principal.claims, node.path)
      return or(
        (Array.isArray(list) ? list : []).map((item) => equals(world, node.operand, { kind: 'literal', literal: scalar(item) }, scopes)),
      )
    }
    case 'exists':
      return (world.state.get(node.table) ?? []).some((row) => evaluate(world, node.where, { ...scopes, [node.scope]: row }) === true)
    case 'fact':
      return node.fact === 'attested' ? world.principal.attested : hasRole(world.principal, node.name)
    case 'entitled':
      throw new Error('Entitlements are not part of this version.')
  }
}

/** What a comparison sees: a boolean stays one, so that it never equals a number; a list or an object is `CONTAINER`. */
type Value = string | number | boolean | null | Container

interface Container {
  readonly container: true
}

const CONTAINER: Container = { container: true }

/** A claim that is a list or an object is NULL. */
const scalar = (value: unknown): string | number | boolean | null =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null

/** Values of different types compare to NULL, so that neither they nor their negation admit. */
const comparable = (left: Value, right: Value): boolean => typeof left === typeof right && typeof left !== 'object'

const flat = (value: Value): Stored => (typeof value === 'boolean' ? Number(value) : (value as Stored))

function equals(world: World, left: OperandNode, right: OperandNode, scopes: Scopes): Truth {
  const [a, b] = meet(world, left, right, scopes)
  return comparable(a, b) ? compare('eq', flat(a), flat(b)) : null
}

/** Both operands, constants read as the type of the column they meet. */
function meet(world: World, left: OperandNode, right: OperandNode, scopes: Scopes): [Value, Value] {
  if (isDerived(left) || isDerived(right)) return [valueOf(world, left, scopes), valueOf(world, right, scopes)]
  const [a, b] = [typeOf(world.model, left), typeOf(world.model, right)]
  const [x, y] = [operand(world, left, scopes, a ?? b), operand(world, right, scopes, b ?? a)]
  return [a === undefined && b !== undefined ? readAs(b, left, x) : x, b === undefined && a !== undefined ? readAs(a, right, y) : y]
}

/** A literal or a claim as a value of the column's type; NULL when it can't be one. JSON values are taken as they are. */
function readAs(type: ColumnType, node: OperandNode, value: Value): Value {
  if (value === null || value === CONTAINER || node.kind === 'json' || node.kind === 'lower') return value
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'integer':
    case 'real':
      return typeof value === 'number' ? value : typeof value === 'string' && /^[+-]?\d+(\.\d+)?$/.test(value) ? Number(value) : null
    case 'timestamp':
    case 'timestamp_ms':
      return typeof value === 'number' ? value : null
    default:
      return typeof value === 'number' ? String(value) : typeof value === 'string' ? value : null
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
function operand(world: World, node: OperandNode, scopes: Scopes, against?: ColumnType): Value {
  const time = (ms: number) => (against === 'timestamp' ? ms / 1000 : ms)
  switch (node.kind) {
    case 'column': {
      const row = scopes[node.scope]
      if (row === undefined || !(node.column in row)) throw new Error(`No ${node.table}.${node.column} in scope ${node.scope}.`)
      const value = row[node.column] ?? null
      if (value === null) return null
      return columnOf(world.model, node.table, node.column) === 'boolean' ? value === 1 : (value as string | number)
    }
    case 'literal':
      return node.literal instanceof Date ? time(node.literal.getTime()) : node.literal
    case 'auth':
      return world.principal[node.fact]
    case 'claim':
      return scalar(at(world.principal.claims, node.path))
    case 'now':
      return time(world.now + node.offsetMs)
    case 'json': {
      const text = operand(world, node.of, scopes)
      const found = text === null ? undefined : at(JSON.parse(String(text)) as unknown, node.path)
      return typeof found === 'object' && found !== null ? CONTAINER : scalar(found)
    }
    case 'call':
    case 'case':
    case 'condition':
    case 'related':
      return valueOf(world, node, scopes)
    case 'lower':
      return lower(flat(operand(world, node.of, scopes))) as Value
  }
}

/** A value that is made of others: times are their UTC milliseconds, booleans stay booleans. */
type Computed = string | number | boolean | null

type Call = Extract<OperandNode, { kind: 'call' }>
type Related = Extract<OperandNode, { kind: 'related' }>

const isDerived = ({ kind }: OperandNode): boolean => kind === 'call' || kind === 'case' || kind === 'condition' || kind === 'related'

function valueOf(world: World, node: OperandNode, scopes: Scopes): Computed {
  switch (node.kind) {
    case 'call':
      return call(world, node, scopes)
    case 'case':
      return valueOf(world, evaluate(world, node.when, scopes) === true ? node.then : node.else, scopes)
    case 'condition':
      return evaluate(world, node.of, scopes)
    case 'related':
      return related(world, node, scopes)
    case 'lower':
      return lower(valueOf(world, node.of, scopes) as Stored) as Computed
    case 'column': {
      const value = operand(world, node, scopes) as Computed
      return typeOf(world.model, node) === 'timestamp' && value !== null ? Number(value) * 1000 : value
    }
    default: {
      const value = operand(world, node, scopes)
      return typeof value === 'object' ? null : value
    }
  }
}

function call(world: World, { name, args }: Call, scopes: Scopes): Computed {
  if (name === 'concat') return args.map((arg) => textOf(world, arg, scopes) ?? '').join('')
  const values = args.map((arg) => valueOf(world, arg, scopes))
  if (name === 'coalesce') return values.find((one) => one !== null) ?? null
  if (values.includes(null)) return null
  const [first, second, third] = values as (string & number)[]
  switch (name) {
    case 'add':
      return Number(first) + Number(second)
    case 'sub':
      return Number(first) - Number(second)
    case 'mul':
      return Number(first) * Number(second)
    case 'div':
      return Number(second) === 0 ? null : Number(first) / Number(second)
    case 'mod':
      return Number(second) === 0 ? null : Number(first) % Number(second)
    case 'abs':
      return Math.abs(Number(first))
    case 'upper':
      return String(first).replaceAll(/[a-z]/g, (letter) => letter.toUpperCase())
    case 'trim':
      return String(first).replaceAll(/^ +| +$/g, '')
    case 'length':
      return [...String(first)].length
    case 'substr': {
      const from = Number(second) - 1
      return [...String(first)].slice(from, third === undefined ? undefined : from + Number(third)).join('')
    }
    case 'round':
      throw new Error('The generator rounds nothing.')
  }
}

function textOf(world: World, node: OperandNode, scopes: Scopes): string | null {
  if (node.kind === 'json') {
    const text = operand(world, node.of, scopes)
    const found = text === null ? null : at(JSON.parse(String(text)) as unknown, node.path)
    return found === undefined || found === null ? null : typeof found === 'string' ? found : JSON.stringify(found)
  }
  if (node.kind === 'call' && node.name === 'coalesce')
    return node.args.map((arg) => textOf(world, arg, scopes)).find((one) => one !== null) ?? null
  if (node.kind === 'case') return textOf(world, evaluate(world, node.when, scopes) === true ? node.then : node.else, scopes)
  const value = valueOf(world, node, scopes)
  if (value === null) return null
  const time = node.kind === 'now' || (typeOf(world.model, node)?.startsWith('timestamp') ?? false)
  return time ? new Date(Number(value)).toISOString().replace('Z', '+00:00') : String(value)
}

function related(world: World, node: Related, scopes: Scopes): Computed {
  const rows = (world.state.get(node.table) ?? [])
    .map((row): Scopes => ({ ...scopes, [node.scope]: row }))
    .filter((inner) => evaluate(world, node.where, inner) === true)
  if (node.of === null) return rows.length
  const of = node.of
  const values = rows.map((inner) => valueOf(world, of, inner)).filter((one) => one !== null)
  if (values.length === 0) return null
  if (node.function === 'sum') return values.reduce<number>((sum, one) => sum + Number(one), 0)
  const sorted = values.toSorted((a, b) => order(a as string, b as string))
  return sorted.at(node.function === 'min' ? 0 : -1)!
}

/** The value as a column of the type holds it. */
function storedValue(world: World, node: OperandNode, scopes: Scopes): Stored {
  const value = valueOf(world, node, scopes)
  return typeof value === 'boolean' ? Number(value) : value
}

/** Whether `principal` passes the policy; the service passes every one. */
export function admits(world: World, expression: Expression, row: Row): boolean {
  return world.principal.role === 'service_role' || judge(world, expression, row) === true
}

/** The row as a reader sees it: columns whose own policy isn't TRUE are NULL, and computed ones are made of what is seen. */
export function seen(world: World, table: TableModel, row: Row): Row {
  const out: Record<string, Stored> = { ...row }
  for (const column of table.columns.values()) if (column.read !== null && !admits(world, column.read, row)) out[column.name] = null
  const own: Row = { ...out }
  for (const { name, computed, read } of table.computed.values())
    out[name] = computed === null || (read !== null && !admits(world, read, row)) ? null : storedValue(world, computed, { 0: own })
  return out
}

/** The rows of a table that the caller may read, each as they see it. */
export function visible(world: World, name: string): { readonly row: Row; readonly seen: Row }[] {
  const table = world.model.tables.get(name)
  if (table === undefined) return []
  return (world.state.get(name) ?? [])
    .filter((row) => admits(world, table.policies.read, row))
    .map((row) => ({ row, seen: seen(world, table, row) }))
}
