// Inserts and upserts. The insert policy holds for every proposed row, also one that turns out to exist; the update policy for
// every row that is merged into. An upsert never skips what the caller may not touch: it fails.
import { AppError } from '../core'
import { UPDATED_AT_COLUMN, VERSION_COLUMN, type ColumnModel, type TableModel } from '../define'
import { CLOCK } from './clock'
import type { CompiledStatement } from './compiled'
import { servedTable, type CompileContext } from './context'
import { queryErrors } from './errors'
import { foldOperand } from './fold'
import { isGrouped } from './group'
import { compilePolicy } from './policy'
import type { Insert } from './query'
import { keepWritten } from './reference-keep'
import { revisionOf } from './revision'
import { and, bind, column, identifier, isTrue, join, number, render, sql, TRUE, type Sql } from './sql'
import { writeErrors } from './write-errors'
import { raise, require } from './raise'
import {
  checkWritten,
  closeWrite,
  expectCount,
  expectLogged,
  openWrite,
  ownChanges,
  refuseWhere,
  type Opening,
  unionAll,
} from './write-guard'
import { keepAnswer, type Keep } from './write-keep'
import { cellSql, chunks, payloadOf, proposedRows, type Payload } from './write-payload'
import { keepsContext, readsWritten, tablesWritten } from './write-reach'
import { answerRows, returningOf, rowsAfter } from './write-returning'
import { encodeDeclared, storedSql } from './write-value'
import { ifVersion } from './write-version'

/** Everything that the pieces of one insert share. */
interface Plan {
  readonly context: CompileContext
  readonly table: TableModel
  readonly insert: Insert
  readonly payload: Payload
  /** A row that is there already as it was sent counts as made now. */
  readonly retries: boolean
  /** Columns by which an existing row is found; null when the insert minds none. */
  readonly target: readonly string[] | null
  readonly operation: number
  /** Whether the answer is kept, and so must be the same each time. */
  readonly kept: boolean
  /** Predicates that would read what the statement itself writes, and are asked before or after it instead. */
  readonly deferred: { readonly insert: boolean; readonly using: boolean; readonly update: boolean; readonly read: boolean }
}

const merges = ({ insert }: Plan): boolean => insert.conflict?.action === 'merge'

export function compileInsert(context: CompileContext, insert: Insert, operation: number, keep: Keep | null): CompiledStatement[] {
  const table = servedTable(context, insert.table)
  const payload = payloadOf(context, table, insert)
  const retries = insert.retry === true && !insert.conflict && isClientMade(table, payload)
  const target = insert.conflict ? conflictTarget(context, table, insert.conflict.columns) : retries ? table.primaryKey : null
  if (target && (retries || insert.conflict?.action === 'merge')) refuseRepeatedKeys(payload, target)
  const kind = insert.conflict?.action === 'merge' ? 'merge' : 'insert'
  const written = tablesWritten(
    context.model,
    table,
    kind,
    payload.named.map(({ name }) => name),
  )
  const { policies } = table
  const plan: Plan = {
    context,
    table,
    insert,
    payload,
    retries,
    target,
    operation,
    kept: keep !== null,
    deferred: {
      insert: readsWritten(context, policies.insert, written),
      using: kind === 'merge' && (readsWritten(context, policies.update.using, written) || readsWritten(context, policies.read, written)),
      update: kind === 'merge' && readsWritten(context, policies.update.check, written),
      read: needsRead(insert) && readsWritten(context, policies.read, written),
    },
  }
  const returning = returningOf(context, table, insert.returning, written, keep !== null || retries)
  const uncertain = kind === 'merge' && insert.rows.length > 1 && hasUnknownKeys(payload, target!)
  const opening: Opening = {
    marksLog:
      plan.deferred.insert ||
      plan.deferred.update ||
      plan.deferred.read ||
      returning.after ||
      (insert.expect !== undefined && insert.conflict?.action === 'ignore') ||
      keep !== null ||
      context.sources.has(operation),
    context: keepsContext(context.model, written),
  }
  const texts = chunks(payload)
  const statements = openWrite(context, table, opening, operation)
  if (uncertain) statements.push(refuseMetTwice(plan, texts))
  for (const text of plan.deferred.using ? texts : []) statements.push(guardExisting(plan, text))
  // Before the write, which finds them there and passes them over.
  if (retries) statements.push(...texts.map((text) => refuseOthers(plan, text)))
  for (const text of texts) statements.push(write(plan, text, returning.inline))
  if (insert.expect) statements.push(...expectRows(plan, texts.length))
  if (opening.marksLog && texts.length > 0) statements.push(expectLogged(context, table, operation))
  statements.push(...deferredChecks(plan, texts))
  const revised = (keep !== null || retries) && insert.rows.length === 1 && !isGrouped(insert.returning?.select ?? [])
  const sent = retries ? texts.map((text) => proposedRows(table, payload, bind(text))) : null
  const rows = returning.after ? rowsAfter(context, table, insert.returning!, { sent, revised }) : null
  if (rows && !keep) statements.push(answerRows(rows, operation))
  statements.push(...keepWritten(context, table, operation, sent))
  if (keep)
    statements.push(keepAnswer(keep, { table, kind: 'insert', rows, revised, made: retries ? insert.rows.length : null }, operation))
  return [...statements, ...closeWrite(opening, operation)]
}

