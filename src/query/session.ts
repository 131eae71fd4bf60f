// Whether the caller's session still lives, asked in the statement that needs it.
import type { CompileContext } from './context'
import type { CompiledStatement } from './compiled'
import { require } from './raise'
import { bind, isTrue, render, sql, TRUE, type Sql } from './sql'

/** One key probe for a signed-in person; everybody else has no session to lose. */
export function sessionLives(context: CompileContext): Sql {
  const { uid, sessionId } = context.execution.principal
  if (uid === null || context.execution.sessionChecked) return TRUE
  return sql`exists(select 1 from \`auth_sessions\` where \`id\` = ${bind(sessionId)} and \`user_id\` = ${bind(uid)})`
}

/** Fails when it doesn't, before anything that the statements behind it could tell; nothing for whoever has no session. */
export function askSession(context: CompileContext, table: string, operation: number): CompiledStatement[] {
  const lives = sessionLives(context)
  if (isTrue(lives)) return []
  return [{ ...render(sql`select ${require(lives, { chunks: ['null'] }, 'session', table)} as ok`), role: 'guard', operation }]
}
