-- create sys_change_failures; create sys_consumers
DROP VIEW `trip_stats`;

CREATE TABLE `sys_change_failures` (
  `consumer` TEXT NOT NULL,
  `epoch` TEXT NOT NULL,
  `seq` INTEGER NOT NULL,
  `change` TEXT NOT NULL,
  `reason` TEXT NOT NULL,
  `attempts` INTEGER NOT NULL,
  `replay_at` INTEGER,
  `at` INTEGER NOT NULL,
  PRIMARY KEY (`consumer`, `epoch`, `seq`)
) STRICT;

CREATE TABLE `sys_consumers` (
  `name` TEXT PRIMARY KEY NOT NULL,
  `epoch` TEXT NOT NULL,
  `seq` INTEGER NOT NULL,
  `attempts` INTEGER NOT NULL DEFAULT 0,
  `failing_seq` INTEGER,
  `failing_since` INTEGER,
  `next_at` INTEGER,
  `error` TEXT,
  `updated_at` INTEGER NOT NULL,
  `seen_at` INTEGER NOT NULL
) STRICT;

CREATE INDEX `sys_change_failures_at` ON `sys_change_failures` (`at`);

CREATE INDEX `sys_change_failures_replay` ON `sys_change_failures` (`consumer`, `seq`) WHERE replay_at IS NOT NULL;

CREATE VIEW `trip_stats` (`trip_id`, `owner_id`, `team_id`, `visibility`, `created_at`, `waypoints`, `comments`) AS select `trips`.`id`, `trips`.`owner_id`, `trips`.`team_id`, `trips`.`visibility`, `trips`.`created_at`,
    (select count(*) from `waypoints` where `waypoints`.`trip_id` = `trips`.`id`),
    (select count(*) from `comments` where `comments`.`trip_id` = `trips`.`id`)
  from `trips`;

SELECT `trip_id`, `owner_id`, `team_id`, `visibility`, `created_at`, `waypoints`, `comments` FROM `trip_stats` LIMIT 0;
