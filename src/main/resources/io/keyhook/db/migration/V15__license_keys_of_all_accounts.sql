-- A key is unique across all accounts, and a validation knows nothing but a key. On a distributed PostgreSQL, an index of the
-- licenses covers the accounts of one shard only, so keys have a table of their own. Its key is the form in which keys are
-- looked up (see V8): without hyphens, in capitals.
--
-- Nodes of the version before serve meanwhile and do not know the table: a trigger keeps it for them. It fires for newer
-- nodes too, which have then written the same. A distributed table has no triggers, and no nodes of the version before.
-- Each step can run again after a failure halfway. Only the steps in DO lock licenses against changes. They wait for that
-- lock 500 ms at most, so that nobody queues behind them for long.
DO $$
BEGIN
  SET LOCAL lock_timeout = '500ms';
  IF EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('keyhook.license_key') AND relkind = 'i') THEN
    ALTER INDEX keyhook.license_key RENAME TO license_exact_key;
  END IF;
END $$;

CREATE TABLE IF NOT EXISTS keyhook.license_key (
  key text COLLATE "C" PRIMARY KEY,
  account_id uuid NOT NULL,
  license_id uuid NOT NULL
);

CREATE OR REPLACE FUNCTION keyhook.keep_license_key() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  form text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO keyhook.license_key (key, account_id, license_id)
    VALUES (upper(replace(NEW.key, '-', '')), NEW.account_id, NEW.license_id) ON CONFLICT (key) DO NOTHING;
  ELSE
    form := upper(replace(OLD.key, '-', ''));
    DELETE FROM keyhook.license_key WHERE key = form AND license_id = OLD.license_id;
    -- The form may be that of another license, which was created before forms had to differ. It is locked, lest it is deleted
    -- unnoticed meanwhile.
    INSERT INTO keyhook.license_key (key, account_id, license_id)
      SELECT form, account_id, license_id FROM keyhook.license WHERE upper(replace(key, '-', '')) = form
      ORDER BY license_id LIMIT 1 FOR KEY SHARE
      ON CONFLICT (key) DO NOTHING;
  END IF;
  RETURN NULL;
END $$;

DO $$
BEGIN
  SET LOCAL lock_timeout = '500ms';
  CREATE OR REPLACE TRIGGER keep_license_key AFTER INSERT OR DELETE ON keyhook.license FOR EACH ROW
    EXECUTE FUNCTION keyhook.keep_license_key();
END $$;

-- Of keys that were created before forms had to differ, the oldest of a form has the row. Nothing looks keys up here unless
-- tables are distributed, for which forms have to differ.
INSERT INTO keyhook.license_key (key, account_id, license_id)
  SELECT upper(replace(key, '-', '')), account_id, license_id FROM keyhook.license ORDER BY license_id
  ON CONFLICT (key) DO NOTHING;

-- A license that was deleted while its key was copied would have left the key taken.
DO $$
BEGIN
  SET LOCAL lock_timeout = '500ms';
  LOCK TABLE keyhook.license IN SHARE ROW EXCLUSIVE MODE; -- ends what deleted without seeing the copy
END $$;
DELETE FROM keyhook.license_key k
  WHERE NOT EXISTS (SELECT FROM keyhook.license l WHERE l.account_id = k.account_id AND l.license_id = k.license_id);
-- What that license kept out: another of its form, or one that was created with its key since.
INSERT INTO keyhook.license_key (key, account_id, license_id)
  SELECT upper(replace(l.key, '-', '')), l.account_id, l.license_id FROM keyhook.license l
  WHERE NOT EXISTS (SELECT FROM keyhook.license_key k WHERE k.key = upper(replace(l.key, '-', '')))
  ORDER BY l.license_id FOR KEY SHARE OF l
  ON CONFLICT (key) DO NOTHING;
