// Node's SQLite behind the part of D1's interface that the engine uses: batches are transactions, errors read as D1's do.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { Stores } from '../../src/platform'

interface Prepared {
  readonly sql: string
  readonly params: readonly SQLInputValue[]
}

/** The stores of an app that has this one database. */
export function storesOf(db: DatabaseSync): Stores {
  const primary = { name: 'db', db: asD1(db) }
  return { primary, all: [primary], forPartition: () => primary }
}

function asD1(db: DatabaseSync): D1Database {
  const one = ({ sql, params }: Prepared) => {
    const results = db.prepare(sql).all(...params) as Record<string, unknown>[]
    const { n } = db.prepare('select changes() as n').get() as { n: number }
    return { results, success: true, meta: { changes: n, rows_read: 0, rows_written: 0 } }
  }
  const prepare = (sql: string, params: readonly SQLInputValue[] = []) => ({
    sql,
    params,
    bind: (...values: SQLInputValue[]) => prepare(sql, values),
    all: async () => inTransaction(db, () => one({ sql, params })),
    run: async () => inTransaction(db, () => one({ sql, params })),
    first: async () => inTransaction(db, () => one({ sql, params }).results[0] ?? null),
  })
  return { prepare, batch: async (statements: Prepared[]) => inTransaction(db, () => statements.map(one)) } as unknown as D1Database
}

let depth = 0

function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  const name = `call${depth++}`
  db.exec(`savepoint ${name}`)
  try {
    const result = work()
    db.exec(`release ${name}`)
    return result
  } catch (error) {
    db.exec(`rollback to ${name}; release ${name}`)
    throw new Error(asD1Text(error), { cause: error })
  } finally {
    depth--
  }
}

/** SQLite's extended result codes (rescode.html) that constraints raise. */
const EXTENDED: Readonly<Record<number, string>> = {
  275: 'SQLITE_CONSTRAINT_CHECK',
  787: 'SQLITE_CONSTRAINT_FOREIGNKEY',
  1299: 'SQLITE_CONSTRAINT_NOTNULL',
  1555: 'SQLITE_CONSTRAINT_PRIMARYKEY',
  1811: 'SQLITE_CONSTRAINT_TRIGGER',
  2067: 'SQLITE_CONSTRAINT_UNIQUE',
  3091: 'SQLITE_CONSTRAINT_DATATYPE',
}

function asD1Text(error: unknown): string {
  const { message, errcode } = error as Error & { errcode?: number }
  const extended = errcode === undefined ? undefined : EXTENDED[errcode]
  return extended ? `D1_ERROR: ${message}: SQLITE_CONSTRAINT (extended: ${extended})` : `D1_ERROR: ${message}: SQLITE_ERROR`
}
