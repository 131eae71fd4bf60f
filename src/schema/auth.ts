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
    invitedAt: integer('invited_at'),
    confirmationSentAt: integer('confirmation_sent_at'),
    recoverySentAt: integer('recovery_sent_at'),
    reauthenticationSentAt: integer('reauthentication_sent_at'),
    /** The address that is to become theirs once it is confirmed; lower case. */
    newEmail: text('new_email'),
    emailChangeSentAt: integer('email_change_sent_at'),
    /** Which end of a change of address is confirmed already: `current` or `new`; NULL when neither. */
    emailChangeConfirmed: text('email_change_confirmed'),
    /** E.164 without the plus, as GoTrue keeps it. */
    newPhone: text('new_phone'),
    phoneChangeSentAt: integer('phone_change_sent_at'),
    /** Of a soft deletion: the row stays, emptied. */
    deletedAt: integer('deleted_at'),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (t) => [
    uniqueIndex('auth_users_email').on(t.email),
    uniqueIndex('auth_users_phone').on(t.phone),
    // The pages that administrators read.
    index('auth_users_created').on(t.createdAt, t.id),
  ],
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
    /** What the phone says of itself, cut: its own id, its model, its system, the app's version and build. */
    deviceId: text('device_id'),
    deviceModel: text('device_model'),
    platform: text('platform'),
    appVersion: text('app_version'),
    appBuild: text('app_build'),
    /** Where Cloudflare saw it last: ISO 3166 country, city. */
    country: text('country'),
    city: text('city'),
    /** The second factor that made it aal2. */
    factorId: text('factor_id'),
    /** The refresh counter as of then: tokens of before are of the weaker session and count no more. */
    raisedAtCounter: integer('raised_at_counter'),
    /** When it ends whatever happens, UTC ms; NULL when it doesn't. */
    expiresAt: integer('expires_at'),
    /** The person's `banned_until`: tokens of it don't count before. Written with the ban, so that a statement needn't read the person. */
    suspendedUntil: integer('suspended_until'),
    /** JSON list of roles that were taken from the person since it was opened: tokens that still name them don't have them. */
    revokedRoles: text('revoked_roles'),
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

/** One-time tokens: what a mail's link or a message's code proves. At most one of each purpose a person; consumed by deleting it. */
export const authOneTimeTokens = sqliteTable(
  'auth_one_time_tokens',
  {
    /** UUIDv7. */
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => authUsers.id, { onDelete: 'cascade' }),
    /** `confirmation`, `recovery`, `email_change_current`, `email_change_new`, `reauthentication`, `phone_confirmation`, `phone_change`. */
    purpose: text('purpose').notNull(),
    /** The e-mail address or phone number that it was sent to and proves. */
    address: text('address').notNull(),
    /** SHA-256 of the text that a link carries, base64url. */
    linkHash: text('link_hash').notNull(),
    /** HMAC of purpose, address and the code, under a key of the installation, base64url. */
    codeHash: text('code_hash').notNull(),
    /** Wrong codes that were tried against it. */
    attempts: integer('attempts').notNull().default(0),
    /** What becomes the person's once the token is used: the password of this very sign-up, hashed. */
    passwordHash: text('password_hash'),
    /** The same for the metadata of this sign-up, JSON. */
    metadata: text('metadata'),
    /** The PKCE flow that gets a code instead of a session. */
    flowId: text('flow_id'),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (t) => [
    uniqueIndex('auth_one_time_tokens_purpose').on(t.userId, t.purpose),
    uniqueIndex('auth_one_time_tokens_link').on(t.linkHash),
    index('auth_one_time_tokens_address').on(t.address),
    index('auth_one_time_tokens_expires').on(t.expiresAt),
  ],
)

/**
 * Sign-ins under way: between the phone's request and the exchange of the code that it gets (PKCE, RFC 7636), and to a provider and back.
 * Nonces of identity tokens, too, as `nonce:…` with the method `id_token`, so that none is used twice.
 */
export const authFlows = sqliteTable(
  'auth_flows',
  {
    /** Random; the `state` of OAuth. */
    id: text('id').primaryKey(),
    /** Whose code it is; NULL until that is known. */
    userId: text('user_id').references(() => authUsers.id, { onDelete: 'cascade' }),
    /** As it will stand in `amr`: `oauth`, `otp`, `magiclink`, `recovery`, `email/signup`, `email_change`, `invite`. */
    method: text('method').notNull(),
    /** The OAuth provider; NULL for mail. */
    provider: text('provider'),
    /** Of the phone; NULL when it gets its session in the fragment. */
    codeChallenge: text('code_challenge'),
    /** `s256` or `plain`. */
    codeChallengeMethod: text('code_challenge_method'),
    /** Where the browser goes at the end; checked before it was kept. */
    redirectTo: text('redirect_to'),
    /** The person who links a provider to an account they are signed in to. */
    linkingUserId: text('linking_user_id').references(() => authUsers.id, { onDelete: 'cascade' }),
    linkingSessionId: text('linking_session_id'),
    /** JSON, sealed: our verifier and nonce towards the provider, later the tokens it gave. */
    sealedProvider: text('sealed_provider'),
    /** SHA-256 of the code that the phone exchanges, base64url; NULL until it is issued. */
    codeHash: text('code_hash'),
    issuedAt: integer('issued_at'),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (t) => [
    uniqueIndex('auth_flows_code').on(t.codeHash),
    index('auth_flows_user').on(t.userId),
    index('auth_flows_expires').on(t.expiresAt),
  ],
)

/** Who did what to whom in sign-in; only grows, until the sweeper comes. */
export const authAudit = sqliteTable(
  'auth_audit',
  {
    /** UUIDv7. */
    id: text('id').primaryKey(),
    at: integer('at').notNull(),
    /** `login`, `logout`, `user_signedup`, `user_invited` …: GoTrue's names where it has one. */
    action: text('action').notNull(),
    /** The person it was done to; kept after they are deleted. */
    userId: text('user_id'),
    /** `person`, `service` (the secret key) or `system`. */
    actor: text('actor').notNull(),
    actorId: text('actor_id'),
    ip: text('ip'),
    /** JSON; never a secret, an address or a number. */
    details: text('details').notNull().default('{}'),
  },
  (t) => [index('auth_audit_at').on(t.at), index('auth_audit_user').on(t.userId, t.at)],
)