/** Answers and upserts show the caller rows, so they must be theirs to read. */
const needsRead = (insert: Insert): boolean => insert.returning !== undefined || insert.conflict !== undefined

/** Whether every row brings its key, so that it can be told from others when it comes again. */
function isClientMade({ primaryKey }: TableModel, { columns, named, rows }: Payload): boolean {
  const places = primaryKey.map((name) => columns.findIndex((column) => column.name === name && named.includes(column)))
  return places.length > 0 && rows.every((row) => places.every((i) => row[i] !== undefined && row[i] !== null && row[i] !== true))
}

/** Of rows that are there already: the caller sees them, might have made them, and sent what they hold. Else they are others'. */
function refuseOthers({ context, table, insert, payload, target, operation }: Plan, text: string): CompiledStatement {
  const [row, proposed] = [context.alias('w'), context.alias('n')]
  const own = and([compilePolicy(context, table, table.policies.read, row), compilePolicy(context, table, table.policies.insert, row)])
  const key = target!.map((name) => sql`${column(row, name)} = ${column(proposed, name)}`)
  const sent = payload.named.filter(({ name }) => !target!.includes(name) && insert.rows.some((given) => Object.hasOwn(given, name)))
  // A guess at a value that the caller may not read is as wrong as any other.
  const equal = sent.map(({ name, read }) =>
    and([sql`${column(row, name)} is ${column(proposed, name)}`, ...(read === null ? [] : [compilePolicy(context, table, read, row)])]),
  )
  const from = sql`(${proposedRows(table, payload, bind(text))}) as ${identifier(proposed)} cross join ${identifier(table.name)} as ${identifier(row)} on ${and(key)}`
  return refuseWhere(sql`select 1 from ${from} where not coalesce(${and([own, ...equal])}, 0)`, 'duplicate', table.name, 'guard', operation)
}

/** The statement itself, for the rows of one text. */
function write(plan: Plan, text: string, answer: Sql | null): CompiledStatement {
  const { context, table, payload, operation } = plan
  const engine = [...table.columns.values()].filter((column) => column.engine)
  const names = [...payload.columns, ...engine].map(({ name }) => identifier(name))
  const values = [
    ...payload.columns.map((_, i) => cellSql(payload, i)),
    ...engine.map(({ name }) => (name === VERSION_COLUMN ? number(1) : CLOCK)),
  ]
  const source = sql`select ${join(values, ', ')} from json_each(${bind(text)}) where true`
  const one = plan.insert.returning && plan.insert.rows.length === 1 && !plan.kept
  const items = [
    ...(answer ? [sql`${answer} as d`] : []),
    ...(one ? [sql`${revisionOf(table.name)} as v`] : []),
    sql`${verdict(plan)} as g`,
  ]
  return {
    ...render(
      sql`insert into ${identifier(table.name)} (${join(names, ', ')}) ${source}${onConflict(plan)} returning ${join(items, ', ')}`,
    ),
    role: 'write',
    operation,
  }

  function onConflict(plan: Plan): Sql {
    if (!plan.target) return sql``
    const columns = join(plan.target.map(identifier), ', ')
    if (!merges(plan)) return sql` on conflict (${columns}) do nothing`
    const sets = mergedColumns(plan).map(([name, value]) => sql`${identifier(name)} = ${value}`)
    // The counter tells RETURNING which rows existed, so it never becomes 1 again.
    const version = ifVersion(table, plan.insert, sql`max(${column(table.name, VERSION_COLUMN)}, 1) + 1`)
    const bump = require(and([usingSql(plan), proposedSql(plan)]), version, 'rls', table.name)
    const clock = sql`${identifier(UPDATED_AT_COLUMN)} = ${CLOCK}`
    return sql` on conflict (${columns}) do update set ${join([...sets, sql`${identifier(VERSION_COLUMN)} = ${bump}`, clock], ', ')}`
  }

  function usingSql(plan: Plan): Sql {
    if (plan.deferred.using) return TRUE
    return and([
      compilePolicy(context, table, table.policies.update.using, table.name),
      compilePolicy(context, table, table.policies.read, table.name),
    ])
  }

  function proposedSql(plan: Plan): Sql {
    return plan.deferred.insert ? TRUE : compilePolicy(context, table, table.policies.insert, 'excluded')
  }
}

