// Links that administrators ask for: handed to them, or mailed as an invitation. What a link proves is the same as if the person had asked.
import { AppError, uuidv7 } from '../core'
import { messagesCommitted } from '../messages'
import { run, type AuthenticationContext, type GeneratedLink, type LinkAsked, type Statement } from '../platform'
import { auditStatement } from './audit'
import { MUST_CHANGE, runWhole } from './batch'
import { authErrors, unknownPerson } from './errors'
import { mailStatements, makeLink, type LinkKind, type LinkRequest, type MailLink } from './mail-link'
import { admitPerson, newPeopleCommitted, personCreated } from './new-person'
import { hashPassword } from './password'
import { checkPassword } from './password-strength'
import { blankPerson, PERSON_COLUMNS, readPerson, showPerson, type Person } from './person'
import { emailIdentity, insertIdentity, insertPerson } from './sign-up'
import { ownMetadata } from './user-metadata'
import type { Workshop } from './workshop'

async function personOf({ db }: Workshop, email: string): Promise<Person | null> {
  const [found] = await run(db, [{ sql: `select ${PERSON_COLUMNS} from auth_users u where u.email = ?`, params: [email] }])
  const row = found!.results[0]
  return row === undefined ? null : readPerson(row)
}

/** Somebody whose address is still to be proved. `metadata` is an administrator's word, so it is kept at once. */
function awaited(email: string, metadata: Readonly<Record<string, unknown>>, now: number): Person {
  const id = uuidv7(now)
  const claims = { sub: id, email, email_verified: false, phone_verified: false }
  return {
    ...blankPerson(id, now),
    email,
    appMetadata: { provider: 'email', providers: ['email'] },
    userMetadata: metadata,
    identities: [{ ...emailIdentity(id, email, now), data: claims, lastSignInAt: null }],
  }
}

const insertion = (workshop: Workshop, context: AuthenticationContext, person: Person): Statement[] => [
  insertPerson(person),
  ...person.identities.map((identity) => insertIdentity(identity, person.id)),
  ...personCreated(workshop, context, person.id),
]

const reading = (email: string): Statement => ({ sql: `select ${PERSON_COLUMNS} from auth_users u where u.email = ?`, params: [email] })

/** Over `u`: the address is theirs, and nobody has proved it. */
const unproven = (email: string): Statement => ({ sql: 'u.email = ? and u.email_confirmed_at is null', params: [email] })

interface Opening {
  readonly kind: 'signup' | 'invite'
  readonly email: string
  readonly data: Readonly<Record<string, unknown>>
  readonly passwordHash: string | null
}

/**
 * A link with which an address is proved for the first time, to somebody who is made if they aren't there, and its mail if `mailed`.
 * The batch is whole or nothing. Errors: `email_exists` (422) once the address is proved.
 */
async function openingLink(
  workshop: Workshop,
  context: AuthenticationContext,
  { kind, email, data, passwordHash }: Opening,
  known: Person | null,
  mailed: boolean,
): Promise<{ readonly person: Person; readonly link: MailLink }> {
  const { db, now } = workshop
  const metadata = ownMetadata(data)
  const person = known ?? awaited(email, metadata, now)
  if (person.emailConfirmedAt !== null) throw new AppError(authErrors.email_exists)
  if (known === null) await admitPerson(workshop, context, person)
  const whom = unproven(email)
  // What somebody else waits for on an older link goes with it: this one takes its place.
  const waiting = { passwordHash, metadata }
  const link = await makeLink(workshop, context, { kind, address: email, person: whom, waiting })
  const answers = await runWhole(db, [
    ...(known === null ? insertion(workshop, context, person) : []),
    {
      sql: `update auth_users as u set confirmation_sent_at = ?, invited_at = ${kind === 'invite' ? '?' : 'coalesce(invited_at, ?)'} where ${whom.sql}`,
      params: [String(now), kind === 'invite' ? String(now) : null, ...whom.params],
    },
    MUST_CHANGE,
    ...link.statements,
    ...(mailed
      ? await mailStatements(workshop, context, link, { to: email, email, metadata: { ...person.userMetadata, ...metadata }, person })
      : []),
    auditStatement(
      { ...context, now },
      {
        action: kind === 'invite' ? 'user_invited' : 'link_generated',
        userId: { sql: 'select id from auth_users where email = ?', params: [email] },
        actor: 'service',
        details: { type: kind },
      },
    ),
    reading(email),
  ])
  if (answers === null) throw new AppError(authErrors.email_exists)
  newPeopleCommitted(workshop)
  return { person: readPerson(answers.at(-1)!.results[0]!), link }
}

