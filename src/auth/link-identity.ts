// Adding a way in while signed in, and taking one away, but never the last. One batch each, whose conditions hold in the database.
import { AppError } from '../core'
import { messagesCommitted } from '../messages'
import { readFault, run, type AuthenticationContext, type Caller, type Statement } from '../platform'
import { auditStatement, CHANGED } from './audit'
import { authErrors } from './errors'
import { freeAddress } from './email-identity'
import type { ExternalAccount } from './external-account'
import { hasSecondFactor } from './factor'
import { hasIdentity, mergeMetadata, newIdentity, updateProviders } from './identity'
import { accountNotice } from './account-notice'
import { PERSON_COLUMNS, type Person } from './person'
import { livePerson, readLivePerson, readSession, SESSION_COLUMNS, strong, UNEXPIRED, type LivePerson, type Session } from './session'
import { insertIdentity } from './sign-up'
import type { Workshop } from './workshop'

/** A condition over a person's row `u`: the session lives and has shown the second factor that they have, and they aren't banned. */
function lives(caller: Caller, now: number): Statement {
  return {
    sql: `exists (select 1 from auth_sessions s where s.id = ? and s.user_id = u.id and ${UNEXPIRED} and (${strong(caller)}
        or not exists (select 1 from auth_factors f where f.user_id = u.id and f.status = 'verified')))
      and (u.banned_until is null or u.banned_until <= cast(? as integer))`,
    params: [caller.sessionId, String(now)],
  }
}

/**
 * Another way in outlasts the session that added it, and one taken away can take the password and the address along, so whoever has a second
 * factor shows it first. Errors: `insufficient_aal` (403).
 */
export function requireStrength(person: LivePerson): void {
  if (person.sessionAal === 'aal2' || !hasSecondFactor(person)) return
  throw new AppError(authErrors.insufficient_aal, { message: 'AAL2 session is required to link or unlink identities when MFA is enabled' })
}

/**
 * Gives an identity to a person who is signed in. Whoever was anonymous is permanent then, with the same id; whoever had no address gets the
 * identity's, if it is verified. Nobody's accounts are merged. Errors: `identity_already_exists`, `email_exists`, `insufficient_aal`, those of
 * `livePerson`; what `once` throws.
 */
export async function linkIdentity(
  workshop: Workshop,
  context: AuthenticationContext,
  caller: Caller,
  account: ExternalAccount,
  once: (took: Statement) => readonly Statement[] = () => [],
): Promise<{ session: Session; person: Person }> {
  const { db, now } = workshop
  const { userId, sessionId } = caller
  const { provider, subject } = account
  const before = await livePerson(workshop, caller)
  requireStrength(before)
  const identity = newIdentity(account, now)
  const ours = hasIdentity(identity.id)
  const email = account.emailVerified ? account.email : null
  const live = lives(caller, now)
  const free = {
    sql: '(u.email is not null or not exists (select 1 from auth_users o where o.email = ?))',
    params: [email],
  }
  // The address is verified: whoever only said that it is theirs keeps nobody from it.
  const wanted: Statement = {
    sql: `exists (select 1 from auth_users u where u.id = ? and u.email is null and ${live.sql})
      and not exists (select 1 from auth_identities where provider = ? and subject = ?)`,
    params: [userId, ...live.params, provider, subject],
  }
  const freed = email === null ? [] : freeAddress(userId, email, wanted)
  const results = await run(db, [
    ...freed,
    insertIdentity(identity, userId, { sql: `${live.sql} and ${free.sql}`, params: [...live.params, ...free.params] }),
    {
      sql: `update auth_users set is_anonymous = 0, email_confirmed_at = case when email is null and ?1 is not null then ?2 else email_confirmed_at end,
          email = coalesce(email, ?1) where id = ?3 and exists (select 1 from auth_identities where id = ?4)`,
      params: [email, String(now), userId, identity.id],
    },
    mergeMetadata(userId, account.data, { under: true, now }, ours),
    updateProviders(userId, ours),
    ...once(ours),
    auditStatement({ ...context, now }, { action: 'identity_linked', userId, details: { provider } }, ours),
    ...(await accountNotice(workshop, context, before, 'identity_linked', { provider }, ours)),
    { sql: 'select user_id from auth_identities where provider = ? and subject = ?', params: [provider, subject] },
    {
      sql: `select ${PERSON_COLUMNS}, ${SESSION_COLUMNS}, s.id is not null as live
        from auth_users u left join auth_sessions s on s.user_id = u.id and s.id = ? and ${UNEXPIRED} where u.id = ?`,
      params: [sessionId, userId],
    },
  ])
  messagesCommitted(workshop)
  const row = results.at(-1)!.results[0]
  const person = readLivePerson(row, now)
  if (results[freed.length]!.results.length === 0) {
    requireStrength(person)
    const owner = results.at(-2)!.results[0]?.['user_id']
    if (owner === undefined) throw new AppError(authErrors.email_exists)
    const message = owner === userId ? 'Identity is already linked' : 'Identity is already linked to another user'
    throw new AppError(authErrors.identity_already_exists, { message })
  }
  return { session: readSession(row!), person }
}

