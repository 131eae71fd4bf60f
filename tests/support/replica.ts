// Two real databases behind one D1 binding: a primary, and a replica that follows it only when told. Sessions read from the replica as
// D1's do: from a bookmark on, once it is there; anything else, and every write, goes to the primary.

type Query = { readonly sql: string; readonly params: readonly unknown[] }
type Session = Pick<D1DatabaseSession, 'prepare' | 'batch' | 'getBookmark'>

export interface Lagging {
  /** The binding as the Worker of one location has it. */
  readonly db: D1Database
  /** Which of the two answered, in order, since the last look. */
  served(): ('primary' | 'replica')[]
  /** Brings the replica to where the primary is. */
  catchUp(): Promise<void>
}

const READS = /^\s*(?:select|with)\b/i

/** Marks of the primary's commits: the number of writes so far. */
export interface Primary {
  readonly db: D1Database
  commits: number
}

const markOf = (commits: number): string => `${commits.toString(16).padStart(8, '0')}-00000000-00004f6c-${'0'.repeat(32)}`
const commitsOf = (mark: string): number => Number.parseInt(mark.slice(0, 8), 16)

/** A replica of `primary` kept in `copy`, which has the same tables. `tables` are those that it follows. */
export function lagging(primary: Primary, copy: D1Database, tables: readonly string[]): Lagging {
  let applied = 0
  let served: ('primary' | 'replica')[] = []

  async function catchUp(): Promise<void> {
    const at = primary.commits
    for (const table of [...tables].toReversed()) await copy.prepare(`delete from \`${table}\``).run()
    for (const table of tables) {
      const { results } = await primary.db.prepare(`select * from \`${table}\``).all<Record<string, unknown>>()
      for (const row of results) {
        const names = Object.keys(row)
        const sql = `insert into \`${table}\` (${names.map((name) => `\`${name}\``).join(', ')}) values (${names.map(() => '?').join(', ')})`
        await copy
          .prepare(sql)
          .bind(...Object.values(row))
          .run()
      }
    }
    applied = at
  }

  async function run(queries: readonly Query[], start: string): Promise<{ results: D1Result[]; mark: string }> {
    const writes = queries.some(({ sql }) => !READS.test(sql))
    const first = start === 'first-primary'
    if (!writes && !first && start !== 'first-unconstrained') {
      if (!/^[0-9a-f]{8}-/.test(start) || commitsOf(start) > primary.commits) throw new Error('D1_ERROR: Invalid session bookmark')
      // D1 waits until the replica is there; to see that it did, this one follows only now.
      if (applied < commitsOf(start)) await catchUp()
    }
    const near = !writes && !first
    // What the change feed writes down behind an answer is no part of it.
    if (!queries.every(({ sql }) => sql.includes('sys_consumers'))) served.push(near ? 'replica' : 'primary')
    const db = near ? copy : primary.db
    const results = await db.batch(queries.map(({ sql, params }) => db.prepare(sql).bind(...params)))
    if (writes) primary.commits++
    return { results, mark: markOf(near ? applied : primary.commits) }
  }

  function begin(start: string): Session {
    let at = start
    let mark: string | null = null
    const ask = async (queries: readonly Query[]) => {
      const { results, mark: next } = await run(queries, at)
      at = mark = next
      return results
    }
    const known = new WeakMap<object, Query>()
    const statement = (query: Query): D1PreparedStatement => {
      const made = {
        bind: (...params: unknown[]) => statement({ ...query, params }),
        all: async () => (await ask([query]))[0],
        run: async () => (await ask([query]))[0],
        first: async () => (await ask([query]))[0]!.results[0] ?? null,
      } as unknown as D1PreparedStatement
      known.set(made, query)
      return made
    }
    return {
      prepare: (sql) => statement({ sql, params: [] }),
      batch: (statements) => ask(statements.map((one) => known.get(one)!)) as never,
      getBookmark: () => mark,
    }
  }

  const whole = begin('first-primary')
  return {
    // Without a session everything goes to the primary.
    db: {
      prepare: (sql: string) => begin('first-primary').prepare(sql),
      batch: async (statements: D1PreparedStatement[]) => whole.batch(statements),
      withSession: (start = 'first-unconstrained') => begin(start),
    } as unknown as D1Database,
    served() {
      const seen = served
      served = []
      return seen
    },
    catchUp,
  }
}
