// What administrators make of people: new ones and changed ones. Each is one batch that is done whole or not at all.
import { AppError, uuidv7 } from '../core'
import { run, type AuthenticationContext, type PersonGiven, type PersonMade, type Statement } from '../platform'
import { auditStatement, type AuditAction } from './audit'
import { parseBanDuration } from './ban-duration'
import { MUST_CHANGE, runWhole } from './batch'
import { authErrors, unknownPerson } from './errors'
import { merged, mergedSql } from './metadata-merge'
import { admitPerson, newPeopleCommitted, personCreated } from './new-person'
import { hashPassword, isTooLong, MAX_PASSWORD_BYTES } from './password'
import { readPasswordHash } from './password-hash'
import { checkPassword } from './password-strength'
import { personById, personStatement } from './people'
import { blankPerson, readPerson, type Identity, type Person } from './person'
import { checkRoles, endRolesBut } from './role'
import { insertIdentity, insertPerson } from './sign-up'
import { checkMetadata, checkMetadataSize, ownMetadata } from './user-metadata'
import type { Workshop } from './workshop'

/** Until when somebody is banned, UTC ms: null for no more, undefined when nothing is said. */
function bannedUntil(duration: string | undefined, now: number): number | null | undefined {
  if (duration === undefined) return undefined
  const ms = parseBanDuration(duration)
  if (ms === null) throw new AppError(authErrors.validation_failed, { message: 'invalid format for ban duration' })
  return ms === 0 ? null : now + ms
}

function identityOf(userId: string, provider: 'email' | 'phone', address: string, verified: boolean, now: number): Identity {
  const data = {
    sub: userId,
    [provider]: address,
    email_verified: provider === 'email' && verified,
    phone_verified: provider === 'phone' && verified,
  }
  return {
    id: uuidv7(now),
    provider,
    subject: userId,
    data,
    email: provider === 'email' ? address : null,
    lastSignInAt: null,
    createdAt: now,
    updatedAt: now,
  }
}

function identitiesOf(userId: string, { email, phone, emailConfirm, phoneConfirm }: PersonGiven, now: number): readonly Identity[] {
  return [
    ...(email === undefined ? [] : [identityOf(userId, 'email', email, emailConfirm, now)]),
    ...(phone === undefined ? [] : [identityOf(userId, 'phone', phone, phoneConfirm, now)]),
  ]
}

/** `app_metadata` as given, its roles checked. Errors: `validation_failed`. */
function appMetadataOf({ app }: Workshop, given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { roles } = given
  const checked = roles === undefined || roles === null ? given : { ...given, roles: checkRoles(app, roles) }
  const { __proto__: _, ...own } = Object.fromEntries(Object.entries(checked))
  checkMetadata('app_metadata', own)
  return own
}

/** Why nothing was done. */
async function refusal({ db }: Workshop, userId: string, { email, phone }: PersonGiven): Promise<AppError> {
  const [found] = await run(db, [
    {
      sql: `select exists (select 1 from auth_users where email = ?1 and id <> ?3) as email,
        exists (select 1 from auth_users where phone = ?2 and id <> ?3) as phone, exists (select 1 from auth_users where id = ?3) as person`,
      params: [email ?? null, phone ?? null, userId],
    },
  ])
  const row = found!.results[0]!
  if (row['email'] === 1) return new AppError(authErrors.email_exists)
  if (row['phone'] === 1) return new AppError(authErrors.phone_exists)
  return row['person'] === 1 ? new AppError(authErrors.user_already_exists, { message: 'There is a user with this id' }) : unknownPerson()
}

/** One batch. Errors: `email_exists`, `phone_exists`, `user_already_exists`, `validation_failed`. */
export async function createPerson(workshop: Workshop, context: AuthenticationContext, given: PersonMade): Promise<Person> {
  const { db, now } = workshop
  const { email, phone, emailConfirm, phoneConfirm } = given
  const providers = [...(email === undefined ? [] : ['email']), ...(phone === undefined ? [] : ['phone'])]
  const appMetadata = merged({ provider: providers[0], providers }, appMetadataOf(workshop, given.appMetadata ?? {}))
  const userMetadata = merged({}, ownMetadata(given.userMetadata ?? {}))
  // GoTrue asks no strength of what an administrator sets, only that it fits.
  if (given.password !== undefined && isTooLong(given.password)) {
    throw new AppError(authErrors.validation_failed, { message: `Password cannot be longer than ${MAX_PASSWORD_BYTES} bytes` })
  }
  if (given.passwordHash !== undefined) readPasswordHash(given.passwordHash)
  const id = given.id ?? uuidv7(now)
  const identities = identitiesOf(id, given, now)
  const person: Person = {
    ...blankPerson(id, now),
    email: email ?? null,
    phone: phone ?? null,
    passwordHash: given.password === undefined ? (given.passwordHash ?? null) : await hashPassword(given.password),
    emailConfirmedAt: email !== undefined && emailConfirm ? now : null,
    phoneConfirmedAt: phone !== undefined && phoneConfirm ? now : null,
    bannedUntil: bannedUntil(given.banDuration, now) ?? null,
    appMetadata,
    userMetadata: {
      ...userMetadata,
      ...(email !== undefined && emailConfirm ? { email_verified: true } : {}),
      ...(phone !== undefined && phoneConfirm ? { phone_verified: true } : {}),
    },
    identities,
  }
  await admitPerson(workshop, context, person)
  const answers = await runWhole(db, [
    insertPerson(person),
    MUST_CHANGE,
    ...identities.map((identity) => insertIdentity(identity, id)),
    ...personCreated(workshop, context, id),
    auditStatement({ ...context, now }, { action: 'user_signedup', userId: id, actor: 'service', details: { provider: providers[0]! } }),
    personStatement(id),
  ])
  if (answers === null) throw await refusal(workshop, id, given)
  newPeopleCommitted(workshop)
  return readPerson(answers.at(-1)!.results[0]!)
}

