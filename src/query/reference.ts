// Values that an operation takes out of rows that an earlier operation of the same query wrote or read, and that only the database
// knows. The earlier one leaves them in a row of `sys_statement`, which is the running batch's own, and the later one reads them there.
import { AppError } from '../core'
import type { ColumnModel, TableModel } from '../define'
import { clientColumn } from './column'
import type { CompileContext } from './context'
import type { Condition, Operation, Reference, SelectItem } from './query'
import { literal, number, sql, type Sql } from './sql'
import { writeErrors } from './write-errors'
import { raise } from './raise'

/** What later operations ask of an earlier one. */
export interface Source {
  readonly columns: readonly string[]
  /** The first operation that asks. */
  readonly asks: number
  /** Whether a reference names no row, so that there must be exactly one. */
  readonly single: boolean
  /** How many rows there must be at least. */
  readonly rows: number
}

/** Rows of `sys_statement` from here on hold what operations gave; the numbers below are the engine's. */
export const FIRST_ID = 100

export const isReference = (value: unknown): value is { readonly reference: Reference } =>
  typeof value === 'object' &&
  value !== null &&
  'reference' in value &&
  typeof (value as { reference: unknown }).reference === 'object' &&
  (value as { reference: unknown }).reference !== null

/** Every reference that stands in the operations, by the operation it refers to. Throws `reference_unknown` for one that isn't earlier. */
export function sourcesOf(tables: ReadonlyMap<string, TableModel>, operations: readonly Operation[]): ReadonlyMap<number, Source> {
  const sources = new Map<number, { columns: string[]; asks: number; single: boolean; rows: number }>()
  for (const [index, operation] of operations.entries()) {
    if (operations.length < 2) break
    for (const { operation: from, column: name, row } of referencesIn(tables.get(operation.table), operation)) {
      if (!Number.isInteger(from) || from < 0 || from >= index) throw unknownReference(`Operation ${from} isn't an earlier one.`)
      const source = sources.get(from) ?? { columns: [], asks: index, single: false, rows: 0 }
      sources.set(from, source)
      if (!source.columns.includes(name)) source.columns.push(name)
      if (row === undefined) source.single = true
      else if (row !== 'every') source.rows = Math.max(source.rows, row + 1)
    }
  }
  return sources
}

function unknownReference(why: string): AppError {
  return new AppError(writeErrors.reference_unknown, { details: why })
}

function* referencesIn(table: TableModel | undefined, operation: Operation): Generator<Reference> {
  if (operation.kind === 'enqueue') {
    for (const { reference } of operation.references ?? []) yield reference
    return
  }
  if (operation.kind === 'cancel') return
  if (operation.kind === 'insert') for (const row of operation.rows) yield* referencesOfRow(table, row)
  if (operation.kind === 'update') yield* referencesOfRow(table, operation.set)
  if (operation.kind !== 'insert' && operation.where) yield* referencesOfCondition(operation.where)
  const select = operation.kind === 'read' ? operation.select : (operation.returning?.select ?? [])
  yield* referencesOfSelect(select)
}

function* referencesOfSelect(select: readonly SelectItem[]): Generator<Reference> {
  for (const item of select) {
    if (item.kind !== 'embed') continue
    if (item.where) yield* referencesOfCondition(item.where)
    yield* referencesOfSelect(item.select)
  }
}

/** In a JSON column whatever looks like a reference is the client's own JSON. */
function* referencesOfRow(table: TableModel | undefined, row: Readonly<Record<string, unknown>>): Generator<Reference> {
  for (const name in row) {
    const value = row[name]
    if (isReference(value) && table?.columns.get(name)?.type !== 'json') yield value.reference
  }
}

function* referencesOfCondition(condition: Condition): Generator<Reference> {
  switch (condition.kind) {
    case 'and':
    case 'or':
      for (const term of condition.terms) yield* referencesOfCondition(term)
      return
    case 'not':
      return yield* referencesOfCondition(condition.term)
    case 'compare':
      if (isReference(condition.value)) yield condition.value.reference
      return
    case 'in':
      for (const value of condition.values) if (isReference(value)) yield value.reference
  }
}

/** One value: of the one row, or of the row with that number. Throws 42703, 42804 or `reference_unknown`. */
export function referenceSql(context: CompileContext, reference: Reference, target: ColumnModel, purpose: 'filter' | 'write'): Sql {
  if (reference.row === 'every') throw unknownReference('All values of a column can stand in a list of a filter only.')
  const { source, id, place } = locate(context, reference)
  const path = literal(`$[${reference.row ?? 0}][${place}]`)
  const value = sql`(select \`context\` ->> ${path} from \`sys_statement\` where \`id\` = ${number(id)})`
  return converted(value, source, target, purpose)
}

