// Phone numbers: how one is written, the identity that it gives, and the text message with a code, for one batch. A number is confirmed by a code
// that was sent to it, and by nothing else.
import { uuidv7 } from '../core'
import type { SmsKind } from '../define'
import { languageOf, messageId, messageStatements } from '../messages'
import { isDevelopment, type AuthenticationContext, type PhoneChannel, type Statement } from '../platform'
import { issueToken, type TokenPurpose, type TokenRequest } from './one-time-token'
import { blankPerson, showPerson, type Identity, type Person } from './person'
import type { Workshop } from './workshop'

/** E.164 without the plus, as GoTrue keeps it; null when it is no number. */
export function normalisePhone(text: string): string | null {
  const digits = text.replace(/^\+/, '').replaceAll(' ', '')
  return /^[1-9]\d{1,14}$/.test(digits) ? digits : null
}

/** Calling codes of two digits (ITU-T E.164, list of assigned codes); 1 and 7 have one, the others three. */
const TWO_DIGITS = new Set(
  '20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98'.split(
    ' ',
  ),
)

/** The part of a number that says where it is called: what pumped messages are counted by. In North America, which shares one code, with the area. */
export function callingCode(phone: string): string {
  if (phone.startsWith('1')) return phone.slice(0, 4)
  if (phone.startsWith('7')) return '7'
  return TWO_DIGITS.has(phone.slice(0, 2)) ? phone.slice(0, 2) : phone.slice(0, 3)
}

/** What the service says of a number in `user_metadata` and in its identity. */
export const phoneClaims = (id: string, phone: string, verified: boolean) => ({
  sub: id,
  phone,
  email_verified: false,
  phone_verified: verified,
})

export function phoneIdentity(userId: string, phone: string, verified: boolean, now: number): Identity {
  return {
    id: uuidv7(now),
    provider: 'phone',
    subject: userId,
    data: phoneClaims(userId, phone, verified),
    email: null,
    lastSignInAt: now,
    createdAt: now,
    updatedAt: now,
  }
}

/** Somebody who says that the number is theirs. Nothing else that they say is kept in their row: it may not be true. */
export function unprovenPhonePerson(phone: string, now: number): Person {
  const id = uuidv7(now)
  return {
    ...blankPerson(id, now),
    phone,
    appMetadata: { provider: 'phone', providers: ['phone'] },
    userMetadata: phoneClaims(id, phone, false),
    identities: [phoneIdentity(id, phone, false, now)],
  }
}

const KINDS: Partial<Readonly<Record<TokenPurpose, SmsKind>>> = {
  phone_confirmation: 'phone_confirmation',
  phone_change: 'phone_change',
  reauthentication: 'phone_reauthentication',
}

export interface CodeRequest extends Pick<TokenRequest, 'purpose' | 'person' | 'waiting'> {
  readonly phone: string
  readonly channel: PhoneChannel
  /** Null metadata and person where nobody is known to be there. */
  readonly metadata: Readonly<Record<string, unknown>> | null
  readonly about: Person | null
}

export interface CodeSent {
  readonly statements: readonly Statement[]
  /** The message's id. */
  readonly id: string
}

/** A code and its message, for whoever `person` finds. Follow the batch with `messagesCommitted`. Errors: `sms_transport_missing`. */
export async function codeByPhone(workshop: Workshop, context: AuthenticationContext, request: CodeRequest): Promise<CodeSent> {
  const { app, env, keys, now } = workshop
  const { phone, purpose, channel, metadata, about } = request
  const { codeLength, smsSeconds } = context.rules
  // A test's number has a code that is known; never in production, where it would be a door.
  const rules = typeof app.auth?.phone === 'object' ? app.auth.phone : {}
  const fixed = isDevelopment(env) && Object.hasOwn(rules.testNumbers ?? {}, phone) ? rules.testNumbers![phone]! : null
  const token = await issueToken(keys, now, {
    purpose,
    address: phone,
    person: request.person,
    digits: codeLength,
    seconds: smsSeconds,
    ...(request.waiting === undefined ? {} : { waiting: request.waiting }),
    ...(fixed === null ? {} : { code: fixed }),
  })
  const message = await messageStatements(
    workshop,
    {
      channel: 'sms',
      via: channel,
      to: `+${phone}`,
      kind: KINDS[purpose]!,
      locale: languageOf(app, metadata, context.acceptLanguage),
      variables: { code: token.code, phone, siteUrl: context.siteUrl, data: metadata ?? {} },
      expiresAt: now + smsSeconds * 1000,
      ...(about === null ? {} : { user: showPerson(about) }),
    },
    { sql: 'exists (select 1 from auth_one_time_tokens where id = ?)', params: [token.id] },
  )
  return { statements: [token.statement, ...message], id: messageId(message) }
}
