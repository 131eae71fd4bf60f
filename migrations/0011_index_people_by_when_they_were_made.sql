-- index auth_users by auth_users_created
DROP VIEW `trip_stats`;

CREATE INDEX `auth_users_created` ON `auth_users` (`created_at`, `id`);

CREATE VIEW `trip_stats` (`trip_id`, `owner_id`, `team_id`, `visibility`, `created_at`, `waypoints`, `comments`) AS select `trips`.`id`, `trips`.`owner_id`, `trips`.`team_id`, `trips`.`visibility`, `trips`.`created_at`,
    (select count(*) from `waypoints` where `waypoints`.`trip_id` = `trips`.`id`),
    (select count(*) from `comments` where `comments`.`trip_id` = `trips`.`id`)
  from `trips`;

SELECT `trip_id`, `owner_id`, `team_id`, `visibility`, `created_at`, `waypoints`, `comments` FROM `trip_stats` LIMIT 0;
