// How the database would run a query: SQLite's own plan of each statement, and for reads what running it cost. A write is planned, never run.
import { AppError } from '../core'
import { readFault, run } from '../platform'
import { compile, sessionStatement, type CompiledStatement } from '../query'
import { dataErrors, errorOf } from './errors'
import type { ExecuteRequest } from './execute'
import { storeOf } from './partition'

/** A step of a plan, as `EXPLAIN QUERY PLAN` words it, and the steps that it is made of. */
export interface PlanStep {
  readonly detail: string
  /** The table that is gone through, by its own name rather than its alias in the statement. */
  readonly table: string | null
  readonly index: string | null
  readonly steps: readonly PlanStep[]
}

export interface StatementPlan {
  readonly role: CompiledStatement['role']
  /** The table of the operation that the statement belongs to. */
  readonly table: string
  readonly sql: string
  readonly steps: readonly PlanStep[]
  /** Null when it wasn't run. */
  readonly cost: { readonly rowsRead: number; readonly rows: number; readonly milliseconds: number } | null
}

/** Plans every statement of the query in one round trip; with `analyze` reads are run in it too. Throws as `execute` does. */
export async function planQuery(request: ExecuteRequest, { analyze }: { readonly analyze: boolean }): Promise<StatementPlan[]> {
  const { model, stores, execution } = request
  const { idempotency: _, ...query } = request.query
  const store = storeOf(model, stores, query)
  const elsewhere = store !== stores.primary
  const { statements } = compile(model, query, elsewhere ? { ...execution, sessionChecked: true } : execution)
  const runs = analyze && query.operations.every(({ kind }) => kind === 'read')
  const session = execution.principal.uid === null ? [] : [sessionStatement(execution.principal)]
  const planned = statements.map(({ sql, params }) => ({ sql: `explain query plan ${sql}`, params }))
  const batch = [...planned, ...(runs ? statements : [])]
  try {
    const [answers, live] = await Promise.all([
      run(store.db, elsewhere ? batch : [...batch, ...session]),
      elsewhere ? run(stores.primary.db, session) : null,
    ])
    if (session.length > 0 && (live ?? answers).at(-1)?.results.length !== 1) throw new AppError(dataErrors.session_revoked)
    return statements.map(({ role, operation, sql }, i) => ({
      role,
      table: query.operations[operation]?.table ?? '',
      sql,
      steps: stepsOf(answers[i]?.results ?? [], sql),
      cost: runs ? costOf(answers[statements.length + i]) : null,
    }))
  } catch (error) {
    if (error instanceof AppError) throw error
    throw errorOf(readFault(error), model, error) ?? error
  }
}

function costOf(answer: D1Result<Record<string, unknown>> | undefined): StatementPlan['cost'] {
  const { rows_read: rowsRead = 0, duration = 0 } = (answer?.meta ?? {}) as { rows_read?: number; duration?: number }
  const [head] = answer?.results ?? []
  // A read answers its page as one text, or a header and a text a row; see query/compiled.ts.
  const rows = typeof head?.['rows'] === 'number' ? head['rows'] : Math.max(0, (answer?.results.length ?? 0) - 1)
  return { rowsRead, rows, milliseconds: duration }
}

/** The tree of rows `{ id, parent, detail }`. */
function stepsOf(rows: readonly Record<string, unknown>[], sql: string, parent = 0): PlanStep[] {
  const tables = new Map([...sql.matchAll(/`((?:[^`]|``)+)` as `((?:[^`]|``)+)`/g)].map(([, table = '', alias = '']) => [alias, table]))
  const under = (id: unknown): PlanStep[] =>
    rows
      .filter((row) => row['parent'] === id)
      .map((row) => {
        const detail = String(row['detail'])
        const [, name, index] =
          /^(?:SCAN|SEARCH) (?!CONSTANT ROW|\()(\S+)(?:.*? USING (?:AUTOMATIC )?(?:PARTIAL )?(?:COVERING )?INDEX (\S+))?/.exec(detail) ?? []
        return { detail, table: name === undefined ? null : (tables.get(name) ?? name), index: index ?? null, steps: under(row['id']) }
      })
  return under(parent)
}
