// The roles of people: lists of names in `app_metadata.roles`, which administrators change and policies read with `hasRole`.
import { AppError } from '../core'
import { ROLE_NAME, type AppDefinition } from '../define'
import { run, type AuthenticationContext, type RolesChange, type Statement } from '../platform'
import { auditStatement } from './audit'
import { MUST_CHANGE, runWhole } from './batch'
import { authErrors, unknownPerson } from './errors'
import type { Workshop } from './workshop'

/** A person has at most so many. */
export const MAX_ROLES = 100

function refused(message: string): AppError {
  return new AppError(authErrors.validation_failed, { message })
}

/** `roles` without repetitions. Errors: `validation_failed` for what is no list of roles that the app declares. */
export function checkRoles({ auth }: AppDefinition, roles: unknown): readonly string[] {
  if (!Array.isArray(roles)) throw refused('roles must be a list of names')
  for (const role of roles as readonly unknown[]) {
    if (typeof role !== 'string' || !ROLE_NAME.test(role)) {
      throw refused('A role is a name of up to 64 letters, digits and _ . : -')
    }
    if (auth?.roles !== undefined && !auth.roles.includes(role)) throw refused(`The app declares no role "${role}"`)
  }
  const distinct = [...new Set(roles as string[])]
  if (distinct.length > MAX_ROLES) throw refused(`A person can have ${MAX_ROLES} roles at most`)
  return distinct
}

/** SQL of the list of a person's roles, as JSON. `metadata` is a column. */
const rolesSql = (metadata: string) =>
  `case json_type(${metadata}, '$.roles') when 'array' then json_extract(${metadata}, '$.roles') else '[]' end`

/**
 * Goes before the statement that writes `app_metadata.roles` anew: the roles that aren't in `kept` any more end for the tokens of the person's
 * sessions, and those that are count again.
 */
export function endRolesBut(userId: string, kept: readonly string[]): Statement {
  return {
    sql: `update auth_sessions set revoked_roles = (select json_group_array(value) from (
        select value from json_each(coalesce(revoked_roles, '[]'))
        union select value from json_each((select ${rolesSql('u.app_metadata')} from auth_users u where u.id = ?1)))
        where value not in (select value from json_each(?2)))
      where user_id = ?1`,
    params: [userId, JSON.stringify(kept)],
  }
}

const ROLES = (userId: string): Statement => ({
  sql: `select json(${rolesSql('app_metadata')}) as roles from auth_users where id = ?1`,
  params: [userId],
})

function readRoles(row: Readonly<Record<string, unknown>> | undefined): readonly string[] {
  if (row === undefined) throw unknownPerson()
  return JSON.parse(String(row['roles'])) as string[]
}

export async function rolesOf({ db }: Workshop, userId: string): Promise<readonly string[]> {
  const [found] = await run(db, [ROLES(userId)])
  return readRoles(found!.results[0])
}

/**
 * Gives and takes roles in one batch, whatever other administrators do at the same time. A role that is taken ends with the person's next
 * request, one that is given comes with their next token. Errors: `validation_failed`, `user_not_found` (404).
 */
export async function changeRoles(
  workshop: Workshop,
  context: AuthenticationContext,
  userId: string,
  change: RolesChange,
): Promise<readonly string[]> {
  const { app, db, now } = workshop
  const grant = checkRoles(app, change.grant)
  // What the app declares no more can still be taken.
  const remove = [...new Set(change.remove)]
  if (grant.length + remove.length === 0) throw refused('Name at least one role')
  if (grant.some((role) => remove.includes(role))) throw refused('A role can’t be both given and taken')
  const own = rolesSql('app_metadata')
  const entry = (action: 'role_granted' | 'role_removed', roles: readonly string[]) =>
    roles.length === 0 ? [] : [auditStatement({ ...context, now }, { action, userId, actor: 'service', details: { roles } })]
  const answers = await runWhole(db, [
    {
      sql: `update auth_users set updated_at = ?4, app_metadata = json_set(app_metadata, '$.roles', json((select json_group_array(value) from (
          select value from json_each(${own}) where value not in (select value from json_each(?2))
          union all select value from json_each(?1) where value not in (select value from json_each(${own}))))))
        where id = ?3 and (select count(*) from (select value from json_each(${own}) union select value from json_each(?1))) <= ${MAX_ROLES}`,
      params: [JSON.stringify(grant), JSON.stringify(remove), userId, String(now)],
    },
    MUST_CHANGE,
    {
      sql: `update auth_sessions set revoked_roles = (select json_group_array(value) from (
          select value from json_each(coalesce(revoked_roles, '[]')) union select value from json_each(?2))
          where value not in (select value from json_each(?1)))
        where user_id = ?3`,
      params: [JSON.stringify(grant), JSON.stringify(remove), userId],
    },
    ...entry('role_granted', grant),
    ...entry('role_removed', remove),
    ROLES(userId),
  ])
  if (answers !== null) return readRoles(answers.at(-1)!.results[0])
  await rolesOf(workshop, userId)
  throw refused(`A person can have ${MAX_ROLES} roles at most`)
}
