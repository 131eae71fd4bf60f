// What a function's code gave to what is answered: values as JSON, rows for the compiler to read. A result that isn't what was declared
// is the app's own fault, and reaches the log only.
import type * as z from 'zod'
import { AppError } from '../core'
import type { FunctionModel, FunctionResult, Model, TableModel } from '../define'
import { POSITION_COLUMN } from '../define'
import { encodeValue, type Read } from '../query'
import { inputOf } from './condition'
import { PlannedRows } from './database'
import { functionErrors } from './errors'
import { jsonOf } from './json'

/** What D1 binds at most, with room for what stands around it. */
const MAX_ROWS_BYTES = 1_900_000

/** What is to be answered. */
export type Given =
  | { readonly kind: 'nothing' }
  /** JSON texts. */
  | { readonly kind: 'values'; readonly many: boolean; readonly values: readonly string[] }
  /** Rows that are still to be read: where from, and in which order when the request says none. */
  | { readonly kind: 'rows'; readonly many: boolean; readonly rows: Pick<Read, 'table' | 'from' | 'where' | 'order'> }

const failed = (cause: unknown): AppError => new AppError(functionErrors.function_failed, { cause })

/** Throws `function_failed` for what isn't as declared, `function_result_too_large` for rows of more than 1.9 MB. */
export async function givenBy(model: Model, { name, result }: FunctionModel, value: unknown): Promise<Given> {
  switch (result.kind) {
    case 'nothing':
      return { kind: 'nothing' }
    case 'value':
      return { kind: 'values', many: result.many, values: await valuesOf(result, value) }
    case 'table':
      return { kind: 'rows', many: result.many, rows: tableRows(model.tables.get(result.table)!, result, value) }
    case 'rows':
      return { kind: 'rows', many: result.many, rows: ownRows(name, result, await parsed(result.schema, listOf(result, value))) }
  }
}

function listOf({ many }: { readonly many: boolean }, value: unknown): readonly unknown[] {
  if (!many) return value === null || value === undefined ? [] : [value]
  if (!Array.isArray(value)) throw failed(new TypeError('the function gave no list'))
  return value
}

async function parsed(schema: z.ZodType, list: readonly unknown[]): Promise<unknown[]> {
  return Promise.all(
    list.map(async (item) => {
      const outcome = await schema.safeParseAsync(item)
      if (!outcome.success) throw failed(outcome.error)
      return outcome.data
    }),
  )
}

async function valuesOf({ schema, many }: Extract<FunctionResult, { kind: 'value' }>, value: unknown): Promise<string[]> {
  const list = many ? listOf({ many }, value) : [value]
  return (await parsed(schema, list)).map((item) => {
    const text = jsonOf(item ?? null)
    if (text === null) throw failed(new TypeError('the function gave something that JSON has no word for'))
    return text
  })
}

type RowsOf = Extract<Given, { kind: 'rows' }>['rows']

/** Keys of rows, or where they are planned to be read from. */
function tableRows(table: TableModel, result: { readonly many: boolean }, value: unknown): RowsOf {
  if (value instanceof PlannedRows) {
    const { where, order, limit, offset } = value.read
    if (value.read.table !== table.name)
      throw failed(new TypeError(`the function planned rows of "${value.read.table}" instead of "${table.name}"`))
    const filter = where === undefined ? {} : { where }
    const sorted = order === undefined ? {} : { order }
    if (limit === undefined && offset === undefined) return { table: table.name, ...filter, ...sorted }
    const cut = { ...(limit === undefined ? {} : { limit }), ...(offset === undefined ? {} : { offset }) }
    return { table: table.name, from: { kind: 'subset', ...filter, ...sorted, ...cut } }
  }
  const key = table.primaryKey.map((name) => table.columns.get(name)!)
  const keys = listOf(result, value).map((row) =>
    key.map((column) => encoded(() => encodeValue(column, inputOf((row as Record<string, unknown> | null)?.[column.property]), 'filter'))),
  )
  return { table: table.name, from: bounded({ kind: 'keys', keys }, keys) }
}

function ownRows(name: string, { table }: Extract<FunctionResult, { kind: 'rows' }>, list: readonly unknown[]): RowsOf {
  const columns = [...table.columns.values()].filter((column) => column.name !== POSITION_COLUMN)
  const rows = list.map((row) =>
    columns.map((column) => {
      const value = (row as Record<string, unknown>)[column.name]
      if (value === undefined || value === null) return null
      if (column.type === 'json') return jsonOf(value)
      return encoded(() => encodeValue(column, inputOf(value), 'write'))
    }),
  )
  // The name is no table's, so that no store and no policy is looked for.
  return { table: `${name}()`, from: bounded({ kind: 'values', table, rows }, rows) }
}

function encoded<T>(encode: () => T): T {
  try {
    return encode()
  } catch (error) {
    throw failed(error)
  }
}

function bounded<T>(source: T, values: unknown): T {
  const text = JSON.stringify(values)
  if (text.length > MAX_ROWS_BYTES / 3 && new TextEncoder().encode(text).byteLength > MAX_ROWS_BYTES)
    throw new AppError(functionErrors.function_result_too_large, {
      details: 'Its rows are more than 1.9 MB. Give fewer, or name them by `db.rows(…)`.',
    })
  return source
}
