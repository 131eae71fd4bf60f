// The SQL that makes and fills a generated app's database, for Node's SQLite and for D1.
import type { AppDefinition } from '../../src/define'
import { expectedSchema, planMigration } from '../../src/migrations'
import type { TableSpec } from './apps'
import type { State } from './policy-oracle'
import { NOW, PEOPLE } from './rows'

export interface Statement {
  readonly sql: string
  readonly params: readonly (string | number | null | Uint8Array | ArrayBuffer)[]
}

/** SQL that makes an app's database, the engine's tables among it. */
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
    // As strong as a session can be: it may do what its tokens say, of whatever strength they are.
    out.push({
      sql: "insert into auth_sessions (id, user_id, aal, refreshed_at, created_at) values (?, ?, 'aal2', 0, 0)",
      params: [`s-${uid}`, uid],
    })
  }
  for (const { name, columns } of tables) {
    for (const row of state.get(name) ?? []) {
      const names = columns.map((column) => `\`${column.name}\``)
      const marks = columns.map(({ kind }) =>
        kind === 'real' ? '?' : kind === 'text' || kind === 'json' || kind === 'date' || kind === 'range' ? '?' : 'cast(? as integer)',
      )
      out.push({
        sql: `insert into \`${name}\` (${names.join(', ')}, \`_updated_at\`) values (${marks.join(', ')}, ${NOW})`,
        params: columns.map((column) => row[column.name] ?? null),
      })
    }
  }
  return out
}
