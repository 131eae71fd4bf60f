// Asking for a code by text message. What is known of a number and what isn't get the same answer after the same work.
import { AppError } from '../core'
import { messagesCommitted } from '../messages'
import {
  run,
  type AuthenticationContext,
  type Caller,
  type PersonAnswer,
  type PhoneChannel,
  type PhoneCodeInput,
  type PhoneProof,
  type PhoneSignUpInput,
  type Statement,
} from '../platform'
import { auditStatement, CHANGED, type AuditAction } from './audit'
import { authErrors } from './errors'
import { hasSecondFactor, needsSecondFactor } from './factor'
import { ADMINISTERED } from './first-proof'
import { hashPassword } from './password'
import { checkPassword } from './password-strength'
import { admitPerson, admitStranger, personCreated } from './new-person'
import { PERSON_COLUMNS, readPerson, showPerson, type Person } from './person'
import { codeByPhone, phoneClaims, unprovenPhonePerson } from './phone'
import { livePerson, livePersonStatement, readLivePerson, strong, UNEXPIRED } from './session'
import { insertIdentity, insertPerson } from './sign-up'
import { ownMetadata } from './user-metadata'
import type { Workshop } from './workshop'

const insertion = (workshop: Workshop, context: AuthenticationContext, person: Person): Statement[] => [
  insertPerson(person),
  ...person.identities.map((identity) => insertIdentity(identity, person.id)),
  ...personCreated(workshop, context, person.id),
]

async function personOf({ db }: Workshop, where: Statement): Promise<Person | null> {
  const [found] = await run(db, [{ sql: `select ${PERSON_COLUMNS} from auth_users u where ${where.sql} limit 1`, params: where.params }])
  const row = found!.results[0]
  return row === undefined ? null : readPerson(row)
}

/** When it was sent, and the entry of who asked, for whoever `whom` finds. */
function asked(
  { now }: Workshop,
  context: AuthenticationContext,
  whom: Statement,
  column: 'confirmation_sent_at' | 'phone_change_sent_at' | 'reauthentication_sent_at',
  action: AuditAction,
  channel: PhoneChannel,
): Statement[] {
  const id: Statement = { sql: `select u.id from auth_users u where ${whom.sql}`, params: whom.params }
  return [
    { sql: `update auth_users as u set ${column} = ? where ${whom.sql}`, params: [String(now), ...whom.params] },
    auditStatement({ ...context, now }, { action, userId: id, details: { channel } }, { sql: `exists (${id.sql})`, params: id.params }),
  ]
}

/**
 * A sign-up with a number and a password. Both wait, with the metadata, on the code and become the person's if that very code is used. The answer
 * is made of the request alone. One batch. Errors: `signup_disabled`, `weak_password`, `validation_failed`, `sms_transport_missing`.
 */
export async function signUpByPhone(workshop: Workshop, context: AuthenticationContext, input: PhoneSignUpInput): Promise<PersonAnswer> {
  const { db, now } = workshop
  const { phone, password, channel } = input
  if (context.rules.disableSignup) throw new AppError(authErrors.signup_disabled)
  const metadata = ownMetadata(input.data)
  await checkPassword(workshop, context.rules, password)
  const passwordHash = await hashPassword(password)
  const person = unprovenPhonePerson(phone, now)
  const known = { ...metadata, ...phoneClaims(person.id, phone, false) }
  const shown: Person = {
    ...person,
    confirmationSentAt: now,
    userMetadata: known,
    identities: person.identities.map((identity) => ({ ...identity, data: known })),
  }
  await admitPerson(workshop, context, shown)
  const open: Statement = { sql: 'u.phone = ? and u.phone_confirmed_at is null', params: [phone] }
  const code = await codeByPhone(workshop, context, {
    purpose: 'phone_confirmation',
    person: open,
    waiting: { passwordHash, metadata, unless: ADMINISTERED },
    phone,
    channel,
    metadata,
    about: shown,
  })
  await run(db, [
    ...insertion(workshop, context, person),
    ...code.statements,
    ...asked(workshop, context, open, 'confirmation_sent_at', 'user_confirmation_requested', channel),
  ])
  messagesCommitted(workshop)
  return showPerson(shown)
}

/**
 * A code to sign in with. Who isn't known becomes a person unless `createUser` is false or sign-ups are closed; then nothing is sent, and nobody is
 * told: GoTrue's `otp_disabled` would tell a stranger who has an account. One read and one batch.
 */
export async function sendPhoneCode(workshop: Workshop, context: AuthenticationContext, input: PhoneCodeInput): Promise<string> {
  const { phone, createUser, channel } = input
  const metadata = ownMetadata(input.data)
  const whom: Statement = { sql: 'u.phone = ?', params: [phone] }
  const person = await personOf(workshop, whom)
  const code = await codeByPhone(workshop, context, {
    purpose: 'phone_confirmation',
    person: whom,
    waiting: { passwordHash: null, metadata, unless: ADMINISTERED },
    phone,
    channel,
    metadata: person === null || person.phoneConfirmedAt === null ? metadata : person.userMetadata,
    about: person,
  })
  const made = createUser && !context.rules.disableSignup ? unprovenPhonePerson(phone, workshop.now) : null
  if (made !== null) await admitStranger(workshop, context, made, person)
  await run(workshop.db, [
    ...(made === null ? [] : insertion(workshop, context, made)),
    ...code.statements,
    ...asked(workshop, context, whom, 'confirmation_sent_at', 'user_recovery_requested', channel),
  ])
  messagesCommitted(workshop)
  return code.id
}

