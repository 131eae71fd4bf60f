// The rows of an insert as one JSON text: validated, encoded by column type, defaults filled in. One parameter whatever the number
// of rows; a body beyond what one parameter holds becomes several.
import { AppError, uuidv7 } from '../core'
import type { ColumnModel, TableModel } from '../define'
import type { CompileContext } from './context'
import { foldOperand } from './fold'
import type { Insert, Reference } from './query'
import { isReference, referenceSql } from './reference'
import { identifier, join, number, sql, type Sql } from './sql'
import { encodeValue } from './value'
import { unknownPayloadColumn, writeErrors } from './write-errors'
import { encodeDeclared } from './write-value'

/** A value as `encodeValue` gives it, `true` where SQL's own default takes its place, a number among the column's references. */
type Cell = string | number | null | true | { readonly reference: number }

/** What is inserted: the columns that the statement names, and a value of each for every row. */
export interface Payload {
  readonly columns: readonly ColumnModel[]
  /** Those that the client named. */
  readonly named: readonly ColumnModel[]
  readonly rows: readonly (readonly Cell[])[]
  /** For each column the values out of earlier operations that its cells number. */
  readonly referred: readonly (readonly Sql[])[]
}

/** Bytes of JSON one parameter may have; D1 documents 2,000,000. */
const MAX_CHUNK_BYTES = 1_800_000

/** Columns of the statement: what the client names, and what the engine makes itself. The rest is left to the table's DDL. */
export function payloadOf(context: CompileContext, table: TableModel, insert: Insert): Payload {
  const names = insert.columns ?? [...new Set(insert.rows.flatMap((row) => Object.keys(row)))]
  const named = [...new Set(names)].map((name) => writableColumn(context, table, name, 'insert'))
  const made = [...table.columns.values()].filter((column) => !named.includes(column) && isMadeHere(column))
  const columns = [...named, ...made]
  const referred = columns.map((): Map<string, Sql> => new Map())
  const isNamed = columns.map((column) => named.includes(column))
  const cellsOf = (row: Insert['rows'][number]) =>
    columns.map((column, i) => {
      const value = Object.hasOwn(row, column.name) ? row[column.name] : null
      if (!isReference(value) || column.type === 'json' || !isNamed[i]) return cellOf(context, table, insert, row, column, isNamed[i]!)
      return referenceCell(context, value.reference, column, referred[i]!)
    })
  const rows = insert.rows.map((row, n) => (insert.rows.length === 1 ? cellsOf(row) : ofRow(n, () => cellsOf(row))))
  return { columns, named, rows, referred: referred.map((found) => [...found.values()]) }
}

/** Of many rows an error says which it is of. */
function ofRow<T>(index: number, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof AppError) || error.occurrence.details !== undefined) throw error
    throw new AppError(error.definition, {
      ...error.occurrence,
      message: error.message,
      details: `Row ${index + 1} of those that were sent.`,
    })
  }
}

function referenceCell(context: CompileContext, reference: Reference, column: ColumnModel, known: Map<string, Sql>): Cell {
  const key = JSON.stringify([reference.operation, reference.column, reference.row ?? null])
  if (!known.has(key)) known.set(key, referenceSql(context, reference, column, 'write'))
  return { reference: [...known.keys()].indexOf(key) }
}

const isMadeHere = ({ default: from }: ColumnModel): boolean =>
  from?.kind === 'function' || from?.kind === 'operand' || from?.kind === 'uuid'

function cellOf(
  context: CompileContext,
  table: TableModel,
  insert: Insert,
  row: Insert['rows'][number],
  column: ColumnModel,
  named: boolean,
): Cell {
  if (named && Object.hasOwn(row, column.name)) return given(table, column, row[column.name])
  if (named && insert.missing === 'null') return given(table, column, null)
  switch (column.default?.kind) {
    case 'uuid':
      return uuidv7(context.execution.now)
    case 'function':
      return encodeDeclared(column, column.default.make())
    case 'operand': {
      const operand = foldOperand(context, column.default.operand)
      return encodeDeclared(column, operand.kind === 'literal' ? operand.literal : null)
    }
    case 'sql':
      return true
    default:
      return null
  }
}

function given(table: TableModel, column: ColumnModel, input: unknown): Cell {
  const value = encodeValue(column, input, 'write')
  // SQLite would number the row instead of refusing NULL.
  if (value === null && column.default?.kind === 'rowid') throw nullValue(table, column)
  return value
}

function nullValue(table: TableModel, column: ColumnModel): AppError {
  return new AppError(writeErrors.null_value, {
    message: `null value in column "${column.name}" of relation "${table.name}" violates not-null constraint`,
  })
}

