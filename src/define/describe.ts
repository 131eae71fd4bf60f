// Writes a policy's tree back as the TypeScript it was declared in, for people to read. Nobody parses the answer.
import type { Expression, Literal, OperandNode } from './expression'
import type { Model } from './model'

const WIDTH = 72

/** A call that fits on a line or breaks into one argument a line. */
type Node = string | { readonly open: string; readonly parts: readonly Node[]; readonly close: string }

/**
 * The policy as text, for example `or(eq(row.visibility, 'public'), eq(row.ownerId, auth.uid))`, broken at 72 columns. Columns carry
 * their Drizzle names again; the rows of an `exists` are called by the first letters of their tables.
 */
export function describeExpression(model: Model, expression: Expression): string {
  return print(expressionNode(model, expression, new Map([[0, 'row']])), 0)
}

type Rows = ReadonlyMap<number, string>

function expressionNode(model: Model, expression: Expression, rows: Rows): Node {
  const operand = (node: OperandNode): string => operandText(model, node, rows)
  const call = (name: string, ...parts: Node[]): Node => ({ open: `${name}(`, parts, close: ')' })
  switch (expression.kind) {
    case 'constant':
      return expression.value ? 'always' : 'never'
    case 'and':
    case 'or':
      return call(expression.kind, ...expression.terms.map((term) => expressionNode(model, term, rows)))
    case 'not':
      return call('not', expressionNode(model, expression.term, rows))
    case 'compare':
      return call(expression.operator, operand(expression.left), operand(expression.right))
    case 'null':
      return call(expression.negated ? 'isNotNull' : 'isNull', operand(expression.operand))
    case 'in':
      return call('inArray', operand(expression.operand), { open: '[', parts: expression.list.map(operand), close: ']' })
    case 'inClaim':
      return call('inArray', operand(expression.operand), `claimList('${expression.path.join('.')}')`)
    case 'exists': {
      const name = rowName(expression.table, rows)
      const where = expressionNode(model, expression.where, new Map([...rows, [expression.scope, name]]))
      return { open: `exists(${expression.table}, (${name}) => `, parts: [where], close: ')' }
    }
    case 'fact':
      return expression.fact === 'attested' ? 'auth.attested' : `auth.hasRole(${literal(expression.name)})`
    case 'entitled':
      return `auth.entitled(${literal(expression.name)})`
  }
}

/** A computed column's value as text, in the same words. */
export function describeValue(model: Model, value: OperandNode): string {
  return operandText(model, value, new Map([[0, 'row']]))
}

function operandText(model: Model, node: OperandNode, rows: Rows): string {
  const operand = (of: OperandNode): string => operandText(model, of, rows)
  const condition = (of: Expression, named: Rows = rows): string => flat(expressionNode(model, of, named))
  switch (node.kind) {
    case 'call':
      return `${node.name}(${node.args.map(operand).join(', ')})`
    case 'case':
      return `when(${condition(node.when)}, ${operand(node.then)}, ${operand(node.else)})`
    case 'condition':
      return condition(node.of)
    case 'related': {
      const name = rowName(node.table, rows)
      const inner: Rows = new Map([...rows, [node.scope, name]])
      const of = node.of ? `, (${name}) => ${operandText(model, node.of, inner)}` : ''
      return `${node.function}(${node.table}${of}, (${name}) => ${condition(node.where, inner)})`
    }
    case 'column':
      return `${rows.get(node.scope) ?? 'row'}.${model.tables.get(node.table)?.columns.get(node.column)?.property ?? node.column}`
    case 'literal':
      return literal(node.literal)
    case 'auth':
      return `auth.${node.fact}`
    case 'claim':
      return `auth.claim('${node.path.join('.')}')`
    case 'now':
      return node.offsetMs === 0 ? 'now' : `fromNow(${node.offsetMs})`
    case 'json':
      return `json(${operandText(model, node.of, rows)}, '${node.path.join('.')}')`
    case 'lower':
      return `lower(${operandText(model, node.of, rows)})`
  }
}

function literal(value: Literal): string {
  if (value instanceof Date) return `new Date('${value.toISOString()}')`
  return typeof value === 'string' ? `'${value.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'` : String(value)
}

function rowName(table: string, rows: Rows): string {
  const taken = new Set(rows.values())
  for (let length = 1; length <= table.length; length++) {
    const name = table.slice(0, length)
    if (!taken.has(name)) return name
  }
  return `${table}${rows.size}`
}

const flat = (node: Node): string => (typeof node === 'string' ? node : `${node.open}${node.parts.map(flat).join(', ')}${node.close}`)

/** `indent` is where the line begins, `column` where this node does. */
function print(node: Node, indent: number, column = indent): string {
  const line = flat(node)
  if (typeof node === 'string' || column + line.length <= WIDTH) return line
  // The body of an arrow stays on the arrow's line and breaks inside.
  if (node.open.endsWith('=> '))
    return `${node.open}${node.parts.map((part) => print(part, indent, column + node.open.length)).join('')}${node.close}`
  const inner = indent + 2
  const pad = ' '.repeat(inner)
  return `${node.open}\n${node.parts.map((part) => `${pad}${print(part, inner)},\n`).join('')}${' '.repeat(indent)}${node.close}`
}
