// A consumer out of an app's `onChange`: one change after the other, what several of them write in one transaction, and each by itself when that fails.
import { AppError } from '../core'
import { dataErrors, type Change } from '../data'
import type { ConsumerDatabase, ConsumerModel, Model } from '../define'
import { collectWrites, databaseOf, type Handle, type WrittenOperation } from '../functions'
import { ChangeFailed, type Consumer, type ConsumerPage, type Tools } from './consumer'
import { rowChange } from './row-change'
import { consumerExecution } from './run'

/** Writes that one transaction holds at most before the next begins. */
const MOST_WRITES = 25

interface Handled {
  readonly change: Change
  readonly operations: readonly WrittenOperation[]
}

export function appConsumer(model: Model, declared: ConsumerModel): Consumer {
  const { name, table, ops, columns, from, attempts } = declared
  const read = (tools: Tools, before: () => Promise<void>) => readerOf(model, name, tools, before)
  return {
    name,
    wants: { tables: [table], ops, columns },
    from,
    attempts,
    handle: (page, tools) => handlePage(model, declared, page, tools, (before) => read(tools, before)),
    async interrupted({ reason, store, commit }, tools) {
      if (declared.interrupted === null) return
      const { builder: batch, operations } = collectWrites(model)
      const db = read(tools, async () => undefined)
      await declared.interrupted({ reason, store, batch, db, now: new Date(tools.now) })
      await commit({ operations })
    },
  }
}

async function handlePage(
  model: Model,
  declared: ConsumerModel,
  page: ConsumerPage,
  tools: Tools,
  reader: (before: () => Promise<void>) => ConsumerDatabase,
): Promise<void> {
  const table = model.tables.get(declared.table)!
  let waiting: Handled[] = []
  // A handler may catch what its reading throws, and must not get past an earlier change by that.
  let broken: unknown = null
  // One after the other: a handler may read twice at once, and both must wait for what is being committed.
  let committed = Promise.resolve()
  const flush = async () => {
    const handled = waiting
    waiting = []
    committed = committed
      .then(() => (broken === null ? commitAll(page, handled) : undefined))
      .catch((error: unknown) => {
        broken = error
      })
    await committed
    if (broken !== null) throw broken
  }
  // A handler that reads must find what earlier changes' writes made.
  const db = reader(flush)
  for (const change of page.changes) {
    const { builder: batch, operations } = collectWrites(model)
    try {
      await declared.handle({ change: rowChange(table, change, page), batch, db, now: new Date(tools.now) })
    } catch (error) {
      if (broken === null) await flush()
      throw broken ?? new ChangeFailed(change, error)
    }
    if (broken !== null) throw broken
    waiting.push({ change, operations })
    if (waiting.reduce((sum, one) => sum + one.operations.length, 0) >= MOST_WRITES) await flush()
  }
  await flush()
}

const isStale = (error: unknown): boolean => error instanceof AppError && error.definition === dataErrors.stale_write

/** All in one transaction; each in its own when that is refused, to find out which change is to blame. */
async function commitAll(page: ConsumerPage, handled: readonly Handled[]): Promise<void> {
  const last = handled.at(-1)
  if (!last) return
  try {
    await page.commit(last.change, { operations: joined(handled) })
    return
  } catch (error) {
    if (isStale(error) || (error instanceof AppError && error.definition.retry)) throw error
    if (handled.length === 1) throw new ChangeFailed(last.change, error)
  }
  for (const { change, operations } of handled) {
    try {
      await page.commit(change, { operations })
    } catch (error) {
      if (isStale(error)) throw error
      throw new ChangeFailed(change, error)
    }
  }
}

/** One list, in which references to earlier steps still mean the same step. */
export function joined(handled: readonly Pick<Handled, 'operations'>[]): WrittenOperation[] {
  const all: WrittenOperation[] = []
  for (const { operations } of handled) {
    const by = all.length
    all.push(...operations.map((operation) => (by === 0 ? operation : shiftedOperation(operation, by))))
  }
  return all
}

/** A job's payload is data, whatever it looks like; what it refers to stands beside it. */
function shiftedOperation(operation: WrittenOperation, by: number): WrittenOperation {
  if (operation.kind !== 'enqueue') return shifted(operation, by) as WrittenOperation
  return operation.references ? { ...operation, references: shifted(operation.references, by) as typeof operation.references } : operation
}

function shifted(value: unknown, by: number): unknown {
  if (Array.isArray(value)) return value.map((one) => shifted(one, by))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      const { operation } = (key === 'reference' ? member : {}) as { operation?: unknown }
      return [key, typeof operation === 'number' ? { ...(member as object), operation: operation + by } : shifted(member, by)]
    }),
  )
}

function readerOf(model: Model, name: string, tools: Tools, before: () => Promise<void>): ConsumerDatabase {
  const handle = (): Handle => ({
    model,
    stores: tools.stores,
    execution: consumerExecution(name, tools.now),
    writes: false,
    meter: { calls: 0 },
  })
  const read = async <T>(work: (db: ConsumerDatabase) => Promise<T>): Promise<T> => {
    await before()
    tools.called()
    return work(databaseOf(handle()))
  }
  return {
    query: (table, options) => read((db) => db.query(table, options)),
    count: (table, options) => read((db) => db.count(table, options)),
  }
}
