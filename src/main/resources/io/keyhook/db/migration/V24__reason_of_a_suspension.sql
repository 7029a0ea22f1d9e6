-- Why an account was suspended or resumed, for administrators. Nodes of the version before leave it as it was.
SET LOCAL lock_timeout = '10s';
ALTER TABLE keyhook.account ADD COLUMN IF NOT EXISTS suspension_reason text; -- of the latest change; null: none was given
