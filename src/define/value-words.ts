// The words that make values: of a computed column, and of what a policy compares. Builds the same plain tree as the rest of a policy.
import type { SQLiteTableLike } from './drizzle'
import type { CallName, Expression, Operand, OperandNode, RowOf, Value } from './expression'

/** A number, or a moment, which counts as its UTC milliseconds. */
type Countable = Operand<number> | Operand<Date> | number

export interface ValueWords {
  /** Texts and numbers one behind the other; NULL adds nothing. Times are ISO 8601, booleans `true` and `false`. */
  concat(...parts: (Operand | string | number)[]): Operand<string>
  /** The first that isn't NULL. */
  coalesce<V>(first: Operand<V>, ...others: Value<NoInfer<V>>[]): Operand<V>
  /** Times count in milliseconds: `sub(row.endedAt, row.startedAt)`. */
  add(...terms: Countable[]): Operand<number>
  sub(left: Countable, right: Countable): Operand<number>
  mul(...factors: Countable[]): Operand<number>
  /** Never cut to a whole number; NULL when divided by zero. */
  div(left: Countable, right: Countable): Operand<number>
  /** The rest of a division of whole numbers, with the sign of the left; NULL when divided by zero. */
  mod(left: Countable, right: Countable): Operand<number>
  abs(of: Countable): Operand<number>
  /** Halves away from zero, to so many decimals; none when absent. */
  round(of: Countable, decimals?: number): Operand<number>
  /** ASCII letters only, as `lower`. */
  upper(of: Operand<string>): Operand<string>
  /** Without the spaces at both ends. */
  trim(of: Operand<string>): Operand<string>
  /** In characters. */
  length(of: Operand<string>): Operand<number>
  /** From the character number `start`, the first being 1; to the end without `length`. */
  substr(of: Operand<string>, start: number, length?: number): Operand<string>
  /** `then` where the condition is TRUE, else `otherwise` (NULL when absent). */
  when(condition: Expression, then: Value<string>, otherwise?: Value<string>): Operand<string>
  when(condition: Expression, then: Value<number>, otherwise?: Value<number>): Operand<number>
  when(condition: Expression, then: Value<boolean>, otherwise?: Value<boolean>): Operand<boolean>
  when(condition: Expression, then: Value<Date>, otherwise?: Value<Date>): Operand<Date>
  /** How many rows of `table` there are for which `where` is TRUE; the engine reads them, under no policy. Nests as `exists` does. */
  count<U extends SQLiteTableLike>(table: U, where: (row: RowOf<U>) => Expression): Operand<number>
  /** NULL over no rows; so are the others. */
  sum<U extends SQLiteTableLike>(table: U, of: (row: RowOf<U>) => Operand<number>, where: (row: RowOf<U>) => Expression): Operand<number>
  avg<U extends SQLiteTableLike>(table: U, of: (row: RowOf<U>) => Operand<number>, where: (row: RowOf<U>) => Expression): Operand<number>
  min<U extends SQLiteTableLike, V>(table: U, of: (row: RowOf<U>) => Operand<V>, where: (row: RowOf<U>) => Expression): Operand<V>
  max<U extends SQLiteTableLike, V>(table: U, of: (row: RowOf<U>) => Operand<V>, where: (row: RowOf<U>) => Expression): Operand<V>
}

/** Opens a scope: the rows of another table. */
type Open = (table: SQLiteTableLike) => { readonly table: string; readonly scope: number; readonly row: object }

export function valueWords(operand: (candidate: unknown) => OperandNode, open: Open): Record<keyof ValueWords, unknown> {
  const call =
    (name: CallName) =>
    (...args: unknown[]): OperandNode => ({ kind: 'call', name, args: args.filter((arg) => arg !== undefined).map(operand) })
  const related =
    (name: Extract<OperandNode, { kind: 'related' }>['function']) =>
    (other: SQLiteTableLike, of: (row: object) => unknown, where: (row: object) => Expression): OperandNode => {
      const { table, scope, row } = open(other)
      return { kind: 'related', function: name, table, scope, of: operand(of(row)), where: where(row) }
    }
  return {
    concat: call('concat'),
    coalesce: call('coalesce'),
    add: call('add'),
    sub: call('sub'),
    mul: call('mul'),
    div: call('div'),
    mod: call('mod'),
    abs: call('abs'),
    round: call('round'),
    upper: call('upper'),
    trim: call('trim'),
    length: call('length'),
    substr: call('substr'),
    when: (condition: Expression, then: unknown, otherwise: unknown = null): OperandNode => ({
      kind: 'case',
      when: condition,
      then: operand(then),
      else: operand(otherwise),
    }),
    count: (other: SQLiteTableLike, where: (row: object) => Expression): OperandNode => {
      const { table, scope, row } = open(other)
      return { kind: 'related', function: 'count', table, scope, of: null, where: where(row) }
    },
    sum: related('sum'),
    avg: related('avg'),
    min: related('min'),
    max: related('max'),
  }
}
