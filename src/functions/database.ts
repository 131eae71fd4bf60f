// The database in a function's hands: builds queries and runs them as the caller, or with the engine's rights under a recorded reason.
// Has no way to the database but `execute`.
import { AppError } from '../core'
import {
  getTableName,
  VERSION_COLUMN,
  type BatchBuilder,
  type ChangeOptions,
  type Database,
  type EnqueueOptions,
  type InsertOptions,
  type JobDeclaration,
  type Model,
  type QueryOptions,
  type Rows,
  type RowsOptions,
  type SQLiteTableLike,
  type Step,
  type TableModel,
} from '../define'
import { execute, type Result } from '../data'
import type { Reading, Stores } from '../platform'
import {
  queryErrors,
  type Cancel,
  type Delete,
  type Enqueue,
  type Execution,
  type Insert,
  type Operation,
  type Read,
  type SelectItem,
  type Update,
} from '../query'
import { clausesOf, columnOf, conditionOf, giveReference, payloadOf } from './condition'
import { cancelling, enqueueing } from './enqueue'
import { functionErrors } from './errors'
import { parseRows } from './json'

/** Round trips that one call may make: a D1 invocation has a limit, and this is under the smallest. */
export const MAX_CALLS = 40

/** Which rows a function gives, for the request to read. */
export class PlannedRows {
  readonly read: Pick<Read, 'table' | 'where' | 'order' | 'limit' | 'offset'>

  constructor(read: PlannedRows['read']) {
    this.read = read
  }
}

export interface Handle {
  readonly model: Model
  readonly stores: Stores
  readonly execution: Execution
  readonly reading?: Reading
  /** Whether it may write. */
  readonly writes: boolean
  /** Counts the round trips, of all handles of one call. */
  readonly meter: { calls: number }
}

type AnyTable = SQLiteTableLike
type Payload = Readonly<Record<string, unknown>>

/** The functions' `db`. */
export function databaseOf(handle: Handle): Database {
  const { model } = handle
  const tableOf = (table: AnyTable): TableModel => servedTable(model, table)
  const write = async (operations: readonly WrittenOperation[]): Promise<Record<string, unknown>[][]> => {
    if (!handle.writes)
      throw new AppError(functionErrors.function_read_only, {
        message: `cannot execute ${(operations[0]?.kind ?? 'insert').toUpperCase()} in a read-only transaction`,
      })
    return (await ask(handle, operations)).map(({ body }) => parseRows(body))
  }
  const builtOne = async (operation: WrittenOperation): Promise<Record<string, unknown>[]> => (await write([operation]))[0]!

  return {
    async query(table: AnyTable, options: QueryOptions<AnyTable, string> = {}) {
      const of = tableOf(table)
      const read: Read = { kind: 'read', table: of.name, select: selection(of, options.columns), ...clausesOf(of, options) }
      return parseRows((await ask(handle, [read]))[0]!.body)
    },
    async count(table: AnyTable, options: RowsOptions<AnyTable> = {}) {
      const of = tableOf(table)
      const read: Read = {
        kind: 'read',
        table: of.name,
        select: [],
        ...clausesOf(of, options.where ? { where: options.where } : {}),
        total: 'exact',
        countOnly: true,
        limit: 0,
      }
      return (await ask(handle, [read]))[0]!.total ?? 0
    },
    rows(table: AnyTable, options: RowsOptions<AnyTable> = {}) {
      const of = tableOf(table)
      return new PlannedRows({ table: of.name, ...clausesOf(of, options) }) as unknown as Rows<AnyTable>
    },
    async insert(table: AnyTable, row: Payload | readonly Payload[], options: InsertOptions<AnyTable> = {}) {
      const many = Array.isArray(row)
      if (many && row.length === 0) return [] as never
      const rows = await builtOne(insertion(tableOf(table), row, options))
      return (many ? rows : rows[0]) as never
    },
    update: (table: AnyTable, set: Payload, options: ChangeOptions<AnyTable>) => builtOne(change(tableOf(table), set, options)) as never,
    delete: (table: AnyTable, options: ChangeOptions<AnyTable>) => builtOne(removal(tableOf(table), options)) as never,
    async batch(build: (batch: BatchBuilder) => readonly unknown[]) {
      const { builder, operations } = batchBuilder(model, tableOf)
      const steps = build(builder) ?? []
      if (operations.length === 0 && !handle.execution.lease?.finish) return [] as never
      const answers = await write(operations)
      return steps.map((step) => answers[(step as unknown as { index: number }).index]!) as never
    },
    async enqueue(job: JobDeclaration, payload: unknown, options: EnqueueOptions = {}) {
      const [answer] = await builtOne(enqueueing(model, job, payload, options, Date.now()))
      return answer as never
    },
    async cancel(job: JobDeclaration, which: { readonly id?: string; readonly unique?: string }) {
      return (await builtOne(cancelling(model, job, which))).length > 0
    },
    asService(reason: string) {
      if (typeof reason !== 'string' || reason.trim() === '')
        throw new TypeError('asService() needs a reason: it is kept with what is done')
      const { rows: _, asService: __, ...service } = databaseOf({ ...handle, execution: { ...handle.execution, asService: reason } })
      return service
    },
  } as unknown as Database
}

