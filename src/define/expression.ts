// The words of a policy, as a plain tree that the compiler can read and reshape. Builds nothing but data; knows no SQL.
import { getTableName, type RowSource, type SQLiteTableLike } from './drizzle'
import { valueWords, type ValueWords } from './value-words'

/** A literal in a policy. A Date is compared with timestamp columns in the column's own unit. */
export type Literal = string | number | boolean | null | Date

declare const value: unique symbol

/** Something with a value of type `T`: a column, a fact about the caller, the clock, a literal, a JSON path. */
export type Operand<T = unknown> = OperandNode & { readonly [value]?: T }

export type OperandNode =
  /** `scope` tells which row: 0 is the policy's own, each `exists` opens another. `column` is the property's name in Drizzle until the model resolves it. */
  | { readonly kind: 'column'; readonly table: string; readonly column: string; readonly scope: number }
  | { readonly kind: 'literal'; readonly literal: Literal }
  /** A fact of the principal, known before the statement is compiled. */
  | { readonly kind: 'auth'; readonly fact: 'uid' | 'role' | 'aal' }
  /** A claim of the token by path (`app_metadata.plan`); NULL when absent. */
  | { readonly kind: 'claim'; readonly path: readonly string[] }
  /** The time of the statement, UTC. */
  | { readonly kind: 'now'; readonly offsetMs: number }
  | { readonly kind: 'json'; readonly of: OperandNode; readonly path: readonly (string | number)[] }
  | { readonly kind: 'lower'; readonly of: OperandNode }
  /** A function of values; NULL in, NULL out, except for `concat` and `coalesce`. */
  | { readonly kind: 'call'; readonly name: CallName; readonly args: readonly OperandNode[] }
  /** `then` where the condition is TRUE. */
  | { readonly kind: 'case'; readonly when: Expression; readonly then: OperandNode; readonly else: OperandNode }
  /** TRUE, FALSE or NULL as a value. */
  | { readonly kind: 'condition'; readonly of: Expression }
  /** Over the rows of `table` for which `where` is TRUE; the engine reads them, under no policy. `of` is null for `count`. */
  | {
      readonly kind: 'related'
      readonly function: 'count' | 'sum' | 'avg' | 'min' | 'max'
      readonly table: string
      readonly scope: number
      readonly of: OperandNode | null
      readonly where: Expression
    }

export type CallName =
  | 'concat'
  | 'coalesce'
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'mod'
  | 'abs'
  | 'round'
  | 'upper'
  | 'trim'
  | 'length'
  | 'substr'

export type CompareOperator = 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'like' | 'ilike'

/** A predicate under SQL's three-valued logic: only TRUE admits. */
export type Expression =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'and'; readonly terms: readonly Expression[] }
  | { readonly kind: 'or'; readonly terms: readonly Expression[] }
  | { readonly kind: 'not'; readonly term: Expression }
  | { readonly kind: 'compare'; readonly operator: CompareOperator; readonly left: OperandNode; readonly right: OperandNode }
  | { readonly kind: 'null'; readonly operand: OperandNode; readonly negated: boolean }
  | { readonly kind: 'in'; readonly operand: OperandNode; readonly list: readonly OperandNode[] }
  /** The claim is a list in the token; an absent or non-list claim is empty. */
  | { readonly kind: 'inClaim'; readonly operand: OperandNode; readonly path: readonly string[] }
  | { readonly kind: 'exists'; readonly table: string; readonly scope: number; readonly where: Expression }
  /** A yes-or-no fact of the principal: `app_metadata.roles` holds `name`, or the device is attested. */
  | { readonly kind: 'fact'; readonly fact: 'hasRole' | 'attested'; readonly name: string }
  /** An entitlement the payments service wrote for the caller, not expired. */
  | { readonly kind: 'entitled'; readonly name: string }

export type ColumnsOf<T extends RowSource> = T['_']['columns']

/** What a column of a table, or a field of a view, holds. */
export type DataOf<C> = C extends { _: { data: infer D } } ? D : C extends { _: { type: infer D } } ? D : unknown

