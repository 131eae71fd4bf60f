// What people change about themselves: address, password, metadata. One read and one batch; either everything asked for happens or nothing.
import { AppError } from '../core'
import { messagesCommitted } from '../messages'
import {
  run,
  type AuthenticationContext,
  type Caller,
  type EffectiveAuthRules,
  type PersonChanges,
  type SqlValue,
  type Statement,
} from '../platform'
import { accountNotice } from './account-notice'
import { auditStatement, CHANGED } from './audit'
import { authErrors } from './errors'
import { hasSecondFactor, needsSecondFactor } from './factor'
import { mergedSql } from './metadata-merge'
import { hashPassword, verifyPassword } from './password'
import { checkPassword } from './password-strength'
import { requireReauthentication, sessionAgeStatement } from './reauthentication'
import { ADMITTED, readLivePerson, livePersonStatement, strong } from './session'
import { emailIdentity } from './sign-up'
import { checkMetadataSize, ownMetadata } from './user-metadata'
import type { Person } from './person'
import type { Workshop } from './workshop'

async function checkNewPassword(
  workshop: Workshop,
  rules: EffectiveAuthRules,
  password: string,
  person: Person,
  address: string | null,
): Promise<void> {
  if (person.isAnonymous && address === null) {
    throw new AppError(
      { ...authErrors.validation_failed, status: 422 },
      {
        message: 'Updating password of an anonymous user without an email or phone is not allowed',
      },
    )
  }
  await checkPassword(workshop, rules, password)
  if (person.passwordHash !== null && (await verifyPassword(password, person.passwordHash))) throw new AppError(authErrors.same_password)
}

/** Parameters: ?1 metadata patch, ?2 new address, ?3 new hash, ?4 now, ?5 person, ?6 session, then those of `condition`. */
function statements(
  caller: Caller,
  params: SqlValue[],
  condition: Statement,
  person: Person,
  email: string | null,
  passwordHash: string | null,
  now: number,
): Statement[] {
  // The factor may have been verified, or the session made weak, since it was read.
  const live = `exists (select 1 from auth_sessions s where s.id = ?6 and s.user_id = ?5 and ${ADMITTED} and (${strong(caller)} or (?2 is null and ?3 is null)
    or not exists (select 1 from auth_factors f where f.user_id = ?5 and f.status = 'verified')))`
  const free = '(?2 is null or not exists (select 1 from auth_users o where o.email = ?2 and o.id <> ?5))'
  const update: Statement = {
    sql: `update auth_users set
        user_metadata = ${mergedSql('user_metadata', '?1')},
        email = coalesce(?2, email),
        email_confirmed_at = case when ?2 is null then email_confirmed_at else ?4 end,
        is_anonymous = case when ?2 is null then is_anonymous else 0 end,
        app_metadata = case when ?2 is null or json_extract(app_metadata, '$.provider') is not null then app_metadata
          else json_patch(app_metadata, '{"provider":"email","providers":["email"]}') end,
        new_email = case when ?2 is null and ?3 is null then new_email end,
        email_change_confirmed = case when ?2 is null and ?3 is null then email_change_confirmed end,
        new_phone = case when ?2 is null and ?3 is null then new_phone end,
        password_hash = coalesce(?3, password_hash),
        updated_at = ?4
      where id = ?5 and ${live} and ${free} and ${condition.sql} returning id`,
    params: [...params, ...condition.params],
  }
  const all = [update]
  if (email !== null) {
    const identity = emailIdentity(person.id, email, now)
    all.push({
      sql: `insert into auth_identities (id, user_id, provider, subject, identity_data, email, last_sign_in_at, created_at, updated_at)
        select ?1, u.id, 'email', u.id, ?2, ?3, ?4, ?4, ?4 from auth_users u where u.id = ?5 and u.email = ?3
          and exists (select 1 from auth_sessions s where s.id = ?6 and s.user_id = u.id)
        on conflict (provider, subject) do update set identity_data = excluded.identity_data, email = excluded.email, updated_at = excluded.updated_at`,
      params: [identity.id, JSON.stringify(identity.data), email, String(now), person.id, caller.sessionId],
    })
    // What is on its way to the old one proves nothing any more (pitfall P16).
    all.push({
      sql: `delete from auth_one_time_tokens where user_id = ?1 and (select email from auth_users where id = ?1) = ?2
        and exists (select 1 from auth_sessions s where s.id = ?3 and s.user_id = ?1)`,
      params: [person.id, email, caller.sessionId],
    })
  }
  if (passwordHash !== null) {
    // A new password ends the other sessions, but only if it was written.
    all.push({
      sql: `delete from auth_sessions where user_id = ?1 and id <> ?2
        and (select password_hash from auth_users where id = ?1) = ?3
        and (select count(*) from auth_sessions where id = ?2 and user_id = ?1) = 1`,
      params: [person.id, caller.sessionId, passwordHash],
    })
    // Codes and links that are on their way prove nothing any more, nor does the one that was just used. Changes that were asked for are forgotten above, or a
    // stranger would have them mailed again.
    all.push({
      sql: `delete from auth_one_time_tokens where user_id = ?1 and (select password_hash from auth_users where id = ?1) = ?2`,
      params: [person.id, passwordHash],
    })
    all.push({
      sql: `delete from auth_flows where user_id = ?1 and (select password_hash from auth_users where id = ?1) = ?2`,
      params: [person.id, passwordHash],
    })
  }
  return [...all, livePersonStatement(caller)]
}