function servedTable(model: Model, table: AnyTable): TableModel {
  const found = model.tables.get(getTableName(table))
  if (!found?.served) throw new TypeError(`the app doesn't serve the table "${getTableName(table)}"`)
  return found
}

/** What a step of a batch is. */
export type WrittenOperation = Insert | Update | Delete | Enqueue | Cancel

/** All that may be seen, by property, and the version. */
function selection(table: TableModel, properties?: readonly string[]): SelectItem[] {
  const columns = properties?.map((property) => [property, columnOf(table, property)] as const)
  const all = columns ?? [...table.columns.values()].filter(({ hidden }) => !hidden).map(({ property, name }) => [property, name] as const)
  const items = all.map(([as, column]): SelectItem => ({ kind: 'column', target: { column }, as }))
  return table.view ? items : [...items, { kind: 'version', as: VERSION_COLUMN }]
}

function insertion(table: TableModel, row: Payload | readonly Payload[], { conflict }: InsertOptions<AnyTable>): Insert {
  const rows = (Array.isArray(row) ? (row as readonly Payload[]) : [row as Payload]).map((one) => payloadOf(table, one))
  const columns = [...new Set(rows.flatMap((one) => Object.keys(one)))]
  return {
    kind: 'insert',
    table: table.name,
    rows,
    columns,
    missing: 'default',
    returning: { select: selection(table) },
    ...(conflict === undefined
      ? {}
      : {
          conflict: {
            action: conflict.action,
            ...(conflict.columns === undefined ? {} : { columns: conflict.columns.map((property) => columnOf(table, property)) }),
          },
        }),
  }
}

function filterOf(table: TableModel, options: ChangeOptions<AnyTable>) {
  if (options?.where === undefined) throw new TypeError("update() and delete() need `where`; say 'every row' to mean that")
  const where = conditionOf(table, options.where)
  return {
    ...(where === undefined ? {} : { where }),
    ...(options.ifVersion === undefined ? {} : { ifVersion: options.ifVersion }),
    returning: { select: selection(table) },
  }
}

const change = (table: TableModel, set: Payload, options: ChangeOptions<AnyTable>): Update => ({
  kind: 'update',
  table: table.name,
  set: payloadOf(table, set),
  ...filterOf(table, options),
})

const removal = (table: TableModel, options: ChangeOptions<AnyTable>): Delete => ({
  kind: 'delete',
  table: table.name,
  ...filterOf(table, options),
})

/** Collects writes that answer no rows: for who commits them together with a record of their own. */
export function collectWrites(model: Model): { readonly builder: BatchBuilder; readonly operations: readonly WrittenOperation[] } {
  return batchBuilder(model, (table) => servedTable(model, table))
}

function batchBuilder(model: Model, tableOf: (table: AnyTable) => TableModel): { builder: BatchBuilder; operations: WrittenOperation[] } {
  const operations: WrittenOperation[] = []
  const step = (table: TableModel, operation: WrittenOperation): Step<AnyTable> => {
    const index = operations.push(operation) - 1
    return {
      index,
      ref: (property: string) => giveReference({ reference: { operation: index, column: columnOf(table, property) } }),
    } as unknown as Step<AnyTable>
  }
  const builder = {
    insert: (table: AnyTable, row: Payload | readonly Payload[], options: InsertOptions<AnyTable> = {}) =>
      step(tableOf(table), insertion(tableOf(table), row, options)),
    update: (table: AnyTable, set: Payload, options: ChangeOptions<AnyTable>) => step(tableOf(table), change(tableOf(table), set, options)),
    delete: (table: AnyTable, options: ChangeOptions<AnyTable>) => step(tableOf(table), removal(tableOf(table), options)),
    enqueue: (job: JobDeclaration, payload: unknown, options: EnqueueOptions = {}) =>
      void operations.push(enqueueing(model, job, payload, options, Date.now())),
    cancel: (job: JobDeclaration, which: { readonly id?: string; readonly unique?: string }) =>
      void operations.push(cancelling(model, job, which)),
  }
  return { builder: builder as unknown as BatchBuilder, operations }
}

/** One round trip. Errors of work with the engine's rights lose what only those who may read would be told. */
async function ask({ model, stores, execution, reading, meter }: Handle, operations: readonly Operation[]): Promise<Result[]> {
  if (++meter.calls > MAX_CALLS)
    throw new AppError(functionErrors.function_too_many_calls, { message: `The function asks the database more than ${MAX_CALLS} times.` })
  try {
    return await execute({
      model,
      stores,
      query: { operations, shape: { form: 'list' } },
      execution: { ...execution, now: Date.now() },
      ...(reading ? { reading } : {}),
    })
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    // The app names tables and columns, not the client: what isn't there is the app's own mistake.
    if (error.definition === queryErrors.undefined_column || error.definition === queryErrors.undefined_table)
      throw new AppError(functionErrors.function_failed, { cause: error })
    if (execution.asService !== undefined) throw new AppError(error.definition, { message: error.message, cause: error })
    // Which operation of a batch it was is the code's business, not the phone's.
    const { body: _, ...occurrence } = error.occurrence
    throw new AppError(error.definition, { ...occurrence, message: error.message, cause: error })
  }
}
