// A database as D1 would hold it, on Node's own SQLite: the same DDL and triggers, numbers bound as REAL, a batch as one transaction.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { AppDefinition } from '../../src/define'
import type { TableSpec } from './apps'
import type { Stored } from './logic'
import type { Row, State } from './policy-oracle'
import { ddl, filling, type Statement } from './tables'

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
    state.set(
      name,
      rows.map((row) => ({ ...row }) as Record<string, Stored>),
    )
  }
  return state
}
