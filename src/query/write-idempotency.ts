// A write that is done once however often it is sent: the key is claimed and the answer kept in the write's own batch, so that
// there is never one without the other. A key that was claimed before fails the batch, and whoever runs it reads the kept answer.
import type { TableModel } from '../define'
import type { CompiledStatement } from './compiled'
import type { CompileContext } from './context'
import { sessionLives } from './session'
import { bind, isTrue, render, sql, type Sql } from './sql'
import { raise, require } from './raise'
import { ownChanges } from './write-guard'

/** Where answers are kept. */
export interface Keep {
  /** The key as the database has it. */
  readonly id: string
}

/** How long a key counts, in milliseconds. */
export const IDEMPOTENCY_MS = 24 * 3600 * 1000

/** Asks for the session, then takes the key, unless it is taken. */
export function claimKey(context: CompileContext, { id }: Keep, fingerprint: string): CompiledStatement[] {
  const lives = sessionLives(context)
  const now = sql`cast(${bind(String(context.execution.now))} as integer)`
  const claim = sql`insert into \`sys_idempotency\` (\`id\`, \`fingerprint\`, \`answer\`, \`at\`) values (${bind(id)}, ${bind(fingerprint)}, '[]', ${now}) on conflict (\`id\`) do update set \`fingerprint\` = excluded.\`fingerprint\`, \`answer\` = '[]', \`at\` = excluded.\`at\` where \`at\` < excluded.\`at\` - ${{ chunks: [String(IDEMPOTENCY_MS)] }}`
  return [
    ...(isTrue(lives) ? [] : [statement(sql`select ${require(lives, { chunks: ['null'] }, 'session', '')} as ok`, 0)]),
    statement(claim, 0),
    statement(sql`select iif(changes() = 1, null, ${raise('replay', '')}) as ok`, 0),
  ]
}

const statement = (text: Sql, operation: number): CompiledStatement => ({ ...render(text), role: 'guard', operation })

/** Keeps what an operation answers; `rows` is the query of its rows, null when none were asked for. */
export function keepAnswer(
  { id }: Keep,
  table: TableModel,
  kind: 'insert' | 'update' | 'delete',
  rows: Sql | null,
  operation: number,
): CompiledStatement {
  const count = (op: 'I' | 'U' | 'D') => sql`(select count(*) from \`sys_changes\` as \`c\` where ${ownChanges('c', table, op)})`
  const inserted = kind === 'insert' ? count('I') : sql`null`
  const affected = kind === 'insert' ? sql`${count('I')} + ${count('U')}` : count(kind === 'update' ? 'U' : 'D')
  const body = rows ? sql`(select '[' || coalesce(group_concat(d, ','), '') || ']' from (${rows}))` : sql`'[]'`
  const shown = rows ? sql`(select count(*) from (${rows}))` : sql`0`
  const entry = sql`json_object('body', ${body}, 'rows', ${shown}, 'affected', ${affected}, 'inserted', ${inserted})`
  return statement(
    sql`update \`sys_idempotency\` set \`answer\` = json_insert(\`answer\`, '$[#]', ${entry}) where \`id\` = ${bind(id)}`,
    operation,
  )
}

/** Completes the entry of rows that were read before they were removed. */
export function countRemoved({ id }: Keep, table: TableModel, operation: number): CompiledStatement {
  const affected = sql`(select count(*) from \`sys_changes\` as \`c\` where ${ownChanges('c', table, 'D')})`
  return statement(
    sql`update \`sys_idempotency\` set \`answer\` = json_set(\`answer\`, '$[#-1].affected', ${affected}) where \`id\` = ${bind(id)}`,
    operation,
  )
}
