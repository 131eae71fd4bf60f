// Random rows, people and callers, from small pools so that values meet.
import { ANONYMOUS, SERVICE, type Principal } from '../../src/core'
import type { Literal } from '../../src/define'
import type { ColumnSpec, Kind, TableSpec } from './apps'
import type { Draw } from './draw'
import type { Stored } from './logic'
import type { Row } from './policy-oracle'
import { RANGES, storedRange } from './ranges'

export const PEOPLE = ['u1', 'u2', 'u3'] as const
/** UTC ms, a whole second, so that both units of time hold it. */
export const NOW = Date.UTC(2026, 10, 23, 12)

const TEXTS = [
  'a',
  'A',
  'ab',
  'b',
  '',
  'u1',
  'u2',
  'red',
  'pro',
  'authenticated',
  '10',
  '100%',
  'x_y',
  "o'k",
  'a[b',
  'a*',
  'what?',
  'é',
  'É',
  '𝒳',
  'ｚ',
  'axy',
  '_x',
  'back\\slash',
  '"q"',
  '\u0001',
  'null',
  'aal2',
]
const INTEGERS = [-1, 0, 1, 2, 3, 10, 2_147_483_647]
const REALS = [-2.5, 0, 0.5, 1, 1.5, 0.1, 1e21]
const TIMES = [0, -60_000, 60_000, -3_600_000, 86_400_000]
const DATES = ['2026-11-22', '2026-11-23', '2026-12-01', '1999-01-31']
const JSONS: readonly unknown[] = [
  null,
  {},
  { level: 1, name: 'red', flag: true, tags: ['red', 'blue'], deep: { name: 'u1' } },
  { level: 2, name: 'u1', flag: false, tags: [], deep: { name: 'blue' } },
  { level: '2', name: null, flag: null, tags: 'red', deep: [1] },
  [1, 'a'],
  'red',
  3,
  true,
]

/** A value in the form a policy's literal has. */
export function literalOf(choose: Draw, kind: Kind): Literal {
  switch (kind) {
    case 'integer':
      return choose.pick(INTEGERS)
    case 'real':
      return choose.pick(REALS)
    case 'boolean':
      return choose.chance(50)
    case 'timestamp':
    case 'timestamp_ms':
      return new Date(NOW + choose.pick(TIMES))
    case 'date':
      return choose.pick(DATES)
    case 'range':
      return choose.pick(RANGES)
    default:
      return choose.pick(TEXTS)
  }
}

/** A value as a client would send it: JSON for a body, or what stands behind an operator in a URL. */
export function clientValue(choose: Draw, kind: Kind): unknown {
  if (kind === 'json') return choose.pick(JSONS)
  const literal = literalOf(choose, kind)
  return literal instanceof Date ? literal.toISOString() : literal
}

/** How the database holds what `clientValue` gave. */
export function stored(kind: Kind, value: unknown): Stored {
  if (value === null || value === undefined) return null
  switch (kind) {
    case 'boolean':
      return value ? 1 : 0
    case 'timestamp':
      return Math.floor(Date.parse(String(value)) / 1000)
    case 'timestamp_ms':
      return Date.parse(String(value))
    case 'json':
      return JSON.stringify(value)
    case 'range':
      return storedRange(String(value))
    default:
      return value as Stored
  }
}

/** The id number `n` of a table. */
export function idOf(kind: Kind, table: string, n: number): string | number {
  return kind === 'integer' ? n + 1 : `${table[0] ?? 'r'}${n + 1}`
}

/** Rows for every table, references pointing at rows there are. */
export function drawRows(choose: Draw, tables: readonly TableSpec[]): Map<string, Row[]> {
  const state = new Map<string, Row[]>()
  for (const table of tables) {
    const rows: Row[] = []
    state.set(table.name, rows)
    for (let n = 0, count = choose.int(7); n < count; n++) {
      const row: Record<string, Stored> = {}
      for (const column of table.columns) row[column.name] = cell(choose, table, column, n, state)
      const complete = table.columns.every(({ name, notNull }) => !notNull || row[name] !== null)
      if (complete && !clashes(table, rows, row)) rows.push(row)
    }
  }
  return state
}

function cell(choose: Draw, table: TableSpec, column: ColumnSpec, n: number, state: ReadonlyMap<string, readonly Row[]>): Stored {
  if (table.key.length === 1 && column.name === table.key[0]) return idOf(column.kind, table.name, n)
  if (!column.notNull && choose.chance(20)) return null
  if (column.references) {
    const targets = state.get(column.references) ?? []
    return targets.length > 0 ? (choose.pick(targets)['id'] ?? null) : null
  }
  if (column.name === 'owner_id') return choose.pick(PEOPLE)
  return stored(column.kind, column.kind === 'json' ? choose.pick(JSONS.slice(1)) : clientValue(choose, column.kind))
}

/** Whether the row breaks a key or a unique column of those there are. */
export function clashes(table: TableSpec, rows: readonly Row[], row: Row): boolean {
  return rows.some(
    (other) =>
      table.key.every((name) => other[name] === row[name]) ||
      table.columns.some(({ name, unique }) => unique && row[name] !== null && other[name] === row[name]),
  )
}

/** Somebody who asks: a stranger, a person with claims of every shape, a signed-out person, or the service. */
export function drawPrincipal(choose: Draw, ids: readonly string[]): Principal & { readonly live: boolean } {
  const who = choose.int(9)
  if (who === 0)
    return { ...ANONYMOUS, claims: choose.chance(50) ? {} : { role: 'anon', app_metadata: { roles: 'moderator' } }, live: true }
  if (who === 1) return { ...SERVICE, live: true }
  const uid = choose.pick(PEOPLE)
  const live = !choose.chance(5)
  const claims = {
    sub: uid,
    email: `${uid}@example.com`,
    app_metadata: {
      ...(choose.chance(70) ? { plan: choose.pick(['pro', 'free', 'a', null]) } : {}),
      ...(choose.chance(70) ? { level: choose.int(3) } : {}),
      ...(choose.chance(70) ? { roles: choose.chance(90) ? choose.some(['moderator', 'admin']) : 'moderator' } : {}),
      ...(choose.chance(70) ? { teams: [...choose.some(ids, 30), ...choose.some(['a', 'red', null, "o'k"], 30)] } : {}),
      ...(choose.chance(30) ? { team: { name: choose.pick(TEXTS) } } : {}),
    },
  }
  return {
    role: 'authenticated',
    uid,
    sessionId: live ? `s-${uid}` : 's-gone',
    claims,
    aal: choose.chance(70) ? 'aal1' : 'aal2',
    attested: choose.chance(40),
    live,
  }
}
