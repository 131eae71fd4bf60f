-- index trips for full-text search
DROP TRIGGER IF EXISTS `sys_log_trips_insert`;

DROP TRIGGER IF EXISTS `sys_log_trips_update`;

DROP TRIGGER IF EXISTS `sys_log_trips_delete`;

DROP TRIGGER IF EXISTS `sys_fts_trips_insert`;

DROP TRIGGER IF EXISTS `sys_fts_trips_update`;

DROP TRIGGER IF EXISTS `sys_fts_trips_delete`;

CREATE VIRTUAL TABLE `sys_fts_trips_terms` USING fts5vocab(`sys_fts_trips`, 'instance');

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

CREATE TRIGGER `sys_fts_trips_insert` AFTER INSERT ON `trips` BEGIN
  INSERT INTO `sys_fts_trips` (`rowid`, `title`, `notes`) VALUES (new.`rowid`, new.`title`, new.`notes`);
END;

CREATE TRIGGER `sys_fts_trips_update` AFTER UPDATE ON `trips` WHEN (old.`rowid` IS NOT new.`rowid` OR (old.`title` IS NOT new.`title` OR old.`notes` IS NOT new.`notes`)) BEGIN
  INSERT INTO `sys_fts_trips` (`sys_fts_trips`, `rowid`, `title`, `notes`) VALUES ('delete', old.`rowid`, old.`title`, old.`notes`);
  INSERT INTO `sys_fts_trips` (`rowid`, `title`, `notes`) VALUES (new.`rowid`, new.`title`, new.`notes`);
END;

CREATE TRIGGER `sys_fts_trips_delete` AFTER DELETE ON `trips` BEGIN
  INSERT INTO `sys_fts_trips` (`sys_fts_trips`, `rowid`, `title`, `notes`) VALUES ('delete', old.`rowid`, old.`title`, old.`notes`);
END;
