// Asks a second question after a refusal, when Postgres would have said something else than SQLite did: that a policy forbids the
// row, which it asks first; which foreign key it was; which key was taken, the latter under the caller's own read policy.
import { AppError } from '../core'
import type { Model } from '../define'
import { run, type DatabaseFault, type Store } from '../platform'
import {
  compile,
  foreignKeyProbe,
  policyProbe,
  type Condition,
  type Execution,
  type ForeignKeyCandidate,
  type Insert,
  type Operation,
  type Query,
  type Update,
} from '../query'
import { dataErrors, nameOfUnique, policyViolation, uniqueViolation } from './errors'

interface Refused {
  readonly model: Model
  readonly store: Store
  readonly query: Query
  readonly execution: Execution
}

/** What Postgres asks only of rows that a policy lets the caller write. */
const CONSTRAINTS: ReadonlySet<DatabaseFault['kind']> = new Set(['unique', 'unique-index', 'foreign-key', 'not-null', 'check', 'datatype'])

/** A fuller error than the fault alone gives; null when there is no more to say. */
export async function explain(refused: Refused, fault: DatabaseFault, cause: unknown): Promise<AppError | null> {
  if (!CONSTRAINTS.has(fault.kind)) return null
  const forbidden = await explainPolicy(refused, cause)
  if (forbidden) return forbidden
  if (fault.kind === 'foreign-key') return explainForeignKey(refused, cause)
  return fault.kind === 'unique' ? explainUnique(refused, fault, cause) : null
}

async function explainPolicy({ model, store, query, execution }: Refused, cause: unknown): Promise<AppError | null> {
  for (const [index, { table }] of query.operations.entries()) {
    const answers = await run(store.db, policyProbe(model, query.operations, index, execution))
    if (answers.some(({ results }) => results[0]?.['refused'] === 1)) return policyViolation(table, cause)
  }
  return null
}

async function explainForeignKey({ model, store, query, execution }: Refused, cause: unknown): Promise<AppError | null> {
  for (const index of query.operations.keys()) {
    const { candidates, statements } = foreignKeyProbe(model, query.operations, index, execution)
    if (candidates.length === 1) return foreignKeyViolation(candidates[0]!, cause)
    if (candidates.length === 0) continue
    const answers = await run(store.db, statements)
    const found = candidates.find((_, i) => answers.some(({ results }) => results[0]?.[`k${i}`] === 1))
    if (found) return foreignKeyViolation(found, cause)
  }
  return null
}

/** Postgres' words, without the key as it leaves it out for those who may not read it. */
function foreignKeyViolation({ table, key, side }: ForeignKeyCandidate, cause: unknown): AppError {
  if (side === 'own') {
    return new AppError(dataErrors.foreign_key_violation, {
      message: `insert or update on table "${table.name}" violates foreign key constraint "${key.name}"`,
      details: `Key is not present in table "${key.foreignTable}".`,
      cause,
    })
  }
  return new AppError(dataErrors.foreign_key_violation, {
    message: `update or delete on table "${key.foreignTable}" violates foreign key constraint "${key.name}" on table "${table.name}"`,
    details: `Key is still referenced from table "${table.name}".`,
    cause,
  })
}

async function explainUnique(
  { model, store, query, execution }: Refused,
  fault: Extract<DatabaseFault, { kind: 'unique' }>,
  cause: unknown,
): Promise<AppError | null> {
  const table = model.tables.get(fault.table)
  const writer = query.operations.find(
    (operation): operation is Insert | Update =>
      (operation.kind === 'insert' || operation.kind === 'update') && operation.table === fault.table,
  )
  const values = writer && valuesOf(writer)
  if (!table || !values || !fault.columns.every((name) => isText(values[name]) && table.columns.get(name)?.hidden === false)) return null
  const terms = fault.columns.map((column): Condition => ({
    kind: 'compare',
    target: { column },
    operator: 'eq',
    value: String(values[column]),
  }))
  const read: Operation = { kind: 'read', table: table.name, select: [], where: { kind: 'and', terms }, limit: 1, countOnly: true }
  const [answer] = await run(store.db, compile(model, { operations: [read], shape: { form: 'list' } }, execution).statements)
  const seen = answer?.results[0] as { live: number; rows: number } | undefined
  const details =
    seen?.live === 1 && seen.rows === 1
      ? `Key (${fault.columns.join(', ')})=(${fault.columns.map((name) => String(values[name])).join(', ')}) already exists.`
      : null
  return uniqueViolation(nameOfUnique(table, fault.columns, fault.primaryKey), details, cause)
}

/** The values of the one row that was written; undefined when there were several. */
function valuesOf(operation: Insert | Update): Readonly<Record<string, unknown>> | undefined {
  if (operation.kind === 'update') return operation.set
  return operation.rows.length === 1 ? operation.rows[0] : undefined
}

const isText = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