const VERIFIED = `coalesce(json_extract(i.identity_data, '$.email_verified'), 0)`
/**
 * Of the identities that are left, the one whose address becomes the person's: verified before others, the oldest first. An unverified one only while
 * they have proved nothing else: whoever comes to prove it then gets the account with every door shut, and would find a number's owner in it otherwise.
 */
const HEIR = `select i.email, ${VERIFIED} as verified from auth_identities i join auth_users h on h.id = i.user_id
  where i.user_id = ?1 and i.email is not null and i.provider <> 'phone' and (${VERIFIED} = 1 or h.phone_confirmed_at is null)
  order by verified desc, i.created_at, i.id limit 1`

/** What becomes of the address when an identity is gone: it stays while another identity has it, else it is the heir's, or none. */
function inheritEmail(userId: string, identityId: string, now: number): Statement {
  return {
    sql: `update auth_users set
        email = (select email from (${HEIR})),
        email_confirmed_at = case when (select verified from (${HEIR})) = 1 then cast(?3 as integer) end,
        updated_at = cast(?3 as integer)
      where id = ?1 and not exists (select 1 from auth_identities where id = ?2)
        and email is not null and not exists (select 1 from auth_identities i where i.user_id = ?1 and i.email = auth_users.email)`,
    params: [userId, identityId, String(now)],
  }
}

/**
 * Takes an identity away. Errors: `identity_not_found`, `single_identity_not_deletable`, `email_conflict_identity_not_deletable`,
 * `insufficient_aal`; those of `livePerson`.
 */
export async function unlinkIdentity(
  workshop: Workshop,
  context: AuthenticationContext,
  caller: Caller,
  identityId: string,
): Promise<void> {
  const { db, now } = workshop
  const { userId } = caller
  const person = await livePerson(workshop, caller)
  requireStrength(person)
  if (person.identities.length <= 1) throw new AppError(authErrors.single_identity_not_deletable)
  const identity = person.identities.find(({ id }) => id === identityId)
  if (identity === undefined) throw new AppError(authErrors.identity_not_found)

  const live = lives(caller, now)
  const gone = { sql: 'not exists (select 1 from auth_identities where id = ?)', params: [identityId] }
  const statements: Statement[] = [
    {
      sql: `delete from auth_identities where id = ? and user_id = ? and (select count(*) from auth_identities where user_id = ?) > 1
        and exists (select 1 from auth_users u where u.id = user_id and ${live.sql}) returning id`,
      params: [identityId, userId, userId, ...live.params],
    },
    auditStatement(
      { ...context, now },
      { action: 'identity_unlinked', userId, details: { provider: identity.provider, identity: identityId } },
      CHANGED,
    ),
    // The entry before it was written: this very batch took it away.
    ...(await accountNotice(workshop, context, person, 'identity_unlinked', { provider: identity.provider }, CHANGED)),
    identity.provider === 'phone'
      ? {
          sql: `update auth_users set phone = null, phone_confirmed_at = null, updated_at = ? where id = ? and ${gone.sql}`,
          params: [String(now), userId, ...gone.params],
        }
      : inheritEmail(userId, identityId, now),
    { sql: `delete from auth_one_time_tokens where user_id = ? and ${gone.sql}`, params: [userId, ...gone.params] },
    updateProviders(userId, gone),
  ]
  if (identity.provider === 'email') {
    // Whoever takes the address away as a way in means the password that goes with it, too.
    statements.push({
      sql: `update auth_users set password_hash = null where id = ? and ${gone.sql}
        and not exists (select 1 from auth_identities where user_id = auth_users.id and provider in ('email', 'phone'))`,
      params: [userId, ...gone.params],
    })
  }
  let results: Awaited<ReturnType<typeof run>>
  try {
    results = await run(db, statements)
  } catch (error) {
    const fault = readFault(error)
    if (fault.kind === 'unique' && fault.table === 'auth_users') throw new AppError(authErrors.email_conflict_identity_not_deletable)
    throw error
  }
  messagesCommitted(workshop)
  if (results[0]!.results.length === 0) {
    // Somebody was faster: with this identity, with the last but one, or with the session.
    const after = await livePerson(workshop, caller)
    requireStrength(after)
    throw new AppError(
      after.identities.some(({ id }) => id === identityId) ? authErrors.single_identity_not_deletable : authErrors.identity_not_found,
    )
  }
}