/** An invitation by mail; whoever hasn't come yet can be invited again. One read and one batch. Errors: `email_exists`, `email_transport_missing`. */
export async function invite(
  workshop: Workshop,
  context: AuthenticationContext,
  email: string,
  data: Readonly<Record<string, unknown>>,
): Promise<Person> {
  const known = await personOf(workshop, email)
  const { person } = await openingLink(workshop, context, { kind: 'invite', email, data, passwordHash: null }, known, true)
  messagesCommitted(workshop)
  return person
}

/** A link for somebody who is there: `set` is what the row says of it. */
async function knownLink(
  workshop: Workshop,
  context: AuthenticationContext,
  request: Pick<LinkRequest, 'address'> & { readonly kind: LinkKind },
  person: Person,
  set: Statement,
  free: Statement,
): Promise<{ readonly person: Person; readonly link: MailLink }> {
  const { db, now } = workshop
  const link = await makeLink(workshop, context, { ...request, person: { sql: 'u.id = ?', params: [person.id] } })
  const answers = await runWhole(db, [
    {
      sql: `update auth_users as u set ${set.sql} where u.id = ? and u.email = ? and (${free.sql})`,
      params: [...set.params, person.id, person.email, ...free.params],
    },
    MUST_CHANGE,
    ...link.statements,
    auditStatement({ ...context, now }, { action: 'link_generated', userId: person.id, actor: 'service', details: { type: request.kind } }),
    { sql: `select ${PERSON_COLUMNS} from auth_users u where u.id = ?`, params: [person.id] },
  ])
  // Gone, or the address is somebody else's meanwhile.
  if (answers === null) throw new AppError(authErrors.email_exists)
  return { person: readPerson(answers.at(-1)!.results[0]!), link }
}

const ALWAYS: Statement = { sql: '1', params: [] }

async function changeLink(
  workshop: Workshop,
  context: AuthenticationContext,
  kind: 'email_change_current' | 'email_change_new',
  person: Person,
  next: string,
) {
  if (kind === 'email_change_current' && !context.rules.secureEmailChange) {
    throw new AppError(authErrors.validation_failed, { message: 'Enable secure email change to generate link for current email' })
  }
  const address = kind === 'email_change_current' ? person.email! : next
  const set: Statement = {
    // The other half that was confirmed for the same address stays so.
    sql: 'email_change_confirmed = iif(new_email is ?, email_change_confirmed, null), new_email = ?, email_change_sent_at = ?',
    params: [next, next, String(workshop.now)],
  }
  const free: Statement = { sql: 'not exists (select 1 from auth_users o where o.email = ? and o.id <> u.id)', params: [next] }
  return knownLink(workshop, context, { kind, address }, person, set, free)
}

/**
 * A link that is handed to the administrator instead of mailed. One read and one batch. A `magiclink` to an address that nobody has is one to sign up,
 * as GoTrue has it. Errors: `user_not_found` (404), `email_exists` (422), `weak_password`, `validation_failed`.
 */
export async function generateLink(workshop: Workshop, context: AuthenticationContext, asked: LinkAsked): Promise<GeneratedLink> {
  const { email, data, password } = asked
  const known = await personOf(workshop, email)
  const type = asked.type === 'magiclink' && known === null ? 'signup' : asked.type
  const made = await (async () => {
    switch (type) {
      case 'signup':
      case 'invite': {
        if (asked.type === 'signup' && password === undefined) {
          throw new AppError(authErrors.validation_failed, { message: 'Signup requires a valid password' })
        }
        if (known !== null && known.emailConfirmedAt !== null) throw new AppError(authErrors.email_exists)
        const wanted = asked.type === 'signup' ? password : undefined
        if (wanted !== undefined) await checkPassword(workshop, context.rules, wanted)
        const passwordHash = wanted === undefined ? null : await hashPassword(wanted)
        return openingLink(workshop, context, { kind: type, email, data, passwordHash }, known, false)
      }
      case 'magiclink':
      case 'recovery': {
        if (known === null) throw unknownPerson()
        const set: Statement = { sql: 'recovery_sent_at = ?', params: [String(workshop.now)] }
        return knownLink(workshop, context, { kind: type, address: email }, known, set, ALWAYS)
      }
      case 'email_change_current':
      case 'email_change_new': {
        if (known === null) throw unknownPerson()
        if (asked.newEmail === undefined) throw new AppError(authErrors.validation_failed, { message: 'An email address is required' })
        return changeLink(workshop, context, type, known, asked.newEmail)
      }
    }
  })()
  return {
    ...showPerson(made.person),
    action_link: made.link.actionLink ?? '',
    email_otp: made.link.code,
    hashed_token: made.link.tokenHash,
    verification_type: type,
    redirect_to: context.redirectTo,
  }
}
