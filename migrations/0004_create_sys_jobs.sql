-- create sys_jobs
DROP VIEW `trip_stats`;

CREATE TABLE `sys_jobs` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `name` TEXT NOT NULL,
  `state` TEXT NOT NULL,
  `payload` TEXT,
  `payload_key` TEXT,
  `unique_key` TEXT,
  `cron_at` INTEGER,
  `due_at` INTEGER NOT NULL,
  `look_at` INTEGER NOT NULL,
  `attempts` INTEGER NOT NULL DEFAULT 0,
  `max_attempts` INTEGER NOT NULL,
  `lease` TEXT,
  `error` TEXT,
  `context` TEXT,
  `created_at` INTEGER NOT NULL,
  `finished_at` INTEGER
) STRICT;

CREATE INDEX `sys_jobs_look` ON `sys_jobs` (`look_at`) WHERE state IN ('queued', 'running');

CREATE INDEX `sys_jobs_finished` ON `sys_jobs` (`state`, `finished_at`) WHERE finished_at IS NOT NULL;

CREATE UNIQUE INDEX `sys_jobs_unique` ON `sys_jobs` (`name`, `unique_key`) WHERE unique_key IS NOT NULL AND state IN ('queued', 'running');

CREATE UNIQUE INDEX `sys_jobs_cron` ON `sys_jobs` (`name`, `cron_at`) WHERE cron_at IS NOT NULL;

CREATE VIEW `trip_stats` (`trip_id`, `owner_id`, `team_id`, `visibility`, `created_at`, `waypoints`, `comments`) AS select `trips`.`id`, `trips`.`owner_id`, `trips`.`team_id`, `trips`.`visibility`, `trips`.`created_at`,
    (select count(*) from `waypoints` where `waypoints`.`trip_id` = `trips`.`id`),
    (select count(*) from `comments` where `comments`.`trip_id` = `trips`.`id`)
  from `trips`;

SELECT `trip_id`, `owner_id`, `team_id`, `visibility`, `created_at`, `waypoints`, `comments` FROM `trip_stats` LIMIT 0;
