// Who somebody at a provider is here (shared protocol notes: gotrue §5). Known by provider and subject; else by an address that both sides have
// verified; else new. One read and one batch, whose statements hold only while what was read is still so; who lost a race reads again.
import { AppError, uuidv7 } from '../core'
import { platformErrors, run, type AuthenticationContext, type Statement } from '../platform'
import { auditStatement } from './audit'
import { authErrors } from './errors'
import type { ExternalAccount } from './external-account'
import { hasIdentity, mergeMetadata, newIdentity, updateProviders } from './identity'
import { blankPerson, isBanned, PERSON_COLUMNS, readPerson, type Identity, type Person } from './person'
import { insertIdentity, insertPerson } from './sign-up'
import { checkMetadataSize } from './user-metadata'
import type { Workshop } from './workshop'

/** What a sign-in ends in, a session or a code for one, as statements of the batch that decides who it is. */
export interface Ending {
  /** `condition` is SQL over the person's row `u`. */
  statements(userId: string, condition: Statement): Promise<readonly Statement[]>
  /** SQL that holds once they took effect. */
  readonly took: Statement
}

const MAX_TRIES = 6

type Row = Readonly<Record<string, unknown>>

async function look(db: D1Database, { provider, subject, email }: ExternalAccount): Promise<{ known: Person | null; same: Person | null }> {
  const [known, same] = await run(db, [
    {
      sql: `select ${PERSON_COLUMNS} from auth_identities k join auth_users u on u.id = k.user_id where k.provider = ? and k.subject = ?`,
      params: [provider, subject],
    },
    { sql: `select ${PERSON_COLUMNS} from auth_users u where u.email = ?`, params: [email] },
  ])
  const read = (row: Row | undefined) => (row === undefined ? null : readPerson(row))
  return { known: read(known!.results[0]), same: read(same!.results[0]) }
}

/** What changed at the provider since it was last asked: what people wrote over it themselves stays. */
function news(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(after).filter(([key, value]) => JSON.stringify(before[key]) !== JSON.stringify(value)))
}

/** Somebody who signed in here before. */
function known(person: Person, account: ExternalAccount, now: number, own: Readonly<Record<string, unknown>>): Statement[] {
  const { provider, subject } = account
  const before = person.identities.find((one) => one.provider === provider && one.subject === subject)?.data ?? {}
  // What the provider leaves out this time it has said before: Apple's name, an address that is no longer shared.
  const data = { ...before, ...account.data }
  const condition = {
    sql: 'exists (select 1 from auth_identities where provider = ? and subject = ? and user_id = auth_users.id)',
    params: [provider, subject],
  }
  return [
    {
      sql: `update auth_identities set identity_data = ?, email = coalesce(?, email), last_sign_in_at = ?, updated_at = ?
        where provider = ? and subject = ? and user_id = ?`,
      params: [JSON.stringify(data), account.email, String(now), String(now), provider, subject, person.id],
    },
    mergeMetadata(person.id, { ...news(before, account.data), ...own }, { under: false, now }, condition),
  ]
}