/** The columns of one row. */
export type RowOf<T extends RowSource> = { readonly [K in keyof ColumnsOf<T>]: Operand<DataOf<ColumnsOf<T>[K]>> }

/** A plain value of a column's type, or an operand that has it. */
export type Value<T> = Operand<T> | Extract<T, Literal> | null

/** What a policy knows of the caller. */
export interface Auth {
  /** The person's id; NULL for a stranger, so that no comparison with it admits one. */
  readonly uid: Operand<string>
  readonly role: Operand<'anon' | 'authenticated' | 'service_role'>
  readonly aal: Operand<'aal1' | 'aal2'>
  /** The device proved that it runs the genuine app. */
  readonly attested: Expression
  /** A claim of the token by dotted path, for example `app_metadata.plan`. */
  claim<T = string>(path: string): Operand<T>
  /** Whether an administrator gave the caller this role (`app_metadata.roles`). */
  hasRole(name: string): Expression
  /** Whether the caller's purchases cover this entitlement now. */
  entitled(name: string): Expression
}

/** The argument of a policy: the row, the caller, the clock and the operators. */
export interface PolicyArgument<T extends RowSource> extends ValueWords {
  readonly row: RowOf<T>
  readonly auth: Auth
  /** The time of the statement. */
  readonly now: Operand<Date>
  /** The time of the statement moved by so many milliseconds; negative is the past. */
  fromNow(milliseconds: number): Operand<Date>
  and(...terms: Expression[]): Expression
  or(...terms: Expression[]): Expression
  not(term: Expression): Expression
  eq<V>(left: Operand<V>, right: Value<NoInfer<V>>): Expression
  ne<V>(left: Operand<V>, right: Value<NoInfer<V>>): Expression
  gt<V>(left: Operand<V>, right: Value<NoInfer<V>>): Expression
  gte<V>(left: Operand<V>, right: Value<NoInfer<V>>): Expression
  lt<V>(left: Operand<V>, right: Value<NoInfer<V>>): Expression
  lte<V>(left: Operand<V>, right: Value<NoInfer<V>>): Expression
  between<V>(operand: Operand<V>, low: Value<NoInfer<V>>, high: Value<NoInfer<V>>): Expression
  /** SQL LIKE with `%` and `_`, case-sensitive. */
  like(operand: Operand<string>, pattern: string): Expression
  /** LIKE that ignores the case of letters. */
  ilike(operand: Operand<string>, pattern: string): Expression
  isNull(operand: Operand): Expression
  isNotNull(operand: Operand): Expression
  inArray<V>(operand: Operand<V>, list: readonly Value<NoInfer<V>>[] | ClaimList): Expression
  notInArray<V>(operand: Operand<V>, list: readonly Value<NoInfer<V>>[]): Expression
  /** Whether `table` has a row for which `where` is TRUE; the engine reads it, under no policy. Nests at most 4 deep. */
  exists<U extends SQLiteTableLike>(table: U, where: (row: RowOf<U>) => Expression): Expression
  notExists<U extends SQLiteTableLike>(table: U, where: (row: RowOf<U>) => Expression): Expression
  /** A value inside a JSON column, by dotted path; numbers index arrays. */
  json<V = string>(operand: Operand, path: string): Operand<V>
  lower(operand: Operand<string>): Operand<string>
  /** A list in the token, for `inArray`. */
  claimList(path: string): ClaimList
  readonly always: Expression
  readonly never: Expression
}

/** A list-valued claim of the token. */
export interface ClaimList {
  readonly claimList: readonly string[]
}

const split = (path: string): string[] => path.split('.').filter((part) => part.length > 0)
const jsonPath = (path: string): (string | number)[] => split(path).map((part) => (/^\d+$/.test(part) ? Number(part) : part))

const OPERANDS: ReadonlySet<string> = new Set<OperandNode['kind']>([
  'column',
  'literal',
  'auth',
  'claim',
  'now',
  'json',
  'lower',
  'call',
  'case',
  'condition',
  'related',
])

