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

/** What a policy's refusal says. */
export const RLS = (table: string) => ({
  code: '42501',
  status: 403,
  message: `new row violates row-level security policy for table "${table}"`,
  details: null,
})

let mounted = false

/** The club as every attack finds it: Ann, who founded it and is its steward, Bob, who is a member, and Eve, who isn't. */
export async function freshClub(): Promise<void> {
  if (!mounted) await mount(db)
  mounted = true
  await db.batch(
    ['letters', 'chairs', 'desks', 'notes', 'members', 'clubs', 'auth_sessions', 'auth_users'].map((name) =>
      db.prepare(`delete from ${name}`),
    ),
  )
  await people('ann', 'bob', 'eve')
  await ask('service', [
    insert('clubs', [{ id: 'climbers', name: 'Climbers', founder_id: 'ann' }]),
    insert('members', [
      { club_id: 'climbers', person_id: 'ann', rank: 'steward' },
      { club_id: 'climbers', person_id: 'bob', rank: 'member' },
    ]),
    insert(
      'notes',
      [
        { id: 'a1', owner_id: 'ann', title: 'private of ann', slug: 'one' },
        { id: 'a2', owner_id: 'ann', title: 'shared with the club', club_id: 'climbers' },
        { id: 'b1', owner_id: 'bob', title: 'private of bob' },
      ],
      { missing: 'default' },
    ),
  ])
}

/** Rows and log as they are. */
const everything = async () =>
  JSON.stringify([
    await stored('select * from notes order by id'),
    await stored('select * from members order by person_id'),
    await stored('select * from desks order by id'),
    await stored('select * from chairs order by id'),
    await stored('select count(*) from sys_changes'),
  ])

/** The refusal of a write that must leave nothing behind. */
export async function refusedWithoutTrace(write: () => Promise<unknown>): Promise<Awaited<ReturnType<typeof refusal>>> {
  const before = await everything()
  const found = await refusal(write())
  if ((await everything()) !== before) throw new Error('The refused write left something behind.')
  return found
}
