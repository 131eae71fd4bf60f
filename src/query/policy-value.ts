// The values that a policy or a computed column speaks of, as SQL: columns, facts, JSON, and what is made of them.
import {
  classOf,
  isWhole,
  operandClass as classOfOperand,
  type CallName,
  type ColumnModel,
  type ColumnType,
  type Expression,
  type OperandNode,
  type TableModel,
  type TypeOf,
  type ValueClass,
} from '../define'
import type { CompileContext } from './context'
import type { ColumnOperand } from './correlation'
import { isFact } from './fold'
import { encodeLiteral, jsonOperand, jsonPath, jsonText } from './operand'
import { balanced, column, identifier, join, literal, NULL, sql, type Sql } from './sql'

/** What else is known of the rows that a policy judges. It changes how the question is put, never its answer. */
export interface Setting {
  /** Only TRUE matters where the predicate stands; when false, NULL and FALSE are told apart. */
  readonly positive?: boolean
  /** The rows are few by other means, for example by the key that embeds them: each is looked up rather than a set made. */
  readonly few?: boolean
  /** Columns that the filter holds to one value. */
  readonly pinned?: ReadonlySet<string>
  /** Comparisons that mustn't choose the index (see steer.ts). */
  readonly unindexed?: ReadonlySet<Expression>
  /** Each `exists` that a set of keys answers although nothing of the caller narrows it. */
  readonly sets?: ReadonlySet<Expression>
  /** The scope that the judged row stands for; 0 unless the expression was taken out of an `exists`. */
  readonly scope?: number
}

/** A row that columns belong to. `read` gives them as the caller sees them; without it they stand raw. */
interface Row {
  readonly alias: string
  readonly table: TableModel
  readonly read?: (model: ColumnModel) => Sql
}

/** The rows that a policy's columns belong to. */
export interface Scopes {
  readonly context: CompileContext
  readonly setting: Setting
  /** By the number of the scope. */
  readonly aliases: ReadonlyMap<number, Row>
  /** Compiles a condition among the values; when not `positive`, NULL and FALSE are told apart. */
  readonly compile: (scopes: Scopes, node: Expression, positive: boolean) => Sql
}

/** The column and the row it belongs to. */
export function modelOf(scopes: Scopes, node: ColumnOperand): Row & { readonly model: ColumnModel } {
  const scope = scopes.aliases.get(node.scope)
  const model = scope?.table.columns.get(node.column)
  if (!scope || !model) throw new Error(`a policy reads ${node.table}.${node.column} out of scope`)
  return { ...scope, model }
}

/** The operand as SQLite holds it. */
export function rawOperand(scopes: Scopes, node: OperandNode): Sql {
  switch (node.kind) {
    case 'column': {
      const { alias, model, read } = modelOf(scopes, node)
      return read ? read(model) : column(alias, model.name)
    }
    case 'call':
    case 'case':
    case 'condition':
    case 'related':
      return valueOf(scopes, node, null)
    case 'lower':
      return sql`lower(${typedOperand(scopes, node.of, 'text')})`
    case 'json': {
      const { of, path } = jsonOf(scopes, node)
      return sql`json_extract(${of}, ${literal(path)})`
    }
    case 'literal':
      return encodeLiteral(null, node.literal, isFact(node)) ?? NULL
    default:
      throw new Error(`foldPolicy left a ${node.kind}`)
  }
}

function jsonOf(scopes: Scopes, node: Extract<OperandNode, { kind: 'json' }>): { of: Sql; path: string } {
  let [of, path]: [OperandNode, readonly (string | number)[]] = [node.of, node.path]
  while (of.kind === 'json') [of, path] = [of.of, [...of.path, ...path]]
  const raw = rawOperand(scopes, of)
  const isJson = of.kind === 'column' && modelOf(scopes, of).model.type === 'json'
  return { of: isJson ? raw : sql`case when json_valid(${raw}) then ${raw} end`, path: jsonPath(path) }
}

const typesOf =
  ({ context }: Scopes): TypeOf =>
  (table, name) =>
    context.model.tables.get(table)?.columns.get(name)?.type