/** What a merge changes: the columns that the client named, and those that every update changes. */
function mergedColumns({ context, table, payload, target }: Plan): (readonly [string, Sql])[] {
  const touched = [...table.columns.values()].filter((column) => column.onUpdate !== null)
  const given = payload.named.filter((column) => !target!.includes(column.name) && column.onUpdate === null)
  return [
    ...given.map(({ name }) => [name, column('excluded', name)] as const),
    ...touched.map((column) => [column.name, updateDefault(context, column)] as const),
  ]
}

/** A column's `onUpdate` as a value. */
export function updateDefault(context: CompileContext, column: ColumnModel): Sql {
  const operand = foldOperand(context, column.onUpdate!)
  return storedSql(column, encodeDeclared(column, operand.kind === 'literal' ? operand.literal : null))
}

/** 1 for a row that is new, 0 for one that was merged into; fails on a row that mustn't be. */
function verdict(plan: Plan): Sql {
  const { context, table, insert, deferred } = plan
  const policy = (expression: typeof table.policies.insert) => compilePolicy(context, table, expression, table.name)
  // A row that must have a version, and is new, has none.
  const made =
    insert.ifVersion === undefined ? number(1) : sql`iif(${column(table.name, VERSION_COLUMN)} < 1, 1, ${raise('version', table.name)})`
  const fresh = require(deferred.insert ? TRUE : policy(table.policies.insert), made, 'rls', table.name)
  const merged = require(deferred.update ? TRUE : policy(table.policies.update.check), number(0), 'rls', table.name)
  const judged = merges(plan) ? sql`iif(${column(table.name, VERSION_COLUMN)} = 1, ${fresh}, ${merged})` : fresh
  if (!needsRead(insert) || deferred.read) return judged
  return require(policy(table.policies.read), judged, 'visible', table.name)
}

/** Asks before the write whether the caller may update the rows that exist: `using` is judged on the state before. */
function guardExisting({ context, table, payload, target, operation }: Plan, text: string): CompiledStatement {
  const [row, proposed] = [context.alias('w'), context.alias('n')]
  const allowed = and([
    compilePolicy(context, table, table.policies.update.using, row),
    compilePolicy(context, table, table.policies.read, row),
  ])
  const same = and(target!.map((name) => sql`${column(row, name)} = ${column(proposed, name)}`))
  const from = sql`(${proposedRows(table, payload, bind(text))}) as ${identifier(proposed)} cross join ${identifier(table.name)} as ${identifier(row)} on ${same}`
  return refuseWhere(sql`select 1 from ${from} where not coalesce(${allowed}, 0)`, 'rls', table.name, 'guard', operation)
}

/** The checks that must see the whole effect. */
function deferredChecks(plan: Plan, texts: readonly string[]): CompiledStatement[] {
  const { context, table, deferred, operation } = plan
  const { insert, update, read } = table.policies
  const found = [
    deferred.insert ? checkWritten(context, table, insert, 'I', 'rls', operation) : null,
    ...(deferred.insert && merges(plan) ? texts.map((text) => checkProposed(plan, text)) : []),
    deferred.update ? checkWritten(context, table, update.check, 'U', 'rls', operation) : null,
    deferred.read ? checkWritten(context, table, read, null, 'visible', operation) : null,
  ]
  return found.filter((statement) => statement !== null)
}

