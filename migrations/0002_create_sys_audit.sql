-- create sys_audit
CREATE TABLE `sys_audit` (
  `id` TEXT PRIMARY KEY NOT NULL,
  `at` INTEGER NOT NULL,
  `uid` TEXT,
  `function` TEXT,
  `reason` TEXT NOT NULL,
  `request` TEXT,
  `operations` TEXT NOT NULL,
  `outcome` TEXT NOT NULL
) STRICT;

CREATE INDEX `sys_audit_at` ON `sys_audit` (`at`);
