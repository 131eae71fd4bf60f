// Works out what of a policy is decided by who asks, with SQL's three-valued logic and before any SQL is made.
import { AppError, type Principal } from '../core'
import type { CallName, CompareOperator, Expression, Literal, Model, OperandNode } from '../define'
import type { Execution } from './compiled'
import { compileContext, type CompileContext } from './context'
import { queryErrors } from './errors'
import { likeMatches } from './like'

/** NULL, spelled as a comparison with it: neither it nor its negation admits anybody. */
export const UNKNOWN: Expression = {
  kind: 'compare',
  operator: 'eq',
  left: { kind: 'literal', literal: null },
  right: { kind: 'literal', literal: null },
}
const ALWAYS: Expression = { kind: 'constant', value: true }
const NEVER: Expression = { kind: 'constant', value: false }

/** A value of the caller or the clock: bound, never written into the SQL, and few rows have it. */
export interface FactLiteral {
  readonly kind: 'literal'
  readonly literal: Literal
  readonly fact: true
}

/** A value that is known now but was made of others: it stands in no column's unit or type, whoever asks. */
interface MadeLiteral {
  readonly kind: 'literal'
  readonly literal: Literal
  readonly made: true
}

const fact = (literal: Literal): FactLiteral => ({ kind: 'literal', literal, fact: true })

export function isFact(node: OperandNode): node is FactLiteral {
  return node.kind === 'literal' && 'fact' in node
}

export function isMade(node: OperandNode): node is MadeLiteral {
  return node.kind === 'literal' && 'made' in node
}

/** What a `coalesce` or a `when` comes to. It is compared as they are: that the caller decided it mustn't change what it means. */
function made(node: OperandNode): OperandNode {
  if (node.kind === 'literal') return { ...node, made: true } as MadeLiteral
  return node.kind === 'column' || node.kind === 'json' || node.kind === 'lower' ? { kind: 'call', name: 'coalesce', args: [node] } : node
}

const isNullLiteral = (node: OperandNode): boolean => node.kind === 'literal' && node.literal === null

/** TRUE, FALSE or NULL when the expression is decided; undefined when it depends on a row. */
export function decided(expression: Expression): boolean | null | undefined {
  if (expression.kind === 'constant') return expression.value
  if (expression.kind === 'compare' && isNullLiteral(expression.left) && isNullLiteral(expression.right)) return null
  return undefined
}

const constant = (value: boolean | null): Expression => (value === null ? UNKNOWN : value ? ALWAYS : NEVER)

/**
 * Replaces facts of the caller and the clock by their values and simplifies. `positive` says that only TRUE matters where the
 * expression stands (no `not` above it), so that NULL may become FALSE. Throws `not_built` for entitlements.
 */
export function foldPolicy(context: CompileContext, policy: Expression, positive = true): Expression {
  const folded = fold(context, policy, positive)
  return positive && decided(folded) === null ? NEVER : folded
}

/** Whether a guard that speaks of the caller alone is TRUE for them. The service is always admitted. */
export function admits(model: Model, guard: Expression, execution: Execution): boolean {
  const context = compileContext(model, execution)
  return context.service || decided(foldPolicy(context, guard)) === true
}

function fold(context: CompileContext, node: Expression, positive: boolean): Expression {
  const { principal } = context.execution
  switch (node.kind) {
    case 'constant':
      return node
    case 'and':
    case 'or':
      return foldTerms(
        node.kind,
        node.terms.map((term) => foldPolicy(context, term, positive)),
      )
    case 'not': {
      const term = foldPolicy(context, node.term, false)
      const value = decided(term)
      if (value !== undefined) return constant(value === null ? null : !value)
      return term.kind === 'not' ? term.term : { kind: 'not', term }
    }
    case 'compare': {
      const [left, right] = [foldOperand(context, node.left), foldOperand(context, node.right)]
      if (isNullLiteral(left) || isNullLiteral(right)) return UNKNOWN
      if (left.kind === 'literal' && right.kind === 'literal') return constant(compareLiterals(node.operator, left.literal, right.literal))
      return { ...node, left, right }
    }
    case 'null': {
      const operand = foldOperand(context, node.operand)
      return operand.kind === 'literal' ? constant((operand.literal === null) !== node.negated) : { ...node, operand }
    }
    case 'in':
      return foldIn(
        foldOperand(context, node.operand),
        node.list.map((item) => foldOperand(context, item)),
      )
    case 'inClaim': {
      const list = claimAt(principal, node.path)
      const items = Array.isArray(list) ? list.map((item): OperandNode => fact(scalar(item))) : []
      return foldIn(foldOperand(context, node.operand), items)
    }
    case 'exists': {
      // A row is either found or not: inside, NULL finds none.
      const where = foldPolicy(context, node.where, true)
      return decided(where) === false ? NEVER : { ...node, where }
    }
    case 'fact':
      return constant(node.fact === 'attested' ? principal.attested : hasRole(principal, node.name))
    case 'entitled':
      throw new AppError(queryErrors.not_built, {
        message: `The policy asks for the entitlement "${node.name}", and purchases are not built yet.`,
      })
  }
}

