// Who somebody at a provider is here (shared protocol notes: gotrue §5). Known by provider and subject; else by an address that both sides have
// verified; else new. One read and one batch, whose statements hold only while what was read is still so; who lost a race reads again.
import { AppError, uuidv7 } from '../core'
import { messagesCommitted } from '../messages'
import { platformErrors, run, type AuthenticationContext, type Statement } from '../platform'
import { auditStatement } from './audit'
import { authErrors } from './errors'
import type { ExternalAccount } from './external-account'
import { create, join, known, takeOver } from './external-person'
import { newIdentity } from './identity'
import { accountNotice } from './account-notice'
import { admitPerson, personCreated } from './new-person'
import { isBanned, PERSON_COLUMNS, readPerson, type Person } from './person'
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

interface Decision {
  readonly userId: string
  /** Who is to be made; null when they are there. */
  readonly newPerson: Person | null
  /** Whether the identity joined somebody, or took an account over that nobody had confirmed. */
  readonly linked: 'joined' | 'taken_over' | null
  /** Whom it joined, as they were: to be told. */
  readonly joined: Person | null
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
    return { userId: found.known.id, newPerson: null, linked: null, joined: null, statements: known(found.known, account, now, own) }
  }
  const identity = newIdentity(account, now)
  if (person !== null) {
    const confirmed = person.emailConfirmedAt !== null
    const statements = (confirmed ? join : takeOver)(person, account, identity, now, own)
    return {
      userId: person.id,
      newPerson: null,
      linked: confirmed ? 'joined' : 'taken_over',
      joined: confirmed ? person : null,
      statements,
    }
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
  const { person: newPerson, statements } = create(id, email, account, identity, now, own)
  return { userId: id, newPerson, linked: null, joined: null, statements }
}

/**
 * Signs somebody in who a provider vouches for. `own` is what they say of themselves, `once` a statement that takes their proof so that it
 * isn't taken twice, given the condition that the sign-in took place. Errors: `user_banned`, `signup_disabled`,
 * `provider_email_needs_verification`, `validation_failed` (too large an `own`); what `once` and the app's hook throw; `service_unavailable` when others keep changing the same person.
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
    const { userId, newPerson, linked, joined } = decision
    if (newPerson !== null) await admitPerson(workshop, context, newPerson)
    const condition = {
      sql: `exists (select 1 from auth_identities k where k.provider = ? and k.subject = ? and k.user_id = u.id)
        and (u.banned_until is null or u.banned_until <= cast(? as integer))`,
      params: [account.provider, account.subject, String(now)],
    }
    const audit = (action: 'login' | 'user_signedup' | 'identity_linked', more = {}) =>
      auditStatement({ ...context, now }, { action, userId, details: { provider: account.provider, ...more } }, ending.took)
    const results = await run(db, [
      ...decision.statements,
      ...(await ending.statements(userId, condition)),
      ...once(ending.took),
      ...(newPerson === null ? [] : personCreated(workshop, context, userId)),
      ...(linked === null ? [] : [audit('identity_linked', { how: linked })]),
      ...(joined === null
        ? []
        : await accountNotice(workshop, context, joined, 'identity_linked', { provider: account.provider }, ending.took)),
      audit(newPerson !== null ? 'user_signedup' : 'login'),
      { sql: `select ${PERSON_COLUMNS} from auth_users u where u.id = ? and ${ending.took.sql}`, params: [userId, ...ending.took.params] },
    ])
    messagesCommitted(workshop)
    const row = results.at(-1)!.results[0]
    if (row !== undefined) return readPerson(row)
  }
  throw new AppError(platformErrors.service_unavailable, { headers: { 'retry-after': '1' } })
}