/** The value as JSON has it: text, or a whole number. Throws 42703, 42804 for other types, or `reference_unknown`. */
export function referenceJson(context: CompileContext, reference: Reference): Sql {
  if (reference.row === 'every') throw unknownReference('All values of a column can stand in a list of a filter only.')
  const { source, id, place } = locate(context, reference)
  if (!['text', 'integer'].includes(FAMILIES[source.type]))
    throw new AppError(writeErrors.reference_type, {
      message: `a job's payload takes text and whole numbers, but the reference is of type ${source.type}`,
    })
  const value = sql`(select \`context\` ->> ${literal(`$[${reference.row ?? 0}][${place}]`)} from \`sys_statement\` where \`id\` = ${number(id)})`
  return source.type === 'bigint' ? sql`cast(${value} as text)` : value
}

/** The values of all rows, as a query of one column. */
export function referencedList(context: CompileContext, reference: Reference, target: ColumnModel): Sql {
  const { source, id, place } = locate(context, reference)
  const value = converted(sql`value ->> ${number(place)}`, source, target, 'filter')
  const comparable = target.type === 'numeric' ? sql`cast(${value} as real)` : value
  return sql`select ${comparable} from json_each((select \`context\` from \`sys_statement\` where \`id\` = ${number(id)}))`
}

function locate(context: CompileContext, reference: Reference): { source: ColumnModel; id: number; place: number } {
  const operation = context.operations[reference.operation]
  const table = operation && context.model.tables.get(operation.table)
  const known = context.sources.get(reference.operation)
  if (!table || !known) throw unknownReference(`Nothing is kept of operation ${reference.operation}.`)
  return {
    source: knownColumn(context, table, reference.column),
    id: FIRST_ID + reference.operation,
    place: known.columns.indexOf(reference.column),
  }
}

/** Throws 42703 for a column that the caller may not know of. */
export function knowColumns(context: CompileContext, operation: number, names: readonly string[]): void {
  const table = context.model.tables.get(context.operations[operation]!.table)
  if (table?.served) for (const name of names) knownColumn(context, table, name)
}

/** The column, if the caller may know of it. Throws 42703. */
export function knownColumn(context: CompileContext, table: TableModel, name: string): ColumnModel {
  const found = context.service ? table.columns.get(name) : undefined
  return found ?? clientColumn(table, name)
}

const FAMILIES: Readonly<Record<ColumnModel['type'], string>> = {
  text: 'text',
  uuid: 'text',
  date: 'text',
  integer: 'integer',
  bigint: 'integer',
  real: 'real',
  numeric: 'numeric',
  boolean: 'boolean',
  timestamp: 'time',
  timestamp_ms: 'time',
  json: 'json',
  blob: 'blob',
  range: 'range',
}

/** The value as the target's column holds it. Throws 42804 when not every value of the one is a value of the other. */
function converted(value: Sql, source: ColumnModel, target: ColumnModel, purpose: 'filter' | 'write'): Sql {
  const [from, to] = [FAMILIES[source.type], FAMILIES[target.type]]
  const mismatch = () =>
    new AppError(writeErrors.reference_type, {
      message: `column "${target.name}" is of type ${target.type} but the reference is of type ${source.type}`,
    })
  if (source.range !== target.range) throw mismatch()
  if (target.type === 'blob') {
    if (source.type !== 'blob') throw mismatch()
    return sql`unhex(${value})`
  }
  if (from === 'time' && to === 'time') {
    if (source.type === target.type) return value
    return source.type === 'timestamp' ? sql`(${value} * 1000)` : sql`cast(${value} / 1000 as integer)`
  }
  if (to === 'text') {
    if (from !== 'text' && from !== 'integer') throw mismatch()
    if (purpose === 'filter') return from === 'integer' ? sql`cast(${value} as text)` : value
    if (target.type !== 'text' && target.type !== source.type) throw mismatch()
    if (target.values && !source.values?.every((one) => target.values!.includes(one))) throw mismatch()
    const text = from === 'integer' ? sql`cast(${value} as text)` : value
    if (target.maxLength === null || (source.maxLength !== null && source.maxLength <= target.maxLength)) return text
    const fits = sql`coalesce(length(${value}), 0) <= ${number(target.maxLength)}`
    return sql`iif(${fits}, ${text}, ${raise('length', source.name, number(target.maxLength))})`
  }
  if (from === to || (from === 'integer' && to === 'real')) return value
  if (from === 'integer' && to === 'numeric') return sql`cast(${value} as text)`
  throw mismatch()
}
