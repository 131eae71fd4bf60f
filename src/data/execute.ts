// Runs a query: one call for a read, one batch for a write, and what the database said put into words.
import { AppError, type Principal } from '../core'
import type { Model } from '../define'
import { readFault, run, type DatabaseFault, type Reading, type SessionStart, type Statement, type Store, type Stores } from '../platform'
import {
  compile,
  ofOperation,
  presentRightsStatement,
  sessionStatement,
  sourcesOf,
  tablesOf,
  tokenRoles,
  type CompiledQuery,
  type CompiledStatement,
  type Execution,
  type Query,
  type Read,
  type StoredValue,
} from '../query'
import { audited, auditFailure } from './audit'
import { dataErrors, errorOf, notSingle, versionConflict } from './errors'
import { keptAnswer, keptResults, scopedToCaller } from './idempotency'
import { fenced } from './lease'
import { putPayloadsAside, tellQueue } from './outbox'
import { storeOf } from './partition'
import { breaksAbsence, explain, failedOperation } from './probe'

export interface ExecuteRequest {
  readonly model: Model
  readonly stores: Stores
  readonly query: Query
  readonly execution: Execution
  /** Where reads begin; at the primary without it. */
  readonly reading?: Reading
  /**
   * Records of the engine that hold or fail with a write: they run first in its transaction. When one raises `stale`, nothing is done and
   * `stale_write` is thrown. `store` is where they are kept, and so where the write must go.
   */
  readonly beside?: { readonly store: Store; readonly statements: readonly Statement[] }
}

/** What became of one operation. */
export interface Result {
  /** JSON text of the array of rows, as SQL built it: integers may be larger than JavaScript's, so nobody parses it. */
  readonly body: string
  /** How many rows stand in the body. */
  readonly rows: number
  /** How many rows match a read; null when not asked. */
  readonly total: number | null
  /** How many rows a write wrote. */
  readonly affected: number
  /** How many of them are new; null for operations that make none. */
  readonly inserted: number | null
  /** `version.stamp` of the one row that was written and is answered, or was read by its key; null otherwise. */
  readonly revision: string | null
  /** Where a page begins and ends, when it was asked. */
  readonly page: Page | null
}

/** Values that the first and the last row of a page are sorted by, as `after` and `before` take them; null where there is no row. */
export interface Page {
  readonly store: string
  readonly epoch: string
  readonly first: readonly StoredValue['stored'][] | null
  readonly last: readonly StoredValue['stored'][] | null
  /** Whether there are more rows in the direction of reading. */
  readonly more: boolean
}

/**
 * Runs all operations of the query, which succeed or fail together, and answers one result each, in order. Throws an `AppError` for whatever
 * the query, a policy, a constraint or the state of the database refuses.
 */
export async function execute(request: ExecuteRequest): Promise<Result[]> {
  const { model, stores, execution, reading } = request
  const query = await putPayloadsAside(await scopedToCaller(request.query, execution.principal), stores)
  const store = storeOf(model, stores, query)
  if (request.beside && request.beside.store.name !== store.name) throw new AppError(dataErrors.several_stores)
  const writes = query.operations.some(({ kind }) => kind !== 'read')
  // What operations tell one another is written too, if only until the batch's end.
  const refers = sourcesOf(model.tables, query.operations).size > 0
  const where = writes || refers || !reading ? PRIMARY : reading.start(store, () => readsOpenTables(model, query))
  const start = typeof where === 'string' ? where : await where
  try {
    return await attempt(request, query, store, start)
  } catch (error) {
    // A replica that knows no session may not know it yet, and a bookmark may be one that the database never gave: the primary says.
    const again =
      start !== PRIMARY && (!(error instanceof AppError) || error.definition === dataErrors.session_revoked || error.definition.retry)
    return again
      ? attempt(request, query, store, PRIMARY).catch((refused: unknown) => withPresentRights(request, query, store, refused))
      : withPresentRights(request, query, store, error)
  }
}

/**
 * A role that was taken away ends with the next call, and so does a session's strength when its second factor is removed: a token that still
 * names them is asked for the same with what is left. Functions aren't: what they do may rest on the right that they were let in for.
 * Throws `error` when that isn't why the query was refused.
 */
async function withPresentRights(request: ExecuteRequest, query: Query, store: Store, error: unknown): Promise<Result[]> {
  const { principal, asService, function: called } = request.execution
  const ended = error instanceof AppError && error.definition === dataErrors.session_revoked
  if (!ended || called !== undefined || asService !== undefined) throw error
  if (tokenRoles(principal).length === 0 && principal.aal === 'aal1') throw error
  const [answer] = await run(request.stores.primary.db, [presentRightsStatement(principal)])
  const row = answer?.results[0]
  if (row === undefined) throw error
  const taken = new Set(JSON.parse(String(row['revoked_roles'] ?? '[]')) as unknown[])
  const present = withRights(principal, taken, row['aal'] === 'aal2' ? principal.aal : 'aal1')
  return attempt({ ...request, execution: { ...request.execution, principal: present } }, query, store, PRIMARY)
}

