// Goes through the tree of a policy or a value, whatever words it is made of.
import type { Expression, OperandNode } from './expression'

export interface Visitor {
  readonly expression?: (node: Expression) => void
  readonly operand?: (node: OperandNode) => void
}

/** Calls the visitor for the expression and for everything inside it, outermost first. */
export function walkExpression(node: Expression, visitor: Visitor): void {
  visitor.expression?.(node)
  switch (node.kind) {
    case 'and':
    case 'or':
      return node.terms.forEach((term) => walkExpression(term, visitor))
    case 'not':
      return walkExpression(node.term, visitor)
    case 'compare':
      walkOperand(node.left, visitor)
      return walkOperand(node.right, visitor)
    case 'null':
    case 'inClaim':
      return walkOperand(node.operand, visitor)
    case 'in':
      walkOperand(node.operand, visitor)
      return node.list.forEach((item) => walkOperand(item, visitor))
    case 'exists':
      return walkExpression(node.where, visitor)
    case 'constant':
    case 'fact':
    case 'entitled':
      return
  }
}

/** The same for a value. */
export function walkOperand(node: OperandNode, visitor: Visitor): void {
  visitor.operand?.(node)
  switch (node.kind) {
    case 'json':
    case 'lower':
      return walkOperand(node.of, visitor)
    case 'call':
      return node.args.forEach((arg) => walkOperand(arg, visitor))
    case 'case':
      walkExpression(node.when, visitor)
      walkOperand(node.then, visitor)
      return walkOperand(node.else, visitor)
    case 'condition':
      return walkExpression(node.of, visitor)
    case 'related':
      if (node.of) walkOperand(node.of, visitor)
      return walkExpression(node.where, visitor)
    case 'column':
    case 'literal':
    case 'auth':
    case 'claim':
    case 'now':
      return
  }
}

/** Tables that are read to decide the expression, or to compute the value, besides the row itself. */
export function tablesRead(node: Expression | OperandNode, found: Set<string> = new Set()): Set<string> {
  const visitor: Visitor = {
    expression: (one) => void (one.kind === 'exists' && found.add(one.table)),
    operand: (one) => void (one.kind === 'related' && found.add(one.table)),
  }
  if (isOperandNode(node)) walkOperand(node, visitor)
  else walkExpression(node, visitor)
  return found
}

/** Whether the value is another a moment later. */
export function isTimed(value: OperandNode): boolean {
  let timed = false
  walkOperand(value, { operand: ({ kind }) => void (kind === 'now' && (timed = true)) })
  return timed
}

const EXPRESSIONS: ReadonlySet<string> = new Set<Expression['kind']>([
  'constant',
  'and',
  'or',
  'not',
  'compare',
  'null',
  'in',
  'inClaim',
  'exists',
  'fact',
  'entitled',
])

function isOperandNode(node: Expression | OperandNode): node is OperandNode {
  return !EXPRESSIONS.has(node.kind)
}