/** Somebody who has shown that the address is theirs: the identity joins what they have. */
function join(
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

/** By table, what belongs to whoever signed up with an address that they never showed to be theirs. */
const DOORS = ['auth_sessions', 'auth_one_time_tokens', 'auth_flows', 'auth_factors', 'auth_passkeys', 'auth_recovery_codes'] as const

/**
 * Somebody signed up with this address and never showed that it is theirs; now its owner is here. The account becomes the owner's, and every
 * door that the other may have left open is shut: password, phone, identities, sessions, factors, codes, what they wrote (pitfalls P1, P6).
 */
function takeOver(
  person: Person,
  account: ExternalAccount,
  identity: Identity,
  now: number,
  own: Readonly<Record<string, unknown>>,
): Statement[] {
  const ours = hasIdentity(identity.id)
  const metadata = JSON.stringify({ ...account.data, ...own })
  return [
    insertIdentity(identity, person.id, { sql: 'u.email = ? and u.email_confirmed_at is null', params: [account.email] }),
    ...DOORS.map((table) => ({ sql: `delete from ${table} where user_id = ? and ${ours.sql}`, params: [person.id, ...ours.params] })),
    {
      sql: `delete from auth_identities where user_id = ? and id <> ? and ${ours.sql}`,
      params: [person.id, identity.id, ...ours.params],
    },
    {
      sql: `update auth_users set password_hash = null, phone = null, phone_confirmed_at = null, new_email = null, new_phone = null,
          email_change_confirmed = null, user_metadata = ?, is_anonymous = 0, email_confirmed_at = ?, last_sign_in_at = ?, updated_at = ?
        where id = ? and ${ours.sql}`,
      params: [metadata, String(now), String(now), String(now), person.id, ...ours.params],
    },
    updateProviders(person.id, ours),
  ]
}

/** `email` is the address that becomes theirs: the account's, or none. */
function create(
  id: string,
  email: string | null,
  account: ExternalAccount,
  identity: Identity,
  now: number,
  own: Readonly<Record<string, unknown>>,
): Statement[] {
  const { provider, subject, data } = account
  const person: Person = {
    ...blankPerson(id, now),
    email,
    emailConfirmedAt: email === null ? null : now,
    lastSignInAt: now,
    appMetadata: { provider, providers: [provider] },
    userMetadata: { ...own, ...data },
    identities: [identity],
  }
  const nobodyYet = {
    sql: 'not exists (select 1 from auth_identities where provider = ? and subject = ?)',
    params: [provider, subject],
  }
  return [insertPerson(person, nobodyYet), insertIdentity(identity, id)]
}

interface Decision {
  readonly userId: string
  readonly isNew: boolean
  readonly linked: boolean
  readonly statements: readonly Statement[]
}

function decide(
  { now }: Workshop,
  { rules }: AuthenticationContext,
  account: ExternalAccount,
  found: { readonly known: Person | null; readonly same: Person | null },
  own: Readonly<Record<string, unknown>>,
): Decision {
  const person = found.known ?? (account.emailVerified ? found.same : null)
  if (person !== null && isBanned(person, now)) throw new AppError(authErrors.user_banned)
  if (found.known !== null) {
    return { userId: found.known.id, isNew: false, linked: false, statements: known(found.known, account, now, own) }
  }
  const identity = newIdentity(account, now)
  if (person !== null) {
    const write = person.emailConfirmedAt === null ? takeOver : join
    return { userId: person.id, isNew: false, linked: true, statements: write(person, account, identity, now, own) }
  }
  if (rules.disableSignup) throw new AppError(authErrors.signup_disabled)
  const unproved = account.email !== null && !account.emailVerified
  if (unproved && rules.confirmEmail) {
    throw new AppError(authErrors.provider_email_needs_verification, {
      message: `Unverified email with ${account.provider}. Verify the email with ${account.provider} in order to sign in`,
    })
  }
  const id = uuidv7(now)
  // Where addresses count without proof, this one does unless it is somebody's.
  const email = unproved && found.same !== null ? null : account.email
  return { userId: id, isNew: true, linked: false, statements: create(id, email, account, identity, now, own) }
}

/**
 * Signs somebody in who a provider vouches for. `own` is what they say of themselves, `once` a statement that takes their proof so that it
 * isn't taken twice, given the condition that the sign-in took place. Errors: `user_banned`, `signup_disabled`,
 * `provider_email_needs_verification`, `validation_failed` (too large an `own`); what `once` throws; `service_unavailable` when others keep changing the same person.
 */
export async function admit(
  workshop: Workshop,
  context: AuthenticationContext,
  account: ExternalAccount,
  own: Readonly<Record<string, unknown>>,
  ending: Ending,
  once: (took: Statement) => readonly Statement[] = () => [],
): Promise<Person> {
  const { db, now } = workshop
  checkMetadataSize({ ...own, ...account.data })
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const decision = decide(workshop, context, account, await look(db, account), own)
    const { userId, isNew, linked } = decision
    const condition = {
      sql: `exists (select 1 from auth_identities k where k.provider = ? and k.subject = ? and k.user_id = u.id)
        and (u.banned_until is null or u.banned_until <= cast(? as integer))`,
      params: [account.provider, account.subject, String(now)],
    }
    const details = { provider: account.provider }
    const audit = (action: 'login' | 'user_signedup' | 'identity_linked') =>
      auditStatement({ ...context, now }, { action, userId, details }, ending.took)
    const results = await run(db, [
      ...decision.statements,
      ...(await ending.statements(userId, condition)),
      ...once(ending.took),
      ...(linked ? [audit('identity_linked')] : []),
      audit(isNew ? 'user_signedup' : 'login'),
      { sql: `select ${PERSON_COLUMNS} from auth_users u where u.id = ? and ${ending.took.sql}`, params: [userId, ...ending.took.params] },
    ])
    const row = results.at(-1)!.results[0]
    if (row !== undefined) return readPerson(row)
  }
  throw new AppError(platformErrors.service_unavailable, { headers: { 'retry-after': '1' } })
}