/** The principal as if the token had been made since. */
function withRights(principal: Principal, taken: ReadonlySet<unknown>, aal: Principal['aal']): Principal {
  const held = tokenRoles(principal)
  const metadata = principal.claims['app_metadata'] as Readonly<Record<string, unknown>>
  const roles = held.length === 0 ? {} : { app_metadata: { ...metadata, roles: held.filter((role) => !taken.has(role)) } }
  return { ...principal, aal, claims: { ...principal.claims, ...roles, aal } }
}

const PRIMARY: SessionStart = 'first-primary'

/** Whether all tables of the query say that a stranger may read them from a replica. */
function readsOpenTables(model: Model, query: Query): boolean {
  return [...tablesOf(query)].every((name) => model.tables.get(name)?.replicas === true)
}

/** Runs the query in a session of its own. */
async function attempt(request: ExecuteRequest, query: Query, outer: Store, start: SessionStart): Promise<Result[]> {
  const store = outer.begin(start)
  const writes = query.operations.some(({ kind }) => kind !== 'read')
  const primary = start === PRIMARY
  try {
    const results = await attemptIn(request, query, outer, store)
    const { principal, asService } = request.execution
    const judged = primary && (principal.uid === null || asService === undefined)
    request.reading?.answered(store, { primary: judged, wrote: writes })
    if (writes && !query.undo) tellQueue(query, results, outer, request.stores, request.execution)
    return results
  } catch (error) {
    if (writes) request.reading?.answered(store, { primary: false, wrote: false, failed: true })
    throw error
  }
}

async function attemptIn(
  { model, stores, execution, beside }: ExecuteRequest,
  query: Query,
  outer: Store,
  store: Store,
): Promise<Result[]> {
  const elsewhere = outer !== stores.primary && execution.principal.uid !== null
  const local = elsewhere ? { ...execution, sessionChecked: true } : execution
  const recorded = audited(compile(model, implied(query), local), query, execution)
  const compiled = accompanied(fenced(recorded, query, execution, outer), beside?.statements)
  const asks = elsewhere ? sessionProbe(stores, execution) : null
  const writes = query.operations.some(({ kind }) => kind !== 'read')
  // A write waits for the answer, because it can't be taken back; a read only withholds what it found.
  if (asks && writes) await asks
  try {
    const [answers] = await Promise.all([runCompiled(store, compiled), asks])
    return shape(store, query, compiled, answers)
  } catch (error) {
    if (error instanceof AppError) throw error
    const fault = readFault(error)
    if (fault.kind === 'too-big' && compiled.statements.some(({ role }) => role === 'read')) {
      const asRows = audited(compile(model, implied(query), local, 'rows'), query, execution)
      return shape(
        store,
        query,
        asRows,
        await runCompiled(store, asRows).catch((again: unknown) => refuse(model, store, query, local, again)),
      )
    }
    if (fault.kind === 'raise' && fault.code === 'replay') return keptAnswer(store, query)
    if (fault.kind === 'raise' && fault.code === 'stale') throw new AppError(dataErrors.stale_write, { cause: error })
    await auditFailure(store, query, execution)
    if (fault.kind === 'told' && query.undo) return keptResults(String(fault.answer))
    if (fault.kind === 'too-big' && (query.undo || query.idempotency)) throw new AppError(dataErrors.answer_not_kept, { cause: error })
    return refuse(model, store, query, local, error)
  }
}

/** The same statements behind those that hold or fail with them. */
function accompanied(compiled: CompiledQuery, first: readonly Statement[] = []): CompiledQuery {
  if (first.length === 0) return compiled
  const guards = first.map(({ sql, params }) => ({
    sql,
    params: params as CompiledStatement['params'],
    role: 'guard' as const,
    operation: -1,
  }))
  return { ...compiled, statements: [...guards, ...compiled.statements] }
}

/** A single write that must answer with one row is undone when it doesn't. */
function implied(query: Query): Query {
  const [operation, ...others] = query.operations
  if (!operation || others.length > 0 || operation.kind === 'read' || operation.kind === 'enqueue' || operation.kind === 'cancel')
    return query
  if (operation.expect) return query
  const { form } = query.shape
  if (form !== 'one' && form !== 'maybe') return query
  return { ...query, operations: [{ ...operation, expect: { min: form === 'one' ? 1 : 0, max: 1, error: 'not-single' } }] }
}

type Rows = readonly Readonly<Record<string, unknown>>[]

async function runCompiled(store: Store, { statements }: CompiledQuery): Promise<Rows[]> {
  return (await run(store.db, statements)).map(({ results }) => results)
}

/** Resolves when the caller's session lives; at once for who has none. Throws `session_revoked`. */
export async function checkSession(stores: Stores, execution: Execution): Promise<void> {
  if (execution.principal.uid !== null) await sessionProbe(stores, execution)
}

/** For a question that names nothing of the app. */
const NO_MODEL: Model = { name: '', description: '', tables: new Map(), functions: new Map(), jobs: new Map(), consumers: new Map() }

