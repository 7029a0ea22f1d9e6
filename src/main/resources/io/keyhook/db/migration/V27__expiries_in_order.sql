-- Licenses that expire soon are announced in pages. Many licenses may expire in one instant, so a page goes on within it: the index
-- has the license, too, and without that each page would read and sort all licenses of the instant again.
--
-- Nodes of the version before serve meanwhile: nothing here blocks reads or writes, and the index that is replaced is dropped after
-- the one that serves the old statements too. Each step can run again after a failure halfway.
SET lock_timeout = '1min';

DROP INDEX CONCURRENTLY IF EXISTS keyhook.license_expiry_due_license;
CREATE INDEX CONCURRENTLY license_expiry_due_license ON keyhook.license_expiry (due_at, account_id, license_id);
DROP INDEX CONCURRENTLY IF EXISTS keyhook.license_expiry_due_account;
