// The clubhouse on the test's own D1: its tables, its people, and a short way to ask as one of them.
import { env } from 'cloudflare:workers'
import { SERVICE, type Principal } from '../../src/core'
import { execute, type Result } from '../../src/data'
import { buildModel } from '../../src/define'
import { expectedSchema, planMigration } from '../../src/migrations'
import { addCall, newCost, type Cost } from '../../src/observability'
import { openStores, type Env } from '../../src/platform'
import type { Condition, Delete, Insert, Operation, Query, Read, SelectItem, Update } from '../../src/query'
import clubhouse from '../apps/clubhouse'

const bindings = env as unknown as { DB: D1Database; DB_SECOND: D1Database }
export const db = bindings.DB
export const second = bindings.DB_SECOND
export const model = buildModel(clubhouse)

/** Makes every table of the app in a database; the engine's too where there are none. */
export async function mount(database: D1Database, engine = false): Promise<void> {
  const schema = expectedSchema(clubhouse)
  const before = { tables: engine ? [] : schema.tables.filter(({ name }) => /^(auth|sys)_/.test(name)) }
  const { statements, problems } = planMigration(before, schema)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  await database.batch(statements.map((sql) => database.prepare(sql)))
}

/** Signs people in; each has one session named `s-<uid>`. */
export async function people(...uids: string[]): Promise<void> {
  await db.batch(
    uids.flatMap((uid) => [
      db.prepare('insert into auth_users (id, created_at, updated_at) values (?, 0, 0)').bind(uid),
      db.prepare('insert into auth_sessions (id, user_id, refreshed_at, created_at) values (?, ?, 0, 0)').bind(`s-${uid}`, uid),
    ]),
  )
}

export const person = (uid: string): Principal => ({
  role: 'authenticated',
  uid,
  sessionId: `s-${uid}`,
  claims: {},
  aal: 'aal1',
  attested: false,
})

export const NOW = 1_780_000_000_000
export let lastCost: Cost = newCost(true)

/** Runs a query as somebody and answers with the results; `lastCost` tells what it took. */
export async function ask(
  principal: Principal | 'service',
  operations: readonly Operation[],
  shape: Query['shape'] = { form: 'list' },
): Promise<Result[]> {
  lastCost = newCost(true)
  const cost = lastCost
  const stores = openStores({ DB: db, DB_1: second } as unknown as Env, (call) => addCall(cost, call))
  const execution = { principal: principal === 'service' ? SERVICE : principal, now: NOW, requestId: 'r-1', origin: 'phone-1' }
  return execute({ model, stores, query: { operations, shape }, execution })
}

/** One write or read, and its rows parsed. */
export async function rows(
  principal: Principal | 'service',
  operation: Operation,
  shape?: Query['shape'],
): Promise<Record<string, unknown>[]> {
  const [result] = await ask(principal, [operation], shape)
  return JSON.parse(result!.body) as Record<string, unknown>[]
}

export const ALL: readonly SelectItem[] = [{ kind: 'all' }]
export const pick = (...names: string[]): SelectItem[] => names.map((column) => ({ kind: 'column', target: { column }, as: column }))
export const eq = (column: string, value: string | number | boolean | null): Condition => ({
  kind: 'compare',
  target: { column },
  operator: 'eq',
  value,
})

export const insert = (table: string, given: Record<string, unknown> | Record<string, unknown>[], more: Partial<Insert> = {}): Insert => ({
  kind: 'insert',
  table,
  rows: Array.isArray(given) ? given : [given],
  missing: 'null',
  ...more,
})
export const update = (table: string, set: Record<string, unknown>, where?: Condition, more: Partial<Update> = {}): Update => ({
  kind: 'update',
  table,
  set,
  ...(where ? { where } : {}),
  ...more,
})
export const remove = (table: string, where?: Condition, more: Partial<Delete> = {}): Delete => ({
  kind: 'delete',
  table,
  ...(where ? { where } : {}),
  ...more,
})
export const read = (table: string, where?: Condition, more: Partial<Read> = {}): Read => ({
  kind: 'read',
  table,
  select: ALL,
  ...(where ? { where } : {}),
  ...more,
})

/** What the database holds, whoever may see it. */
export async function stored(sql: string, ...params: string[]): Promise<Record<string, unknown>[]> {
  return (
    await db
      .prepare(sql)
      .bind(...params)
      .all<Record<string, unknown>>()
  ).results
}

/** The refusal's code in the PostgREST dialect, its text, and nothing when there is none. */
export async function refusal(
  promise: Promise<unknown>,
): Promise<{ code: string; status: number; message: string; details: unknown } | null> {
  try {
    await promise
    return null
  } catch (error) {
    const { definition, occurrence, message } = error as {
      definition?: { postgrest?: string; status: number }
      occurrence?: { details?: unknown }
      message: string
    }
    if (!definition) throw error
    return { code: definition.postgrest ?? '', status: definition.status, message, details: occurrence?.details ?? null }
  }
}