async function sessionProbe(stores: Stores, execution: Execution): Promise<void> {
  const [answer] = await run(stores.primary.db, [sessionStatement(execution.principal)]).catch((error: unknown): never => {
    throw errorOf(readFault(error), NO_MODEL, error) ?? error
  })
  if (answer?.results.length !== 1) throw new AppError(dataErrors.session_revoked)
}

async function refuse(model: Model, store: Store, query: Query, execution: Execution, error: unknown): Promise<never> {
  const fault = asConstraint(model, readFault(error))
  const several = query.operations.length > 1
  const refused = { model, store, query, execution }
  const index = several ? await failedOperation(refused, fault) : 0
  const explained = index === null ? null : await explain(refused, index, fault, error)
  const told = explained ?? errorOf(fault, model, error)
  if (!told) throw error
  const taken = index !== null && told.definition === dataErrors.unique_violation && (await breaksAbsence(refused, index, fault))
  const fitting = taken ? versionConflict(null, error) : told
  throw several && index !== null ? ofOperation(fitting, index) : fitting
}

/** A row that was there with other values is what SQLite would have found, had it been let. */
function asConstraint(model: Model, fault: DatabaseFault): DatabaseFault {
  const table = fault.kind === 'raise' && fault.code === 'duplicate' ? model.tables.get(fault.table) : undefined
  return table ? { kind: 'unique', table: table.name, columns: table.primaryKey, primaryKey: true } : fault
}

function shape(store: Store, query: Query, { statements }: CompiledQuery, answers: readonly Rows[]): Result[] {
  const kept = statements.findIndex(({ role }) => role === 'kept')
  if (kept >= 0) return keptResults(String(answers[kept]?.[0]?.['answer']))
  const results = query.operations.map((operation, i) => {
    const mine = statements.flatMap((statement, j) => (statement.operation === i ? [[statement, answers[j] ?? []] as const] : []))
    if (operation.kind === 'read') return readResult(store, operation, mine)
    const result = writeResult(mine, operation.kind === 'insert')
    // Rows that were there as they were sent count as made: any other would have been refused.
    if (operation.kind !== 'insert' || !operation.retry || operation.conflict) return result
    return { ...result, affected: operation.rows.length, inserted: operation.rows.length }
  })
  const [only] = results
  const { form } = query.shape
  if (
    only &&
    results.length === 1 &&
    query.operations[0]!.kind === 'read' &&
    (form === 'one' ? only.rows !== 1 : form === 'maybe' && only.rows > 1)
  )
    throw notSingle(only.rows)
  return results
}

type Answered = readonly (readonly [CompiledStatement, Rows])[]

/** See query/compiled.ts for the two forms of a read. */
function readResult(store: Store, { places }: Read, answers: Answered): Result {
  const [statement, rows] = answers.find(([{ role }]) => role === 'read' || role === 'read-rows')!
  const head = rows[0] as { live: number; body: string; rows: number; total: number | null; revision?: string | null }
  if (head.live !== 1) throw new AppError(dataErrors.session_revoked)
  const rest = { total: head.total, affected: 0, inserted: null, revision: head.revision ?? null, page: null }
  if (statement.role === 'read') return { body: head.body, rows: head.rows, ...rest }
  const page = statement.page ? pageOf(store, places, statement.page, rows) : null
  const records = (page?.records ?? rows.slice(1)).map((row) => row['d'])
  return { body: `[${records.join(',')}]`, rows: records.length, ...rest, page: page?.page ?? null }
}

/** Takes the row off that only says that there are more. Throws `cursor_expired`. */
function pageOf(store: Store, places: Read['places'], { size, reverse }: NonNullable<CompiledStatement['page']>, rows: Rows) {
  const epoch = String(rows[0]!['p'] ?? '')
  const from = places?.from
  if (from && (from.store !== store.name || from.epoch !== epoch)) throw new AppError(dataErrors.cursor_expired)
  const found = rows.slice(1)
  const more = found.length > size
  const records = more ? (reverse ? found.slice(1) : found.slice(0, -1)) : found
  const place = (row: Rows[number] | undefined) => (row ? (JSON.parse(String(row['p'])) as StoredValue['stored'][]) : null)
  return { records, page: { store: store.name, epoch, first: place(records[0]), last: place(records.at(-1)), more } }
}

/** See query/write.ts. */
function writeResult(answers: Answered, inserts: boolean): Result {
  const rowsOf = (role: CompiledStatement['role']) => answers.flatMap(([statement, rows]) => (statement.role === role ? rows : []))
  const written = rowsOf('write')
  const returned = answers.some(([{ role }]) => role === 'returned') ? rowsOf('returned') : written
  const records = returned.flatMap((row) => (typeof row['d'] === 'string' ? [row['d']] : []))
  // A row that was there as it was sent is answered, and not written.
  const one = written.length === 1 ? written[0] : written.length === 0 && returned.length === 1 ? returned[0] : undefined
  return {
    body: `[${records.join(',')}]`,
    rows: records.length,
    total: null,
    affected: written.length,
    inserted: inserts ? written.filter((row) => row['g'] === 1).length : null,
    revision: typeof one?.['v'] === 'string' ? one['v'] : null,
    page: null,
  }
}
