// A database as D1 would hold it, on Node's own SQLite: the same DDL and triggers, numbers bound as REAL, a batch as one transaction.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { AppDefinition } from '../../src/define'
import { expectedSchema, planMigration } from '../../src/migrations'
import type { TableSpec } from './apps'
import type { Stored } from './logic'
import type { Row, State } from './policy-oracle'
import { NOW, PEOPLE } from './rows'

export interface Statement {
  readonly sql: string
  readonly params: readonly (string | number | null | Uint8Array | ArrayBuffer)[]
}

/** SQL that makes an app's database. */
export function ddl(app: AppDefinition): readonly string[] {
  const { statements, problems } = planMigration({ tables: [] }, expectedSchema(app))
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return statements
}

/** SQL that fills it, with people and their sessions. */
export function filling(tables: readonly TableSpec[], state: State): Statement[] {
  const out: Statement[] = []
  for (const uid of PEOPLE) {
    out.push({ sql: 'insert into auth_users (id, created_at, updated_at) values (?, 0, 0)', params: [uid] })
    out.push({ sql: 'insert into auth_sessions (id, user_id, refreshed_at, created_at) values (?, ?, 0, 0)', params: [`s-${uid}`, uid] })
  }
  for (const { name, columns } of tables) {
    for (const row of state.get(name) ?? []) {
      const names = columns.map((column) => `\`${column.name}\``)
      const marks = columns.map(({ kind }) => (kind === 'real' ? '?' : kind === 'text' || kind === 'json' || kind === 'date' ? '?' : 'cast(? as integer)'))
      out.push({ sql: `insert into \`${name}\` (${names.join(', ')}, \`_updated_at\`) values (${marks.join(', ')}, ${NOW})`, params: columns.map((column) => row[column.name] ?? null) })
    }
  }
  return out
}

/** Opens a filled database in memory. */
export function open(app: AppDefinition, tables: readonly TableSpec[], state: State): DatabaseSync {
  const db = new DatabaseSync(':memory:')
  db.exec(`begin;\n${ddl(app).join(';\n')};`)
  for (const { sql, params } of filling(tables, state)) db.prepare(sql).run(...(params as SQLInputValue[]))
  db.exec('commit')
  return db
}

/** Runs one statement and gives its rows. */
export function all(db: DatabaseSync, { sql, params }: Statement): Record<string, unknown>[] {
  return db.prepare(sql).all(...(params as SQLInputValue[])) as Record<string, unknown>[]
}

/** Every row of the app's tables, ordered by key. */
export function dump(db: DatabaseSync, tables: readonly TableSpec[]): Map<string, Row[]> {
  const state = new Map<string, Row[]>()
  for (const { name, columns, key } of tables) {
    const names = columns.map((column) => `\`${column.name}\``).join(', ')
    const rows = db.prepare(`select ${names} from \`${name}\` order by ${key.map((column) => `\`${column}\``).join(', ')}`).all()
    state.set(name, rows.map((row) => ({ ...row }) as Record<string, Stored>))
  }
  return state
}
