// The end of a person: their row and all that hangs on it, or, softly, everything but an empty row that others may still point at.
import { AppError } from '../core'
import { run, type AuthenticationContext, type Caller, type Statement } from '../platform'
import { auditStatement } from './audit'
import { authErrors, unknownPerson } from './errors'
import { hookJobsCommitted, hookJobStatement } from './hook-job'
import { codeCounts } from './reauthentication'
import { livePerson, strong, UNEXPIRED } from './session'
import type { Workshop } from './workshop'

/** How long ago somebody who deletes their account may have signed in. */
export const RECENT_SIGN_IN_MS = 10 * 60_000

/** The job that runs `auth.hooks.afterUserDeleted`. No app can declare a job of that name. */
export const DELETED_PERSON_JOB = 'perigee:after-user-deleted'

/** For the batch of a deletion, before it: takes the hook's job in where `condition` holds. None when the app has no such hook. */
function personDeleted(
  workshop: Workshop,
  { address }: AuthenticationContext,
  userId: string,
  soft: boolean,
  condition: Statement,
): readonly Statement[] {
  if (workshop.app.auth?.hooks?.afterUserDeleted === undefined) return []
  return [hookJobStatement(workshop, DELETED_PERSON_JOB, { user_id: userId, soft, ip_address: address }, condition)]
}

const OWNED = [
  'auth_sessions',
  'auth_identities',
  'auth_factors',
  'auth_passkeys',
  'auth_one_time_tokens',
  'auth_challenges',
  'auth_recovery_codes',
] as const

/** Empties the row and removes what hangs on it, if it isn't empty yet. */
function emptied(userId: string, now: number): readonly Statement[] {
  const params = [userId]
  return [
    {
      sql: `update auth_users set email = null, phone = null, password_hash = null, is_anonymous = 0, email_confirmed_at = null,
          phone_confirmed_at = null, last_sign_in_at = null, app_metadata = '{}', user_metadata = '{}', invited_at = null,
          confirmation_sent_at = null, recovery_sent_at = null, reauthentication_sent_at = null, new_email = null, email_change_sent_at = null,
          email_change_confirmed = null, new_phone = null, phone_change_sent_at = null, deleted_at = ?2, updated_at = ?2
        where id = ?1 and deleted_at is null`,
      params: [userId, String(now)],
    },
    ...OWNED.map((table) => ({ sql: `delete from ${table} where user_id = ?1`, params })),
    { sql: 'delete from auth_flows where user_id = ?1 or linking_user_id = ?1', params },
  ]
}

/** One batch. Errors: `user_not_found` (404). */
export async function deletePerson(workshop: Workshop, context: AuthenticationContext, userId: string, soft: boolean): Promise<void> {
  const { db, now } = workshop
  const there: Statement = {
    sql: `exists (select 1 from auth_users where id = ?${soft ? ' and deleted_at is null' : ''})`,
    params: [userId],
  }
  const [found] = await run(db, [
    { sql: 'select id from auth_users where id = ?', params: [userId] },
    auditStatement({ ...context, now }, { action: 'user_deleted', userId, actor: 'service', details: { soft } }, there),
    ...personDeleted(workshop, context, userId, soft, there),
    // The rest goes with the row: every table of sign-in cascades.
    ...(soft ? emptied(userId, now) : [{ sql: 'delete from auth_users where id = ?', params: [userId] }]),
  ])
  if (found!.results.length === 0) throw unknownPerson()
  hookJobsCommitted(workshop)
}

/** One batch. Errors: `user_not_found` (404). */
export async function endSessions({ db, now }: Workshop, context: AuthenticationContext, userId: string): Promise<void> {
  const [found] = await run(db, [
    { sql: 'select id from auth_users where id = ?', params: [userId] },
    auditStatement(
      { ...context, now },
      { action: 'logout', userId, actor: 'service', details: { scope: 'global' } },
      { sql: 'exists (select 1 from auth_sessions where user_id = ?)', params: [userId] },
    ),
    { sql: 'delete from auth_sessions where user_id = ?', params: [userId] },
  ])
  if (found!.results.length === 0) throw unknownPerson()
}

/** Over a person `u` and their session `s`: no factor is left out that they have. */
const isStrong = (caller: Caller) =>
  `(${strong(caller)} or not exists (select 1 from auth_factors f where f.user_id = u.id and f.status = 'verified'))`

/** Over the same: they signed in since `?`, UTC s; whoever is anonymous can't do so again. */
const RECENT = `(u.is_anonymous = 1 or (select max(value ->> '$.timestamp') from json_each(s.amr)) >= cast(? as integer))`

/**
 * A person deletes their own account, in one batch. `nonce`: the code that `reauthenticate()` sent, instead of a new sign-in.
 * Errors: `session_not_found`, `user_banned`, `insufficient_aal` (401) without the second factor that they have, `reauthentication_needed` (400)
 * when they signed in longer than ten minutes ago, `reauthentication_not_valid` (422).
 */
export async function deleteOwn(
  workshop: Workshop,
  context: AuthenticationContext,
  caller: Caller,
  nonce: string | undefined,
): Promise<void> {
  const { db, now } = workshop
  const { userId, sessionId } = caller
  const since = String(Math.floor((now - RECENT_SIGN_IN_MS) / 1000))
  const may = (condition: string) => `exists (select 1 from auth_sessions s join auth_users u on u.id = s.user_id
    where s.id = ? and u.id = ? and ${UNEXPIRED} and (u.banned_until is null or u.banned_until <= cast(? as integer)) and ${condition})`
  const known = [sessionId, userId, String(now)]
  const proved: Statement =
    nonce === undefined ? { sql: RECENT, params: [since] } : await codeCounts(workshop, await livePerson(workshop, caller), nonce)
  const allowed: Statement = { sql: may(`${isStrong(caller)} and ${proved.sql}`), params: [...known, ...proved.params] }
  const answers = await run(db, [
    { sql: `select ${may(isStrong(caller))} as strong`, params: known },
    auditStatement({ ...context, now }, { action: 'user_deleted', userId, details: { soft: false } }, allowed),
    ...personDeleted(workshop, context, userId, false, allowed),
    { sql: `delete from auth_users where id = ? and ${allowed.sql} returning id`, params: [userId, ...allowed.params] },
  ])
  if (answers.at(-1)!.results.length > 0) return hookJobsCommitted(workshop)
  await livePerson(workshop, caller)
  if (answers[0]!.results[0]!['strong'] !== 1) {
    throw new AppError(
      { ...authErrors.insufficient_aal, status: 401 },
      { message: 'AAL2 session is required to delete an account with a second factor' },
    )
  }
  throw new AppError(authErrors.reauthentication_needed, { message: 'Deleting an account needs a sign-in within the last ten minutes' })
}
