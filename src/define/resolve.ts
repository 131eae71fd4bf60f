// Checks a policy's tree against the tables there are, and gives its columns their names on the wire.
import type { Expression, OperandNode } from './expression'
import { MAX_EXISTS_DEPTH } from './model'

/** By table: property in Drizzle → column in the database. */
export type TableNames = ReadonlyMap<string, ReadonlyMap<string, string>>

/** Returns the tree with wire names; reports what can't be resolved and keeps going. */
export function resolveExpression(expression: Expression, names: TableNames, report: (message: string) => void): Expression {
  const operand = (node: OperandNode): OperandNode => {
    switch (node.kind) {
      case 'column': {
        const column = names.get(node.table)?.get(node.column)
        if (column === undefined) report(`"${node.table}" has no column "${node.column}". Use a property of its Drizzle declaration.`)
        return { ...node, column: column ?? node.column }
      }
      case 'json':
      case 'lower':
        return { ...node, of: operand(node.of) }
      case 'literal':
        if (node.literal === undefined) report('a value is undefined. Compare with a column, a fact or a literal.')
        return node
      default:
        return node
    }
  }

  const walk = (node: Expression, depth: number): Expression => {
    if (typeof node !== 'object' || node === null || !('kind' in node)) {
      report('it returns something that is no condition. Return what an operator gives, for example `eq(row.ownerId, auth.uid)`.')
      return { kind: 'constant', value: false }
    }
    switch (node.kind) {
      case 'and':
      case 'or':
        return { ...node, terms: node.terms.map((term) => walk(term, depth)) }
      case 'not':
        return { ...node, term: walk(node.term, depth) }
      case 'compare':
        return { ...node, left: operand(node.left), right: operand(node.right) }
      case 'null':
      case 'inClaim':
        return { ...node, operand: operand(node.operand) }
      case 'in':
        return { ...node, operand: operand(node.operand), list: node.list.map(operand) }
      case 'exists': {
        if (!names.has(node.table))
          report(`it looks into "${node.table}", which the app doesn't list. Add the table to \`tables\` or \`internal\` in app/index.ts.`)
        if (depth >= MAX_EXISTS_DEPTH) {
          report(`\`exists\` nests more than ${MAX_EXISTS_DEPTH} deep. Keep the fact it looks for in a column nearer the row.`)
          return { kind: 'constant', value: false }
        }
        return { ...node, where: walk(node.where, depth + 1) }
      }
      case 'entitled':
        report(`it asks for the entitlement "${node.name}", and purchases aren't part of this version. Use a claim or a role.`)
        return node
      case 'constant':
      case 'fact':
        return node
    }
  }
  return walk(expression, 0)
}
