-- Makes every table.
CREATE TABLE `auth_users` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `email` TEXT,
  `phone` TEXT,
  `password_hash` TEXT,
  `is_anonymous` INTEGER NOT NULL DEFAULT 0 CONSTRAINT `auth_users_is_anonymous_check` CHECK (`is_anonymous` IN (0, 1)),
  `email_confirmed_at` INTEGER,
  `phone_confirmed_at` INTEGER,
  `last_sign_in_at` INTEGER,
  `app_metadata` TEXT NOT NULL DEFAULT '{}',
  `user_metadata` TEXT NOT NULL DEFAULT '{}',
  `banned_until` INTEGER,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER NOT NULL
) STRICT;

CREATE TABLE `auth_identities` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `user_id` TEXT NOT NULL REFERENCES `auth_users` (`id`) ON DELETE CASCADE,
  `provider` TEXT NOT NULL,
  `subject` TEXT NOT NULL,
  `identity_data` TEXT NOT NULL DEFAULT '{}',
  `email` TEXT,
  `last_sign_in_at` INTEGER,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER NOT NULL
) STRICT;

CREATE TABLE `auth_sessions` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `user_id` TEXT NOT NULL REFERENCES `auth_users` (`id`) ON DELETE CASCADE,
  `aal` TEXT NOT NULL DEFAULT 'aal1',
  `amr` TEXT NOT NULL DEFAULT '[]',
  `refresh_counter` INTEGER NOT NULL DEFAULT 0,
  `refreshed_at` INTEGER NOT NULL,
  `user_agent` TEXT,
  `ip` TEXT,
  `created_at` INTEGER NOT NULL
) STRICT;

CREATE TABLE `auth_signing_keys` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `public_jwk` TEXT NOT NULL,
  `sealed_private_jwk` TEXT NOT NULL,
  `generation` INTEGER NOT NULL,
  `signs_from` INTEGER NOT NULL,
  `created_at` INTEGER NOT NULL
) STRICT;

CREATE TABLE `sys_changes` (
  `seq` INTEGER PRIMARY KEY AUTOINCREMENT,
  `tbl` TEXT NOT NULL,
  `op` TEXT NOT NULL,
  `key` TEXT NOT NULL,
  `columns` TEXT,
  `old` TEXT,
  `new` TEXT,
  `context` TEXT,
  `at` INTEGER NOT NULL
) STRICT;

CREATE TABLE `sys_idempotency` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `fingerprint` TEXT NOT NULL,
  `answer` TEXT,
  `at` INTEGER NOT NULL
) STRICT;

CREATE TABLE `sys_statement` (
  `id` INTEGER PRIMARY KEY,
  `start_seq` INTEGER NOT NULL DEFAULT 0,
  `context` TEXT
) STRICT;

CREATE TABLE `sys_store` (
  `id` INTEGER PRIMARY KEY,
  `epoch` TEXT NOT NULL,
  `created_at` INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX `auth_users_email` ON `auth_users` (`email`);

CREATE UNIQUE INDEX `auth_users_phone` ON `auth_users` (`phone`);

CREATE UNIQUE INDEX `auth_identities_subject` ON `auth_identities` (`provider`, `subject`);

CREATE INDEX `auth_identities_user` ON `auth_identities` (`user_id`);

CREATE INDEX `auth_sessions_user` ON `auth_sessions` (`user_id`);

CREATE UNIQUE INDEX `auth_signing_keys_generation_unique` ON `auth_signing_keys` (`generation`);

CREATE INDEX `sys_changes_at` ON `sys_changes` (`at`);

CREATE INDEX `sys_idempotency_at` ON `sys_idempotency` (`at`);

INSERT INTO `sys_store` (`id`, `epoch`, `created_at`) VALUES (1, lower(hex(randomblob(16))), cast(unixepoch('subsec') * 1000 as integer)) ON CONFLICT DO NOTHING;

INSERT INTO `sys_statement` (`id`) VALUES (1) ON CONFLICT DO NOTHING;
