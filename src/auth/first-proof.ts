// Somebody is the first to show that an account's address or number is theirs. Whoever said so before may have put a way in: what of it goes, as SQL and
// statements of the batch that proves it (pitfalls P1 to P3).
import type { Statement } from '../platform'

/** By table, what somebody may have put into an account that isn't theirs, to come back by it: codes that their app has yet to exchange, too. */
export const DOORS = ['auth_sessions', 'auth_flows', 'auth_factors', 'auth_passkeys', 'auth_recovery_codes', 'auth_challenges'] as const

/** Of `auth_users`: no change of address or number that was asked for goes on. */
export const NO_CHANGES = `new_email = null, email_change_sent_at = null, email_change_confirmed = null, new_phone = null, phone_change_sent_at = null`

/** Of `auth_users`: that somebody has, or left, a way in that isn't the address or the number. */
export const TAINTED = `(exists (select 1 from auth_sessions s where s.user_id = auth_users.id)
  or exists (select 1 from auth_passkeys k where k.user_id = auth_users.id)
  or exists (select 1 from auth_identities i where i.user_id = auth_users.id and i.provider not in ('email', 'phone')))`

/** Of `auth_users u`, where nobody has proved anything: an administrator invited or made them. Strangers who sign up add nothing to that. */
export const ADMINISTERED = '(u.invited_at is not null or u.password_hash is not null)'

/** What an administrator wrote stays, where nobody else could write. */
export const OWN_METADATA = `(case when ${TAINTED} then '{}' else user_metadata end)`

/** The same for the password; one that waited on what proves it comes first. Takes that one, or null. */
export const OWN_PASSWORD = `coalesce(?, case when ${TAINTED} then null else password_hash end)`

/** Shuts the doors if `proved`, SQL over the person's row `u`, holds. The token that proves it stays: the batch uses it up at its end. */
export function shutDoors(userId: string, tokenId: string, proved: Statement): Statement[] {
  const mine: Statement = {
    sql: `user_id = ? and exists (select 1 from auth_users u where u.id = user_id and ${proved.sql})`,
    params: [userId, ...proved.params],
  }
  return [
    ...DOORS.map((table) => ({ sql: `delete from ${table} where ${mine.sql}`, params: mine.params })),
    { sql: `delete from auth_one_time_tokens where id <> ? and ${mine.sql}`, params: [tokenId, ...mine.params] },
  ]
}