/** The column, when the caller may write it. Throws what Postgres and PostgREST would say otherwise. */
export function writableColumn(context: CompileContext, table: TableModel, name: string, kind: 'insert' | 'update'): ColumnModel {
  const column = table.columns.get(name) ?? table.computed.get(name)
  if (!column || (column.hidden && !context.service)) throw unknownPayloadColumn(table.name, name)
  if (column.engine || column.generated) {
    const message =
      kind === 'insert' ? `cannot insert a non-DEFAULT value into column "${name}"` : `column "${name}" can only be updated to DEFAULT`
    throw new AppError(writeErrors.column_computed, { message })
  }
  if (column.readOnly && !context.service)
    throw new AppError(writeErrors.column_denied, { message: `permission denied for column "${name}" of relation "${table.name}"` })
  return column
}

/** The type that a STRICT table keeps a column's values in. */
function storageOf(column: ColumnModel): 'integer' | 'real' | 'text' | 'blob' {
  switch (column.type) {
    case 'integer':
    case 'bigint':
    case 'boolean':
    case 'timestamp':
    case 'timestamp_ms':
      return 'integer'
    case 'real':
    case 'blob':
      return column.type
    default:
      return 'text'
  }
}

/** The rows as JSON lists, in texts that each fit a parameter. Throws `row_too_large`. */
export function chunks(payload: Payload): string[] {
  const out: string[] = []
  let [open, bytes]: [string[], number] = [[], 0]
  for (const row of payload.rows) {
    const text = `[${row.map((cell, i) => jsonOf(payload.columns[i]!, cell)).join(',')}]`
    const size = byteLength(text) + 1
    if (size > MAX_CHUNK_BYTES)
      throw new AppError(writeErrors.row_too_large, { message: 'a row is larger than the 1.8 MB that can be stored' })
    if (bytes + size > MAX_CHUNK_BYTES) {
      out.push(`[${open.join(',')}]`)
      ;[open, bytes] = [[], 0]
    }
    open.push(text)
    bytes += size
  }
  if (open.length > 0) out.push(`[${open.join(',')}]`)
  return out
}

function jsonOf(column: ColumnModel, cell: Cell): string {
  if (cell === null) return 'null'
  if (cell === true) return 'true'
  if (typeof cell === 'object') return `[${cell.reference}]`
  const storage = storageOf(column)
  // As digits, so that SQLite reads integers exact to 64 bits and nothing depends on a conversion.
  if (storage === 'integer') return BigInt(cell).toString()
  if (storage === 'real') return String(Number(cell))
  return JSON.stringify(String(cell))
}

function byteLength(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) bytes += unit > 0x7ff ? 2 : 1
  }
  return bytes
}

/** The i-th column's value out of json_each's `value`. */
export function cellSql(payload: Payload, i: number): Sql {
  const column = payload.columns[i]!
  const raw = sql`value ->> ${number(i)}`
  const value = storageOf(column) === 'blob' ? sql`unhex(${raw})` : raw
  const path: Sql = { chunks: [`'$[${i}]'`] }
  const cases: Sql[] = []
  if (payload.rows.some((row) => row[i] === true)) {
    const otherwise: Sql = { chunks: [column.default?.kind === 'sql' ? column.default.sql : 'null'] }
    cases.push(sql`when 'true' then ${otherwise}`)
  }
  const referred = payload.referred[i]!
  if (referred.length > 0) {
    const choices = referred.map((one, n) => sql`when ${number(n)} then ${one}`)
    cases.push(sql`when 'array' then case value ->> ${{ chunks: [`'$[${i}][0]'`] }} ${join(choices, ' ')} end`)
  }
  return cases.length === 0 ? value : sql`case json_type(value, ${path}) ${join(cases, ' ')} else ${value} end`
}

/** Every column of the proposed rows by name, those that the statement leaves to the DDL too: what a policy would see of them. */
export function proposedRows(table: TableModel, payload: Payload, source: Sql): Sql {
  const items = [...table.columns.values()]
    .filter(({ generated }) => !generated)
    .map((column) => {
      const i = payload.columns.indexOf(column)
      const otherwise: Sql = { chunks: [column.default?.kind === 'sql' ? column.default.sql : 'null'] }
      return sql`cast(${i < 0 ? otherwise : cellSql(payload, i)} as ${{ chunks: [storageOf(column)] }}) as ${identifier(column.name)}`
    })
  return sql`select ${join(items, ', ')} from json_each(${source})`
}
