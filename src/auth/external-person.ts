// What is written of somebody at a provider: statements of the batch that `admit` decides on. Each holds only while what was read is still so.
import type { Statement } from '../platform'
import { freeAddress } from './email-identity'
import type { ExternalAccount } from './external-account'
import { DOORS, NO_CHANGES } from './first-proof'
import { hasIdentity, mergedMetadata, mergeMetadata, updateProviders } from './identity'
import { blankPerson, type Identity, type Person } from './person'
import { insertIdentity, insertPerson } from './sign-up'

/** What changed at the provider since it was last asked: what people wrote over it themselves stays. */
function news(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(after).filter(([key, value]) => JSON.stringify(before[key]) !== JSON.stringify(value)))
}

/** Somebody who signed in here before. */
export function known(person: Person, account: ExternalAccount, now: number, own: Readonly<Record<string, unknown>>): Statement[] {
  const { provider, subject, email } = account
  const before = person.identities.find((one) => one.provider === provider && one.subject === subject)?.data ?? {}
  const { email_verified: verified, ...rest } = account.data
  // What the provider leaves out this time it has said before: Apple's name, an address that is no longer shared.
  const told = email === null ? rest : { ...rest, email_verified: verified }
  const condition = {
    sql: 'exists (select 1 from auth_identities where provider = ? and subject = ? and user_id = auth_users.id)',
    params: [provider, subject],
  }
  const statements: Statement[] = [
    {
      sql: `update auth_identities set identity_data = ?, email = coalesce(?, email), last_sign_in_at = ?, updated_at = ?
        where provider = ? and subject = ? and user_id = ?`,
      params: [JSON.stringify({ ...before, ...told }), email, String(now), String(now), provider, subject, person.id],
    },
    mergeMetadata(person.id, { ...news(before, told), ...own }, { under: false, now }, condition),
  ]
  if (person.email === null && email !== null && account.emailVerified) {
    const wanted: Statement = { sql: 'exists (select 1 from auth_users u where u.id = ? and u.email is null)', params: [person.id] }
    statements.push(...freeAddress(person.id, email, wanted), {
      sql: `update auth_users set email = ?1, email_confirmed_at = ?2
        where id = ?3 and email is null and not exists (select 1 from auth_users o where o.email = ?1)`,
      params: [email, String(now), person.id],
    })
  }
  if (account.emailVerified && person.email === email && person.emailConfirmedAt === null) {
    // Vouched for since: confirmed, unless somebody else may have put a door in.
    statements.push({
      sql: `update auth_users set email_confirmed_at = ?1 where id = ?2 and email = ?3 and email_confirmed_at is null and password_hash is null
        and phone is null and (select count(*) from auth_identities where user_id = ?2) = 1`,
      params: [String(now), person.id, email],
    })
  }
  return statements
}

/** Somebody who has shown that the address is theirs: the identity joins what they have. */
export function join(
  person: Person,
  account: ExternalAccount,
  identity: Identity,
  now: number,
  own: Readonly<Record<string, unknown>>,
): Statement[] {
  const condition = { sql: 'u.email = ? and u.email_confirmed_at is not null', params: [account.email] }
  return [
    insertIdentity(identity, person.id, condition),
    mergeMetadata(person.id, { ...account.data, ...own }, { under: true, now }, hasIdentity(identity.id)),
    updateProviders(person.id, hasIdentity(identity.id)),
  ]
}

/**
 * Somebody signed up with this address and never showed that it is theirs; now its owner is here. The account becomes the owner's, and every
 * door that the other may have left open is shut: password, phone, identities, sessions, factors, codes, what they wrote (pitfalls P1, P6).
 */
export function takeOver(
  person: Person,
  account: ExternalAccount,
  identity: Identity,
  now: number,
  own: Readonly<Record<string, unknown>>,
): Statement[] {
  const ours = hasIdentity(identity.id)
  const metadata = JSON.stringify({ ...account.data, ...own })
  // Of who came to be by an invitation, an administrator wrote it and no stranger.
  const kept = `case when invited_at = created_at then ${mergedMetadata(false)} else ? end`
  return [
    insertIdentity(identity, person.id, { sql: 'u.email = ? and u.email_confirmed_at is null', params: [account.email] }),
    ...[...DOORS, 'auth_one_time_tokens'].map((table) => ({
      sql: `delete from ${table} where user_id = ? and ${ours.sql}`,
      params: [person.id, ...ours.params],
    })),
    {
      sql: `delete from auth_identities where user_id = ? and id <> ? and ${ours.sql}`,
      params: [person.id, identity.id, ...ours.params],
    },
    {
      sql: `update auth_users set password_hash = null, phone = null, phone_confirmed_at = null, ${NO_CHANGES},
          user_metadata = ${kept}, is_anonymous = 0, email_confirmed_at = ?, last_sign_in_at = ?, updated_at = ?
        where id = ? and ${ours.sql}`,
      params: [metadata, metadata, metadata, String(now), String(now), String(now), person.id, ...ours.params],
    },
    updateProviders(person.id, ours),
  ]
}

/** Somebody new, and how they are made. `email` is the address that becomes theirs: the account's, or none. */
export function create(
  id: string,
  email: string | null,
  account: ExternalAccount,
  identity: Identity,
  now: number,
  own: Readonly<Record<string, unknown>>,
): { person: Person; statements: Statement[] } {
  const { provider, subject, data } = account
  const person: Person = {
    ...blankPerson(id, now),
    email,
    // Unconfirmed, it is its owner's the moment that they come.
    emailConfirmedAt: email !== null && account.emailVerified ? now : null,
    lastSignInAt: now,
    appMetadata: { provider, providers: [provider] },
    userMetadata: { ...own, ...data },
    identities: [identity],
  }
  const nobodyYet = {
    sql: 'not exists (select 1 from auth_identities where provider = ? and subject = ?)',
    params: [provider, subject],
  }
  return { person, statements: [insertPerson(person, nobodyYet), insertIdentity(identity, id)] }
}
