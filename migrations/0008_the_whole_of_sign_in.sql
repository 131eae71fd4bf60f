-- create auth_audit; create auth_challenges; create auth_factors; create auth_flows; create auth_one_time_tokens; create auth_passkeys; create auth_recovery_codes; create sys_outbox; add auth_sessions.device_id; add auth_sessions.device_model; add auth_sessions.platform; add auth_sessions.app_version; add auth_sessions.app_build; add auth_sessions.country; add auth_sessions.city; add auth_sessions.factor_id; add auth_sessions.expires_at; add auth_users.invited_at; add auth_users.confirmation_sent_at; add auth_users.recovery_sent_at; add auth_users.reauthentication_sent_at; add auth_users.new_email; add auth_users.email_change_sent_at; add auth_users.email_change_confirmed; add auth_users.new_phone; add auth_users.phone_change_sent_at; add auth_users.deleted_at
DROP VIEW `trip_stats`;

CREATE TABLE `auth_audit` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `at` INTEGER NOT NULL,
  `action` TEXT NOT NULL,
  `user_id` TEXT,
  `actor` TEXT NOT NULL,
  `actor_id` TEXT,
  `ip` TEXT,
  `details` TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE TABLE `auth_challenges` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `kind` TEXT NOT NULL,
  `factor_id` TEXT,
  `user_id` TEXT REFERENCES `auth_users` (`id`) ON DELETE CASCADE,
  `challenge` TEXT,
  `code_hash` TEXT,
  `created_at` INTEGER NOT NULL,
  `expires_at` INTEGER NOT NULL
) STRICT;

CREATE TABLE `auth_factors` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `user_id` TEXT NOT NULL REFERENCES `auth_users` (`id`) ON DELETE CASCADE,
  `type` TEXT NOT NULL,
  `status` TEXT NOT NULL DEFAULT 'unverified',
  `friendly_name` TEXT NOT NULL DEFAULT '',
  `sealed_secret` TEXT,
  `last_step` INTEGER,
  `phone` TEXT,
  `credential_id` TEXT,
  `public_key` TEXT,
  `counter` INTEGER,
  `transports` TEXT,
  `aaguid` TEXT,
  `failures` INTEGER NOT NULL DEFAULT 0,
  `locked_until` INTEGER,
  `last_challenged_at` INTEGER,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER NOT NULL
) STRICT;

CREATE TABLE `auth_flows` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `user_id` TEXT REFERENCES `auth_users` (`id`) ON DELETE CASCADE,
  `method` TEXT NOT NULL,
  `provider` TEXT,
  `code_challenge` TEXT,
  `code_challenge_method` TEXT,
  `redirect_to` TEXT,
  `linking_user_id` TEXT REFERENCES `auth_users` (`id`) ON DELETE CASCADE,
  `linking_session_id` TEXT,
  `sealed_provider` TEXT,
  `code_hash` TEXT,
  `issued_at` INTEGER,
  `created_at` INTEGER NOT NULL,
  `expires_at` INTEGER NOT NULL
) STRICT;

CREATE TABLE `auth_one_time_tokens` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `user_id` TEXT NOT NULL REFERENCES `auth_users` (`id`) ON DELETE CASCADE,
  `purpose` TEXT NOT NULL,
  `address` TEXT NOT NULL,
  `link_hash` TEXT NOT NULL,
  `code_hash` TEXT NOT NULL,
  `attempts` INTEGER NOT NULL DEFAULT 0,
  `password_hash` TEXT,
  `metadata` TEXT,
  `flow_id` TEXT,
  `created_at` INTEGER NOT NULL,
  `expires_at` INTEGER NOT NULL
) STRICT;

CREATE TABLE `auth_passkeys` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `user_id` TEXT NOT NULL REFERENCES `auth_users` (`id`) ON DELETE CASCADE,
  `credential_id` TEXT NOT NULL,
  `public_key` TEXT NOT NULL,
  `counter` INTEGER NOT NULL,
  `transports` TEXT NOT NULL DEFAULT '[]',
  `aaguid` TEXT,
  `device_type` TEXT,
  `backed_up` INTEGER NOT NULL DEFAULT 0 CONSTRAINT `auth_passkeys_backed_up_check` CHECK (`backed_up` IN (0, 1)),
  `friendly_name` TEXT,
  `created_at` INTEGER NOT NULL,
  `last_used_at` INTEGER
) STRICT;

CREATE TABLE `auth_recovery_codes` (
  `code_hash` TEXT PRIMARY KEY NOT NULL,
  `user_id` TEXT NOT NULL REFERENCES `auth_users` (`id`) ON DELETE CASCADE,
  `used_at` INTEGER,
  `created_at` INTEGER NOT NULL
) STRICT;

