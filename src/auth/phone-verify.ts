// A code out of a text message becomes a session, once. What waited on it (the password and the metadata of that very sign-up) becomes the person's,
// and nothing that somebody else said before does.
import { AppError } from '../core'
import { messagesCommitted } from '../messages'
import { run, type AuthenticationContext, type PhoneProof, type Statement } from '../platform'
import { accountNotice } from './account-notice'
import { auditStatement } from './audit'
import { authErrors } from './errors'
import { NO_CHANGES, OWN_METADATA, OWN_PASSWORD, shutDoors } from './first-proof'
import { mergedSql } from './metadata-merge'
import { countWrongTry, findToken, proofOfCode, tokenCounts, tokensStatement, useToken, type Proof, type Token } from './one-time-token'
import { isBanned, PERSON_COLUMNS, readPerson, type Person } from './person'
import { phoneClaims, phoneIdentity } from './phone'
import { newSession, openSession, type Session } from './session'
import type { Workshop } from './workshop'

/** A list of `app_metadata.providers` with `phone` in it, whatever it was. */
const WITH_PHONE = `json_set(app_metadata,
  '$.provider', coalesce(app_metadata ->> '$.provider', 'phone'),
  '$.providers', (select json_group_array(value) from (
    select value from json_each(coalesce(app_metadata -> '$.providers', '[]')) where value <> 'phone' union all select 'phone')))`

/** `user_metadata` with the number in it, whatever else is written to it meanwhile. Takes the id and the number. */
const WITH_CLAIMS = `json_set(user_metadata, '$.sub', ?, '$.phone', ?, '$.phone_verified', json('true'),
  '$.email_verified', json(iif(email_confirmed_at is null, 'false', 'true')))`

/** Says of the number that it is the person's: the identity, made or brought up to date. */
function identityStatement(person: Person, phone: string, now: number, condition: Statement): Statement {
  const { id, data } = phoneIdentity(person.id, phone, true, now)
  return {
    sql: `insert into auth_identities (id, user_id, provider, subject, identity_data, email, last_sign_in_at, created_at, updated_at)
      select ?, u.id, 'phone', u.id, ?, null, ?, ?, ? from auth_users u where u.id = ? and (${condition.sql})
      on conflict (provider, subject) do update set identity_data = excluded.identity_data, last_sign_in_at = excluded.last_sign_in_at,
        updated_at = excluded.updated_at`,
    params: [id, JSON.stringify(data), String(now), String(now), String(now), person.id, ...condition.params],
  }
}

/**
 * The number is proved. A person of whom nothing was proved before becomes what this code's own sign-up said: another's password, metadata,
 * sessions and identities go (pitfalls P2, P3). What an administrator wrote stays, where nobody else could write. Everybody else keeps what they have.
 */
function confirmStatements(person: Person, token: Token, counts: Statement, now: number): Statement[] {
  const unproven = person.phoneConfirmedAt === null && person.emailConfirmedAt === null
  // Nobody may have proved an address since this was decided.
  const still: Statement = {
    sql: `phone = ? and (phone_confirmed_at is null) = cast(? as integer) and (email_confirmed_at is null) = cast(? as integer) and ${counts.sql}`,
    params: [token.address, person.phoneConfirmedAt === null ? '1' : '0', person.emailConfirmedAt === null ? '1' : '0', ...counts.params],
  }
  if (person.phoneConfirmedAt !== null) {
    return [
      {
        sql: `update auth_users set last_sign_in_at = ? where id = ? and ${still.sql} returning id`,
        params: [String(now), person.id, ...still.params],
      },
    ]
  }
  const own = JSON.stringify({ ...token.metadata, ...phoneClaims(person.id, token.address, true) })
  const theirs: Statement = unproven
    ? {
        sql: `user_metadata = ${mergedSql(OWN_METADATA, '?')}, ${NO_CHANGES}, password_hash = ${OWN_PASSWORD}`,
        params: [own, own, token.passwordHash],
      }
    : { sql: `user_metadata = ${WITH_CLAIMS}`, params: [person.id, token.address] }
  const confirmed: Statement = {
    sql: `update auth_users set phone_confirmed_at = ?, last_sign_in_at = ?, updated_at = ?, is_anonymous = 0, app_metadata = ${WITH_PHONE}, ${theirs.sql}
      where id = ? and ${still.sql} returning id`,
    params: [String(now), String(now), String(now), ...theirs.params, person.id, ...still.params],
  }
  const proved: Statement = { sql: `u.phone_confirmed_at = cast(? as integer) and ${counts.sql}`, params: [String(now), ...counts.params] }
  const others: Statement = {
    sql: `delete from auth_identities where user_id = ? and provider not in ('email', 'phone') and exists (select 1 from auth_users u where u.id = user_id and ${proved.sql})`,
    params: [person.id, ...proved.params],
  }
  return [
    confirmed,
    ...(unproven ? [others, ...shutDoors(person.id, token.id, proved)] : []),
    identityStatement(person, token.address, now, proved),
  ]
}