/** What is told to the address that was there before, if it was written. A hash has a salt of its own, so it is nobody else's. */
async function noticesOf(
  workshop: Workshop,
  context: AuthenticationContext,
  person: Person,
  email: string | null,
  passwordHash: string | null,
): Promise<Statement[]> {
  const has = (column: 'email' | 'password_hash', value: string): Statement => ({
    sql: `exists (select 1 from auth_users where id = ? and ${column} = ?)`,
    params: [person.id, value],
  })
  const renamed = { oldEmail: person.email ?? '', newEmail: email ?? '' }
  return [
    ...(passwordHash === null
      ? []
      : await accountNotice(workshop, context, person, 'password_changed', {}, has('password_hash', passwordHash))),
    ...(email === null ? [] : await accountNotice(workshop, context, person, 'email_changed', renamed, has('email', email))),
  ]
}

/**
 * Changes a person who is signed in. A new address counts as confirmed and makes an anonymous person a permanent one, with the same id.
 * Errors: `session_not_found`, `user_not_found`, `user_banned`, `email_exists`, `same_password`, `weak_password`, `validation_failed`,
 * and those of `requireReauthentication`.
 */
export async function updatePerson(
  workshop: Workshop,
  context: AuthenticationContext,
  caller: Caller,
  changes: PersonChanges,
): Promise<Person> {
  const { db, now } = workshop
  const [found, age] = await run(db, [livePersonStatement(caller), sessionAgeStatement(caller)])
  const person = readLivePerson(found!.results[0], now)
  const sensitive =
    changes.password !== undefined || [changes.email, changes.newEmail].some((asked) => asked !== undefined && asked !== person.email)
  if (sensitive && person.sessionAal !== 'aal2' && hasSecondFactor(person)) throw needsSecondFactor()
  const email = changes.email === undefined || changes.email === person.email ? null : changes.email
  const data = changes.data === undefined ? null : ownMetadata(changes.data)
  if (data !== null) checkMetadataSize({ ...person.userMetadata, ...data })

  let passwordHash: string | null = null
  let condition: Statement = { sql: '1', params: [] }
  if (changes.password !== undefined) {
    condition = await requireReauthentication(workshop, context.rules, person, age!.results[0], changes)
    await checkNewPassword(workshop, context.rules, changes.password, person, email ?? changes.newEmail ?? changes.phone ?? null)
    passwordHash = await hashPassword(changes.password)
  }
  const patch = { ...data, ...(email === null ? {} : { sub: person.id, email, email_verified: true, phone_verified: false }) }
  const params = [JSON.stringify(patch), email, passwordHash, String(now), person.id, caller.sessionId]
  const [update, ...rest] = statements(caller, params, condition, person, email, passwordHash, now)
  const fields = Object.entries({ email, password: passwordHash, data }).flatMap(([name, value]) => (value === null ? [] : [name]))
  const entry = auditStatement(
    { ...context, now },
    { action: passwordHash === null ? 'user_modified' : 'user_updated_password', userId: person.id, details: { fields } },
    CHANGED,
  )
  const results = await run(db, [update!, entry, ...(await noticesOf(workshop, context, person, email, passwordHash)), ...rest])
  const after = readLivePerson(results.at(-1)!.results[0], now)
  if (results[0]!.results.length === 0) {
    if (sensitive && after.sessionAal !== 'aal2' && hasSecondFactor(after)) throw needsSecondFactor()
    throw new AppError(email === null ? authErrors.reauthentication_not_valid : authErrors.email_exists)
  }
  messagesCommitted(workshop)
  return after
}
