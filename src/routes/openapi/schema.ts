// JSON Schemas of an app's tables as clients see them: what is hidden isn't there.
import type { ColumnModel, ColumnType, TableModel } from '../../define'

export type JsonSchema = Readonly<Record<string, unknown>>

const TYPES: Readonly<Record<ColumnType, JsonSchema>> = {
  text: { type: 'string' },
  uuid: { type: 'string', format: 'uuid' },
  date: { type: 'string', format: 'date' },
  integer: { type: 'integer', format: 'int64' },
  bigint: { type: 'integer', format: 'int64' },
  real: { type: 'number', format: 'double' },
  numeric: { type: 'number' },
  boolean: { type: 'boolean' },
  timestamp: { type: 'string', format: 'date-time' },
  timestamp_ms: { type: 'string', format: 'date-time' },
  json: {},
  blob: { type: 'string', pattern: '^\\\\x([0-9a-f]{2})*$' },
  range: { type: 'string' },
}

/** What a row is made of, in the order of declaration. */
export function storedColumns(table: TableModel): ColumnModel[] {
  return [...table.columns.values()].filter((column) => !column.hidden)
}

/** The same, and the computed columns behind them. */
export function visibleColumns(table: TableModel): ColumnModel[] {
  return [...storedColumns(table), ...[...table.computed.values()].filter((column) => !column.hidden)]
}

const isWritable = (column: ColumnModel): boolean => !column.readOnly && !column.generated && !column.engine

/** One column's values; `nullable` adds null, also where a `read` rule may hide the value. */
function columnSchema(column: ColumnModel, nullable: boolean): JsonSchema {
  const base = TYPES[column.type]
  const type = base['type']
  return {
    ...base,
    ...(column.range ? { format: column.range } : {}),
    ...(nullable && type !== undefined ? { type: [type, 'null'] } : {}),
    ...(column.values ? { enum: nullable ? [...column.values, null] : column.values } : {}),
    ...(column.maxLength === null ? {} : { maxLength: column.maxLength }),
  }
}

const properties = (columns: readonly ColumnModel[], schema: (column: ColumnModel) => JsonSchema): JsonSchema =>
  Object.fromEntries(columns.map((column) => [column.name, schema(column)]))

/** A row in an answer. */
export function rowSchema(table: TableModel): JsonSchema {
  return {
    type: 'object',
    ...(table.description === null ? {} : { description: table.description }),
    properties: properties(visibleColumns(table), (column) => ({
      ...columnSchema(column, !column.notNull || column.read !== null),
      ...(isWritable(column) ? {} : { readOnly: true }),
      ...describe(table, column),
    })),
  }
}

function describe({ view }: TableModel, { primaryKey, read, computed }: ColumnModel): JsonSchema {
  const notes = [
    ...(primaryKey ? [view ? 'Tells rows apart.' : 'Primary key.'] : []),
    ...(computed ? ['Computed, and answered only where `select` names it.'] : []),
    ...(read ? ['Null where the caller may not read it.'] : []),
  ]
  return notes.length > 0 ? { description: notes.join(' ') } : {}
}

/** A new row: required is what has neither a default nor NULL. */
export function insertSchema(table: TableModel): JsonSchema {
  const columns = visibleColumns(table).filter(isWritable)
  const required = columns.filter((column) => column.notNull && column.default === null).map((column) => column.name)
  return {
    type: 'object',
    additionalProperties: false,
    properties: properties(columns, (column) => columnSchema(column, !column.notNull)),
    ...(required.length > 0 ? { required } : {}),
  }
}

/** The columns to change. */
export function updateSchema(table: TableModel): JsonSchema {
  const { required: _, ...schema } = insertSchema(table)
  return schema
}
