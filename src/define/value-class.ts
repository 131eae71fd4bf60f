// What kind of value an operand has, as far as the declaration tells. Values of one class compare with each other.
import type { CallName, OperandNode } from './expression'
import type { ColumnType } from './model'

/** Times are numbers: their UTC milliseconds. */
export type ValueClass = 'text' | 'number' | 'boolean'

/** The class of a column's values. */
export function classOf(type: ColumnType): ValueClass {
  switch (type) {
    case 'integer':
    case 'bigint':
    case 'real':
    case 'numeric':
    case 'timestamp':
    case 'timestamp_ms':
      return 'number'
    case 'boolean':
      return 'boolean'
    default:
      return 'text'
  }
}

/** The type of a column by its table and name on the wire. */
export type TypeOf = (table: string, column: string) => ColumnType | undefined

type Call = Extract<OperandNode, { kind: 'call' }>

const RESULTS: Readonly<Record<CallName, ValueClass | null>> = {
  concat: 'text',
  coalesce: null,
  add: 'number',
  sub: 'number',
  mul: 'number',
  div: 'number',
  mod: 'number',
  abs: 'number',
  round: 'number',
  upper: 'text',
  trim: 'text',
  length: 'number',
  substr: 'text',
}

/** The operand's class; null when each row decides (a JSON value) or when it is NULL. */
export function operandClass(node: OperandNode, typeOf: TypeOf): ValueClass | null {
  const first = (nodes: readonly OperandNode[]): ValueClass | null =>
    nodes.reduce<ValueClass | null>((found, one) => found ?? operandClass(one, typeOf), null)
  switch (node.kind) {
    case 'column': {
      const type = typeOf(node.table, node.column)
      return type === undefined ? null : classOf(type)
    }
    case 'literal':
      if (node.literal === null) return null
      return typeof node.literal === 'string' ? 'text' : typeof node.literal === 'boolean' ? 'boolean' : 'number'
    case 'lower':
    case 'auth':
      return 'text'
    case 'now':
      return 'number'
    case 'condition':
      return 'boolean'
    case 'call':
      return node.name === 'coalesce' ? first(node.args) : RESULTS[node.name]
    case 'case':
      return first([node.then, node.else])
    case 'related':
      return node.function === 'min' || node.function === 'max' ? first(node.of ? [node.of] : []) : 'number'
    case 'claim':
    case 'json':
      return null
  }
}

/** Whether the operand only ever is a whole number, kept to 64 bits. */
export function isWhole(node: OperandNode, typeOf: TypeOf): boolean {
  const all = (nodes: readonly OperandNode[]): boolean => nodes.every((one) => isWhole(one, typeOf))
  switch (node.kind) {
    case 'column': {
      const type = typeOf(node.table, node.column)
      return type !== 'real' && type !== 'numeric'
    }
    case 'literal':
      return typeof node.literal !== 'number' || Number.isSafeInteger(node.literal)
    case 'call':
      if (node.name === 'length' || node.name === 'mod') return true
      return node.name !== 'div' && node.name !== 'round' && all(node.args)
    case 'case':
      return all([node.then, node.else])
    case 'related':
      return node.function === 'count' || (node.function !== 'avg' && node.of !== null && isWhole(node.of, typeOf))
    case 'claim':
    case 'json':
      return false
    default:
      return true
  }
}

/** A column whose stored value means nothing outside: bytes, and ranges, which are kept with their bounds. */
export function isOpaque(node: OperandNode, typeOf: TypeOf): boolean {
  const type = node.kind === 'column' ? typeOf(node.table, node.column) : undefined
  return type === 'blob' || type === 'range'
}

const ARGUMENTS: Readonly<Record<CallName, ValueClass | null>> = {
  concat: null,
  coalesce: null,
  add: 'number',
  sub: 'number',
  mul: 'number',
  div: 'number',
  mod: 'number',
  abs: 'number',
  round: 'number',
  upper: 'text',
  trim: 'text',
  length: 'text',
  substr: 'text',
}

/** What is wrong with the arguments of a call, for people; null when nothing is. */
export function callProblem(node: Call, typeOf: TypeOf): string | null {
  const { name, args } = node
  const wanted = ARGUMENTS[name]
  const classes = args.map((arg) => operandClass(arg, typeOf))
  if (name === 'substr') return classes[0] === 'number' || classes[0] === 'boolean' ? '`substr` takes a text.' : substrProblem(args)
  if (args.length === 0) return `\`${name}\` is given nothing. Give it a value.`
  if (args.some((arg) => isOpaque(arg, typeOf))) return `\`${name}\` takes no bytes and no ranges.`
  if (wanted !== null && classes.some((one) => one !== null && one !== wanted))
    return `\`${name}\` takes ${wanted === 'number' ? 'numbers and times' : 'texts'} only.`
  if ((name === 'sub' || name === 'div' || name === 'mod') && args.length !== 2) return `\`${name}\` takes two values.`
  const known = new Set(classes.filter((one) => one !== null))
  if (name === 'coalesce' && known.size > 1) return '`coalesce` mixes texts, numbers or booleans. Choose one kind.'
  if (name === 'round' && args.length > 1 && !isCount(args[1], 0)) return 'the decimals of `round` are a whole number from 0.'
  return null
}

function substrProblem([of, start, length]: readonly OperandNode[]): string | null {
  if (of === undefined || !isCount(start, 1)) return 'the start of `substr` is a whole number from 1.'
  return length === undefined || isCount(length, 0) ? null : 'the length of `substr` is a whole number from 0.'
}

function isCount(node: OperandNode | undefined, least: number): boolean {
  return node?.kind === 'literal' && typeof node.literal === 'number' && Number.isSafeInteger(node.literal) && node.literal >= least
}
