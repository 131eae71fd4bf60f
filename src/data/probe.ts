// Asks a second question after a refusal, when Postgres would have said something else than SQLite did: that a policy forbids the
// row, which it asks first; which foreign key it was; which key was taken, the latter under the caller's own read policy.
import { AppError } from '../core'
import type { Model } from '../define'
import { readFault, run, type DatabaseFault, type Store } from '../platform'
import {
  compileQuestion,
  foreignKeyCandidates,
  foreignKeyQuestion,
  policyQuestion,
  takenKeyQuestion,
  type Execution,
  type ForeignKeyCandidate,
  type Query,
  type Question,
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

/** Asks about the state that operation number `index` met; undefined when there was nothing to ask, or it can't be told any more. */
async function ask({ model, store, query, execution }: Refused, index: number, question: Question): Promise<unknown> {
  const statements = compileQuestion(model, query, execution, index, question)
  if (statements.length === 0) return undefined
  try {
    const answers = await run(store.db, statements)
    return index === 0 ? answers[0]?.results[0]?.['answer'] : undefined
  } catch (error) {
    const fault = readFault(error)
    if (fault.kind === 'told') return fault.answer
    // Somebody else changed the rows in the meantime; the first refusal stands.
    return undefined
  }
}

/**
 * Which operation it was that failed, by doing ever fewer of them and undoing all again. Null when the database has other troubles, or
 * what failed doesn't fail any more.
 */
export async function failedOperation(refused: Refused, fault: DatabaseFault): Promise<number | null> {
  if (UNRELATED.has(fault.kind) || (fault.kind === 'raise' && (fault.code === 'session' || fault.code === 'lease'))) return null
  let [passes, fails] = [0, refused.query.operations.length]
  while (fails - passes > 1) {
    const middle = (passes + fails) >> 1
    if ((await ask(refused, middle, () => ({ chunks: ['1'] }))) === 1) passes = middle
    else fails = middle
  }
  return passes
}

const UNRELATED: ReadonlySet<DatabaseFault['kind']> = new Set(['overloaded', 'unavailable', 'other', 'told'])

/** A fuller error than the fault alone gives; null when there is no more to say. `index` is the operation that failed. */
export async function explain(refused: Refused, index: number, fault: DatabaseFault, cause: unknown): Promise<AppError | null> {
  if (!CONSTRAINTS.has(fault.kind)) return null
  if ((await ask(refused, index, policyQuestion)) === 1) return policyViolation(refused.query.operations[index]!.table, cause)
  if (fault.kind === 'foreign-key') return explainForeignKey(refused, index, cause)
  return fault.kind === 'unique' ? explainUnique(refused, index, fault, cause) : null
}

async function explainForeignKey(refused: Refused, index: number, cause: unknown): Promise<AppError | null> {
  let candidates: readonly ForeignKeyCandidate[] = []
  const question: Question = (context, at) => {
    candidates = foreignKeyCandidates(context, at)
    return candidates.length > 1 ? foreignKeyQuestion(context, at) : null
  }
  const answer = await ask(refused, index, question)
  const found = candidates.length === 1 ? candidates[0] : candidates[typeof answer === 'number' ? answer : -1]
  return found ? foreignKeyViolation(found, cause) : null
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
  refused: Refused,
  index: number,
  fault: Extract<DatabaseFault, { kind: 'unique' }>,
  cause: unknown,
): Promise<AppError | null> {
  const table = refused.model.tables.get(fault.table)
  if (!table || refused.query.operations[index]?.table !== fault.table) return null
  const answer = await ask(refused, index, takenKeyQuestion(fault.columns))
  const values = typeof answer === 'string' ? (JSON.parse(answer) as unknown[]) : null
  const details = values && `Key (${fault.columns.join(', ')})=(${values.map(String).join(', ')}) already exists.`
  return uniqueViolation(nameOfUnique(table, fault.columns, fault.primaryKey), details, cause)
}

/**
 * Whether the row is there that operation number `index` says there must not be. A row that has its key and another of its values may be
 * told of by either; then it is looked for as the caller sees it.
 */
export async function breaksAbsence(refused: Refused, index: number, fault: DatabaseFault): Promise<boolean> {
  const operation = refused.query.operations[index]
  if (operation?.kind !== 'insert' || !operation.ifAbsent || fault.kind !== 'unique' || fault.table !== operation.table) return false
  const key = operation.ifAbsent
  if (key.length === fault.columns.length && fault.columns.every((name) => key.includes(name))) return true
  return typeof (await ask(refused, index, takenKeyQuestion(key))) === 'string'
}
