// What a folded policy reads, and what ties it to other tables: looked at before any SQL is made, to choose how to put the question.
import { walkExpression, type Expression, type OperandNode, type TableModel } from '../define'
import type { CompileContext } from './context'
import { isFact } from './fold'

export type Exists = Extract<Expression, { kind: 'exists' }>
export type ColumnOperand = Extract<OperandNode, { kind: 'column' }>

/** The equalities that tie an `exists` to the row outside, apart from what chooses rows by the caller alone. */
export interface Correlation {
  readonly pairs: readonly (readonly [outer: ColumnOperand, own: ColumnOperand])[]
  readonly rest: readonly Expression[]
}

/**
 * Splits an `exists` that a set of keys can answer: `column IN (SELECT …)`, which lets SQLite begin with the few rows that are
 * the caller's. Only where an index finds those rows by a value of the caller, and nothing else ties the two rows together.
 * `IN` gives NULL where `exists` gives FALSE, so it may only stand where the two are one.
 * `forced` takes the set whatever finds its rows.
 */
export function correlation(context: CompileContext, node: Exists, table: TableModel, forced = false): Correlation | null {
  const terms = node.where.kind === 'and' ? node.where.terms : [node.where]
  const pairs: [ColumnOperand, ColumnOperand][] = []
  const rest: Expression[] = []
  for (const term of terms) {
    const pair = correlated(term, node.scope)
    if (pair) pairs.push(pair)
    else rest.push(term)
  }
  if (pairs.length === 0 || rest.some((term) => mentionsOther(term, new Set([node.scope])))) return null
  return forced || rest.some((term) => selective(context, term, node.scope, table)) ? { pairs, rest } : null
}

function correlated(term: Expression, scope: number): [ColumnOperand, ColumnOperand] | null {
  if (term.kind !== 'compare' || term.operator !== 'eq' || term.left.kind !== 'column' || term.right.kind !== 'column') return null
  if (term.left.scope === scope && term.right.scope !== scope) return [term.right, term.left]
  if (term.right.scope === scope && term.left.scope !== scope) return [term.left, term.right]
  return null
}

/** Whether a row outside the scopes that are open takes part. */
function mentionsOther(node: Expression, open: ReadonlySet<number>): boolean {
  const opened = new Set(open)
  const mentioned = new Set<number>()
  walkExpression(node, {
    expression: (one) => void (one.kind === 'exists' && opened.add(one.scope)),
    operand: (one) => {
      if (one.kind === 'column') mentioned.add(one.scope)
      else if (one.kind === 'related') opened.add(one.scope)
    },
  })
  return [...mentioned].some((scope) => !opened.has(scope))
}

/** The row's own columns that the expression reads. */
export function columnsRead(node: Expression): Set<string> {
  const found = new Set<string>()
  walkExpression(node, { operand: (one) => void (one.kind === 'column' && one.scope === 0 && found.add(one.column)) })
  return found
}

/** Whether an index finds the rows for which the term holds, and they are few: the caller's own, not all of some kind. */
export function selective(context: CompileContext, term: Expression, scope: number, table: TableModel): boolean {
  const indexed = (of: OperandNode): boolean => of.kind === 'column' && of.scope === scope && leadsIndex(table, of.column)
  if (term.kind === 'in') return indexed(term.operand) && term.list.every(isFact)
  if (term.kind === 'exists') {
    const other = context.model.tables.get(term.table)
    const split = other && correlation(context, term, other)
    return split ? split.pairs.some(([outer]) => indexed(outer)) : false
  }
  if (term.kind !== 'compare' || term.operator !== 'eq') return false
  return (indexed(term.left) && isFact(term.right)) || (indexed(term.right) && isFact(term.left))
}

/** Whether a key or an index begins with the column. */
export function leadsIndex(table: TableModel, name: string): boolean {
  return table.primaryKey[0] === name || [...table.uniques, ...table.indexes].some(({ columns }) => columns[0] === name)
}
