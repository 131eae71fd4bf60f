// Asking for a link or a code by mail. What is known of an address and what isn't get the same answer after the same work: a read and a batch.
import { AppError, uuidv7 } from '../core'
import { messagesCommitted } from '../messages'
import {
  run,
  type AuthenticationContext,
  type Caller,
  type MailChallenge,
  type MailInput,
  type OtpInput,
  type PersonAnswer,
  type SignUpInput,
  type Statement,
} from '../platform'
import { auditStatement, type AuditAction } from './audit'
import { authErrors } from './errors'
import { ADMINISTERED } from './first-proof'
import { linkByMail, type LinkKind } from './mail-link'
import type { Waiting } from './one-time-token'
import { hashPassword } from './password'
import { checkPassword } from './password-strength'
import { admitPerson, admitStranger, personCreated } from './new-person'
import { blankPerson, PERSON_COLUMNS, readPerson, showPerson, type Person } from './person'
import { livePerson } from './session'
import { emailIdentity, insertIdentity, insertPerson } from './sign-up'
import { ownMetadata } from './user-metadata'
import type { Workshop } from './workshop'

const base = (id: string, email: string) => ({ sub: id, email, email_verified: false, phone_verified: false })

/** Somebody who says that the address is theirs. Nothing else that they say is kept in their row: it may not be true. */
function unprovenPerson(email: string, now: number): Person {
  const id = uuidv7(now)
  return {
    ...blankPerson(id, now),
    email,
    appMetadata: { provider: 'email', providers: ['email'] },
    userMetadata: base(id, email),
    identities: [{ ...emailIdentity(id, email, now), data: base(id, email), lastSignInAt: null }],
  }
}

const insertion = (workshop: Workshop, context: AuthenticationContext, person: Person): Statement[] => [
  insertPerson(person),
  ...person.identities.map((identity) => insertIdentity(identity, person.id)),
  ...personCreated(workshop, context, person.id),
]

/**
 * A sign-up whose address has to be confirmed. Answers the same whether the address was new, waits to be confirmed or is somebody's: a user made of
 * the request alone. Its password and metadata wait on the token and become the person's if that very token is used. Whom an administrator invited or
 * made gets a link to sign in with instead, on which nothing waits, and their invitation stays good. One batch. Errors: `signup_disabled`, `weak_password`, `validation_failed`.
 */
export async function signUpToConfirm(
  workshop: Workshop,
  context: AuthenticationContext,
  {
    credentials,
    data,
    challenge,
  }: SignUpInput & { readonly credentials: NonNullable<SignUpInput['credentials']>; readonly challenge: MailChallenge | null },
): Promise<PersonAnswer> {
  const { db, now } = workshop
  if (context.rules.disableSignup) throw new AppError(authErrors.signup_disabled)
  const { email, password } = credentials
  const metadata = ownMetadata(data)
  await checkPassword(workshop, context.rules, password)
  const passwordHash = await hashPassword(password)

  const person = unprovenPerson(email, now)
  const known = { ...metadata, ...base(person.id, email) }
  const shown: Person = {
    ...person,
    confirmationSentAt: now,
    userMetadata: known,
    identities: person.identities.map((identity) => ({ ...identity, data: known })),
  }
  await admitPerson(workshop, context, shown)
  const open: Statement = { sql: 'u.email = ? and u.email_confirmed_at is null', params: [email] }
  const theirs = (sql: string): Statement => ({ sql: `${open.sql} and ${sql}`, params: open.params })
  const recipient = { to: email, email, metadata, person: shown }
  const whom: Statement = { sql: `select u.id from auth_users u where ${open.sql}`, params: open.params }
  await run(db, [
    ...insertion(workshop, context, person),
    ...(await linkByMail(
      workshop,
      context,
      { kind: 'signup', address: email, person: theirs(`not ${ADMINISTERED}`), waiting: { passwordHash, metadata }, challenge },
      recipient,
    )),
    ...(await linkByMail(
      workshop,
      context,
      { kind: 'magiclink', address: email, person: theirs(ADMINISTERED), challenge },
      { ...recipient, metadata: null },
    )),
    {
      sql: 'update auth_users as u set confirmation_sent_at = ? where u.email = ? and u.email_confirmed_at is null',
      params: [String(now), email],
    },
    auditStatement(
      { ...context, now },
      { action: 'user_confirmation_requested', userId: whom },
      { sql: `exists (${whom.sql})`, params: whom.params },
    ),
  ])
  messagesCommitted(workshop)
  return showPerson(shown)
}

/** The person of an address; null when there is none. */
async function personOf({ db }: Workshop, where: Statement): Promise<Person | null> {
  const [found] = await run(db, [{ sql: `select ${PERSON_COLUMNS} from auth_users u where ${where.sql} limit 1`, params: where.params }])
  const row = found!.results[0]
  return row === undefined ? null : readPerson(row)
}

