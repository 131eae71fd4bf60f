// A column as a client refers to it: unknown when hidden, NULL where its own `read` rule isn't TRUE, a place inside its JSON
// when there is a path. Every clause of a query goes through here, so that none sees more than another.
import { knownColumn, type ColumnModel, type TableModel } from '../define'
import type { CompileContext } from './context'
import { undefinedColumn, undefinedOperator, unsupported } from './errors'
import { decided, foldPolicy } from './fold'
import { jsonPath } from './operand'
import { compileFolded, compileValue } from './policy'
import type { Target } from './query'
import { bind, column, sql, type Sql } from './sql'

export { jsonText } from './operand'

/** Rows of a table that client expressions speak of. */
export interface Rows {
  readonly context: CompileContext
  readonly table: TableModel
  readonly alias: string
}

/** The column, stored or computed, if clients may know of it. Throws 42703. */
export function clientColumn(table: TableModel, name: string): ColumnModel {
  const found = knownColumn(table, name)
  if (!found) throw undefinedColumn(table.name, name)
  return found
}

/** The columns that `*` stands for. */
export function visibleColumns(table: TableModel): ColumnModel[] {
  return [...table.columns.values()].filter(({ hidden }) => !hidden)
}

/** What SQLite keeps a column's values as. */
export const STORAGE: Readonly<Record<ColumnModel['type'], string>> = {
  text: 'text',
  uuid: 'text',
  date: 'text',
  integer: 'integer',
  bigint: 'integer',
  real: 'real',
  numeric: 'text',
  boolean: 'integer',
  timestamp: 'integer',
  timestamp_ms: 'integer',
  json: 'text',
  blob: 'blob',
  range: 'text',
}

/** What a column was compiled to: what is selected, grouped and sorted by is one and the same text. */
const compiled = new WeakMap<Rows, Map<ColumnModel, Sql>>()

/** The column's value for this caller, with the column's affinity, so that values bound as text compare with it. */
export function columnSql(rows: Rows, model: ColumnModel): Sql {
  const known = compiled.get(rows) ?? new Map<ColumnModel, Sql>()
  compiled.set(rows, known)
  const value = known.get(model) ?? maskedColumn(rows, model)
  known.set(model, value)
  return value
}

/** A computed column reads the row as the caller sees it. */
function plainColumn(rows: Rows, model: ColumnModel): Sql {
  if (model.computed === null) return column(rows.alias, model.name)
  return compileValue(rows.context, rows.table, model.computed, model.type, rows.alias, (own) => columnSql(rows, own))
}

function maskedColumn(rows: Rows, model: ColumnModel): Sql {
  const plain = plainColumn(rows, model)
  if (model.read === null || rows.context.service) return plain
  const rule = foldPolicy(rows.context, model.read)
  if (decided(rule) === true) return plain
  const storage: Sql = { chunks: [STORAGE[model.type]] }
  if (decided(rule) === false) return sql`cast(null as ${storage})`
  return sql`cast(case when ${compileFolded(rows.context, rows.table, rule, rows.alias)} then ${plain} end as ${storage})`
}

/** What a target comes to: a column of some type, or JSON (`->`) or text (`->>`) inside one. */
export type Place =
  | { readonly kind: 'column'; readonly model: ColumnModel; readonly value: Sql }
  | { readonly kind: 'json' | 'text'; readonly model: ColumnModel; readonly value: Sql; readonly path: Sql }

/** Finds a target. Throws 42703, or 42883 for a path into what isn't JSON. */
export function placeOf(rows: Rows, target: Target): Place {
  const model = clientColumn(rows.table, target.column)
  const value = columnSql(rows, model)
  const steps = target.path ?? []
  const last = steps.at(-1)
  if (!last) return { kind: 'column', model, value }
  if (model.type !== 'json') {
    throw undefinedOperator('operator', `${model.type} ${last.asText ? '->>' : '->'} unknown`)
  }
  if (steps.some(({ asText }, i) => asText && i < steps.length - 1)) throw unsupported('a JSON path that goes on behind ->>')
  if (steps.length > 50) throw unsupported('a JSON path of more than 50 steps')
  return { kind: last.asText ? 'text' : 'json', model, value, path: bind(jsonPath(steps.map(({ key }) => key))) }
}

/** Where Postgres sorts a JSON value by its type: null, text, number, boolean, list, object; NULL where there is nothing. */
export function jsonRank(value: Sql, path: Sql): Sql {
  return sql`case json_type(${value}, ${path}) when 'null' then 0 when 'text' then 1 when 'integer' then 2 when 'real' then 2 when 'true' then 3 when 'false' then 3 when 'array' then 4 when 'object' then 5 end`
}