interface Change {
  readonly userId: string
  readonly given: PersonGiven
  readonly passwordHash: string | null
  readonly until: number | null | undefined
  readonly appPatch: Readonly<Record<string, unknown>>
  readonly userPatch: Readonly<Record<string, unknown>>
  readonly now: number
}

function updateStatement({ userId, given, passwordHash, until, appPatch, userPatch, now }: Change): Statement {
  const confirmed = (column: string, address: string, changed: string) =>
    `case when ${changed} is not null then ?10 when coalesce(${changed}, ${address}) is not null then coalesce(${column}, ?10) end`
  const providers = `case when json_extract(app_metadata, '$.provider') is null and coalesce(?2, ?3) is not null
    then json_set(app_metadata, '$.provider', iif(?2 is null, 'phone', 'email'), '$.providers', json_array(iif(?2 is null, 'phone', 'email')))
    else app_metadata end`
  return {
    sql: `update auth_users set
        email = coalesce(?2, email), phone = coalesce(?3, phone),
        email_confirmed_at = ${given.emailConfirm ? confirmed('email_confirmed_at', 'email', '?2') : 'email_confirmed_at'},
        phone_confirmed_at = ${given.phoneConfirm ? confirmed('phone_confirmed_at', 'phone', '?3') : 'phone_confirmed_at'},
        is_anonymous = iif((?2 is not null and ?8 = 1) or (?3 is not null and ?9 = 1), 0, is_anonymous),
        password_hash = coalesce(?4, password_hash),
        app_metadata = ${mergedSql(`(${providers})`, '?5')},
        user_metadata = ${mergedSql('user_metadata', '?6')},
        banned_until = ${until === undefined ? 'banned_until' : '?7'},
        new_email = iif(coalesce(?2, ?4) is null, new_email, null), email_change_sent_at = iif(coalesce(?2, ?4) is null, email_change_sent_at, null),
        email_change_confirmed = iif(coalesce(?2, ?4) is null, email_change_confirmed, null),
        new_phone = iif(coalesce(?3, ?4) is null, new_phone, null),
        phone_change_sent_at = iif(coalesce(?3, ?4) is null, phone_change_sent_at, null),
        updated_at = ?10
      where id = ?1
        and (?2 is null or not exists (select 1 from auth_users o where o.email = ?2 and o.id <> ?1))
        and (?3 is null or not exists (select 1 from auth_users o where o.phone = ?3 and o.id <> ?1))`,
    params: [
      userId,
      given.email ?? null,
      given.phone ?? null,
      passwordHash,
      JSON.stringify(appPatch),
      JSON.stringify(userPatch),
      until === undefined || until === null ? null : String(until),
      given.emailConfirm ? 1 : 0,
      given.phoneConfirm ? 1 : 0,
      String(now),
    ],
  }
}

/**
 * An administrator's word stands for the mail or message that nobody answered: password and metadata of the sign-up that waits on it become the
 * person's, as with GoTrue, and the code and the link are spent. Only of who has proved nothing and has no password. Runs before the change.
 */
function takeWhatWaits(userId: string, given: PersonGiven): readonly Statement[] {
  const ways = [
    { confirmed: given.emailConfirm && given.email === undefined, address: 'email', purpose: 'confirmation' },
    { confirmed: given.phoneConfirm && given.phone === undefined, address: 'phone', purpose: 'phone_confirmation' },
  ] as const
  return ways
    .filter(({ confirmed }) => confirmed)
    .flatMap(({ address, purpose }) => {
      const token = `from auth_one_time_tokens t where t.user_id = auth_users.id and t.purpose = ?2 and t.address = auth_users.${address}`
      const params = [userId, purpose]
      return [
        {
          sql: `update auth_users set password_hash = (select t.password_hash ${token}),
              user_metadata = ${mergedSql('user_metadata', `coalesce((select t.metadata ${token}), '{}')`)}
            where id = ?1 and email_confirmed_at is null and phone_confirmed_at is null and password_hash is null and exists (select 1 ${token})`,
          params,
        },
        { sql: 'delete from auth_one_time_tokens where user_id = ?1 and purpose = ?2', params },
      ]
    })
}

