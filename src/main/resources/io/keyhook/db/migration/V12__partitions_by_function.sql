-- What creates and drops the partitions of the log. The functions run with the rights of the tables' owner, so that the role of
-- a node needs none but to read and write rows, and each does its work in one transaction, so that it needs no session.

CREATE FUNCTION keyhook.make_partition(parent text, day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  name text := parent || '_' || to_char(day, 'YYYYMMDD');
BEGIN
  IF parent NOT IN ('event', 'delivery', 'attempt_count', 'account_count') THEN
    RAISE 'keyhook.% has no partitions of days', parent USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('keyhook.partitions'));
  IF EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass('keyhook.' || name)) THEN
    RETURN;
  END IF;
  -- Attaching an empty table, unlike creating a partition, does not wait for those who use the others.
  EXECUTE format('CREATE TABLE IF NOT EXISTS keyhook.%I (LIKE keyhook.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)%s',
    name, parent, CASE WHEN parent LIKE '%\_count' THEN ' WITH (fillfactor = 50)' ELSE '' END); -- counted up in place
  EXECUTE format('ALTER TABLE keyhook.%I ATTACH PARTITION keyhook.%I FOR VALUES FROM (%L) TO (%L)', parent, name, day, day + 1);
END $$;

-- Nobody waits longer for a reader than lock_timeout: whoever comes after this waits as long. Drops no day that is not over.
CREATE FUNCTION keyhook.drop_partition(parent text, day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
  name text := parent || '_' || to_char(day, 'YYYYMMDD');
  pending boolean;
BEGIN
  IF parent NOT IN ('event', 'delivery', 'attempt_count', 'account_count') OR day >= (now() AT TIME ZONE 'UTC')::date THEN
    RAISE 'keyhook.% is not the partition of a day that is over', name USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT inhdetachpending INTO pending FROM pg_inherits WHERE inhrelid = to_regclass('keyhook.' || name);
  IF pending IS NOT NULL THEN
    EXECUTE format('ALTER TABLE keyhook.%I DETACH PARTITION keyhook.%I %s', parent, name,
      CASE WHEN pending THEN 'FINALIZE' ELSE '' END);
  END IF;
  EXECUTE format('DROP TABLE IF EXISTS keyhook.%I', name);
END $$;

REVOKE EXECUTE ON FUNCTION keyhook.make_partition(text, date), keyhook.drop_partition(text, date) FROM PUBLIC;

-- A role that the tables' owner lets read and write all rows, by default privileges, is to do neither more here than the owner.
DO $$
DECLARE
  granted record;
BEGIN
  FOR granted IN
    SELECT DISTINCT c.relname, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS role
    FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.relnamespace = 'keyhook'::regnamespace AND c.relname IN ('audit', 'flyway_schema_history')
      AND a.grantee <> c.relowner
  LOOP
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON keyhook.%I FROM %s', granted.relname, granted.role);
    IF granted.relname = 'flyway_schema_history' THEN
      EXECUTE format('REVOKE INSERT ON keyhook.%I FROM %s', granted.relname, granted.role);
    END IF;
  END LOOP;
END $$;
