// Turns a policy into SQL for one caller. What the caller's facts decide is decided before; what is left reads rows with the
// engine's rights, so that policies never recurse. Columns stand raw: a column's own `read` rule binds clients, not policies.
import { classOf, type ColumnModel, type ColumnType, type Expression, type OperandNode, type TableModel } from '../define'
import type { CompileContext } from './context'
import { correlation, leadsIndex, type Correlation, type Exists } from './correlation'
import { decided, foldOperand, foldPolicy, isFact, isMade } from './fold'
import { likeSql } from './like'
import { encodeLiteral } from './operand'
import { isDerived, modelOf, operandClass, rawOperand, storedValue, typedOperand, valueOf, type Scopes, type Setting } from './policy-value'
import { and, bind, FALSE, identifier, join, NULL, or, sql, TRUE, type Sql } from './sql'

/**
 * The predicate as SQL over the row known as `alias`; only TRUE admits. The service is always admitted. Throws `not_built` for
 * a word that isn't.
 */
export function compilePolicy(context: CompileContext, table: TableModel, policy: Expression, alias: string, setting: Setting = {}): Sql {
  if (context.service) return TRUE
  return compileFolded(context, table, foldPolicy(context, policy), alias, setting)
}

/** The same for a tree that `foldPolicy` made. */
export function compileFolded(context: CompileContext, table: TableModel, folded: Expression, alias: string, setting: Setting = {}): Sql {
  const aliases = new Map([[setting.scope ?? 0, { alias, table }]])
  return compile({ context, setting, aliases, compile }, folded, setting.positive ?? true)
}

/**
 * A computed column's value over the row known as `alias`, with the affinity of its type. `read` gives the row's own columns as the
 * caller sees them; other rows are read with the engine's rights.
 */
export function compileValue(
  context: CompileContext,
  table: TableModel,
  value: OperandNode,
  type: ColumnType,
  alias: string,
  read: (model: ColumnModel) => Sql,
): Sql {
  const aliases = new Map([[0, { alias, table, read }]])
  return storedValue({ context, setting: { few: true }, aliases, compile }, foldOperand(context, value), type)
}

function compile(scopes: Scopes, node: Expression, positive: boolean): Sql {
  const known = decided(node)
  if (known !== undefined) return known === null ? NULL : known ? TRUE : FALSE
  switch (node.kind) {
    case 'and':
      return and(node.terms.map((term) => compile(scopes, term, positive)))
    case 'or':
      return or(node.terms.map((term) => compile(scopes, term, positive)))
    case 'not':
      return sql`not (${compile(scopes, node.term, false)})`
    case 'compare':
      return compare(scopes, node)
    case 'null':
      return node.negated ? sql`${rawOperand(scopes, node.operand)} is not null` : sql`${rawOperand(scopes, node.operand)} is null`
    case 'in':
      return inList(scopes, node)
    case 'exists':
      return exists(scopes, node, positive)
    default:
      throw new Error(`foldPolicy left a ${node.kind}`)
  }
}

type Compare = Extract<Expression, { kind: 'compare' }>

function exists(scopes: Scopes, node: Exists, positive: boolean): Sql {
  const table = scopes.context.model.tables.get(node.table)
  if (!table) throw new Error(`the model has no table ${node.table}`)
  const alias = scopes.context.alias('p')
  const inner: Scopes = { ...scopes, aliases: new Map([...scopes.aliases, [node.scope, { alias, table }]]) }
  const from = sql`${identifier(table.name)} as ${identifier(alias)}`
  const split = positive ? correlation(scopes.context, node, table, scopes.setting.sets?.has(node)) : null
  if (!split || looksUp(scopes.setting, split, table)) return sql`exists(select 1 from ${from} where ${compile(inner, node.where, true)})`
  const outer = split.pairs.map(([there]) => rawOperand(scopes, there))
  const own = split.pairs.map(([, here]) => rawOperand(inner, here))
  const rest = compile(inner, { kind: 'and', terms: split.rest }, true)
  return sql`${tuple(outer)} in (select ${join(own, ', ')} from ${from} where ${rest})`
}

const tuple = (parts: readonly Sql[]): Sql => (parts.length === 1 ? parts[0]! : sql`(${join(parts, ', ')})`)

/** Whether looking each row up is cheap and making the set may not be. */
function looksUp({ few = false, pinned }: Setting, { pairs }: Correlation, table: TableModel): boolean {
  const known = few || pairs.every(([outer]) => outer.scope === 0 && pinned?.has(outer.column))
  return known && pairs.some(([, own]) => leadsIndex(table, own.column))
}

