// Signing in with a password. A stranger, a wrong password and a person without one can't be told apart, by answer or by time.
import { AppError } from '../core'
import { run, type AuthenticationContext, type WeakPasswordAnswer } from '../platform'
import { auditStatement } from './audit'
import { authErrors } from './errors'
import { isOutdated, renewHash, verifyPassword } from './password'
import { weaknessOf } from './password-strength'
import { isBanned, PERSON_COLUMNS, readPerson, type Person } from './person'
import { newSession, openSession, type Session } from './session'
import { reviewPassword } from './verification-hooks'
import type { Workshop } from './workshop'

/** What a person names themselves by. */
export type Account = { readonly email: string } | { readonly phone: string }

/** The password of a sign-up that isn't confirmed yet, as it waits on the token; of everybody else there is none. */
const WAITING = {
  email: `case when u.email_confirmed_at is null then
    (select t.password_hash from auth_one_time_tokens t where t.user_id = u.id and t.purpose = 'confirmation') end`,
  phone: `case when u.phone_confirmed_at is null then
    (select t.password_hash from auth_one_time_tokens t where t.user_id = u.id and t.purpose = 'phone_confirmation') end`,
} as const

/** One read and one batch. Errors: `invalid_credentials`; `user_banned` (400), `email_not_confirmed` and `phone_not_confirmed`, told only to who knows the password. */
export async function signInWithPassword(
  workshop: Workshop,
  context: AuthenticationContext,
  account: Account,
  password: string,
): Promise<{ session: Session; person: Person; weakness: WeakPasswordAnswer | null }> {
  const { db, now } = workshop
  const [provider, named] = 'email' in account ? (['email', account.email] as const) : (['phone', account.phone] as const)
  const [found] = await run(db, [
    { sql: `select ${PERSON_COLUMNS}, ${WAITING[provider]} as waiting_hash from auth_users u where u.${provider} = ?`, params: [named] },
  ])
  const row = found!.results[0]
  const person = row === undefined ? null : readPerson(row)
  const unproven = person !== null && (provider === 'email' ? person.emailConfirmedAt : person.phoneConfirmedAt) === null
  const waiting = unproven && typeof row?.['waiting_hash'] === 'string' ? row['waiting_hash'] : null
  const matches = await verifyPassword(password, waiting ?? person?.passwordHash ?? null)
  await reviewPassword(workshop, context, person?.id ?? null, matches)
  if (person === null || !matches) throw new AppError(authErrors.invalid_credentials)
  if (isBanned(person, now)) throw new AppError({ ...authErrors.user_banned, status: 400 })

  if (unproven) throw new AppError(provider === 'email' ? authErrors.email_not_confirmed : authErrors.phone_not_confirmed)

  // What was brought along from elsewhere is verified once, and is ours from then on.
  const renewed = person.passwordHash !== null && isOutdated(person.passwordHash) ? await renewHash(password, person.passwordHash) : null
  const weakness = await weaknessOf(workshop, context.rules, password)
  const session = newSession(workshop, 'password')
  const [opened] = await run(db, [
    // The password may have been changed, or the person banned, while this one was hashed.
    ...openSession(workshop, context, session, person, {
      sql: 'u.password_hash in (?, ?) and (u.banned_until is null or u.banned_until <= cast(? as integer))',
      params: [person.passwordHash, renewed ?? person.passwordHash, String(now)],
    }),
    {
      sql: `update auth_users set last_sign_in_at = ?, password_hash = coalesce(?, password_hash)
        where id = ? and exists (select 1 from auth_sessions where id = ?)`,
      params: [String(now), renewed, person.id, session.id],
    },
    {
      sql: `update auth_identities set last_sign_in_at = ? where provider = ? and subject = ? and exists (select 1 from auth_sessions where id = ?)`,
      params: [String(now), provider, person.id, session.id],
    },
    auditStatement(
      { ...context, now },
      { action: 'login', userId: person.id, details: { provider, session: session.id } },
      { sql: 'exists (select 1 from auth_sessions where id = ?)', params: [session.id] },
    ),
  ])
  if (opened!.results.length === 0) throw new AppError(authErrors.invalid_credentials)
  const identities = person.identities.map((identity) => (identity.provider === provider ? { ...identity, lastSignInAt: now } : identity))
  return { session, person: { ...person, lastSignInAt: now, identities }, weakness }
}
