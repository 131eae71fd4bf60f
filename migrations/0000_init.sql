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
  `pruned_seq` INTEGER NOT NULL DEFAULT 0,
  `created_at` INTEGER NOT NULL
) STRICT;

CREATE TABLE `profiles` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `handle` TEXT NOT NULL,
  `display_name` TEXT NOT NULL,
  `bio` TEXT,
  `home_town` TEXT,
  `moderation_notes` TEXT,
  `created_at` INTEGER NOT NULL,
  `_version` INTEGER NOT NULL DEFAULT 1,
  `_updated_at` INTEGER NOT NULL DEFAULT (cast(unixepoch('subsec') * 1000 as integer)),
  CONSTRAINT `profiles_handle_form` CHECK (length(handle) between 2 and 30)
) STRICT;

CREATE TABLE `follows` (
  `follower_id` TEXT NOT NULL REFERENCES `profiles` (`id`) ON DELETE CASCADE,
  `followee_id` TEXT NOT NULL REFERENCES `profiles` (`id`) ON DELETE CASCADE,
  `created_at` INTEGER NOT NULL,
  `_version` INTEGER NOT NULL DEFAULT 1,
  `_updated_at` INTEGER NOT NULL DEFAULT (cast(unixepoch('subsec') * 1000 as integer)),
  PRIMARY KEY (`follower_id`, `followee_id`)
) STRICT;

CREATE TABLE `teams` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `name` TEXT NOT NULL,
  `created_by` TEXT NOT NULL,
  `created_at` INTEGER NOT NULL,
  `_version` INTEGER NOT NULL DEFAULT 1,
  `_updated_at` INTEGER NOT NULL DEFAULT (cast(unixepoch('subsec') * 1000 as integer))
) STRICT;

CREATE TABLE `memberships` (
  `team_id` TEXT NOT NULL REFERENCES `teams` (`id`) ON DELETE CASCADE,
  `user_id` TEXT NOT NULL REFERENCES `profiles` (`id`) ON DELETE CASCADE,
  `role` TEXT NOT NULL DEFAULT 'member',
  `joined_at` INTEGER NOT NULL,
  `_version` INTEGER NOT NULL DEFAULT 1,
  `_updated_at` INTEGER NOT NULL DEFAULT (cast(unixepoch('subsec') * 1000 as integer)),
  PRIMARY KEY (`team_id`, `user_id`)
) STRICT;

CREATE TABLE `trips` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `owner_id` TEXT NOT NULL REFERENCES `profiles` (`id`) ON DELETE CASCADE,
  `team_id` TEXT REFERENCES `teams` (`id`) ON DELETE SET NULL,
  `visibility` TEXT NOT NULL DEFAULT 'private',
  `title` TEXT NOT NULL,
  `notes` TEXT,
  `distance_m` INTEGER,
  `started_at` INTEGER,
  `tags` TEXT NOT NULL DEFAULT '[]' CONSTRAINT `trips_tags_check` CHECK (json_valid(`tags`)),
  `created_at` INTEGER NOT NULL,
  `_version` INTEGER NOT NULL DEFAULT 1,
  `_updated_at` INTEGER NOT NULL DEFAULT (cast(unixepoch('subsec') * 1000 as integer)),
  CONSTRAINT `trips_distance` CHECK (distance_m is null or distance_m >= 0)
) STRICT;

CREATE TABLE `waypoints` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `trip_id` TEXT NOT NULL REFERENCES `trips` (`id`) ON DELETE CASCADE,
  `lat` REAL NOT NULL,
  `lon` REAL NOT NULL,
  `elevation_m` REAL,
  `label` TEXT,
  `recorded_at` INTEGER NOT NULL,
  `_version` INTEGER NOT NULL DEFAULT 1,
  `_updated_at` INTEGER NOT NULL DEFAULT (cast(unixepoch('subsec') * 1000 as integer))
) STRICT;

CREATE TABLE `comments` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `trip_id` TEXT NOT NULL REFERENCES `trips` (`id`) ON DELETE CASCADE,
  `author_id` TEXT NOT NULL REFERENCES `profiles` (`id`) ON DELETE CASCADE,
  `parent_id` TEXT REFERENCES `comments` (`id`) ON DELETE SET NULL,
  `body` TEXT NOT NULL,
  `created_at` INTEGER NOT NULL,
  `_version` INTEGER NOT NULL DEFAULT 1,
  `_updated_at` INTEGER NOT NULL DEFAULT (cast(unixepoch('subsec') * 1000 as integer))
) STRICT;