/** What follows from a change beside the person's own row. */
function consequences({ userId, given, passwordHash, until, now }: Change): readonly Statement[] {
  const { email, phone, emailConfirm, phoneConfirm } = given
  const identities = identitiesOf(userId, given, now).flatMap((identity): Statement[] => [
    insertIdentity(identity, userId),
    {
      sql: `update auth_identities set identity_data = json_patch(identity_data, ?3), email = ?4, updated_at = ?5
        where provider = ?1 and subject = ?2`,
      params: [identity.provider, identity.subject, JSON.stringify(identity.data), identity.email, String(now)],
    },
  ])
  const confirm = (provider: 'email' | 'phone'): Statement => ({
    sql: `update auth_identities set identity_data = json_set(identity_data, '$.${provider}_verified', json('true')), updated_at = ?3
      where provider = ?2 and user_id = ?1`,
    params: [userId, provider, String(now)],
  })
  return [
    ...identities,
    ...(emailConfirm && email === undefined ? [confirm('email')] : []),
    ...(phoneConfirm && phone === undefined ? [confirm('phone')] : []),
    // What was sent to the old address or under the old password proves nothing any more.
    ...(email === undefined && phone === undefined && passwordHash === null
      ? []
      : [{ sql: 'delete from auth_one_time_tokens where user_id = ?', params: [userId] }]),
    ...(passwordHash === null
      ? []
      : ['auth_sessions', 'auth_flows'].map((table) => ({ sql: `delete from ${table} where user_id = ?`, params: [userId] }))),
    ...(until === undefined
      ? []
      : [
          {
            sql: 'update auth_sessions set suspended_until = (select banned_until from auth_users where id = ?1) where user_id = ?1',
            params: [userId],
          },
        ]),
  ]
}

function entriesOf(change: Change, context: AuthenticationContext): readonly Statement[] {
  const { userId, given, until, now } = change
  const entry = (action: AuditAction, details = {}) => auditStatement({ ...context, now }, { action, userId, actor: 'service', details })
  const fields = Object.entries({
    email: given.email,
    phone: given.phone,
    password: given.password,
    email_confirm: given.emailConfirm || undefined,
    phone_confirm: given.phoneConfirm || undefined,
    user_metadata: given.userMetadata,
    app_metadata: given.appMetadata,
  }).flatMap(([name, value]) => (value === undefined ? [] : [name]))
  return [
    ...(fields.length === 0 ? [] : [entry('user_modified', { fields })]),
    ...(until === undefined
      ? []
      : [until === null ? entry('user_unbanned') : entry('user_banned', { until: new Date(until).toISOString() })]),
  ]
}

/**
 * One read and one batch. A new password ends all sessions; a ban ends them for as long as it lasts.
 * Errors: `user_not_found` (404), `email_exists`, `phone_exists`, `weak_password`, `validation_failed`.
 */
export async function changePerson(
  workshop: Workshop,
  context: AuthenticationContext,
  userId: string,
  given: PersonGiven,
): Promise<Person> {
  const { db, now } = workshop
  const until = bannedUntil(given.banDuration, now)
  const appPatch = appMetadataOf(workshop, given.appMetadata ?? {})
  const { email, phone, emailConfirm, phoneConfirm } = given
  const userPatch = {
    ...ownMetadata(given.userMetadata ?? {}),
    ...(email === undefined ? {} : { email, email_verified: emailConfirm }),
    ...(phone === undefined ? {} : { phone, phone_verified: phoneConfirm }),
  }
  if (given.password !== undefined) await checkPassword(workshop, context.rules, given.password)
  const person = await personById(workshop, userId)
  checkMetadataSize(merged(person.userMetadata, userPatch))
  checkMetadataSize(merged(person.appMetadata, appPatch), 'App')
  const passwordHash = given.password === undefined ? null : await hashPassword(given.password)
  const change: Change = { userId, given, passwordHash, until, appPatch, userPatch, now }
  const { roles } = appPatch
  const answers = await runWhole(db, [
    ...(roles === undefined ? [] : [endRolesBut(userId, (roles ?? []) as readonly string[])]),
    ...takeWhatWaits(userId, given),
    updateStatement(change),
    MUST_CHANGE,
    ...consequences(change),
    ...entriesOf(change, context),
    personStatement(userId),
  ])
  if (answers === null) throw await refusal(workshop, userId, given)
  return readPerson(answers.at(-1)!.results[0]!)
}