/** A code once more: for a number that waits to be proved, or for the one that is to become somebody's. One read and one batch. */
export async function resendPhoneCode(
  workshop: Workshop,
  context: AuthenticationContext,
  type: PhoneProof,
  phone: string,
): Promise<string> {
  const wanted: Statement =
    type === 'sms'
      ? { sql: 'u.phone = ? and u.phone_confirmed_at is null', params: [phone] }
      : // Named by the number that they have, or by the new one where they have none.
        { sql: 'u.new_phone is not null and (u.phone = ? or (u.new_phone = ? and u.phone is null))', params: [phone, phone] }
  const person = await personOf(workshop, wanted)
  const to = type === 'sms' ? phone : (person?.newPhone ?? phone)
  const unowned = free(to)
  const whom: Statement =
    type === 'sms' ? wanted : { sql: `u.id = ? and u.new_phone = ? and ${unowned.sql}`, params: [person?.id ?? '', to, ...unowned.params] }
  const code = await codeByPhone(workshop, context, {
    purpose: type === 'sms' ? 'phone_confirmation' : 'phone_change',
    person: whom,
    waiting: 'keep',
    phone: to,
    channel: 'sms',
    metadata: type === 'sms' ? null : (person?.userMetadata ?? null),
    about: person,
  })
  const [column, action] =
    type === 'sms' ? (['confirmation_sent_at', 'user_recovery_requested'] as const) : (['phone_change_sent_at', 'user_modified'] as const)
  await run(workshop.db, [...code.statements, ...asked(workshop, context, whom, column, action, 'sms')])
  messagesCommitted(workshop)
  return code.id
}

/** Also when a factor was verified since. */
const isStrong = (caller: Caller) => `(exists (select 1 from auth_sessions s where s.id = ? and ${strong(caller)})
  or not exists (select 1 from auth_factors f where f.user_id = u.id and f.status = 'verified'))`
const LIVE = `exists (select 1 from auth_sessions s where s.id = ? and s.user_id = u.id and ${UNEXPIRED})`

/** SQL over `u`: nobody else has proved the number. */
const free = (phone: string): Statement => ({
  sql: `not exists (select 1 from auth_users o where o.phone = ? and o.phone_confirmed_at is not null and o.id <> u.id)`,
  params: [phone],
})

/**
 * Asks the number that is to become a person's for a code. Their own number stays until it is given. A number that is somebody else's already is asked
 * for all the same, and gets no message: GoTrue's `phone_exists` would tell everybody with an anonymous session who has an account. One read and one batch.
 * Errors: those of a session; `insufficient_aal` (401), `sms_transport_missing`.
 */
export async function changePhone(
  workshop: Workshop,
  context: AuthenticationContext,
  caller: Caller,
  phone: string,
  channel: PhoneChannel,
): Promise<PersonAnswer> {
  const { db, now } = workshop
  const person = await livePerson(workshop, caller)
  if (person.phone === phone && person.phoneConfirmedAt !== null) return showPerson(person)
  // Who takes the number takes the account: a person with a second factor shows it first (pitfall P20).
  if (hasSecondFactor(person) && person.sessionAal !== 'aal2') throw needsSecondFactor()
  const unowned = free(phone)
  const code = await codeByPhone(workshop, context, {
    purpose: 'phone_change',
    person: {
      sql: `u.id = ? and u.new_phone = ? and u.phone_change_sent_at = cast(? as integer) and ${unowned.sql}`,
      params: [person.id, phone, String(now), ...unowned.params],
    },
    phone,
    channel,
    metadata: person.userMetadata,
    about: person,
  })
  const results = await run(db, [
    {
      sql: `update auth_users as u set new_phone = ?, phone_change_sent_at = ?, updated_at = ? where u.id = ? and ${LIVE} and ${isStrong(caller)} returning id`,
      params: [phone, String(now), String(now), person.id, caller.sessionId, caller.sessionId],
    },
    auditStatement({ ...context, now }, { action: 'user_modified', userId: person.id, details: { fields: ['phone'], channel } }, CHANGED),
    ...code.statements,
    livePersonStatement(caller),
  ])
  const after = readLivePerson(results.at(-1)!.results[0], now)
  // The session lives, so what changed meanwhile is that it needs its second factor.
  if (results[0]!.results.length === 0) throw needsSecondFactor()
  messagesCommitted(workshop)
  return showPerson(after)
}

/** Errors: those of a session; `phone_not_confirmed` (422), `validation_failed` (422), `sms_transport_missing`. */
export async function reauthenticateByPhone(workshop: Workshop, context: AuthenticationContext, caller: Caller): Promise<string> {
  const person = await livePerson(workshop, caller)
  if (person.phone === null) {
    throw new AppError(
      { ...authErrors.validation_failed, status: 422 },
      { message: 'Reauthentication requires the user to have an email or a phone number' },
    )
  }
  if (person.phoneConfirmedAt === null) {
    throw new AppError({ ...authErrors.phone_not_confirmed, status: 422 }, { message: 'Please verify your phone first.' })
  }
  const whom: Statement = { sql: `u.id = ? and u.phone = ? and ${LIVE}`, params: [person.id, person.phone, caller.sessionId] }
  const code = await codeByPhone(workshop, context, {
    purpose: 'reauthentication',
    person: whom,
    phone: person.phone,
    channel: 'sms',
    metadata: person.userMetadata,
    about: person,
  })
  await run(workshop.db, [
    ...code.statements,
    ...asked(workshop, context, whom, 'reauthentication_sent_at', 'user_reauthenticate_requested', 'sms'),
  ])
  messagesCommitted(workshop)
  return code.id
}