/** What an operand is compared as; null for a JSON value, whose type each row decides. */
export function operandClass(scopes: Scopes, node: OperandNode): ValueClass | null {
  return classOfOperand(node, typesOf(scopes))
}

/** Whether the value is made of others, so that it stands in no column's unit or type. */
export function isDerived({ kind }: OperandNode): boolean {
  return kind === 'call' || kind === 'case' || kind === 'condition' || kind === 'related'
}

/** The operand as a value of the class; a JSON value of another type is NULL. */
export function typedOperand(scopes: Scopes, node: OperandNode, as: ValueClass): Sql {
  if (node.kind === 'json') {
    const { of, path } = jsonOf(scopes, node)
    return jsonOperand(of, literal(path), as)
  }
  if (node.kind === 'column') {
    const { model } = modelOf(scopes, node)
    const raw = rawOperand(scopes, node)
    if (model.type === 'numeric' && as === 'number') return sql`cast(${raw} as real)`
    return raw
  }
  return isDerived(node) ? valueOf(scopes, node, as) : rawOperand(scopes, node)
}

/** The operand as a value of the class, times in milliseconds; null takes any class. NULL where it is of another. */
export function valueOf(scopes: Scopes, node: OperandNode, as: ValueClass | null): Sql {
  const known = operandClass(scopes, node)
  if (as !== null && known !== null && known !== as) return NULL
  switch (node.kind) {
    case 'column': {
      const { type } = modelOf(scopes, node).model
      const raw = rawOperand(scopes, node)
      if (type === 'timestamp') return sql`(${raw} * 1000)`
      return type === 'numeric' ? sql`cast(${raw} as real)` : raw
    }
    case 'literal': {
      const encoded = encodeLiteral(null, node.literal, isFact(node)) ?? NULL
      // What is bound is REAL, and would make a text of a whole number that ends in `.0`.
      const bound = node.literal instanceof Date || (isFact(node) && Number.isSafeInteger(node.literal))
      return bound ? sql`cast(${encoded} as integer)` : encoded
    }
    case 'json':
      return as === null ? rawOperand(scopes, node) : typedOperand(scopes, node, as)
    case 'call':
      return call(scopes, node.name, node.args, as ?? known)
    case 'case':
      return sql`case when ${scopes.compile(scopes, node.when, true)} then ${valueOf(scopes, node.then, as ?? known)} else ${valueOf(scopes, node.else, as ?? known)} end`
    case 'condition':
      return sql`(${scopes.compile(scopes, node.of, false)})`
    case 'related':
      return related(scopes, node, as ?? known)
    default:
      return rawOperand(scopes, node)
  }
}

const SIGNS: Partial<Record<CallName, string>> = { add: '+', sub: '-', mul: '*', mod: '%' }

function call(scopes: Scopes, name: CallName, args: readonly OperandNode[], as: ValueClass | null): Sql {
  const values = (of: ValueClass | null) => args.map((arg) => valueOf(scopes, arg, of))
  const sign = SIGNS[name]
  if (sign !== undefined) return balanced(values('number'), sign)
  switch (name) {
    case 'concat':
      return args.length === 0
        ? sql`''`
        : balanced(
            args.map((arg) => sql`coalesce(${textOf(scopes, arg)}, '')`),
            '||',
          )
    case 'coalesce':
      return args.length === 1 ? values(as)[0]! : sql`coalesce(${join(values(as), ', ')})`
    case 'div': {
      const [left = NULL, right = NULL] = values('number')
      return sql`(cast(${left} as real) / ${right})`
    }
    case 'abs':
    case 'round':
      return sql`${{ chunks: [name] }}(${join(values('number'), ', ')})`
    case 'substr': {
      const [of = NULL, ...places] = args.map((arg, i) => valueOf(scopes, arg, i === 0 ? 'text' : 'number'))
      return sql`substr(${join([of, ...places], ', ')})`
    }
    default:
      return sql`${{ chunks: [name] }}(${join(values('text'), ', ')})`
  }
}

