-- Expiries are announced account by account, in turns, so that an account with many expiries delays no other.
--
-- Nodes of the version before serve meanwhile: nothing here blocks reads or writes, and the index that is replaced is
-- dropped after the one that serves the old statements too. Each step can run again after a failure halfway.
SET lock_timeout = '1min';

-- Finds accounts with due expiries. It is read without the table, and an account's other expiries of one instant are skipped.
DROP INDEX CONCURRENTLY IF EXISTS keyhook.license_expiry_due_account;
CREATE INDEX CONCURRENTLY license_expiry_due_account ON keyhook.license_expiry (due_at, account_id);
DROP INDEX CONCURRENTLY IF EXISTS keyhook.license_expiry_due;

-- Finds the due expiries of one account. Every row satisfies the condition, but only a query that repeats it can use the
-- index (see V2).
DROP INDEX CONCURRENTLY IF EXISTS keyhook.license_expiry_of_account;
CREATE INDEX CONCURRENTLY license_expiry_of_account ON keyhook.license_expiry (account_id, due_at)
  WHERE due_at > '-infinity';
