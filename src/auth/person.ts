// A person as the database keeps them and as GoTrue shows them (shared protocol notes: gotrue §2).
import type { PersonAnswer } from '../platform'
import { FACTORS_SQL, readFactors, showFactor, type Factor } from './factor'

export interface Identity {
  readonly id: string
  readonly provider: string
  readonly subject: string
  readonly data: Readonly<Record<string, unknown>>
  readonly email: string | null
  readonly lastSignInAt: number | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** Times are UTC ms. */
export interface Person {
  readonly id: string
  readonly email: string | null
  readonly phone: string | null
  readonly passwordHash: string | null
  readonly isAnonymous: boolean
  readonly emailConfirmedAt: number | null
  readonly phoneConfirmedAt: number | null
  readonly lastSignInAt: number | null
  readonly appMetadata: Readonly<Record<string, unknown>>
  readonly userMetadata: Readonly<Record<string, unknown>>
  readonly bannedUntil: number | null
  readonly invitedAt: number | null
  readonly confirmationSentAt: number | null
  readonly recoverySentAt: number | null
  readonly reauthenticationSentAt: number | null
  /** The address that is to become theirs once it is confirmed. */
  readonly newEmail: string | null
  readonly emailChangeSentAt: number | null
  readonly newPhone: string | null
  readonly phoneChangeSentAt: number | null
  /** Of a soft deletion. */
  readonly deletedAt: number | null
  readonly createdAt: number
  readonly updatedAt: number
  /** Oldest first. */
  readonly identities: readonly Identity[]
  /** Oldest first. */
  readonly factors: readonly Factor[]
}

/** Columns that `readPerson` reads, of `auth_users u`: the person with all identities, in one statement. */
export const PERSON_COLUMNS = `u.id, u.email, u.phone, u.password_hash, u.is_anonymous, u.email_confirmed_at, u.phone_confirmed_at,
  u.last_sign_in_at, u.app_metadata, u.user_metadata, u.banned_until, u.invited_at, u.confirmation_sent_at, u.recovery_sent_at,
  u.reauthentication_sent_at, u.new_email, u.email_change_sent_at, u.new_phone, u.phone_change_sent_at, u.deleted_at, u.created_at, u.updated_at,
  (select json_group_array(json_object('id', i.id, 'provider', i.provider, 'subject', i.subject, 'data', i.identity_data, 'email', i.email,
    'lastSignInAt', i.last_sign_in_at, 'createdAt', i.created_at, 'updatedAt', i.updated_at))
   from auth_identities i where i.user_id = u.id) as identities, ${FACTORS_SQL} as factors`

type Row = Readonly<Record<string, unknown>>

const numberOrNull = (value: unknown) => (value === null || value === undefined ? null : Number(value))
const textOrNull = (value: unknown) => (typeof value === 'string' ? value : null)
const object = (text: unknown) => JSON.parse(typeof text === 'string' ? text : '{}') as Record<string, unknown>

/** Reads a row of `PERSON_COLUMNS`. */
export function readPerson(row: Row): Person {
  const identities = JSON.parse(String(row['identities'])) as (Omit<Identity, 'data'> & { data: string })[]
  return {
    id: String(row['id']),
    email: textOrNull(row['email']),
    phone: textOrNull(row['phone']),
    passwordHash: textOrNull(row['password_hash']),
    isAnonymous: Number(row['is_anonymous']) === 1,
    emailConfirmedAt: numberOrNull(row['email_confirmed_at']),
    phoneConfirmedAt: numberOrNull(row['phone_confirmed_at']),
    lastSignInAt: numberOrNull(row['last_sign_in_at']),
    appMetadata: object(row['app_metadata']),
    userMetadata: object(row['user_metadata']),
    bannedUntil: numberOrNull(row['banned_until']),
    invitedAt: numberOrNull(row['invited_at']),
    confirmationSentAt: numberOrNull(row['confirmation_sent_at']),
    recoverySentAt: numberOrNull(row['recovery_sent_at']),
    reauthenticationSentAt: numberOrNull(row['reauthentication_sent_at']),
    newEmail: textOrNull(row['new_email']),
    emailChangeSentAt: numberOrNull(row['email_change_sent_at']),
    newPhone: textOrNull(row['new_phone']),
    phoneChangeSentAt: numberOrNull(row['phone_change_sent_at']),
    deletedAt: numberOrNull(row['deleted_at']),
    createdAt: Number(row['created_at']),
    updatedAt: Number(row['updated_at']),
    identities: identities
      .map((identity) => ({ ...identity, data: object(identity.data) }))
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)),
    factors: readFactors(row['factors']),
  }
}

