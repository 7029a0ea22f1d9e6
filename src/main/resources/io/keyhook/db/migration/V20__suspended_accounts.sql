-- Accounts that an administrator suspends, and those whose data is being erased.
SET LOCAL lock_timeout = '10s';
ALTER TABLE keyhook.account
  ADD COLUMN IF NOT EXISTS suspended_at timestamptz, -- null: not suspended
  ADD COLUMN IF NOT EXISTS erasing_since timestamptz; -- null: not to be erased; else the account is suspended, too

-- Finds the erasures that are not finished; there are few.
CREATE INDEX IF NOT EXISTS account_erasing ON keyhook.account (account_id) WHERE erasing_since IS NOT NULL;

-- Removes who acted, and from where, from the audit log of an account that is being erased, and leaves what happened. It is
-- the only way to change the audit log, and takes the right to do so for this one transaction. Returns the last entry that
-- it looked at, for the next call; null if there are no more.
CREATE OR REPLACE FUNCTION keyhook.anonymize_audit(erased uuid, after uuid, most int) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entries uuid[];
BEGIN
  IF NOT EXISTS (SELECT FROM keyhook.account WHERE account_id = erased AND erasing_since IS NOT NULL) THEN
    RAISE 'the account is not being erased' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  entries := ARRAY(SELECT entry_id FROM keyhook.audit WHERE account_id = erased AND entry_id > after
    ORDER BY entry_id LIMIT most);
  -- Two transactions that change the rights to one table at once would fail.
  PERFORM pg_advisory_xact_lock(hashtext('keyhook.anonymize_audit'));
  GRANT UPDATE ON keyhook.audit TO CURRENT_USER;
  UPDATE keyhook.audit SET actor = 'erased', ip_address = NULL WHERE account_id = erased AND entry_id = ANY (entries)
    AND NOT (actor_id IS NULL AND actor IN ('operator', 'administrator', 'bootstrap', 'Keyhook'));
  REVOKE UPDATE ON keyhook.audit FROM CURRENT_USER;
  RETURN entries[cardinality(entries)];
END $$;

REVOKE EXECUTE ON FUNCTION keyhook.anonymize_audit(uuid, uuid, int) FROM PUBLIC;
