// What /api/v1/admin/signing-keys and /api/v1/admin/users/import take. The OpenAPI document is made of the same schemas.
import * as z from 'zod'
import type { ImportedPerson } from '../../platform'

/** One call's worth: a batch that D1 takes at ease. */
export const MOST_PEOPLE = 500
const time = z.iso.datetime({ offset: true }).nullish().transform((text) => (text ? Date.parse(text) : null)) // prettier-ignore
const text = (most: number) => z.string().min(1).max(most).nullish().transform((value) => value ?? null) // prettier-ignore
const metadata = z.record(z.string(), z.unknown()).default({})

const person = z
  .strictObject({
    id: z.uuid().describe('Who is there already under this id stays as they are.'),
    email: text(255),
    phone: z.string().regex(/^\d{5,15}$/).nullish().transform((value) => value ?? null).describe('E.164 without the plus.'), // prettier-ignore
    password_hash: text(1_000).describe('bcrypt, argon2i, argon2id (PHC) or $fbscrypt$.'),
    email_confirmed_at: time,
    phone_confirmed_at: time,
    is_anonymous: z.boolean().default(false),
    user_metadata: metadata,
    app_metadata: metadata,
    banned_until: time,
    last_sign_in_at: time,
    created_at: time,
    identities: z
      .array(
        z.strictObject({ provider: z.string().min(1).max(100), id: z.string().min(1).max(255), email: text(255), identity_data: metadata }),
      )
      .max(20)
      .default([]),
  })
  .describe('A person. Times are RFC 3339.')

export const importBody = z.strictObject({ users: z.array(person).min(1).max(MOST_PEOPLE) })

/** As the service takes them; who has no time of making was made now. */
export function peopleOf({ users }: z.infer<typeof importBody>, now: number): readonly ImportedPerson[] {
  return users.map((one) => ({
    id: one.id,
    email: one.email,
    phone: one.phone,
    passwordHash: one.password_hash,
    emailConfirmedAt: one.email_confirmed_at,
    phoneConfirmedAt: one.phone_confirmed_at,
    isAnonymous: one.is_anonymous,
    userMetadata: one.user_metadata,
    appMetadata: one.app_metadata,
    bannedUntil: one.banned_until,
    lastSignInAt: one.last_sign_in_at,
    createdAt: one.created_at ?? now,
    identities: one.identities.map(({ provider, id, email, identity_data: data }) => ({ provider, subject: id, email, data })),
  }))
}