interface Asked {
  readonly kind: LinkKind
  readonly address: string
  /** SQL over `u`: who gets it. */
  readonly whom: Statement
  readonly person: Person | null
  readonly metadata: Readonly<Record<string, unknown>> | null
  readonly sentAt: 'confirmation_sent_at' | 'recovery_sent_at' | 'reauthentication_sent_at'
  readonly action: AuditAction
  readonly challenge?: MailChallenge | null
  readonly waiting?: Waiting | 'keep'
}

/** The statements behind an e-mail with a link, with when it was sent and who asked. */
async function askedFor(workshop: Workshop, context: AuthenticationContext, asked: Asked): Promise<Statement[]> {
  const { kind, address, whom, person, metadata, sentAt, action, challenge = null, waiting } = asked
  const { now } = workshop
  const id: Statement = { sql: `select u.id from auth_users u where ${whom.sql}`, params: whom.params }
  return [
    ...(await linkByMail(
      workshop,
      context,
      { kind, address, person: whom, challenge, ...(waiting === undefined ? {} : { waiting }) },
      { to: address, email: address, metadata, person },
    )),
    { sql: `update auth_users as u set ${sentAt} = ? where ${whom.sql}`, params: [String(now), ...whom.params] },
    auditStatement({ ...context, now }, { action, userId: id }, { sql: `exists (${id.sql})`, params: id.params }),
  ]
}

/**
 * A code and a link to sign in with. Who isn't known becomes a person unless `createUser` is false or sign-ups are closed; then nothing is sent, and
 * nobody is told: GoTrue's `otp_disabled` would tell a stranger who has an account.
 */
export async function sendMagicLink(workshop: Workshop, context: AuthenticationContext, input: OtpInput): Promise<null> {
  const { email, createUser } = input
  const { db, now } = workshop
  const metadata = ownMetadata(input.data)
  const whom: Statement = { sql: 'u.email = ?', params: [email] }
  const person = await personOf(workshop, whom)
  const made = createUser && !context.rules.disableSignup ? unprovenPerson(email, now) : null
  if (made !== null) await admitStranger(workshop, context, made, person)
  const asked = await askedFor(workshop, context, {
    kind: 'magiclink',
    address: email,
    whom,
    person,
    metadata: person === null || person.emailConfirmedAt === null ? metadata : person.userMetadata,
    sentAt: 'recovery_sent_at',
    action: 'user_recovery_requested',
    challenge: input.challenge,
    waiting: { passwordHash: null, metadata, unless: ADMINISTERED },
  })
  await run(db, [...(made === null ? [] : insertion(workshop, context, made)), ...asked])
  messagesCommitted(workshop)
  return null
}

/** A link to a new password. */
export async function sendRecovery(workshop: Workshop, context: AuthenticationContext, { email, challenge }: MailInput): Promise<null> {
  const whom: Statement = { sql: 'u.email = ?', params: [email] }
  const person = await personOf(workshop, whom)
  const asked = await askedFor(workshop, context, {
    kind: 'recovery',
    address: email,
    whom,
    person,
    metadata: person === null || person.emailConfirmedAt === null ? null : person.userMetadata,
    sentAt: 'recovery_sent_at',
    action: 'user_recovery_requested',
    challenge,
  })
  await run(workshop.db, asked)
  messagesCommitted(workshop)
  return null
}

/** The mail of a sign-up once more, with a new code; what waits for it goes on waiting. */
export async function resendConfirmation(
  workshop: Workshop,
  context: AuthenticationContext,
  { email, challenge }: MailInput,
): Promise<null> {
  const whom: Statement = { sql: 'u.email = ? and u.email_confirmed_at is null', params: [email] }
  const person = await personOf(workshop, whom)
  const asked = await askedFor(workshop, context, {
    kind: 'signup',
    address: email,
    whom,
    person,
    metadata: null,
    sentAt: 'confirmation_sent_at',
    action: 'user_confirmation_requested',
    challenge,
    waiting: 'keep',
  })
  await run(workshop.db, asked)
  messagesCommitted(workshop)
  return null
}

/** A code that shows that whoever holds the session reads the person's mail. Errors: those of a session; `email_not_confirmed` (422), `validation_failed`. */
export async function sendReauthentication(workshop: Workshop, context: AuthenticationContext, caller: Caller): Promise<null> {
  const person = await livePerson(workshop, caller)
  if (person.email === null) {
    throw new AppError(
      { ...authErrors.validation_failed, status: 422 },
      { message: 'Reauthentication requires the user to have an email or a phone number' },
    )
  }
  if (person.emailConfirmedAt === null) {
    throw new AppError({ ...authErrors.email_not_confirmed, status: 422 }, { message: 'Please verify your email first.' })
  }
  const live = 'exists (select 1 from auth_sessions s where s.id = ? and s.user_id = u.id)'
  const asked = await askedFor(workshop, context, {
    kind: 'reauthentication',
    address: person.email,
    whom: { sql: `u.id = ? and u.email = ? and ${live}`, params: [person.id, person.email, caller.sessionId] },
    person,
    metadata: person.userMetadata,
    sentAt: 'reauthentication_sent_at',
    action: 'user_reauthenticate_requested',
  })
  await run(workshop.db, asked)
  messagesCommitted(workshop)
  return null
}
