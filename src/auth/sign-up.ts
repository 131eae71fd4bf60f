// Makes a person: with an e-mail address and a password, or anonymous. One batch, whatever happens at the same time.
import { AppError, uuidv7 } from '../core'
import { run, type AuthenticationContext, type SignUpInput, type Statement } from '../platform'
import { auditStatement } from './audit'
import { authErrors } from './errors'
import { hashPassword } from './password'
import { checkPassword } from './password-strength'
import { admitPerson, personCreated } from './new-person'
import { blankPerson, type Identity, type Person } from './person'
import { newSession, openSession, type Session } from './session'
import { ownMetadata } from './user-metadata'
import type { Workshop } from './workshop'

/** The identity that an e-mail address gives. Addresses count as confirmed: no mail is sent to prove them. */
export function emailIdentity(userId: string, email: string, now: number, data: Readonly<Record<string, unknown>> = {}): Identity {
  return {
    id: uuidv7(now),
    provider: 'email',
    subject: userId,
    data: { ...data, sub: userId, email, email_verified: true, phone_verified: false },
    email,
    lastSignInAt: now,
    createdAt: now,
    updatedAt: now,
  }
}

function newPerson(id: string, { credentials, data }: SignUpInput, passwordHash: string | null, now: number): Person {
  const identity = credentials === null ? null : emailIdentity(id, credentials.email, now, data)
  return {
    ...blankPerson(id, now),
    email: credentials?.email ?? null,
    passwordHash,
    isAnonymous: credentials === null,
    emailConfirmedAt: credentials === null ? null : now,
    lastSignInAt: now,
    appMetadata: credentials === null ? {} : { provider: 'email', providers: ['email'] },
    userMetadata: identity?.data ?? data,
    identities: identity === null ? [] : [identity],
  }
}

const bound = (ms: number | null) => (ms === null ? null : String(ms))

/** Inserts a person if `condition` holds, unless the id, the address or the number is somebody's already; returns the id when it did. */
export function insertPerson(person: Person, condition: Statement = { sql: '1', params: [] }): Statement {
  return {
    sql: `insert into auth_users (id, email, phone, password_hash, is_anonymous, email_confirmed_at, phone_confirmed_at, last_sign_in_at,
        app_metadata, user_metadata, banned_until, invited_at, confirmation_sent_at, created_at, updated_at)
      select ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? where (${condition.sql}) on conflict do nothing returning id`,
    params: [
      person.id,
      person.email,
      person.phone,
      person.passwordHash,
      person.isAnonymous ? '1' : '0',
      bound(person.emailConfirmedAt),
      bound(person.phoneConfirmedAt),
      bound(person.lastSignInAt),
      JSON.stringify(person.appMetadata),
      JSON.stringify(person.userMetadata),
      bound(person.bannedUntil),
      bound(person.invitedAt),
      bound(person.confirmationSentAt),
      String(person.createdAt),
      String(person.updatedAt),
      ...condition.params,
    ],
  }
}

/** Inserts an identity if its person is there, `condition`, SQL over their row `u`, holds, and nobody has it. */
export function insertIdentity(identity: Identity, userId: string, condition: Statement = { sql: '1', params: [] }): Statement {
  return {
    sql: `insert into auth_identities (id, user_id, provider, subject, identity_data, email, last_sign_in_at, created_at, updated_at)
      select ?, u.id, ?, ?, ?, ?, ?, ?, ? from auth_users u where u.id = ? and (${condition.sql})
      on conflict (provider, subject) do nothing returning id`,
    params: [
      identity.id,
      identity.provider,
      identity.subject,
      JSON.stringify(identity.data),
      identity.email,
      bound(identity.lastSignInAt),
      String(identity.createdAt),
      String(identity.updatedAt),
      userId,
      ...condition.params,
    ],
  }
}

/** Errors: `signup_disabled`, `anonymous_provider_disabled`, `weak_password`, `validation_failed`, `user_already_exists`. */
export async function signUp(
  workshop: Workshop,
  context: AuthenticationContext,
  input: SignUpInput,
): Promise<{ session: Session; person: Person }> {
  const { db, now } = workshop
  const { rules } = context
  if (rules.disableSignup) throw new AppError(authErrors.signup_disabled)
  if (input.credentials === null && !rules.anonymousUsers) throw new AppError(authErrors.anonymous_provider_disabled)
  const data = ownMetadata(input.data)

  let passwordHash: string | null = null
  if (input.credentials !== null) {
    await checkPassword(workshop, rules, input.credentials.password)
    passwordHash = await hashPassword(input.credentials.password)
  }
  const person = newPerson(uuidv7(now), { ...input, data }, passwordHash, now)
  await admitPerson(workshop, context, person)
  const session = newSession(workshop, person.isAnonymous ? 'anonymous' : 'password')
  const [made] = await run(db, [
    insertPerson(person),
    ...person.identities.map((identity) => insertIdentity(identity, person.id)),
    ...openSession(workshop, context, session, person),
    ...personCreated(workshop, context, person.id),
    auditStatement(
      { ...context, now },
      {
        action: 'user_signedup',
        userId: person.id,
        details: { provider: person.isAnonymous ? 'anonymous' : 'email', session: session.id },
      },
      { sql: 'exists (select 1 from auth_sessions where id = ?)', params: [session.id] },
    ),
  ])
  if (made!.results.length === 0) throw new AppError(authErrors.user_already_exists)
  return { session, person }
}
