// Whether the caller's session still lives, asked in the statement that needs it.
import type { Principal } from '../core'
import { CLOCK } from './clock'
import type { CompileContext } from './context'
import type { CompiledStatement } from './compiled'
import { require } from './raise'
import { and, bind, isTrue, render, sql, TRUE, type Rendered, type Sql } from './sql'

/** The roles that a person's token names, as `hasRole` reads them. */
export function tokenRoles({ claims }: Principal): readonly string[] {
  const metadata = claims['app_metadata']
  const roles = typeof metadata === 'object' && metadata !== null && 'roles' in metadata ? metadata.roles : null
  return Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : []
}

/** One row of `auth_sessions` when the session is there and hasn't reached its end, and its person isn't banned. */
function living({ sessionId, uid }: Principal): Sql {
  return and([
    sql`\`id\` = ${bind(sessionId)}`,
    sql`\`user_id\` = ${bind(uid)}`,
    sql`(\`expires_at\` is null or \`expires_at\` > ${CLOCK})`,
    sql`(\`suspended_until\` is null or \`suspended_until\` <= ${CLOCK})`,
  ])
}

/** The same, and it is as strong as the token says, and no role that the token names was taken from the person since. */
function current(principal: Principal): Sql {
  const roles = tokenRoles(principal)
  const strong = principal.aal === 'aal2' ? and([living(principal), sql`\`aal\` = 'aal2'`]) : living(principal)
  if (roles.length === 0) return strong
  const taken = sql`select 1 from json_each(\`revoked_roles\`) where value in (select value from json_each(${bind(JSON.stringify(roles))}))`
  return and([strong, sql`(\`revoked_roles\` is null or not exists(${taken}))`])
}

/** One key probe for a signed-in person; everybody else has no session to lose. */
export function sessionLives(context: CompileContext): Sql {
  const { principal, sessionChecked } = context.execution
  if (principal.uid === null || sessionChecked) return TRUE
  return sql`exists(select 1 from \`auth_sessions\` where ${current(principal)})`
}

/** Fails when it doesn't, before anything that the statements behind it could tell; nothing for whoever has no session. */
export function askSession(context: CompileContext, table: string, operation: number): CompiledStatement[] {
  const lives = sessionLives(context)
  if (isTrue(lives)) return []
  return [{ ...render(sql`select ${require(lives, { chunks: ['null'] }, 'session', table)} as ok`), role: 'guard', operation }]
}

/** For the primary store, which has the sessions: one row when the session of a person lives. */
export function sessionStatement(principal: Principal): Rendered {
  return render(sql`select 1 as live from \`auth_sessions\` where ${current(principal)}`)
}

/** For the primary store: one row `{ revoked_roles, aal }`, a JSON list or NULL and the level, when the session lives, whatever its token says of them. */
export function presentRightsStatement(principal: Principal): Rendered {
  return render(sql`select \`revoked_roles\`, \`aal\` from \`auth_sessions\` where ${living(principal)}`)
}