/** What a policy or a computed column gave as a node: a literal where it gave a plain value, a condition where it gave one. */
export function operand(candidate: unknown): OperandNode {
  if (typeof candidate !== 'object' || candidate === null || !('kind' in candidate))
    return { kind: 'literal', literal: candidate as Literal }
  return OPERANDS.has(String(candidate.kind)) ? (candidate as OperandNode) : { kind: 'condition', of: candidate as Expression }
}

/** A row whose properties are column operands; asking it for anything makes an operand, and the model checks the name. */
function rowOf(table: string, scope: number): Record<string, OperandNode> {
  return new Proxy({}, { get: (_, column) => (typeof column === 'string' ? { kind: 'column', table, column, scope } : undefined) })
}

/** What policies and defaults know of the caller. */
export const AUTH: Auth = {
  uid: { kind: 'auth', fact: 'uid' },
  role: { kind: 'auth', fact: 'role' },
  aal: { kind: 'auth', fact: 'aal' },
  attested: { kind: 'fact', fact: 'attested', name: '' },
  claim: (path) => ({ kind: 'claim', path: split(path) }),
  hasRole: (name) => ({ kind: 'fact', fact: 'hasRole', name }),
  entitled: (name) => ({ kind: 'entitled', name }),
}

/** The time of the statement. */
export const NOW: Operand<Date> = { kind: 'now', offsetMs: 0 }

/** Builds the tree of one policy, or of one value, over the rows of a table or view. Throws what the policy's own code throws. */
export function buildExpression<T extends RowSource, R>(table: string, policy: (argument: PolicyArgument<T>) => R): R {
  let scopes = 0
  const compare =
    (operator: CompareOperator) =>
    (left: unknown, right: unknown): Expression => ({ kind: 'compare', operator, left: operand(left), right: operand(right) })

  const exists = (other: SQLiteTableLike, where: (row: never) => Expression): Expression => {
    const name = getTableName(other)
    const scope = ++scopes
    return { kind: 'exists', table: name, scope, where: where(rowOf(name, scope) as never) }
  }
  const inArray = (of: unknown, list: readonly unknown[] | ClaimList): Expression =>
    'claimList' in list
      ? { kind: 'inClaim', operand: operand(of), path: list.claimList }
      : { kind: 'in', operand: operand(of), list: list.map(operand) }

  const argument = {
    row: rowOf(table, 0),
    auth: AUTH,
    now: NOW,
    fromNow: (offsetMs: number) => ({ kind: 'now', offsetMs }),
    and: (...terms: Expression[]) => ({ kind: 'and', terms }),
    or: (...terms: Expression[]) => ({ kind: 'or', terms }),
    not: (term: Expression) => ({ kind: 'not', term }),
    eq: compare('eq'),
    ne: compare('ne'),
    gt: compare('gt'),
    gte: compare('gte'),
    lt: compare('lt'),
    lte: compare('lte'),
    like: compare('like'),
    ilike: compare('ilike'),
    between: (of: unknown, low: unknown, high: unknown) => ({ kind: 'and', terms: [compare('gte')(of, low), compare('lte')(of, high)] }),
    isNull: (of: unknown) => ({ kind: 'null', operand: operand(of), negated: false }),
    isNotNull: (of: unknown) => ({ kind: 'null', operand: operand(of), negated: true }),
    inArray,
    notInArray: (of: unknown, list: readonly unknown[]) => ({ kind: 'not', term: inArray(of, list) }),
    exists,
    notExists: (other: SQLiteTableLike, where: (row: never) => Expression) => ({ kind: 'not', term: exists(other, where) }),
    json: (of: unknown, path: string) => ({ kind: 'json', of: operand(of), path: jsonPath(path) }),
    lower: (of: unknown) => ({ kind: 'lower', of: operand(of) }),
    ...valueWords(operand, (other) => {
      const name = getTableName(other)
      const scope = ++scopes
      return { table: name, scope, row: rowOf(name, scope) }
    }),
    claimList: (path: string) => ({ claimList: split(path) }),
    always: { kind: 'constant', value: true },
    never: { kind: 'constant', value: false },
  }
  return policy(argument as unknown as PolicyArgument<T>)
}
