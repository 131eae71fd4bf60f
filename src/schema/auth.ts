// Tables of the sign-in service. They only grow; every change comes with a migration.
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

export const authUsers = sqliteTable(
  'auth_users',
  {
    id: text('id').primaryKey(),
    /** Lower case; NULL when the person has none. */
    email: text('email'),
    phone: text('phone'),
    /** `scrypt$N$r$p$salt$hash`; NULL when the person has no password. */
    passwordHash: text('password_hash'),
    isAnonymous: integer('is_anonymous', { mode: 'boolean' }).notNull().default(false),
    emailConfirmedAt: integer('email_confirmed_at'),
    phoneConfirmedAt: integer('phone_confirmed_at'),
    lastSignInAt: integer('last_sign_in_at'),
    /** JSON; only administrators write it. */
    appMetadata: text('app_metadata').notNull().default('{}'),
    /** JSON; the person writes it, so nothing trusts it. */
    userMetadata: text('user_metadata').notNull().default('{}'),
    bannedUntil: integer('banned_until'),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (t) => [uniqueIndex('auth_users_email').on(t.email), uniqueIndex('auth_users_phone').on(t.phone)],
)

export const authIdentities = sqliteTable(
  'auth_identities',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => authUsers.id, { onDelete: 'cascade' }),
    provider: text('provider').notNull(),
    /** The provider's own name for the person. */
    subject: text('subject').notNull(),
    /** JSON. */
    identityData: text('identity_data').notNull().default('{}'),
    email: text('email'),
    lastSignInAt: integer('last_sign_in_at'),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (t) => [uniqueIndex('auth_identities_subject').on(t.provider, t.subject), index('auth_identities_user').on(t.userId)],
)

export const authSessions = sqliteTable(
  'auth_sessions',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => authUsers.id, { onDelete: 'cascade' }),
    aal: text('aal').notNull().default('aal1'),
    /** JSON list of {method, timestamp}, newest first. */
    amr: text('amr').notNull().default('[]'),
    /** How many times the refresh token was rotated; the current token carries it. */
    refreshCounter: integer('refresh_counter').notNull().default(0),
    refreshedAt: integer('refreshed_at').notNull(),
    userAgent: text('user_agent'),
    ip: text('ip'),
    createdAt: integer('created_at').notNull(),
  },
  (t) => [index('auth_sessions_user').on(t.userId)],
)

export const authSigningKeys = sqliteTable('auth_signing_keys', {
  /** The `kid`. */
  id: text('id').primaryKey(),
  /** Public JWK, JSON. */
  publicJwk: text('public_jwk').notNull(),
  /** Private JWK, sealed with the root key's sealing key. */
  sealedPrivateJwk: text('sealed_private_jwk').notNull(),
  /** Slot of the rotation, unique, so that concurrent makers agree on one. */
  generation: integer('generation').notNull().unique(),
  /** When it may begin to sign, UTC ms. */
  signsFrom: integer('signs_from').notNull(),
  createdAt: integer('created_at').notNull(),
})
