// A database in memory with D1's limits, its strict tables and its habit of binding every number as REAL, for tests of pure SQL.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { AppDefinition, Model } from '../../src/define'
import { expectedSchema, planMigration } from '../../src/migrations'
import { compile, type CompiledStatement, type Execution, type Read, type SqlValue } from '../../src/query'

/** What workerd sets (sqlite.c++), and the fewest arguments that Cloudflare documents. */
const LIMITS = {
  sqlLength: 100_000,
  column: 100,
  exprDepth: 100,
  compoundSelect: 5,
  vdbeOp: 25_000,
  functionArg: 32,
  likePatternLength: 50,
  variableNumber: 100,
}

/** Makes the app's tables. Foreign keys aren't enforced, so that rows go in in any order. */
export function openDatabase(app: AppDefinition): DatabaseSync {
  const db = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false })
  const { statements, problems } = planMigration({ tables: [] }, expectedSchema(app))
  if (problems.length > 0) throw new Error(problems.join('\n'))
  for (const statement of statements) db.exec(statement)
  const limits = (db as unknown as { limits: Record<string, number> }).limits
  for (const [name, value] of Object.entries(LIMITS)) limits[name] = value
  return db
}

/** Inserts rows of JSON values; objects and lists are stored as JSON text. */
export function fill(db: DatabaseSync, table: string, rows: readonly Readonly<Record<string, unknown>>[]): void {
  for (const row of rows) {
    const names = Object.keys(row)
    const values = Object.values(row).map((value) =>
      typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
        ? JSON.stringify(value)
        : typeof value === 'boolean'
          ? Number(value)
          : value,
    )
    db.prepare(
      `insert into \`${table}\` (${names.map((name) => `\`${name}\``).join(', ')}) values (${names.map(() => '?').join(', ')})`,
    ).run(...(values as SQLInputValue[]))
  }
}

/** Runs one statement as D1 does. */
export function run(
  db: DatabaseSync,
  { sql, params }: { readonly sql: string; readonly params: readonly SqlValue[] },
): Record<string, unknown>[] {
  return db.prepare(sql).all(...(params as SQLInputValue[])) as Record<string, unknown>[]
}

export interface Answer {
  readonly live: boolean
  readonly rows: readonly unknown[]
  readonly total: number | null
  /** The JSON as it stands, before any number is rounded by parsing. */
  readonly text: string
}

/** The one statement of a read. */
export function statementOf(model: Model, read: Read, execution: Execution): CompiledStatement {
  const { statements } = compile(model, { operations: [read], shape: { form: 'list' } }, execution)
  if (statements.length !== 1) throw new Error(`a read is one statement, not ${statements.length}`)
  return statements[0]!
}

/** Compiles and runs a read. */
export function ask(db: DatabaseSync, model: Model, read: Read, execution: Execution): Answer {
  const statement = statementOf(model, read, execution)
  const [head, ...records] = run(db, statement)
  const text = statement.role === 'read-rows' ? `[${records.map(({ d }) => String(d)).join(',')}]` : String(head!['body'])
  return { live: head!['live'] === 1, rows: (JSON.parse(text) ?? []) as unknown[], total: head!['total'] as number | null, text }
}

/** SQLite's plan, a line a step. */
export function planOf(db: DatabaseSync, statement: CompiledStatement): string[] {
  return run(db, { ...statement, sql: `explain query plan ${statement.sql}` }).map(({ detail }) => String(detail))
}