/** The insert policy for proposed rows that were merged into others: they stand nowhere but in the payload. */
function checkProposed({ context, table, payload, target, operation }: Plan, text: string): CompiledStatement | null {
  const [row, proposed] = [context.alias('w'), context.alias('n')]
  const predicate = compilePolicy(context, table, table.policies.insert, proposed)
  if (isTrue(predicate)) return null
  const same = and(target!.map((name) => sql`${column(row, name)} = ${column(proposed, name)}`))
  const from = sql`(${proposedRows(table, payload, bind(text))}) as ${identifier(proposed)} cross join ${identifier(table.name)} as ${identifier(row)} on ${same}`
  const where = sql`${column(row, VERSION_COLUMN)} > 1 and not coalesce(${predicate}, 0)`
  return refuseWhere(sql`select 1 from ${from} where ${where}`, 'rls', table.name, 'check', operation)
}

/** How many rows the operation wrote, by the log. */
function logged(context: CompileContext, table: TableModel): Sql {
  const log = context.alias('c')
  return sql`(select count(*) from \`sys_changes\` as ${identifier(log)} where ${ownChanges(log, table, null)})`
}

/** `changes()` knows one statement; of several, only an insert that can't skip rows has a known sum. */
function expectRows({ context, insert, table, operation, retries }: Plan, statements: number): CompiledStatement[] {
  const expectation = insert.expect!
  if (statements === 1 && !retries) return [expectCount(expectation, table.name, operation)]
  const { min = 0, max = Infinity, error } = expectation
  const n = insert.rows.length
  if (insert.conflict?.action === 'ignore') return [expectCount(expectation, table.name, operation, logged(context, table))]
  if (n >= min && n <= max) return []
  const failure = raise(error === 'not-single' ? 'single' : 'max', table.name, number(n))
  return [{ ...render(sql`select iif(1, ${failure}, null) as ok`), role: 'check', operation }]
}

/** The columns of the conflict's target. Throws `undefined_column` for what the caller knows no column of, `conflict_target` when they are no key. */
function conflictTarget(context: CompileContext, table: TableModel, columns: readonly string[] | undefined): readonly string[] {
  if (columns === undefined) return table.primaryKey
  for (const name of columns) {
    const found = table.columns.get(name)
    if (!found || (found.hidden && !context.service))
      throw new AppError(queryErrors.undefined_column, { message: `column "${name}" does not exist` })
  }
  const same = (other: readonly string[]) => other.length === columns.length && other.every((name) => columns.includes(name))
  const key = [table.primaryKey, ...table.uniques.map((unique) => unique.columns)].find(same)
  if (!key || key.some((name) => table.columns.get(name)?.hidden)) throw new AppError(writeErrors.conflict_target)
  return key
}

/** Whether the database alone knows some row's key: a default, or a value of an earlier operation. */
function hasUnknownKeys(payload: Payload, target: readonly string[]): boolean {
  const places = target.map((name) => payload.columns.findIndex((column) => column.name === name))
  return payload.rows.some((row) => places.some((i) => row[i] === undefined || row[i] === true || typeof row[i] === 'object'))
}

/** What `refuseRepeatedKeys` can't see, asked of the proposed rows. */
function refuseMetTwice({ context, table, payload, target, operation }: Plan, texts: readonly string[]): CompiledStatement {
  const proposed = context.alias('n')
  const keys = target!.map((name) => column(proposed, name))
  const rows = unionAll(
    texts.map((text) => sql`select ${join(target!.map(identifier), ', ')} from (${proposedRows(table, payload, bind(text))})`),
  )
  const present = and(keys.map((key) => sql`${key} is not null`))
  const twice = sql`select 1 from (${rows}) as ${identifier(proposed)} where ${present} group by ${join(keys, ', ')} having count(*) > 1`
  return refuseWhere(twice, 'repeated', table.name, 'guard', operation)
}

/** SQLite would let a later row of the payload overwrite an earlier one. */
function refuseRepeatedKeys(payload: Payload, target: readonly string[]): void {
  const places = target.map((name) => payload.columns.findIndex((column) => column.name === name))
  if (places.includes(-1)) return
  const seen = new Set<string>()
  for (const row of payload.rows) {
    const key = places.map((i) => row[i])
    if (key.some((cell) => cell === null || cell === true)) continue
    const text = JSON.stringify(key)
    if (seen.has(text)) {
      throw new AppError(writeErrors.repeated_key, {
        hint: 'Ensure that no rows proposed for insertion within the same command have duplicate constrained values.',
      })
    }
    seen.add(text)
  }
}
