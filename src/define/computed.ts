// Columns that are computed whenever they are asked for: declared as a value's tree, checked, and put into the model.
import type { MakePolicy } from './declared-policy'
import type { RowSource, SQLiteTableLike } from './drizzle'
import { buildExpression, operand, type Expression, type Operand, type OperandNode, type PolicyArgument } from './expression'
import type { ColumnModel, ColumnType } from './model'
import { resolveOperand, type Known } from './resolve'
import type { Policy } from './table'
import { classOf, isOpaque, operandClass } from './value-class'

/** What the value of each type is made of. */
interface ComputedData {
  text: Operand<string> | string
  uuid: Operand<string> | string
  date: Operand<string> | string
  integer: Operand<number> | number
  real: Operand<number> | number
  boolean: Operand<boolean> | Expression | boolean
  /** A time, or its UTC milliseconds. */
  timestamp: Operand<Date> | Operand<number>
  json: Operand
}

export type ComputedType = keyof ComputedData

/** A column that isn't stored. A column of the row that the caller may not read is NULL in it. */
export type ComputedRule<T extends RowSource> = {
  readonly [K in ComputedType]: {
    /** The type on the wire. */
    readonly type: K
    /** Builds the value, as data. Called once, when the model is built. */
    readonly value: (argument: PolicyArgument<T>) => ComputedData[K]
    /** Where this isn't TRUE the value is NULL. */
    readonly read?: Policy<T>
    /** No client may name it. */
    readonly hidden?: boolean
  }
}[ComputedType]

/** Types of the model by those of declarations. */
export const COMPUTED_TYPES: Readonly<Record<ComputedType, ColumnType>> = {
  text: 'text',
  uuid: 'uuid',
  date: 'date',
  integer: 'integer',
  real: 'real',
  boolean: 'boolean',
  timestamp: 'timestamp_ms',
  json: 'json',
}

interface Source {
  readonly table: string
  readonly rules: Readonly<Record<string, ComputedRule<SQLiteTableLike>>> | undefined
  readonly columns: ReadonlyMap<string, ColumnModel>
  readonly known: Known
  readonly policy: MakePolicy
  readonly report: (message: string) => void
}

/** The computed columns of a table, by name. Reports those that can't be. */
export function computedColumns({ table, rules, columns, known, policy, report }: Source): Map<string, ColumnModel> {
  const out = new Map<string, ColumnModel>()
  for (const [name, rule] of Object.entries(rules ?? {})) {
    const say = (message: string) => report(`the computed column "${name}": ${message}`)
    if (columns.has(name)) say('the table has a column of that name. Choose another.')
    if (!/^[a-z_]\w*$/i.test(name)) say("that can't be the name of a column. Use letters, digits and underscores.")
    const type = Object.hasOwn(COMPUTED_TYPES, rule.type) ? COMPUTED_TYPES[rule.type] : undefined
    if (type === undefined) {
      say(`the type "${rule.type}" isn't known. Use ${Object.keys(COMPUTED_TYPES).join(', ')}.`)
      continue
    }
    const value = valueOf(table, rule, known, say)
    if (isOpaque(value, known.typeOf)) say('it is of bytes or a range, which nothing can be computed of.')
    const found = operandClass(value, known.typeOf)
    if (type !== 'json' && found !== null && found !== classOf(type)) say(`its value is a ${found}, which the type ${rule.type} isn't.`)
    out.set(name, {
      name,
      property: name,
      type,
      notNull: false,
      primaryKey: false,
      hidden: rule.hidden ?? false,
      readOnly: true,
      generated: true,
      engine: false,
      default: null,
      onUpdate: null,
      read: rule.read ? policy(`computed.${name}.read`, rule.read) : null,
      values: null,
      maxLength: null,
      computed: value,
      bare: false,
    })
  }
  return out
}

function valueOf(table: string, rule: ComputedRule<SQLiteTableLike>, known: Known, say: (message: string) => void): OperandNode {
  try {
    const made: unknown = buildExpression<SQLiteTableLike, unknown>(table, rule.value)
    if (made === undefined) say('it returns nothing. Return a value, for example `concat(row.first, row.last)`.')
    return resolveOperand(operand(made ?? null), known, say)
  } catch (error) {
    say(
      `it throws while it is built: ${error instanceof Error ? error.message : String(error)}. A value only combines the words it is given.`,
    )
    return { kind: 'literal', literal: null }
  }
}
