-- create notifications
DROP VIEW `trip_stats`;

CREATE TABLE `notifications` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `user_id` TEXT NOT NULL REFERENCES `profiles` (`id`) ON DELETE CASCADE,
  `trip_id` TEXT NOT NULL REFERENCES `trips` (`id`) ON DELETE CASCADE,
  `comment_id` TEXT NOT NULL REFERENCES `comments` (`id`) ON DELETE CASCADE,
  `actor_id` TEXT NOT NULL REFERENCES `profiles` (`id`) ON DELETE CASCADE,
  `created_at` INTEGER NOT NULL,
  `read_at` INTEGER,
  `_version` INTEGER NOT NULL DEFAULT 1,
  `_updated_at` INTEGER NOT NULL DEFAULT (cast(unixepoch('subsec') * 1000 as integer))
) STRICT;

CREATE INDEX `notifications_user` ON `notifications` (`user_id`, `created_at`, `id`);

CREATE INDEX `notifications_trip` ON `notifications` (`trip_id`);

CREATE INDEX `notifications_comment` ON `notifications` (`comment_id`);

CREATE INDEX `notifications_actor` ON `notifications` (`actor_id`);

CREATE TRIGGER `sys_log_notifications_insert` AFTER INSERT ON `notifications` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('notifications',
    'I',
    json_array(new.`id`),
    NULL,
    NULL,
    iif(((coalesce(octet_length(new.`id`), 0) + coalesce(octet_length(new.`user_id`), 0)) + (coalesce(octet_length(new.`trip_id`), 0) + (coalesce(octet_length(new.`comment_id`), 0) + coalesce(octet_length(new.`actor_id`), 0)))) <= 32768, json_object('id', new.`id`, 'user_id', new.`user_id`, 'trip_id', new.`trip_id`, 'comment_id', new.`comment_id`, 'actor_id', new.`actor_id`, 'created_at', new.`created_at`, 'read_at', new.`read_at`, '_version', new.`_version`, '_updated_at', new.`_updated_at`), NULL),
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_notifications_update` AFTER UPDATE ON `notifications` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('notifications',
    'U',
    json_array(new.`id`),
    '[' || substr(((iif(old.`id` IS NOT new.`id`, ',"id"', '') || (iif(old.`user_id` IS NOT new.`user_id`, ',"user_id"', '') || iif(old.`trip_id` IS NOT new.`trip_id`, ',"trip_id"', ''))) || ((iif(old.`comment_id` IS NOT new.`comment_id`, ',"comment_id"', '') || iif(old.`actor_id` IS NOT new.`actor_id`, ',"actor_id"', '')) || (iif(old.`created_at` IS NOT new.`created_at`, ',"created_at"', '') || iif(old.`read_at` IS NOT new.`read_at`, ',"read_at"', '')))), 2) || ']',
    iif(((coalesce(octet_length(old.`id`), 0) + coalesce(octet_length(old.`user_id`), 0)) + (coalesce(octet_length(old.`trip_id`), 0) + (coalesce(octet_length(old.`comment_id`), 0) + coalesce(octet_length(old.`actor_id`), 0)))) <= 32768, json_object('id', old.`id`, 'user_id', old.`user_id`, 'trip_id', old.`trip_id`, 'comment_id', old.`comment_id`, 'actor_id', old.`actor_id`), json_object('id', old.`id`)),
    iif(((coalesce(octet_length(new.`id`), 0) + coalesce(octet_length(new.`user_id`), 0)) + (coalesce(octet_length(new.`trip_id`), 0) + (coalesce(octet_length(new.`comment_id`), 0) + coalesce(octet_length(new.`actor_id`), 0)))) <= 32768, json_object('id', new.`id`, 'user_id', new.`user_id`, 'trip_id', new.`trip_id`, 'comment_id', new.`comment_id`, 'actor_id', new.`actor_id`, 'created_at', new.`created_at`, 'read_at', new.`read_at`, '_version', new.`_version`, '_updated_at', new.`_updated_at`), NULL),
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE TRIGGER `sys_log_notifications_delete` AFTER DELETE ON `notifications` BEGIN
  INSERT INTO `sys_changes` (`tbl`, `op`, `key`, `columns`, `old`, `new`, `context`, `at`)
  VALUES ('notifications',
    'D',
    json_array(old.`id`),
    NULL,
    iif(((coalesce(octet_length(old.`id`), 0) + coalesce(octet_length(old.`user_id`), 0)) + (coalesce(octet_length(old.`trip_id`), 0) + (coalesce(octet_length(old.`comment_id`), 0) + coalesce(octet_length(old.`actor_id`), 0)))) <= 32768, json_object('id', old.`id`, 'user_id', old.`user_id`, 'trip_id', old.`trip_id`, 'comment_id', old.`comment_id`, 'actor_id', old.`actor_id`), json_object('id', old.`id`)),
    NULL,
    NULL,
    cast(round(unixepoch('subsec') * 1000) as integer));
END;

CREATE VIEW `trip_stats` (`trip_id`, `owner_id`, `team_id`, `visibility`, `created_at`, `waypoints`, `comments`) AS select `trips`.`id`, `trips`.`owner_id`, `trips`.`team_id`, `trips`.`visibility`, `trips`.`created_at`,
    (select count(*) from `waypoints` where `waypoints`.`trip_id` = `trips`.`id`),
    (select count(*) from `comments` where `comments`.`trip_id` = `trips`.`id`)
  from `trips`;

SELECT `trip_id`, `owner_id`, `team_id`, `visibility`, `created_at`, `waypoints`, `comments` FROM `trip_stats` LIMIT 0;