CREATE UNIQUE INDEX `auth_users_email` ON `auth_users` (`email`);

CREATE UNIQUE INDEX `auth_users_phone` ON `auth_users` (`phone`);

CREATE UNIQUE INDEX `auth_identities_subject` ON `auth_identities` (`provider`, `subject`);

CREATE INDEX `auth_identities_user` ON `auth_identities` (`user_id`);

CREATE INDEX `auth_sessions_user` ON `auth_sessions` (`user_id`);

CREATE UNIQUE INDEX `auth_signing_keys_generation_unique` ON `auth_signing_keys` (`generation`);

CREATE INDEX `sys_idempotency_at` ON `sys_idempotency` (`at`);

CREATE UNIQUE INDEX `profiles_handle_unique` ON `profiles` (`handle`);

CREATE INDEX `follows_followee` ON `follows` (`followee_id`, `follower_id`);

CREATE INDEX `teams_created_by` ON `teams` (`created_by`);

CREATE INDEX `memberships_user` ON `memberships` (`user_id`, `team_id`);

CREATE INDEX `trips_public` ON `trips` (`visibility`, `created_at`, `id`);

CREATE INDEX `trips_owner` ON `trips` (`owner_id`, `created_at`, `id`);

CREATE INDEX `trips_team` ON `trips` (`team_id`, `created_at`, `id`);

CREATE INDEX `trips_owner_started` ON `trips` (`owner_id`, `started_at`, `id`);

CREATE INDEX `waypoints_trip` ON `waypoints` (`trip_id`, `recorded_at`, `id`);

CREATE INDEX `comments_trip` ON `comments` (`trip_id`, `created_at`, `id`);

CREATE INDEX `comments_author` ON `comments` (`author_id`, `created_at`, `id`);

CREATE INDEX `comments_parent` ON `comments` (`parent_id`, `created_at`, `id`);