function compare(scopes: Scopes, node: Compare): Sql {
  if (node.operator === 'like' || node.operator === 'ilike') return compareLike(scopes, node)
  const operator = { eq: '=', ne: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' }[node.operator]
  const sides = comparable(scopes, node.left, node.right)
  if (sides === null) return NULL
  return { chunks: [...(scopes.setting.unindexed?.has(node) ? ['+'] : []), ...sides[0].chunks, ` ${operator} `, ...sides[1].chunks] }
}

function compareLike(scopes: Scopes, node: Compare): Sql {
  if (node.right.kind !== 'literal' || typeof node.right.literal !== 'string') return NULL
  return likeSql(typedOperand(scopes, node.left, 'text'), node.right.literal, node.operator === 'ilike')
}

/** Both sides in one unit and type; null when they can't be compared, which is NULL. */
function comparable(scopes: Scopes, left: OperandNode, right: OperandNode): [Sql, Sql] | null {
  // A text that was made still takes the spelling of a text column, such as a uuid's.
  const texts = operandClass(scopes, left) === 'text' && operandClass(scopes, right) === 'text'
  if ([left, right].some((side) => isDerived(side) || (isMade(side) && !texts))) {
    const as = operandClass(scopes, left) ?? operandClass(scopes, right)
    if (as !== null) return [valueOf(scopes, left, as), valueOf(scopes, right, as)]
    return alike(rawOperand(scopes, left), rawOperand(scopes, right))
  }
  if (right.kind === 'literal') {
    const value = valueFor(scopes, left, right)
    return value && [value.operand, value.literal]
  }
  if (left.kind === 'literal') {
    const value = valueFor(scopes, right, left)
    return value && [value.literal, value.operand]
  }
  if (left.kind === 'column' && right.kind === 'column') {
    const [a, b] = [modelOf(scopes, left).model.type, modelOf(scopes, right).model.type]
    const [x, y] = [rawOperand(scopes, left), rawOperand(scopes, right)]
    if (a === 'timestamp' && b === 'timestamp_ms') return [sql`(${x} * 1000)`, y]
    if (a === 'timestamp_ms' && b === 'timestamp') return [x, sql`(${y} * 1000)`]
    if (a !== b && (a === 'numeric' || b === 'numeric')) return [sql`cast(${x} as real)`, sql`cast(${y} as real)`]
    if (a === 'numeric') return [sql`cast(${x} as real)`, sql`cast(${y} as real)`]
    return [x, y]
  }
  const as = operandClass(scopes, left) ?? operandClass(scopes, right)
  if (as !== null) return [typedOperand(scopes, left, as), typedOperand(scopes, right, as)]
  return alike(rawOperand(scopes, left), rawOperand(scopes, right))
}

/** Values whose types each row decides: a text and a number compare with nothing. */
const alike = (x: Sql, y: Sql): [Sql, Sql] => [sql`case when (typeof(${x}) = 'text') = (typeof(${y}) = 'text') then ${x} end`, y]

function valueFor(
  scopes: Scopes,
  operand: OperandNode,
  node: Extract<OperandNode, { kind: 'literal' }>,
): { operand: Sql; literal: Sql } | null {
  const value = node.literal
  if (operand.kind === 'column') {
    const { model } = modelOf(scopes, operand)
    const encoded = encodeLiteral(model.type, value, isFact(node))
    return encoded && { operand: typedOperand(scopes, operand, classOf(model.type)), literal: encoded }
  }
  const as = operand.kind === 'lower' ? 'text' : typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'boolean' : 'number'
  const encoded = encodeLiteral(as === 'text' ? 'text' : null, value, isFact(node))
  return encoded && { operand: typedOperand(scopes, operand, as), literal: encoded }
}

/** Long lists of texts, such as a token's, travel as one parameter. */
const LONG_LIST = 8

function inList(scopes: Scopes, node: Extract<Expression, { kind: 'in' }>): Sql {
  const { operand, list } = node
  const texts = list.flatMap((item) => (item.kind === 'literal' && typeof item.literal === 'string' ? [item.literal] : []))
  if (
    operand.kind === 'column' &&
    texts.length === list.length &&
    list.length > LONG_LIST &&
    classOf(modelOf(scopes, operand).model.type) === 'text'
  ) {
    return sql`${rawOperand(scopes, operand)} in (select value from json_each(${bind(JSON.stringify(texts))}))`
  }
  return or(
    list.map((item) => {
      const sides = comparable(scopes, operand, item)
      return sides === null ? NULL : sql`${sides[0]} = ${sides[1]}`
    }),
  )
}
