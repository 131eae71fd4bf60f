// Checks a policy's tree against the tables there are, and gives its columns their names on the wire.
import type { Expression, OperandNode } from './expression'
import { MAX_EXISTS_DEPTH } from './model'
import { callProblem, operandClass, type TypeOf } from './value-class'

/** By table: property in Drizzle → column in the database. */
export type TableNames = ReadonlyMap<string, ReadonlyMap<string, string>>

/** What a tree may speak of. */
export interface Known {
  readonly names: TableNames
  readonly typeOf: TypeOf
  /** Views, which only their own policies and computed columns speak of. */
  readonly views: ReadonlySet<string>
}

/** How deep values may nest: D1 takes expressions 100 deep, and a value stands inside others. */
const MAX_VALUE_DEPTH = 12

/** Returns the tree with wire names; reports what can't be resolved and keeps going. */
export function resolveExpression(expression: Expression, known: Known, report: (message: string) => void): Expression {
  return resolver(known, report).walk(expression, 0)
}

/** The same for a value. */
export function resolveOperand(operand: OperandNode, known: Known, report: (message: string) => void): OperandNode {
  return resolver(known, report).operand(operand, 0, 0)
}

function resolver({ names, typeOf, views }: Known, report: (message: string) => void) {
  const enter = (word: string, table: string, depth: number): boolean => {
    if (!names.has(table))
      report(`it looks into "${table}", which the app doesn't list. Add the table to \`tables\` or \`internal\` in app/index.ts.`)
    if (views.has(table)) report(`it looks into the view "${table}". Look into the tables that the view reads.`)
    if (depth < MAX_EXISTS_DEPTH) return true
    report(`\`${word}\` nests more than ${MAX_EXISTS_DEPTH} deep. Keep the fact it looks for in a column nearer the row.`)
    return false
  }

  const operand = (node: OperandNode, depth: number, height: number): OperandNode => {
    if (height > MAX_VALUE_DEPTH) {
      report(`its values nest more than ${MAX_VALUE_DEPTH} deep. Keep a part of them in a column.`)
      return { kind: 'literal', literal: null }
    }
    switch (node.kind) {
      case 'column': {
        const column = names.get(node.table)?.get(node.column)
        if (column === undefined) report(`"${node.table}" has no column "${node.column}". Use a property of its Drizzle declaration.`)
        return { ...node, column: column ?? node.column }
      }
      case 'json':
      case 'lower':
        return { ...node, of: operand(node.of, depth, height + 1) }
      case 'call': {
        const call = { ...node, args: node.args.map((arg) => operand(arg, depth, height + 1)) }
        const problem = callProblem(call, typeOf)
        if (problem) report(problem)
        return call
      }
      case 'case': {
        const [then, otherwise] = [operand(node.then, depth, height + 1), operand(node.else, depth, height + 1)]
        const [one, other] = [operandClass(then, typeOf), operandClass(otherwise, typeOf)]
        if (one !== null && other !== null && one !== other) report('`when` mixes texts, numbers or booleans. Choose one kind.')
        return { ...node, when: walk(node.when, depth, height + 1), then, else: otherwise }
      }
      case 'condition':
        return { ...node, of: walk(node.of, depth, height) }
      case 'related': {
        if (!enter(node.function, node.table, depth)) return { kind: 'literal', literal: null }
        const of = node.of && operand(node.of, depth + 1, height + 1)
        const needsNumber = node.function === 'sum' || node.function === 'avg'
        const found = of && operandClass(of, typeOf)
        if (needsNumber && found !== null && found !== 'number') report(`\`${node.function}\` takes a number.`)
        return { ...node, of, where: walk(node.where, depth + 1, height + 1) }
      }
      case 'literal':
        if (node.literal === undefined) report('a value is undefined. Compare with a column, a fact or a literal.')
        return node
      default:
        return node
    }
  }

  const walk = (node: Expression, depth: number, height = 0): Expression => {
    if (typeof node !== 'object' || node === null || !('kind' in node)) {
      report('it returns something that is no condition. Return what an operator gives, for example `eq(row.ownerId, auth.uid)`.')
      return { kind: 'constant', value: false }
    }
    switch (node.kind) {
      case 'and':
      case 'or':
        return { ...node, terms: node.terms.map((term) => walk(term, depth, height)) }
      case 'not':
        return { ...node, term: walk(node.term, depth, height) }
      case 'compare':
        return { ...node, left: operand(node.left, depth, height), right: operand(node.right, depth, height) }
      case 'null':
      case 'inClaim':
        return { ...node, operand: operand(node.operand, depth, height) }
      case 'in':
        return { ...node, operand: operand(node.operand, depth, height), list: node.list.map((item) => operand(item, depth, height)) }
      case 'exists':
        if (!enter('exists', node.table, depth)) return { kind: 'constant', value: false }
        return { ...node, where: walk(node.where, depth + 1, height) }
      case 'entitled':
        report(`it asks for the entitlement "${node.name}", and purchases aren't part of this version. Use a claim or a role.`)
        return node
      case 'constant':
      case 'fact':
        return node
    }
  }
  return { walk, operand }
}
