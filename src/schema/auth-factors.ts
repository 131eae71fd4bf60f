// Tables of what a person proves themselves with beside a password: second factors, passkeys, recovery codes, and challenges to them.
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { authUsers } from './auth'

export const authFactors = sqliteTable(
  'auth_factors',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => authUsers.id, { onDelete: 'cascade' }),
    /** `totp`, `phone` or `webauthn`. */
    type: text('type').notNull(),
    /** `unverified` or `verified`. */
    status: text('status').notNull().default('unverified'),
    friendlyName: text('friendly_name').notNull().default(''),
    /** Of TOTP: the shared secret, sealed. */
    sealedSecret: text('sealed_secret'),
    /** Of TOTP: the last step of 30 s that a code was taken of, so that none is taken twice. */
    lastStep: integer('last_step'),
    phone: text('phone'),
    /** Of WebAuthn, as of a passkey. */
    credentialId: text('credential_id'),
    publicKey: text('public_key'),
    counter: integer('counter'),
    transports: text('transports'),
    aaguid: text('aaguid'),
    /** Wrong tries since the last right one, and until when no try counts. */
    failures: integer('failures').notNull().default(0),
    lockedUntil: integer('locked_until'),
    lastChallengedAt: integer('last_challenged_at'),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (t) => [index('auth_factors_user').on(t.userId), uniqueIndex('auth_factors_credential').on(t.credentialId)],
)

export const authPasskeys = sqliteTable(
  'auth_passkeys',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => authUsers.id, { onDelete: 'cascade' }),
    /** base64url. */
    credentialId: text('credential_id').notNull(),
    /** COSE key, base64url. */
    publicKey: text('public_key').notNull(),
    counter: integer('counter').notNull(),
    /** JSON list. */
    transports: text('transports').notNull().default('[]'),
    aaguid: text('aaguid'),
    /** `singleDevice` or `multiDevice`. */
    deviceType: text('device_type'),
    backedUp: integer('backed_up', { mode: 'boolean' }).notNull().default(false),
    friendlyName: text('friendly_name'),
    createdAt: integer('created_at').notNull(),
    lastUsedAt: integer('last_used_at'),
  },
  (t) => [uniqueIndex('auth_passkeys_credential').on(t.credentialId), index('auth_passkeys_user').on(t.userId)],
)

/** What a factor or a passkey has to answer; consumed, by deleting it, before the answer is judged. */
export const authChallenges = sqliteTable(
  'auth_challenges',
  {
    id: text('id').primaryKey(),
    /** `factor`, `passkey_registration` or `passkey_authentication`. */
    kind: text('kind').notNull(),
    factorId: text('factor_id'),
    /** NULL when a passkey is to say who it is. */
    userId: text('user_id').references(() => authUsers.id, { onDelete: 'cascade' }),
    /** Of WebAuthn, base64url. */
    challenge: text('challenge'),
    /** Of a code by SMS: its HMAC, base64url. */
    codeHash: text('code_hash'),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (t) => [
    index('auth_challenges_user').on(t.userId),
    index('auth_challenges_factor').on(t.factorId),
    index('auth_challenges_expires').on(t.expiresAt),
  ],
)

/** For who lost the second factor: each works once. */
export const authRecoveryCodes = sqliteTable(
  'auth_recovery_codes',
  {
    /** HMAC of the person and the code, base64url. */
    codeHash: text('code_hash').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => authUsers.id, { onDelete: 'cascade' }),
    usedAt: integer('used_at'),
    createdAt: integer('created_at').notNull(),
  },
  (t) => [index('auth_recovery_codes_user').on(t.userId)],
)