CREATE TABLE `sys_outbox` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `at` INTEGER NOT NULL,
  `channel` TEXT NOT NULL,
  `recipient` TEXT NOT NULL,
  `kind` TEXT NOT NULL,
  `locale` TEXT NOT NULL,
  `subject` TEXT,
  `text` TEXT NOT NULL,
  `html` TEXT,
  `variables` TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX `auth_audit_at` ON `auth_audit` (`at`);

CREATE INDEX `auth_audit_user` ON `auth_audit` (`user_id`, `at`);

CREATE INDEX `auth_challenges_user` ON `auth_challenges` (`user_id`);

CREATE INDEX `auth_challenges_factor` ON `auth_challenges` (`factor_id`);

CREATE INDEX `auth_challenges_expires` ON `auth_challenges` (`expires_at`);

CREATE INDEX `auth_factors_user` ON `auth_factors` (`user_id`);

CREATE UNIQUE INDEX `auth_factors_credential` ON `auth_factors` (`credential_id`);

CREATE UNIQUE INDEX `auth_flows_code` ON `auth_flows` (`code_hash`);

CREATE INDEX `auth_flows_user` ON `auth_flows` (`user_id`);

CREATE INDEX `auth_flows_expires` ON `auth_flows` (`expires_at`);

CREATE UNIQUE INDEX `auth_one_time_tokens_purpose` ON `auth_one_time_tokens` (`user_id`, `purpose`);

CREATE UNIQUE INDEX `auth_one_time_tokens_link` ON `auth_one_time_tokens` (`link_hash`);

CREATE INDEX `auth_one_time_tokens_address` ON `auth_one_time_tokens` (`address`);

CREATE INDEX `auth_one_time_tokens_expires` ON `auth_one_time_tokens` (`expires_at`);

CREATE UNIQUE INDEX `auth_passkeys_credential` ON `auth_passkeys` (`credential_id`);

CREATE INDEX `auth_passkeys_user` ON `auth_passkeys` (`user_id`);

CREATE INDEX `auth_recovery_codes_user` ON `auth_recovery_codes` (`user_id`);

CREATE INDEX `sys_outbox_at` ON `sys_outbox` (`at`);

CREATE INDEX `sys_outbox_recipient` ON `sys_outbox` (`recipient`, `at`);

ALTER TABLE `auth_sessions` ADD COLUMN `device_id` TEXT;

ALTER TABLE `auth_sessions` ADD COLUMN `device_model` TEXT;

ALTER TABLE `auth_sessions` ADD COLUMN `platform` TEXT;

ALTER TABLE `auth_sessions` ADD COLUMN `app_version` TEXT;

ALTER TABLE `auth_sessions` ADD COLUMN `app_build` TEXT;

ALTER TABLE `auth_sessions` ADD COLUMN `country` TEXT;

ALTER TABLE `auth_sessions` ADD COLUMN `city` TEXT;

ALTER TABLE `auth_sessions` ADD COLUMN `factor_id` TEXT;

ALTER TABLE `auth_sessions` ADD COLUMN `expires_at` INTEGER;

ALTER TABLE `auth_users` ADD COLUMN `invited_at` INTEGER;

ALTER TABLE `auth_users` ADD COLUMN `confirmation_sent_at` INTEGER;

ALTER TABLE `auth_users` ADD COLUMN `recovery_sent_at` INTEGER;

ALTER TABLE `auth_users` ADD COLUMN `reauthentication_sent_at` INTEGER;

ALTER TABLE `auth_users` ADD COLUMN `new_email` TEXT;

ALTER TABLE `auth_users` ADD COLUMN `email_change_sent_at` INTEGER;

ALTER TABLE `auth_users` ADD COLUMN `email_change_confirmed` TEXT;

ALTER TABLE `auth_users` ADD COLUMN `new_phone` TEXT;

ALTER TABLE `auth_users` ADD COLUMN `phone_change_sent_at` INTEGER;

ALTER TABLE `auth_users` ADD COLUMN `deleted_at` INTEGER;

CREATE VIEW `trip_stats` (`trip_id`, `owner_id`, `team_id`, `visibility`, `created_at`, `waypoints`, `comments`) AS select `trips`.`id`, `trips`.`owner_id`, `trips`.`team_id`, `trips`.`visibility`, `trips`.`created_at`,
    (select count(*) from `waypoints` where `waypoints`.`trip_id` = `trips`.`id`),
    (select count(*) from `comments` where `comments`.`trip_id` = `trips`.`id`)
  from `trips`;

SELECT `trip_id`, `owner_id`, `team_id`, `visibility`, `created_at`, `waypoints`, `comments` FROM `trip_stats` LIMIT 0;