export function isBanned(person: Person, now: number): boolean {
  return person.bannedUntil !== null && person.bannedUntil > now
}

/** A person of whom nothing but the id is known yet: what a new one is made of. */
export function blankPerson(id: string, now: number): Person {
  return {
    id,
    email: null,
    phone: null,
    passwordHash: null,
    isAnonymous: false,
    emailConfirmedAt: null,
    phoneConfirmedAt: null,
    lastSignInAt: null,
    appMetadata: {},
    userMetadata: {},
    bannedUntil: null,
    invitedAt: null,
    confirmationSentAt: null,
    recoverySentAt: null,
    reauthenticationSentAt: null,
    newEmail: null,
    emailChangeSentAt: null,
    newPhone: null,
    phoneChangeSentAt: null,
    deletedAt: null,
    createdAt: now,
    updatedAt: now,
    identities: [],
    factors: [],
  }
}

const time = (ms: number) => new Date(ms).toISOString()

/** Members whose time is null are left out, as GoTrue does. */
function times(entries: Readonly<Record<string, number | null>>): Record<string, string> {
  return Object.fromEntries(Object.entries(entries).flatMap(([name, ms]) => (ms === null ? [] : [[name, time(ms)]])))
}

function showIdentity(identity: Identity, userId: string): Record<string, unknown> {
  return {
    identity_id: identity.id,
    id: identity.subject,
    user_id: userId,
    identity_data: identity.data,
    provider: identity.provider,
    ...times({ last_sign_in_at: identity.lastSignInAt }),
    created_at: time(identity.createdAt),
    updated_at: time(identity.updatedAt),
    ...(identity.email === null ? {} : { email: identity.email }),
  }
}

/** The user object of every answer. Never holds the password's hash. */
export function showPerson(person: Person): PersonAnswer {
  const confirmed = [person.emailConfirmedAt, person.phoneConfirmedAt].filter((at) => at !== null)
  return {
    id: person.id,
    aud: 'authenticated',
    role: 'authenticated',
    email: person.email ?? '',
    phone: person.phone ?? '',
    ...times({
      email_confirmed_at: person.emailConfirmedAt,
      phone_confirmed_at: person.phoneConfirmedAt,
      confirmed_at: confirmed.length === 0 ? null : Math.min(...confirmed),
      last_sign_in_at: person.lastSignInAt,
      banned_until: person.bannedUntil,
      invited_at: person.invitedAt,
      confirmation_sent_at: person.confirmationSentAt,
      recovery_sent_at: person.recoverySentAt,
      reauthentication_sent_at: person.reauthenticationSentAt,
      email_change_sent_at: person.emailChangeSentAt,
      phone_change_sent_at: person.phoneChangeSentAt,
      deleted_at: person.deletedAt,
    }),
    ...(person.newEmail === null ? {} : { new_email: person.newEmail }),
    ...(person.newPhone === null ? {} : { new_phone: person.newPhone }),
    app_metadata: person.appMetadata,
    user_metadata: person.userMetadata,
    identities: person.identities.map((identity) => showIdentity(identity, person.id)),
    ...(person.factors.length === 0 ? {} : { factors: person.factors.map(showFactor) }),
    created_at: time(person.createdAt),
    updated_at: time(person.updatedAt),
    is_anonymous: person.isAnonymous,
  }
}
