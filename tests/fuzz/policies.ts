// Random policies: trees of every operator, `exists` up to the depth that the model allows, facts, claims and JSON paths.
import { MAX_EXISTS_DEPTH, type Expression, type Literal, type OperandNode } from '../../src/define'
import type { Kind, TableSpec } from './apps'
import type { Draw } from './draw'
import { literalOf, PEOPLE } from './rows'
import { columnIn, columnNode, inside, type Context } from './sight'
import { value, type Class } from './values'

/** A policy of `table`. Columns carry property names, as the words of a policy make them. */
export function policyOver(choose: Draw, tables: readonly TableSpec[], table: TableSpec): Expression {
  const context: Context = { choose, tables, scopes: [{ table, scope: 0 }], next: { scope: 0 }, condition: expression }
  if (choose.chance(12)) return amongItsOwn(context)
  return choose.chance(12) ? chain(context, 2 + choose.int(2)) : expression(context, 3)
}

/** Asks about the table that it guards: at most one row an owner, or none without another. */
function amongItsOwn(context: Context): Expression {
  const { choose } = context
  const table = context.scopes[0]!.table
  const scope = ++context.next.scope
  const by = choose.pick(table.columns.filter(({ kind }) => kind !== 'json'))
  const key = choose.pick(table.columns.filter(({ name }) => table.key.includes(name)))
  const column = (property: string, at: number): OperandNode => ({ kind: 'column', table: table.name, column: property, scope: at })
  const inner: Context = { ...context, scopes: [{ table, scope }, ...context.scopes] }
  const terms: Expression[] = [
    { kind: 'compare', operator: 'eq', left: column(by.property, scope), right: column(by.property, 0) },
    { kind: 'compare', operator: choose.pick(['ne', 'lt', 'gt']), left: column(key.property, scope), right: column(key.property, 0) },
    ...(choose.chance(30) ? [expression(inner, 1)] : []),
  ]
  const found: Expression = { kind: 'exists', table: table.name, scope, where: { kind: 'and', terms } }
  return choose.chance(60) ? { kind: 'not', term: found } : found
}

function expression(context: Context, depth: number): Expression {
  const { choose } = context
  const kind = depth === 0 ? 0 : choose.int(9)
  if (kind <= 4) return leaf(context, depth)
  if (kind <= 6) return { kind: 'or', terms: terms(context, depth) }
  if (kind <= 8) return { kind: 'and', terms: terms(context, depth) }
  return { kind: 'not', term: expression(context, depth - 1) }
}

function terms(context: Context, depth: number): Expression[] {
  const count = context.choose.chance(4) ? context.choose.pick([0, 1, 6]) : 2 + context.choose.int(1)
  return context.choose.times(count, () => expression(context, depth - 1))
}

function leaf(context: Context, depth: number): Expression {
  const { choose, scopes } = context
  const kind = choose.int(20)
  if (kind <= 6) return comparison(context)
  if (kind <= 8) return ownership(context)
  if (kind === 9) return { kind: 'null', operand: nullable(context), negated: choose.chance(50) }
  if (kind === 10) return membership(context)
  if (kind === 11)
    return {
      kind: 'inClaim',
      operand: columnIn(context, ['text', 'date'])?.node ?? UID,
      path: ['app_metadata', choose.pick(['teams', 'roles', 'plan', 'nowhere'])],
    }
  if (kind === 12)
    return choose.chance(70)
      ? { kind: 'fact', fact: 'hasRole', name: choose.pick(['moderator', 'admin']) }
      : { kind: 'fact', fact: 'attested', name: '' }
  if (kind === 13) return pattern(context)
  if (kind === 14) return choose.chance(20) ? { kind: 'constant', value: choose.chance(50) } : comparison(context)
  if (kind === 20) return derived(context)
  return scopes.length <= MAX_EXISTS_DEPTH ? exists(context, depth) : comparison(context)
}

/** Compares a value that is made of others. */
function derived(context: Context): Expression {
  const { choose } = context
  const as = choose.pick<Class>(['text', 'whole', 'real', 'boolean'])
  const [left, right] = [value(context, as, 1), value(context, as, choose.int(1))]
  const operator = choose.pick(['eq', 'ne', 'gt', 'lte'] as const)
  return choose.chance(85) ? { kind: 'compare', operator, left, right } : { kind: 'null', operand: left, negated: choose.chance(50) }
}

/** What a computed column is made of. */
export function valueOver(choose: Draw, tables: readonly TableSpec[], table: TableSpec, as: Class): OperandNode {
  return value({ choose, tables, scopes: [{ table, scope: 0 }], next: { scope: 0 }, condition: expression }, as, 2)
}

const UID: OperandNode = { kind: 'auth', fact: 'uid' }

/** Chains of `exists`, each joined to the one around it. */
function chain(context: Context, left: number): Expression {
  if (left < 0 || context.scopes.length > MAX_EXISTS_DEPTH) return ownership(context)
  return inside(context, (inner) => chain(inner, left - 1))
}