function foldTerms(kind: 'and' | 'or', terms: readonly Expression[]): Expression {
  const absorbing = kind === 'or'
  const open: Expression[] = []
  let unknown = false
  for (const term of terms.flatMap((term) => (term.kind === kind ? term.terms : [term]))) {
    const value = decided(term)
    if (value === absorbing) return constant(absorbing)
    if (value === null) unknown = true
    else if (value === undefined) open.push(term)
  }
  if (open.length === 0) return unknown ? UNKNOWN : constant(!absorbing)
  if (unknown) open.push(UNKNOWN)
  return open.length === 1 ? open[0]! : { kind, terms: open }
}

function foldIn(operand: OperandNode, list: readonly OperandNode[]): Expression {
  if (list.length === 0) return NEVER
  if (isNullLiteral(operand)) return UNKNOWN
  if (operand.kind !== 'literal' || !list.every((item) => item.kind === 'literal')) return { kind: 'in', operand, list }
  const results = list.map((item) => compareLiterals('eq', operand.literal, item.kind === 'literal' ? item.literal : null))
  return constant(results.includes(true) ? true : results.includes(null) ? null : false)
}

/** The operand with facts replaced by literals; a Date stands for a moment. */
export function foldOperand(context: CompileContext, node: OperandNode): OperandNode {
  const { principal } = context.execution
  switch (node.kind) {
    case 'auth':
      return fact(node.fact === 'uid' ? principal.uid : node.fact === 'role' ? principal.role : principal.aal)
    case 'claim':
      return fact(scalar(claimAt(principal, node.path)))
    case 'now':
      return fact(new Date(context.clock() + node.offsetMs))
    case 'lower': {
      const of = foldOperand(context, node.of)
      if (of.kind !== 'literal') return { kind: 'lower', of }
      return { ...of, literal: typeof of.literal === 'string' ? lowerAscii(of.literal) : null }
    }
    case 'call':
      return foldCall(
        node.name,
        node.args.map((arg) => foldOperand(context, arg)),
      )
    case 'case': {
      const when = foldPolicy(context, node.when)
      const known = decided(when)
      if (known !== undefined) return made(foldOperand(context, known === true ? node.then : node.else))
      return { ...node, when, then: foldOperand(context, node.then), else: foldOperand(context, node.else) }
    }
    case 'condition': {
      const of = foldPolicy(context, node.of, false)
      const known = decided(of)
      return known === undefined ? { ...node, of } : { kind: 'literal', literal: known }
    }
    case 'related': {
      const where = foldPolicy(context, node.where)
      if (decided(where) === false) return { kind: 'literal', literal: node.function === 'count' ? 0 : null }
      return { ...node, where, of: node.of && foldOperand(context, node.of) }
    }
    case 'json': {
      const of = foldOperand(context, node.of)
      return of.kind === 'literal' ? { kind: 'literal', literal: null } : { ...node, of }
    }
    case 'literal':
    case 'column':
      return node
  }
}

/** NULL in, NULL out; what else is known is left to SQLite. */
function foldCall(name: CallName, args: readonly OperandNode[]): OperandNode {
  if (name === 'concat') return { kind: 'call', name, args: args.filter((arg) => !isNullLiteral(arg)) }
  if (name !== 'coalesce') return args.some(isNullLiteral) ? { kind: 'literal', literal: null } : { kind: 'call', name, args }
  const open = args.filter((arg) => !isNullLiteral(arg))
  const [first] = open
  if (first === undefined) return { kind: 'literal', literal: null }
  return first.kind === 'literal' || open.length === 1 ? made(first) : { kind: 'call', name, args: open }
}

/** SQLite's `lower`: ASCII letters only. */
export function lowerAscii(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

function claimAt(principal: Principal, path: readonly string[]): unknown {
  let value: unknown = principal.claims
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return null
    value = (value as Record<string, unknown>)[step]
  }
  return value
}

/** A claim that is a list or an object compares with nothing. */
function scalar(value: unknown): Literal {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
}

function hasRole(principal: Principal, name: string): boolean {
  const roles = claimAt(principal, ['app_metadata', 'roles'])
  return Array.isArray(roles) && roles.includes(name)
}

/** Compares two values known now; NULL when one is NULL or they are of different types. */
export function compareLiterals(operator: CompareOperator, left: Literal, right: Literal): boolean | null {
  if (left === null || right === null) return null
  if (operator === 'like' || operator === 'ilike') {
    return typeof left === 'string' && typeof right === 'string' ? likeMatches(left, right, operator === 'ilike') : null
  }
  const order = orderOf(left, right)
  if (order === null) return null
  switch (operator) {
    case 'eq':
      return order === 0
    case 'ne':
      return order !== 0
    case 'gt':
      return order > 0
    case 'gte':
      return order >= 0
    case 'lt':
      return order < 0
    case 'lte':
      return order <= 0
  }
}

/** A time is a number wherever it meets one: its UTC milliseconds. */
const millis = (value: Literal): Literal => (value instanceof Date ? value.getTime() : value)

function orderOf(left: Literal, right: Literal): number | null {
  if (left instanceof Date || right instanceof Date) return orderOf(millis(left), millis(right))
  if (typeof left === 'number' && typeof right === 'number') return left - right
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right)
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right)
  return null
}

/** SQLite's BINARY order: by code point, not by UTF-16 unit. */
export function compareText(left: string, right: string): number {
  const [a, b] = [[...left], [...right]]
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = a[i]!.codePointAt(0)! - b[i]!.codePointAt(0)!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
