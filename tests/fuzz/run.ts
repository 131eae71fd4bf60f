// Runs compiled reads on Node's SQLite and takes their answers apart.
import type { DatabaseSync } from 'node:sqlite'
import type { CompiledQuery } from '../../src/query'
import { all, dump } from './database'
import type { TableSpec } from './apps'
import type { State } from './policy-oracle'

export interface ReadAnswer {
  /** Whether the caller's session lives. */
  readonly live: boolean
  readonly rows: unknown[]
  readonly total: number | null
}

/** Throws when the compiler didn't make exactly one statement, which is what a read costs. */
export function runRead(db: DatabaseSync, { statements }: CompiledQuery): ReadAnswer {
  const [statement] = statements
  if (statement === undefined || statements.length !== 1) throw new Error(`A read is one statement, this one is ${statements.length}.`)
  const [head, ...records] = all(db, statement)
  if (head === undefined) throw new Error('A read answers with at least one row.')
  const live = head['live'] === 1
  const total = head['total'] === null ? null : Number(head['total'])
  if (statement.role === 'read-rows') return { live, total, rows: records.map(({ d }) => JSON.parse(String(d)) as unknown) }
  const rows = head['body'] === null ? [] : (JSON.parse(String(head['body'])) as unknown[])
  if (live && Number(head['rows']) !== rows.length) throw new Error(`rows is ${String(head['rows'])}, the body has ${rows.length}.`)
  if (!live && head['body'] !== null) throw new Error('A dead session was given a body.')
  return { live, total, rows }
}

/** What became of a batch: of each operation how many rows it wrote, and which it answered. */
export interface BatchAnswer {
  /** Null when it was refused; then why. */
  readonly state: State | null
  readonly refusal: string | null
  readonly operations: readonly { readonly affected: number; readonly rows: readonly unknown[] }[]
}

/** Runs a batch as one transaction, looks at what became of the tables, and takes it back. */
export function runBatch(db: DatabaseSync, { statements }: CompiledQuery, specs: readonly TableSpec[], count: number): BatchAnswer {
  const operations = Array.from({ length: count }, () => ({ affected: 0, rows: [] as unknown[] }))
  db.exec('begin')
  try {
    for (const statement of statements) {
      const answers = all(db, statement)
      const mine = operations[statement.operation]!
      if (statement.role === 'write') mine.affected += answers.length
      for (const { d, body } of answers) {
        if (typeof d === 'string') mine.rows.push(JSON.parse(d))
        if (statement.role === 'read' && typeof body === 'string') mine.rows.push(...(JSON.parse(body) as unknown[]))
      }
    }
    return { state: dump(db, specs), refusal: null, operations }
  } catch (error) {
    return { state: null, refusal: error instanceof Error ? error.message : String(error), operations: [] }
  } finally {
    db.exec('rollback')
  }
}

export interface WriteAnswer {
  /** Null when the batch was refused; then why. */
  readonly state: State | null
  readonly refusal: string | null
  readonly affected: number
  readonly rows: readonly unknown[]
}

/** Runs a write's batch as one transaction, looks at what became of the tables, and takes it back. */
export function runWrite(db: DatabaseSync, { statements }: CompiledQuery, specs: readonly TableSpec[]): WriteAnswer {
  db.exec('begin')
  try {
    let affected = 0
    const rows: unknown[] = []
    for (const statement of statements) {
      const answers = all(db, statement)
      if (statement.role === 'write') affected += answers.length
      for (const { d } of answers) if (d !== undefined && d !== null) rows.push(JSON.parse(String(d)))
    }
    return { state: dump(db, specs), refusal: null, affected, rows }
  } catch (error) {
    return { state: null, refusal: error instanceof Error ? error.message : String(error), affected: 0, rows: [] }
  } finally {
    db.exec('rollback')
  }
}
