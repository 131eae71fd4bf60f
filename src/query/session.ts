// Whether the caller's session still lives, asked in the statement that needs it.
import type { CompileContext } from './context'
import { bind, sql, TRUE, type Sql } from './sql'

/** One key probe for a signed-in person; everybody else has no session to lose. */
export function sessionLives(context: CompileContext): Sql {
  const { uid, sessionId } = context.execution.principal
  if (uid === null || context.execution.sessionChecked) return TRUE
  return sql`exists(select 1 from \`auth_sessions\` where \`id\` = ${bind(sessionId)} and \`user_id\` = ${bind(uid)})`
}
