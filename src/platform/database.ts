// D1 with a meter on it: every call that reaches the database is reported to an observer. Changes no result.

/** A value D1 can bind. Numbers arrive as REAL: bind integers as text and let the column's affinity convert. */
export type SqlValue = string | number | null | ArrayBuffer | Uint8Array

export interface Statement {
  readonly sql: string
  readonly params: readonly SqlValue[]
}

/** One round trip to D1. */
export interface DatabaseCall {
  readonly store: string
  readonly statements: readonly { readonly sql: string; readonly rowsRead: number; readonly rowsWritten: number }[]
  readonly milliseconds: number
}

export type DatabaseObserver = (call: DatabaseCall) => void

type Meta = { rows_read?: number; rows_written?: number }

/** Wraps a database, or a session of one, so that `observe` hears of each round trip, also of one that failed. Works under Drizzle. */
export function metered(db: D1Database | D1DatabaseSession, store: string, observe: DatabaseObserver): D1Database {
  const inner = new WeakMap<D1PreparedStatement, { statement: D1PreparedStatement; sql: string }>()

  /** `metas` gives what the statements cost, one each. */
  async function call<T>(
    statements: readonly string[],
    ask: () => Promise<T>,
    metas: (answer: T) => readonly (Meta | undefined)[],
  ): Promise<T> {
    const started = Date.now()
    let costs: readonly (Meta | undefined)[] = []
    try {
      const answer = await ask()
      costs = metas(answer)
      return answer
    } finally {
      observe({
        store,
        milliseconds: Date.now() - started,
        statements: statements.map((sql, i) => ({ sql, rowsRead: costs[i]?.rows_read ?? 0, rowsWritten: costs[i]?.rows_written ?? 0 })),
      })
    }
  }

  const wrap = (statement: D1PreparedStatement, sql: string): D1PreparedStatement => {
    const one = <T extends { readonly meta: Meta }>(ask: () => Promise<T>) => call([sql], ask, ({ meta }) => [meta])
    const outer = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values), sql),
      all: () => one(() => statement.all()),
      run: () => one(() => statement.run()),
      raw: (options?: { columnNames?: boolean }) =>
        call(
          [sql],
          () => statement.raw(options as { columnNames: true }),
          () => [],
        ),
      async first(column?: string) {
        const { results } = await one(() => statement.all<Record<string, unknown>>())
        const row = results[0] ?? null
        return column === undefined || row === null ? row : (row[column] ?? null)
      },
    } as unknown as D1PreparedStatement
    inner.set(outer, { statement, sql })
    return outer
  }

  return {
    prepare: (sql: string) => wrap(db.prepare(sql), sql),
    batch(statements: D1PreparedStatement[]) {
      const known = statements.map((statement) => inner.get(statement) ?? { statement, sql: '' })
      return call(
        known.map(({ sql }) => sql),
        () => db.batch(known.map(({ statement }) => statement)),
        (results) => results.map(({ meta }) => meta),
      )
    },
    withSession: () => {
      throw new Error('Take the session first, then meter it.')
    },
  } as unknown as D1Database
}

/** Runs statements as one round trip, several as one transaction; the answers in the same order. */
export async function run(db: D1Database, statements: readonly Statement[]): Promise<D1Result<Record<string, unknown>>[]> {
  const prepared = statements.map(({ sql, params }) => (params.length > 0 ? db.prepare(sql).bind(...params) : db.prepare(sql)))
  if (prepared.length === 0) return []
  if (prepared.length === 1) return [await prepared[0]!.all<Record<string, unknown>>()]
  return db.batch<Record<string, unknown>>(prepared)
}