/** The new number takes the place of the old one, unless somebody has proved it since. Who only said that it was theirs loses it. */
function changeStatements(person: Person, token: Token, counts: Statement, now: number): Statement[] {
  const pending: Statement = {
    sql: `exists (select 1 from auth_users c where c.id = ? and c.new_phone = ?) and ${counts.sql}`,
    params: [person.id, token.address, ...counts.params],
  }
  const changed: Statement = { sql: `u.phone = ? and u.phone_confirmed_at = cast(? as integer)`, params: [token.address, String(now)] }
  const free: Statement = {
    sql: 'not exists (select 1 from auth_users o where o.phone = ? and o.id <> ?)',
    params: [token.address, person.id],
  }
  // An address that they only said was theirs goes with their first proof: whoever owns it would prove it into an account that is somebody else's.
  const claimed: Statement = {
    sql: `select c.id from auth_users c where c.id = ? and c.email_confirmed_at is null and c.phone_confirmed_at is null and ${free.sql} and ${pending.sql}`,
    params: [person.id, ...free.params, ...pending.params],
  }
  return [
    {
      sql: `delete from auth_one_time_tokens where purpose in ('confirmation', 'recovery') and user_id in (${claimed.sql})`,
      params: claimed.params,
    },
    { sql: `update auth_users set email = null where id in (${claimed.sql})`, params: claimed.params },
    {
      sql: `update auth_users set phone = ?, phone_confirmed_at = ?, new_phone = null, phone_change_sent_at = null, is_anonymous = 0,
          app_metadata = ${WITH_PHONE}, user_metadata = ${WITH_CLAIMS}, last_sign_in_at = ?, updated_at = ?
        where id = ? and ${free.sql} and ${pending.sql} returning id`,
      params: [
        token.address,
        String(now),
        person.id,
        token.address,
        String(now),
        String(now),
        person.id,
        ...free.params,
        ...pending.params,
      ],
    },
    identityStatement(person, token.address, now, changed),
    // Codes that are on their way to the old number prove nothing any more.
    {
      sql: `delete from auth_one_time_tokens where user_id = ? and purpose in ('phone_confirmation', 'reauthentication')
        and exists (select 1 from auth_users u where u.id = user_id and ${changed.sql})`,
      params: [person.id, ...changed.params],
    },
  ]
}

/** Takes a number from who never proved it. Their row stays. */
function freeStatements(person: Person, token: Token, counts: Statement): Statement[] {
  const squatters = `select o.id from auth_users o where o.phone = ? and o.id <> ? and o.phone_confirmed_at is null and ${counts.sql}`
  const params = [token.address, person.id, ...counts.params]
  return [
    { sql: `delete from auth_one_time_tokens where purpose = 'phone_confirmation' and user_id in (${squatters})`, params },
    { sql: `delete from auth_identities where provider = 'phone' and user_id in (${squatters})`, params },
    { sql: `update auth_users set phone = null where id in (${squatters})`, params },
  ]
}

const PURPOSES = { sms: 'phone_confirmation', phone_change: 'phone_change' } as const

/** Reads what a code may be of; null after counting a wrong try, at the same cost whether there is anybody. */
async function tokenOf({ db, now }: Workshop, proof: Proof): Promise<{ readonly token: Token; readonly person: Person } | null> {
  const [rows] = await run(db, [tokensStatement(proof, PERSON_COLUMNS)])
  const found = findToken(rows!.results, proof, now)
  if (found !== null) return { token: found.token, person: readPerson(found.row) }
  await run(db, [countWrongTry(proof, now)])
  return null
}

/** One read and one batch. Errors: `otp_expired` (403): wrong, used, expired, or nobody's; `user_banned` (403); `phone_exists` (422). */
export async function verifyPhone(
  workshop: Workshop,
  context: AuthenticationContext,
  type: PhoneProof,
  phone: string,
  code: string,
  known: boolean,
): Promise<{ session: Session; person: Person }> {
  const { db, keys, now } = workshop
  const proof = await proofOfCode(keys, phone, code, [PURPOSES[type]], known)
  const found = await tokenOf(workshop, proof)
  if (found === null) throw new AppError(authErrors.otp_expired)
  const { token, person } = found
  if (isBanned(person, now)) throw new AppError(authErrors.user_banned)

  const counts = tokenCounts(token, proof, now)
  const session = newSession(workshop, 'otp')
  const unconfirmed = person.emailConfirmedAt === null && person.phoneConfirmedAt === null && !person.isAnonymous
  const opened: Statement = { sql: 'exists (select 1 from auth_sessions where id = ?)', params: [session.id] }
  const notice =
    type === 'phone_change'
      ? await accountNotice(workshop, context, person, 'phone_changed', person.phone === null ? {} : { oldPhone: person.phone }, opened)
      : []
  const results = await run(db, [
    ...(type === 'sms'
      ? confirmStatements(person, token, counts, now)
      : [...freeStatements(person, token, counts), ...changeStatements(person, token, counts, now)]),
    ...openSession(workshop, context, session, person, {
      sql: `u.phone = ? and u.phone_confirmed_at is not null and (u.banned_until is null or u.banned_until <= cast(? as integer)) and ${counts.sql}`,
      params: [token.address, String(now), ...counts.params],
    }),
    auditStatement(
      { ...context, now },
      {
        action: type === 'phone_change' ? 'user_modified' : unconfirmed ? 'user_signedup' : 'login',
        userId: person.id,
        details: { provider: 'phone', session: session.id },
      },
      opened,
    ),
    ...notice,
    useToken(token, proof, now),
    {
      sql: `select ${PERSON_COLUMNS}, exists (select 1 from auth_sessions s where s.id = ?) as opened from auth_users u where u.id = ?`,
      params: [session.id, person.id],
    },
  ])
  const row = results.at(-1)!.results[0]
  if (results.at(-2)!.results.length === 0 || row === undefined) throw new AppError(authErrors.otp_expired)
  if (Number(row['opened']) !== 1) throw new AppError(type === 'phone_change' ? authErrors.phone_exists : authErrors.otp_expired)
  messagesCommitted(workshop)
  return { session, person: readPerson(row) }
}
