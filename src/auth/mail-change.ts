// A change of address: asked for in a session, confirmed at the new address and, unless the app says otherwise, at the one that the person has.
import { messagesCommitted } from '../messages'
import {
  run,
  type AuthenticationContext,
  type Caller,
  type MailChallenge,
  type MailInput,
  type PersonAnswer,
  type Statement,
} from '../platform'
import { accountNotice } from './account-notice'
import { auditStatement, CHANGED } from './audit'
import { emailIdentityStatement, freeAddress, WITH_EMAIL } from './email-identity'
import { hasSecondFactor, needsSecondFactor } from './factor'
import { linkByMail } from './mail-link'
import type { Token, TokenPurpose } from './one-time-token'
import { PERSON_COLUMNS, readPerson, showPerson, type Person } from './person'
import { livePerson, livePersonStatement, readLivePerson, strong, UNEXPIRED } from './session'
import type { Workshop } from './workshop'

/** Whether the address that a person has must confirm as well. Asked again when it is confirmed, so that nobody gets around it. */
function needsBoth({ rules }: AuthenticationContext, person: Person): boolean {
  return rules.secureEmailChange && person.email !== null && person.emailConfirmedAt !== null
}

/** The mails of a change to whoever `whom`, SQL over `u`, finds. */
async function askBoth(
  workshop: Workshop,
  context: AuthenticationContext,
  person: Person | null,
  { current, next }: { readonly current: string | null; readonly next: string },
  whom: Statement,
  challenge: MailChallenge | null,
): Promise<Statement[]> {
  const metadata = person?.userMetadata ?? null
  const about = { email: current ?? next, newEmail: next, metadata, person }
  const free: Statement = {
    sql: `${whom.sql} and not exists (select 1 from auth_users o where o.email = ? and o.email_confirmed_at is not null)`,
    params: [...whom.params, next],
  }
  const statements = [
    ...(await linkByMail(workshop, context, { kind: 'email_change_new', address: next, person: free, challenge }, { to: next, ...about })),
  ]
  if (current === null) return statements
  const unconfirmed: Statement = { sql: `${whom.sql} and coalesce(u.email_change_confirmed, '') <> 'current'`, params: whom.params }
  const request = { kind: 'email_change_current', address: current, person: unconfirmed, challenge } as const
  return [...statements, ...(await linkByMail(workshop, context, request, { to: current, ...about }))]
}

/**
 * Asks for a change. The address that the person has stays until it is confirmed. An address that is somebody else's already is asked for all the
 * same, and gets no mail: GoTrue's `email_exists` would tell everybody with an anonymous session who has an account. One read and one batch.
 * Errors: those of a session; `insufficient_aal` (401), `email_transport_missing`.
 */
export async function changeEmail(
  workshop: Workshop,
  context: AuthenticationContext,
  caller: Caller,
  email: string,
  challenge: MailChallenge | null,
): Promise<PersonAnswer> {
  const { db, now } = workshop
  const person = await livePerson(workshop, caller)
  if (person.email === email && person.emailConfirmedAt !== null) return showPerson(person)
  // Who takes the address takes the account: a person with a second factor shows it first (pitfall P20).
  if (hasSecondFactor(person) && person.sessionAal !== 'aal2') throw needsSecondFactor()
  const allowed: Statement = {
    sql: `exists (select 1 from auth_sessions s where s.id = ? and s.user_id = u.id and ${UNEXPIRED} and (${strong(caller)}
        or not exists (select 1 from auth_factors f where f.user_id = u.id and f.status = 'verified')))`,
    params: [caller.sessionId],
  }
  const asked: Statement = {
    sql: 'u.id = ? and u.new_email = ? and u.email_change_sent_at = cast(? as integer)',
    params: [person.id, email, String(now)],
  }
  const current = needsBoth(context, person) ? person.email : null
  const results = await run(db, [
    {
      sql: `update auth_users as u set new_email = ?, email_change_sent_at = ?, email_change_confirmed = null, updated_at = ?
        where u.id = ? and ${allowed.sql} returning id`,
      params: [email, String(now), String(now), person.id, ...allowed.params],
    },
    auditStatement({ ...context, now }, { action: 'user_modified', userId: person.id, details: { fields: ['email'] } }, CHANGED),
    ...(await askBoth(workshop, context, person, { current, next: email }, asked, challenge)),
    livePersonStatement(caller),
  ])
  const after = readLivePerson(results.at(-1)!.results[0], now)
  // The session lives, so what changed meanwhile is that it needs its second factor.
  if (results[0]!.results.length === 0) throw needsSecondFactor()
  messagesCommitted(workshop)
  return showPerson(after)
}