function exists(context: Context, depth: number): Expression {
  const found = inside(context, (inner) => expression(inner, Math.max(0, depth - 1)))
  return context.choose.chance(20) ? { kind: 'not', term: found } : found
}

function ownership(context: Context): Expression {
  const owner = context.choose.pick(context.scopes).table.columns.find(({ name }) => name === 'owner_id')
  const scope = context.scopes.find(({ table }) => owner !== undefined && table.columns.includes(owner))
  if (owner === undefined || scope === undefined) return comparison(context)
  return { kind: 'compare', operator: context.choose.chance(85) ? 'eq' : 'ne', left: columnNode(scope, owner), right: UID }
}

function comparison(context: Context): Expression {
  const { choose } = context
  const found = columnIn(context, null)
  if (found === null) return { kind: 'constant', value: true }
  const [left, right] = found.kind === 'json' ? inJson(context, found.node) : [found.node, counterpart(context, found.kind)]
  const operator = choose.pick(['eq', 'eq', 'eq', 'ne', 'gt', 'gte', 'lt', 'lte'] as const)
  return choose.chance(85) ? { kind: 'compare', operator, left, right } : { kind: 'compare', operator, left: right, right: left }
}

function inJson(context: Context, of: OperandNode): [OperandNode, OperandNode] {
  const { choose } = context
  const path = choose.pick([['level'], ['name'], ['flag'], ['tags', 0], ['deep', 'name'], ['nowhere']] as const)
  const last = path[0]
  const literal: Literal = last === 'level' ? choose.int(3) : last === 'flag' ? choose.chance(50) : choose.pick(['red', 'blue', 'u1'])
  return [
    { kind: 'json', of, path },
    { kind: 'literal', literal },
  ]
}

/** Something of the same type to compare a column with. */
function counterpart(context: Context, kind: Kind): OperandNode {
  const { choose } = context
  const way = choose.int(5)
  if (way <= 1) {
    const other = columnIn(context, [kind])
    if (other) return other.node
  }
  if (way === 2 && kind === 'text')
    return choose.pick<OperandNode>([UID, UID, { kind: 'auth', fact: 'role' }, { kind: 'auth', fact: 'aal' }])
  if (way === 3 && kind === 'text')
    return {
      kind: 'claim',
      path: choose.pick([
        ['app_metadata', 'plan'],
        ['app_metadata', 'team', 'name'],
        ['app_metadata', 'level'],
        ['app_metadata'],
        ['email'],
        ['nowhere'],
      ]),
    }
  if (way === 3 && kind === 'integer')
    return {
      kind: 'claim',
      path: choose.pick([['app_metadata', 'level'], ['app_metadata', 'level'], ['app_metadata', 'plan'], ['nowhere']]),
    }
  if (way <= 4 && (kind === 'timestamp' || kind === 'timestamp_ms')) return { kind: 'now', offsetMs: choose.pick([0, -60_000, 60_000]) }
  return { kind: 'literal', literal: choose.chance(4) ? null : literalOf(choose, kind) }
}

function nullable(context: Context): OperandNode {
  const { choose } = context
  const way = choose.int(4)
  if (way === 0) return UID
  if (way === 1) return { kind: 'claim', path: choose.pick([['app_metadata', 'plan'], ['nowhere']]) }
  const json = way === 2 ? columnIn(context, ['json']) : null
  if (json) return { kind: 'json', of: json.node, path: choose.pick([['name'], ['deep'], ['tags', 1], ['none']] as const) }
  return columnIn(context, null)?.node ?? UID
}

function membership(context: Context): Expression {
  const { choose } = context
  const found = columnIn(context, ['text', 'integer', 'real', 'date', 'timestamp', 'timestamp_ms'])
  if (found === null) return { kind: 'constant', value: false }
  const list = choose.times(choose.int(3), (): OperandNode =>
    choose.chance(15)
      ? choose.pick([UID, { kind: 'literal', literal: null }])
      : { kind: 'literal', literal: literalOf(choose, found.kind) },
  )
  const inList: Expression = {
    kind: 'in',
    operand: found.node,
    list: found.kind === 'text' ? list : list.filter(({ kind }) => kind !== 'auth'),
  }
  return choose.chance(30) ? { kind: 'not', term: inList } : inList
}

function pattern(context: Context): Expression {
  const { choose } = context
  const found = columnIn(context, ['text', 'date'])
  if (found === null) return { kind: 'constant', value: true }
  const left: OperandNode = choose.chance(25) ? { kind: 'lower', of: found.node } : found.node
  const literal = choose.pick([
    '%',
    'a%',
    '%a',
    '%A%',
    'u_',
    '_',
    '',
    'b%',
    `%${choose.pick(PEOPLE)}%`,
    '%x%y',
    '100\\%',
    '%[%',
    '%?%',
    '%*%',
    'é%',
    '\\_%',
  ])
  return { kind: 'compare', operator: choose.chance(50) ? 'like' : 'ilike', left, right: { kind: 'literal', literal } }
}
