-- create sys_webhook_deliveries; create sys_webhooks
DROP VIEW `trip_stats`;

CREATE TABLE `sys_webhook_deliveries` (
  `pos` INTEGER PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `endpoint` TEXT NOT NULL,
  `store` TEXT NOT NULL,
  `seq` INTEGER NOT NULL,
  `key` TEXT NOT NULL,
  `type` TEXT NOT NULL,
  `body` TEXT NOT NULL,
  `state` TEXT NOT NULL DEFAULT 'held',
  `next_at` INTEGER,
  `attempts` INTEGER NOT NULL DEFAULT 0,
  `lease` TEXT,
  `last_status` INTEGER,
  `last_reason` TEXT,
  `last_at` INTEGER,
  `created_at` INTEGER NOT NULL,
  `finished_at` INTEGER
) STRICT;

CREATE TABLE `sys_webhooks` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `url` TEXT NOT NULL,
  `description` TEXT,
  `events` TEXT NOT NULL,
  `secrets` TEXT NOT NULL,
  `state` TEXT NOT NULL DEFAULT 'enabled',
  `disabled_reason` TEXT,
  `disabled_at` INTEGER,
  `not_before` INTEGER NOT NULL DEFAULT 0,
  `replay` TEXT,
  `last_success_at` INTEGER,
  `last_failure_at` INTEGER,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX `sys_webhook_deliveries_id` ON `sys_webhook_deliveries` (`id`);

CREATE INDEX `sys_webhook_deliveries_endpoint` ON `sys_webhook_deliveries` (`endpoint`, `pos`);

CREATE INDEX `sys_webhook_deliveries_order` ON `sys_webhook_deliveries` (`endpoint`, `key`, `seq`, `pos`) WHERE `state` <> 'delivered';

CREATE INDEX `sys_webhook_deliveries_ready` ON `sys_webhook_deliveries` (`endpoint`, `next_at`) WHERE `state` = 'ready';

CREATE VIEW `trip_stats` (`trip_id`, `owner_id`, `team_id`, `visibility`, `created_at`, `waypoints`, `comments`) AS select `trips`.`id`, `trips`.`owner_id`, `trips`.`team_id`, `trips`.`visibility`, `trips`.`created_at`,
    (select count(*) from `waypoints` where `waypoints`.`trip_id` = `trips`.`id`),
    (select count(*) from `comments` where `comments`.`trip_id` = `trips`.`id`)
  from `trips`;

SELECT `trip_id`, `owner_id`, `team_id`, `visibility`, `created_at`, `waypoints`, `comments` FROM `trip_stats` LIMIT 0;