/** Both mails once more, for who asked for a change; named by the address that they have, or by the new one where they have none. One read and one batch. */
export async function resendEmailChange(
  workshop: Workshop,
  context: AuthenticationContext,
  { email, challenge }: MailInput,
): Promise<null> {
  const { db, now } = workshop
  const wanted: Statement = {
    sql: 'u.new_email is not null and (u.email = ? or (u.new_email = ? and u.email is null))',
    params: [email, email],
  }
  const [found] = await run(db, [{ sql: `select ${PERSON_COLUMNS} from auth_users u where ${wanted.sql} limit 1`, params: wanted.params }])
  const person = found!.results[0] === undefined ? null : readPerson(found!.results[0])
  const next = person?.newEmail ?? email
  const whom: Statement = { sql: 'u.id = ? and u.new_email = ?', params: [person?.id ?? '', next] }
  const current = person === null || needsBoth(context, person) ? email : null
  await run(db, [
    ...(await askBoth(workshop, context, person, { current, next }, whom, challenge)),
    { sql: `update auth_users as u set email_change_sent_at = ? where ${whom.sql}`, params: [String(now), ...whom.params] },
    auditStatement(
      { ...context, now },
      { action: 'user_modified', userId: { sql: 'select ?', params: [person?.id ?? null] }, details: { fields: ['email'] } },
      { sql: `exists (select 1 from auth_users u where ${whom.sql})`, params: whom.params },
    ),
  ])
  messagesCommitted(workshop)
  return null
}

export interface ChangeEffect {
  readonly side: 'current' | 'new'
  readonly statements: readonly Statement[]
  readonly done: Statement
  readonly spent: readonly TokenPurpose[]
}

/**
 * What a confirmation brings about: the change, if the other end has confirmed or need not; else that this end has. In whichever order they come, and
 * at once (pitfall P16). Null when the token is of a change that is no more.
 */
export async function changeEmailStatements(
  workshop: Workshop,
  context: AuthenticationContext,
  person: Person,
  token: Token,
  counts: Statement,
): Promise<ChangeEffect | null> {
  const { now } = workshop
  const side = token.purpose === 'email_change_current' ? 'current' : 'new'
  const next = person.newEmail
  if (next === null || token.address !== (side === 'new' ? next : person.email)) return null
  const both = needsBoth(context, person)
  const ready: Statement = both
    ? { sql: 'c.email_change_confirmed = ?', params: [side === 'new' ? 'current' : 'new'] }
    : { sql: '1', params: [] }
  const complete: Statement = {
    sql: `exists (select 1 from auth_users c where c.id = ? and c.new_email = ? and ${ready.sql}) and ${counts.sql}`,
    params: [person.id, next, ...ready.params, ...counts.params],
  }
  const changed: Statement = { sql: 'u.email = ? and u.email_confirmed_at = cast(? as integer)', params: [next, String(now)] }
  const exists: Statement = {
    sql: `exists (select 1 from auth_users u where u.id = ? and ${changed.sql})`,
    params: [person.id, ...changed.params],
  }
  return {
    side,
    statements: [
      ...freeAddress(person.id, next, complete),
      {
        sql: `update auth_users set email = ?, email_confirmed_at = ?, new_email = null, email_change_sent_at = null, email_change_confirmed = null,
            new_phone = null, phone_change_sent_at = null, is_anonymous = 0, app_metadata = ${WITH_EMAIL},
            user_metadata = json_set(user_metadata, '$.sub', ?, '$.email', ?, '$.email_verified', json('true')), last_sign_in_at = ?, updated_at = ?
          where id = ? and not exists (select 1 from auth_users o where o.email = ? and o.id <> ?) and ${complete.sql}`,
        params: [next, String(now), person.id, next, String(now), String(now), person.id, next, person.id, ...complete.params],
      },
      emailIdentityStatement(person, { address: next, metadata: null }, now, changed),
      // Where this end alone is asked, there are no halves: either it changed, or the address is somebody else's by now.
      ...(both
        ? [
            {
              sql: `update auth_users set email_change_confirmed = ?
                where id = ? and new_email = ? and email_change_confirmed is null and not (${exists.sql}) and ${counts.sql}`,
              params: [side, person.id, next, ...exists.params, ...counts.params],
            },
          ]
        : []),
      ...(await accountNotice(workshop, context, person, 'email_changed', { oldEmail: person.email ?? '', newEmail: next }, exists)),
    ],
    done: changed,
    spent: ['confirmation', 'recovery', 'reauthentication', 'email_change_current', 'email_change_new', 'phone_change'],
  }
}
