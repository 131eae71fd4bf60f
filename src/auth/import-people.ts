// Takes people in who signed in elsewhere before, with the hashes of their passwords. May be asked again for the same people at any time.
import { AppError, isEmail, isUuid, uuidv7 } from '../core'
import { run, type AuthenticationContext, type ImportAnswer, type ImportedPerson } from '../platform'
import { auditStatement } from './audit'
import { readPasswordHash } from './password-hash'
import { ownMetadata } from './user-metadata'
import type { Workshop } from './workshop'

/** What `auth_identities` holds of each person. */
function identitiesOf(person: ImportedPerson, now: number): readonly Readonly<Record<string, unknown>>[] {
  const { id, email, phone, emailConfirmedAt, phoneConfirmedAt } = person
  const verified = { email_verified: emailConfirmedAt !== null, phone_verified: phoneConfirmedAt !== null }
  const given = person.identities.map((one) => ({
    ...one,
    data: { sub: one.subject, ...(one.email ? { email: one.email } : {}), ...one.data },
  }))
  const has = (provider: string) => given.some((one) => one.provider === provider)
  const byAddress = email !== null && !has('email') && (given.length === 0 || person.passwordHash !== null)
  const byNumber = phone !== null && !has('phone')
  const own = [
    ...(byAddress ? [{ provider: 'email', subject: id, email, data: { sub: id, email, ...verified } }] : []),
    ...(byNumber ? [{ provider: 'phone', subject: id, email: null, data: { sub: id, phone, ...verified } }] : []),
  ]
  return [...own, ...given].map((identity) => ({
    ...identity,
    id: uuidv7(now),
    userId: id,
    email: identity.email?.toLowerCase() ?? null,
    data: JSON.stringify(identity.data),
    lastSignInAt: person.lastSignInAt,
    createdAt: person.createdAt,
  }))
}

/** What a person's metadata says of their address, as sign-up writes it. */
function addressIn(identities: readonly Readonly<Record<string, unknown>>[]): Readonly<Record<string, unknown>> {
  const own = identities.find(({ provider }) => provider === 'email')
  if (own === undefined) return {}
  const { sub, email, email_verified, phone_verified } = JSON.parse(String(own['data'])) as Record<string, unknown>
  return { sub, email, email_verified, phone_verified: phone_verified ?? false }
}

/** Why somebody can't be taken; null when they can. */
function refusal({ id, email, passwordHash, userMetadata, appMetadata }: ImportedPerson): string | null {
  try {
    if (!isUuid(id)) return 'id is not a UUID'
    if (email !== null && !isEmail(email)) return 'the e-mail address can’t be one'
    if (passwordHash !== null) readPasswordHash(passwordHash)
    ownMetadata(userMetadata)
    ownMetadata(appMetadata)
    return null
  } catch (error) {
    if (error instanceof AppError) return error.message
    throw error
  }
}

export async function importPeople(
  { db, now }: Workshop,
  context: AuthenticationContext,
  people: readonly ImportedPerson[],
): Promise<ImportAnswer> {
  const judged = people.map((person) => ({ person, reason: refusal(person) }))
  const refused = judged.flatMap(({ person: { id }, reason }) => (reason === null ? [] : [{ id, reason }]))
  const taken = judged.flatMap(({ person, reason }) =>
    reason === null ? [{ ...person, id: person.id.toLowerCase(), email: person.email?.toLowerCase() ?? null }] : [],
  )
  if (taken.length === 0) return { made: 0, there: 0, refused }

  const identities = taken.map((person) => identitiesOf(person, now))
  const users = taken.map((person, i) => {
    const providers = [...new Set(identities[i]!.map(({ provider }) => String(provider)))]
    const defaults = providers.length === 0 ? {} : { provider: providers[0], providers }
    return {
      ...person,
      isAnonymous: person.isAnonymous ? 1 : 0,
      userMetadata: JSON.stringify({ ...ownMetadata(person.userMetadata), ...addressIn(identities[i]!) }),
      appMetadata: JSON.stringify({ ...person.appMetadata, ...defaults }),
    }
  })
  const ids = JSON.stringify(taken.map(({ id }) => id))
  const [made, , , known] = await run(db, [
    {
      sql: `insert into auth_users (id, email, phone, password_hash, is_anonymous, email_confirmed_at, phone_confirmed_at, last_sign_in_at,
          app_metadata, user_metadata, banned_until, created_at, updated_at)
        select value ->> 'id', value ->> 'email', value ->> 'phone', value ->> 'passwordHash', value ->> 'isAnonymous',
          value ->> 'emailConfirmedAt', value ->> 'phoneConfirmedAt', value ->> 'lastSignInAt', value ->> 'appMetadata',
          value ->> 'userMetadata', value ->> 'bannedUntil', value ->> 'createdAt', cast(?2 as integer)
        from json_each(?1) where true on conflict do nothing returning id`,
      params: [JSON.stringify(users), String(now)],
    },
    {
      // Only those of people whom this batch made: who was there may have unlinked one since.
      sql: `insert into auth_identities (id, user_id, provider, subject, identity_data, email, last_sign_in_at, created_at, updated_at)
        select value ->> 'id', u.id, value ->> 'provider', value ->> 'subject', value ->> 'data', value ->> 'email', value ->> 'lastSignInAt',
          value ->> 'createdAt', cast(?2 as integer)
        from json_each(?1) join auth_users u on u.id = value ->> 'userId'
        where u.updated_at = cast(?2 as integer) and not exists (select 1 from auth_identities i where i.user_id = u.id)
        on conflict do nothing`,
      params: [JSON.stringify(identities.flat()), String(now)],
    },
    auditStatement({ ...context, now }, { action: 'users_imported', userId: null, actor: 'service', details: { asked: taken.length } }),
    { sql: 'select id from auth_users where id in (select value from json_each(?))', params: [ids] },
  ])
  const there = new Set(known!.results.map(({ id }) => String(id)))
  const strangers = taken.filter(({ id }) => !there.has(id))
  return {
    made: made!.results.length,
    there: there.size - made!.results.length,
    refused: [...refused, ...strangers.map(({ id }) => ({ id, reason: 'the e-mail address or phone number is somebody else’s' }))],
  }
}