/** Any value as text. */
function textOf(scopes: Scopes, node: OperandNode): Sql {
  if (node.kind === 'call' && node.name === 'coalesce' && node.args.length === 1) return textOf(scopes, node.args[0]!)
  if (node.kind === 'json') {
    const { of, path } = jsonOf(scopes, node)
    return jsonText(of, literal(path))
  }
  const known = operandClass(scopes, node)
  const value = valueOf(scopes, node, known)
  if (known === 'text') return value
  if (known === 'boolean') return sql`case ${value} when 1 then 'true' when 0 then 'false' end`
  return known === 'number' ? numberText(scopes, node) : sql`cast(${value} as text)`
}

/** A number as text. Each value that `coalesce` or `when` may come to is written as what it is: a time as ISO 8601. */
function numberText(scopes: Scopes, node: OperandNode): Sql {
  const args = node.kind === 'call' && node.name === 'coalesce' ? node.args.map((arg) => numberText(scopes, arg)) : []
  if (args.length > 0) return args.length === 1 ? args[0]! : sql`coalesce(${join(args, ', ')})`
  if (node.kind === 'case')
    return sql`case when ${scopes.compile(scopes, node.when, true)} then ${numberText(scopes, node.then)} else ${numberText(scopes, node.else)} end`
  const value = valueOf(scopes, node, 'number')
  const time =
    node.kind === 'column'
      ? modelOf(scopes, node).model.type.startsWith('timestamp')
      : node.kind === 'literal' && node.literal instanceof Date
  return time ? sql`strftime('%Y-%m-%dT%H:%M:%f+00:00', ${value} / 1000.0, 'unixepoch')` : sql`cast(${value} as text)`
}

function related(scopes: Scopes, node: Extract<OperandNode, { kind: 'related' }>, as: ValueClass | null): Sql {
  const table = scopes.context.model.tables.get(node.table)
  if (!table) throw new Error(`the model has no table ${node.table}`)
  const alias = scopes.context.alias('p')
  const inner: Scopes = { ...scopes, aliases: new Map([...scopes.aliases, [node.scope, { alias, table }]]) }
  const of = node.of === null ? { chunks: ['*'] } : valueOf(inner, node.of, as)
  const where = scopes.compile(inner, node.where, true)
  return sql`(select ${{ chunks: [node.function] }}(${of}) from ${identifier(table.name)} as ${identifier(alias)} where ${where})`
}

/** The value as a column of the type would hold it, with the column's affinity. */
export function storedValue(scopes: Scopes, node: OperandNode, type: ColumnType): Sql {
  if (type === 'json') return jsonValue(scopes, node)
  const value = valueOf(scopes, node, classOf(type))
  if (type === 'real') return sql`cast(${value} as real)`
  if (classOf(type) === 'text') return sql`cast(${value} as text)`
  const whole = type === 'boolean' || isWhole(node, typesOf(scopes))
  return whole ? sql`cast(${value} as integer)` : sql`cast(round(${value}) as integer)`
}

/** The value as JSON's text. */
function jsonValue(scopes: Scopes, node: OperandNode): Sql {
  switch (node.kind) {
    case 'column':
      if (modelOf(scopes, node).model.type === 'json') return rawOperand(scopes, node)
      break
    case 'json': {
      const { of, path } = jsonOf(scopes, node)
      return sql`(${of} -> ${literal(path)})`
    }
    case 'case':
      return sql`case when ${scopes.compile(scopes, node.when, true)} then ${jsonValue(scopes, node.then)} else ${jsonValue(scopes, node.else)} end`
    case 'call':
      if (node.name === 'coalesce' && node.args.length === 1) return jsonValue(scopes, node.args[0]!)
      if (node.name === 'coalesce')
        return sql`coalesce(${join(
          node.args.map((arg) => jsonValue(scopes, arg)),
          ', ',
        )})`
      break
    case 'literal':
      if (node.literal === null) return sql`cast(null as text)`
  }
  const known = operandClass(scopes, node)
  if (known === 'boolean') return textOf(scopes, node)
  const value = valueOf(scopes, node, known)
  return sql`nullif(json_quote(${value}), 'null')`
}
