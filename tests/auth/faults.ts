// A database that fails when a test says so: at the n-th round trip of a request, before it reached the database or after it was committed.
import { sql } from '../support/backend'

export type Moment = 'before' | 'after'

/** What to do at which round trip, counted from 1; `at: 0` for nothing. */
export interface Fault {
  at: number
  moment: Moment
  /** Round trips so far. */
  trips: number
}

const lost = () => new Error('D1_ERROR: Network connection lost.')

export function failing(db: D1Database, fault: Fault): D1Database {
  const trip = async <T>(ask: () => Promise<T>): Promise<T> => {
    fault.trips++
    const mine = fault.trips === fault.at
    if (mine && fault.moment === 'before') throw lost()
    const answer = await ask()
    if (mine) throw lost()
    return answer
  }
  const plain = new WeakMap<object, D1PreparedStatement>()
  const statement = (inner: D1PreparedStatement): D1PreparedStatement => {
    const outer = {
      bind: (...values: unknown[]) => statement(inner.bind(...values)),
      all: () => trip(() => inner.all()),
      run: () => trip(() => inner.run()),
      first: () => trip(() => inner.first()),
      raw: (options?: { columnNames?: false }) => trip(() => inner.raw(options)),
    } as unknown as D1PreparedStatement
    plain.set(outer, inner)
    return outer
  }
  const over = (inner: D1Database): D1Database =>
    ({
      prepare: (text: string) => statement(inner.prepare(text)),
      batch: (statements: D1PreparedStatement[]) => trip(() => inner.batch(statements.map((one) => plain.get(one) ?? one))),
      // A session has all of a database that is asked for here.
      withSession: (start?: string) => over(inner.withSession(start) as unknown as D1Database),
      getBookmark: () => (inner as unknown as D1DatabaseSession).getBookmark(),
    }) as unknown as D1Database
  return over(db)
}

/**
 * What sign-in keeps, by table: of jobs only which there are, because they run meanwhile; of the audit log all but tries, which count before what was
 * tried is known to be right.
 */
const KEPT: Readonly<Record<string, string>> = {
  auth_users: '*',
  auth_identities: '*',
  auth_sessions: '*',
  auth_factors: 'id, user_id, status',
  auth_passkeys: '*',
  auth_recovery_codes: '*',
  auth_one_time_tokens: 'id, user_id, purpose, address',
  auth_flows: '*',
  auth_audit: 'id, action',
  sys_jobs: 'id, name',
}

export type Snapshot = ReadonlyMap<string, ReadonlySet<string>>

export async function snapshot(): Promise<Snapshot> {
  const tables = Object.entries(KEPT).map(async ([table, columns]) => {
    const rows = await sql(`select ${columns} from ${table}${table === 'auth_audit' ? ` where action not like '%attempted'` : ''}`)
    return [table, new Set(rows.map((row) => JSON.stringify(row)))] as const
  })
  return new Map(await Promise.all(tables))
}

/** How many rows of each table came or went, a changed one counting as both; tables that stayed as they were are left out. */
export function difference(before: Snapshot, after: Snapshot): Readonly<Record<string, string>> {
  const changes = [...after].map(([table, rows]) => {
    const was = before.get(table)!
    const came = [...rows].filter((row) => !was.has(row)).length
    const went = [...was].filter((row) => !rows.has(row)).length
    return [table, `+${came} -${went}`] as const
  })
  return Object.fromEntries(changes.filter(([, change]) => change !== '+0 -0'))
}