CREATE TRIGGER `sys_log_profiles_insert` AFTER INSERT ON `profiles` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('profiles',
    'I',
    json_array(new.`id`),
    NULL,
    NULL,
    iif(((coalesce(octet_length(new.`id`), 0) + (coalesce(octet_length(new.`handle`), 0) + coalesce(octet_length(new.`display_name`), 0))) + (coalesce(octet_length(new.`bio`), 0) + (coalesce(octet_length(new.`home_town`), 0) + coalesce(octet_length(new.`moderation_notes`), 0)))) <= 32768, json_object('id', new.`id`, 'handle', new.`handle`, 'display_name', new.`display_name`, 'bio', new.`bio`, 'home_town', new.`home_town`, 'moderation_notes', new.`moderation_notes`, 'created_at', new.`created_at`, '_version', new.`_version`, '_updated_at', new.`_updated_at`), NULL),
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_profiles_update` AFTER UPDATE ON `profiles` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('profiles',
    'U',
    json_array(new.`id`),
    '[' || substr(((iif(old.`id` IS NOT new.`id`, ',"id"', '') || (iif(old.`handle` IS NOT new.`handle`, ',"handle"', '') || iif(old.`display_name` IS NOT new.`display_name`, ',"display_name"', ''))) || ((iif(old.`bio` IS NOT new.`bio`, ',"bio"', '') || iif(old.`home_town` IS NOT new.`home_town`, ',"home_town"', '')) || (iif(old.`moderation_notes` IS NOT new.`moderation_notes`, ',"moderation_notes"', '') || iif(old.`created_at` IS NOT new.`created_at`, ',"created_at"', '')))), 2) || ']',
    iif(coalesce(octet_length(old.`id`), 0) <= 32768, json_object('id', old.`id`), json_object('id', old.`id`)),
    iif(((coalesce(octet_length(new.`id`), 0) + (coalesce(octet_length(new.`handle`), 0) + coalesce(octet_length(new.`display_name`), 0))) + (coalesce(octet_length(new.`bio`), 0) + (coalesce(octet_length(new.`home_town`), 0) + coalesce(octet_length(new.`moderation_notes`), 0)))) <= 32768, json_object('id', new.`id`, 'handle', new.`handle`, 'display_name', new.`display_name`, 'bio', new.`bio`, 'home_town', new.`home_town`, 'moderation_notes', new.`moderation_notes`, 'created_at', new.`created_at`, '_version', new.`_version`, '_updated_at', new.`_updated_at`), NULL),
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_profiles_delete` AFTER DELETE ON `profiles` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('profiles',
    'D',
    json_array(old.`id`),
    NULL,
    iif(coalesce(octet_length(old.`id`), 0) <= 32768, json_object('id', old.`id`), json_object('id', old.`id`)),
    NULL,
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_follows_insert` AFTER INSERT ON `follows` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('follows',
    'I',
    json_array(new.`follower_id`, new.`followee_id`),
    NULL,
    NULL,
    iif((coalesce(octet_length(new.`follower_id`), 0) + coalesce(octet_length(new.`followee_id`), 0)) <= 32768, json_object('follower_id', new.`follower_id`, 'followee_id', new.`followee_id`, 'created_at', new.`created_at`, '_version', new.`_version`, '_updated_at', new.`_updated_at`), NULL),
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_follows_update` AFTER UPDATE ON `follows` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('follows',
    'U',
    json_array(new.`follower_id`, new.`followee_id`),
    '[' || substr((iif(old.`follower_id` IS NOT new.`follower_id`, ',"follower_id"', '') || (iif(old.`followee_id` IS NOT new.`followee_id`, ',"followee_id"', '') || iif(old.`created_at` IS NOT new.`created_at`, ',"created_at"', ''))), 2) || ']',
    iif((coalesce(octet_length(old.`follower_id`), 0) + coalesce(octet_length(old.`followee_id`), 0)) <= 32768, json_object('follower_id', old.`follower_id`, 'followee_id', old.`followee_id`), json_object('follower_id', old.`follower_id`, 'followee_id', old.`followee_id`)),
    iif((coalesce(octet_length(new.`follower_id`), 0) + coalesce(octet_length(new.`followee_id`), 0)) <= 32768, json_object('follower_id', new.`follower_id`, 'followee_id', new.`followee_id`, 'created_at', new.`created_at`, '_version', new.`_version`, '_updated_at', new.`_updated_at`), NULL),
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_follows_delete` AFTER DELETE ON `follows` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('follows',
    'D',
    json_array(old.`follower_id`, old.`followee_id`),
    NULL,
    iif((coalesce(octet_length(old.`follower_id`), 0) + coalesce(octet_length(old.`followee_id`), 0)) <= 32768, json_object('follower_id', old.`follower_id`, 'followee_id', old.`followee_id`), json_object('follower_id', old.`follower_id`, 'followee_id', old.`followee_id`)),
    NULL,
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_teams_insert` AFTER INSERT ON `teams` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('teams',
    'I',
    json_array(new.`id`),
    NULL,
    NULL,
    iif((coalesce(octet_length(new.`id`), 0) + (coalesce(octet_length(new.`name`), 0) + coalesce(octet_length(new.`created_by`), 0))) <= 32768, json_object('id', new.`id`, 'name', new.`name`, 'created_by', new.`created_by`, 'created_at', new.`created_at`, '_version', new.`_version`, '_updated_at', new.`_updated_at`), NULL),
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_teams_update` AFTER UPDATE ON `teams` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('teams',
    'U',
    json_array(new.`id`),
    '[' || substr(((iif(old.`id` IS NOT new.`id`, ',"id"', '') || iif(old.`name` IS NOT new.`name`, ',"name"', '')) || (iif(old.`created_by` IS NOT new.`created_by`, ',"created_by"', '') || iif(old.`created_at` IS NOT new.`created_at`, ',"created_at"', ''))), 2) || ']',
    iif((coalesce(octet_length(old.`id`), 0) + coalesce(octet_length(old.`created_by`), 0)) <= 32768, json_object('id', old.`id`, 'created_by', old.`created_by`), json_object('id', old.`id`)),
    iif((coalesce(octet_length(new.`id`), 0) + (coalesce(octet_length(new.`name`), 0) + coalesce(octet_length(new.`created_by`), 0))) <= 32768, json_object('id', new.`id`, 'name', new.`name`, 'created_by', new.`created_by`, 'created_at', new.`created_at`, '_version', new.`_version`, '_updated_at', new.`_updated_at`), NULL),
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_teams_delete` AFTER DELETE ON `teams` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('teams',
    'D',
    json_array(old.`id`),
    NULL,
    iif((coalesce(octet_length(old.`id`), 0) + coalesce(octet_length(old.`created_by`), 0)) <= 32768, json_object('id', old.`id`, 'created_by', old.`created_by`), json_object('id', old.`id`)),
    NULL,
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_memberships_insert` AFTER INSERT ON `memberships` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('memberships',
    'I',
    json_array(new.`team_id`, new.`user_id`),
    NULL,
    NULL,
    iif((coalesce(octet_length(new.`team_id`), 0) + (coalesce(octet_length(new.`user_id`), 0) + coalesce(octet_length(new.`role`), 0))) <= 32768, json_object('team_id', new.`team_id`, 'user_id', new.`user_id`, 'role', new.`role`, 'joined_at', new.`joined_at`, '_version', new.`_version`, '_updated_at', new.`_updated_at`), NULL),
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_memberships_update` AFTER UPDATE ON `memberships` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('memberships',
    'U',
    json_array(new.`team_id`, new.`user_id`),
    '[' || substr(((iif(old.`team_id` IS NOT new.`team_id`, ',"team_id"', '') || iif(old.`user_id` IS NOT new.`user_id`, ',"user_id"', '')) || (iif(old.`role` IS NOT new.`role`, ',"role"', '') || iif(old.`joined_at` IS NOT new.`joined_at`, ',"joined_at"', ''))), 2) || ']',
    iif((coalesce(octet_length(old.`team_id`), 0) + (coalesce(octet_length(old.`user_id`), 0) + coalesce(octet_length(old.`role`), 0))) <= 32768, json_object('team_id', old.`team_id`, 'user_id', old.`user_id`, 'role', old.`role`), json_object('team_id', old.`team_id`, 'user_id', old.`user_id`)),
    iif((coalesce(octet_length(new.`team_id`), 0) + (coalesce(octet_length(new.`user_id`), 0) + coalesce(octet_length(new.`role`), 0))) <= 32768, json_object('team_id', new.`team_id`, 'user_id', new.`user_id`, 'role', new.`role`, 'joined_at', new.`joined_at`, '_version', new.`_version`, '_updated_at', new.`_updated_at`), NULL),
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_memberships_delete` AFTER DELETE ON `memberships` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('memberships',
    'D',
    json_array(old.`team_id`, old.`user_id`),
    NULL,
    iif((coalesce(octet_length(old.`team_id`), 0) + (coalesce(octet_length(old.`user_id`), 0) + coalesce(octet_length(old.`role`), 0))) <= 32768, json_object('team_id', old.`team_id`, 'user_id', old.`user_id`, 'role', old.`role`), json_object('team_id', old.`team_id`, 'user_id', old.`user_id`)),
    NULL,
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_trips_insert` AFTER INSERT ON `trips` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('trips',
    'I',
    json_array(new.`id`),
    NULL,
    NULL,
    iif(((coalesce(octet_length(new.`id`), 0) + (coalesce(octet_length(new.`owner_id`), 0) + coalesce(octet_length(new.`team_id`), 0))) + ((coalesce(octet_length(new.`visibility`), 0) + coalesce(octet_length(new.`title`), 0)) + (coalesce(octet_length(new.`notes`), 0) + coalesce(octet_length(new.`tags`), 0)))) <= 32768, json_object('id', new.`id`, 'owner_id', new.`owner_id`, 'team_id', new.`team_id`, 'visibility', new.`visibility`, 'title', new.`title`, 'notes', new.`notes`, 'distance_m', new.`distance_m`, 'started_at', new.`started_at`, 'tags', new.`tags`, 'created_at', new.`created_at`, '_version', new.`_version`, '_updated_at', new.`_updated_at`), NULL),
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_trips_update` AFTER UPDATE ON `trips` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('trips',
    'U',
    json_array(new.`id`),
    '[' || substr((((iif(old.`id` IS NOT new.`id`, ',"id"', '') || iif(old.`owner_id` IS NOT new.`owner_id`, ',"owner_id"', '')) || (iif(old.`team_id` IS NOT new.`team_id`, ',"team_id"', '') || (iif(old.`visibility` IS NOT new.`visibility`, ',"visibility"', '') || iif(old.`title` IS NOT new.`title`, ',"title"', '')))) || ((iif(old.`notes` IS NOT new.`notes`, ',"notes"', '') || iif(old.`distance_m` IS NOT new.`distance_m`, ',"distance_m"', '')) || (iif(old.`started_at` IS NOT new.`started_at`, ',"started_at"', '') || (iif(old.`tags` IS NOT new.`tags`, ',"tags"', '') || iif(old.`created_at` IS NOT new.`created_at`, ',"created_at"', ''))))), 2) || ']',
    iif(((coalesce(octet_length(old.`id`), 0) + coalesce(octet_length(old.`owner_id`), 0)) + (coalesce(octet_length(old.`team_id`), 0) + coalesce(octet_length(old.`visibility`), 0))) <= 32768, json_object('id', old.`id`, 'owner_id', old.`owner_id`, 'team_id', old.`team_id`, 'visibility', old.`visibility`), json_object('id', old.`id`)),
    iif(((coalesce(octet_length(new.`id`), 0) + (coalesce(octet_length(new.`owner_id`), 0) + coalesce(octet_length(new.`team_id`), 0))) + ((coalesce(octet_length(new.`visibility`), 0) + coalesce(octet_length(new.`title`), 0)) + (coalesce(octet_length(new.`notes`), 0) + coalesce(octet_length(new.`tags`), 0)))) <= 32768, json_object('id', new.`id`, 'owner_id', new.`owner_id`, 'team_id', new.`team_id`, 'visibility', new.`visibility`, 'title', new.`title`, 'notes', new.`notes`, 'distance_m', new.`distance_m`, 'started_at', new.`started_at`, 'tags', new.`tags`, 'created_at', new.`created_at`, '_version', new.`_version`, '_updated_at', new.`_updated_at`), NULL),
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_trips_delete` AFTER DELETE ON `trips` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('trips',
    'D',
    json_array(old.`id`),
    NULL,
    iif(((coalesce(octet_length(old.`id`), 0) + coalesce(octet_length(old.`owner_id`), 0)) + (coalesce(octet_length(old.`team_id`), 0) + coalesce(octet_length(old.`visibility`), 0))) <= 32768, json_object('id', old.`id`, 'owner_id', old.`owner_id`, 'team_id', old.`team_id`, 'visibility', old.`visibility`), json_object('id', old.`id`)),
    NULL,
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_waypoints_insert` AFTER INSERT ON `waypoints` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('waypoints',
    'I',
    json_array(new.`id`),
    NULL,
    NULL,
    iif((coalesce(octet_length(new.`id`), 0) + (coalesce(octet_length(new.`trip_id`), 0) + coalesce(octet_length(new.`label`), 0))) <= 32768, json_object('id', new.`id`, 'trip_id', new.`trip_id`, 'lat', new.`lat`, 'lon', new.`lon`, 'elevation_m', new.`elevation_m`, 'label', new.`label`, 'recorded_at', new.`recorded_at`, '_version', new.`_version`, '_updated_at', new.`_updated_at`), NULL),
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_waypoints_update` AFTER UPDATE ON `waypoints` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('waypoints',
    'U',
    json_array(new.`id`),
    '[' || substr(((iif(old.`id` IS NOT new.`id`, ',"id"', '') || (iif(old.`trip_id` IS NOT new.`trip_id`, ',"trip_id"', '') || iif(old.`lat` IS NOT new.`lat`, ',"lat"', ''))) || ((iif(old.`lon` IS NOT new.`lon`, ',"lon"', '') || iif(old.`elevation_m` IS NOT new.`elevation_m`, ',"elevation_m"', '')) || (iif(old.`label` IS NOT new.`label`, ',"label"', '') || iif(old.`recorded_at` IS NOT new.`recorded_at`, ',"recorded_at"', '')))), 2) || ']',
    iif((coalesce(octet_length(old.`id`), 0) + coalesce(octet_length(old.`trip_id`), 0)) <= 32768, json_object('id', old.`id`, 'trip_id', old.`trip_id`), json_object('id', old.`id`)),
    iif((coalesce(octet_length(new.`id`), 0) + (coalesce(octet_length(new.`trip_id`), 0) + coalesce(octet_length(new.`label`), 0))) <= 32768, json_object('id', new.`id`, 'trip_id', new.`trip_id`, 'lat', new.`lat`, 'lon', new.`lon`, 'elevation_m', new.`elevation_m`, 'label', new.`label`, 'recorded_at', new.`recorded_at`, '_version', new.`_version`, '_updated_at', new.`_updated_at`), NULL),
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_waypoints_delete` AFTER DELETE ON `waypoints` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('waypoints',
    'D',
    json_array(old.`id`),
    NULL,
    iif((coalesce(octet_length(old.`id`), 0) + coalesce(octet_length(old.`trip_id`), 0)) <= 32768, json_object('id', old.`id`, 'trip_id', old.`trip_id`), json_object('id', old.`id`)),
    NULL,
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_comments_insert` AFTER INSERT ON `comments` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('comments',
    'I',
    json_array(new.`id`),
    NULL,
    NULL,
    iif(((coalesce(octet_length(new.`id`), 0) + coalesce(octet_length(new.`trip_id`), 0)) + (coalesce(octet_length(new.`author_id`), 0) + (coalesce(octet_length(new.`parent_id`), 0) + coalesce(octet_length(new.`body`), 0)))) <= 32768, json_object('id', new.`id`, 'trip_id', new.`trip_id`, 'author_id', new.`author_id`, 'parent_id', new.`parent_id`, 'body', new.`body`, 'created_at', new.`created_at`, '_version', new.`_version`, '_updated_at', new.`_updated_at`), NULL),
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_comments_update` AFTER UPDATE ON `comments` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('comments',
    'U',
    json_array(new.`id`),
    '[' || substr(((iif(old.`id` IS NOT new.`id`, ',"id"', '') || (iif(old.`trip_id` IS NOT new.`trip_id`, ',"trip_id"', '') || iif(old.`author_id` IS NOT new.`author_id`, ',"author_id"', ''))) || (iif(old.`parent_id` IS NOT new.`parent_id`, ',"parent_id"', '') || (iif(old.`body` IS NOT new.`body`, ',"body"', '') || iif(old.`created_at` IS NOT new.`created_at`, ',"created_at"', '')))), 2) || ']',
    iif(((coalesce(octet_length(old.`id`), 0) + coalesce(octet_length(old.`trip_id`), 0)) + (coalesce(octet_length(old.`author_id`), 0) + coalesce(octet_length(old.`parent_id`), 0))) <= 32768, json_object('id', old.`id`, 'trip_id', old.`trip_id`, 'author_id', old.`author_id`, 'parent_id', old.`parent_id`), json_object('id', old.`id`)),
    iif(((coalesce(octet_length(new.`id`), 0) + coalesce(octet_length(new.`trip_id`), 0)) + (coalesce(octet_length(new.`author_id`), 0) + (coalesce(octet_length(new.`parent_id`), 0) + coalesce(octet_length(new.`body`), 0)))) <= 32768, json_object('id', new.`id`, 'trip_id', new.`trip_id`, 'author_id', new.`author_id`, 'parent_id', new.`parent_id`, 'body', new.`body`, 'created_at', new.`created_at`, '_version', new.`_version`, '_updated_at', new.`_updated_at`), NULL),
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_comments_delete` AFTER DELETE ON `comments` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('comments',
    'D',
    json_array(old.`id`),
    NULL,
    iif(((coalesce(octet_length(old.`id`), 0) + coalesce(octet_length(old.`trip_id`), 0)) + (coalesce(octet_length(old.`author_id`), 0) + coalesce(octet_length(old.`parent_id`), 0))) <= 32768, json_object('id', old.`id`, 'trip_id', old.`trip_id`, 'author_id', old.`author_id`, 'parent_id', old.`parent_id`), json_object('id', old.`id`)),
    NULL,
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

INSERT INTO `sys_store` (`id`, `epoch`, `created_at`) VALUES (1, lower(hex(randomblob(16))), cast(unixepoch('subsec') * 1000 as integer)) ON CONFLICT DO NOTHING;

INSERT INTO `sys_statement` (`id`) VALUES (1) ON CONFLICT DO NOTHING;
