-- Every secret that a rotation replaces signs until the overlap that was promised ends, however many there are.
SET LOCAL lock_timeout = '10s';
ALTER TABLE keyhook.webhook
  ADD COLUMN IF NOT EXISTS previous_secrets bytea[] NOT NULL DEFAULT '{}', -- AES-256-GCM, the oldest first
  ADD COLUMN IF NOT EXISTS previous_secrets_until timestamptz[] NOT NULL DEFAULT '{}'; -- in step with them

UPDATE keyhook.webhook SET
  previous_secrets = array_remove(ARRAY[CASE WHEN previous_secret_until > now() THEN previous_secret END,
    CASE WHEN interim_secret_until > now() THEN interim_secret END], NULL),
  previous_secrets_until = array_remove(ARRAY[
    CASE WHEN previous_secret_until > now() AND previous_secret IS NOT NULL THEN previous_secret_until END,
    CASE WHEN interim_secret_until > now() AND interim_secret IS NOT NULL THEN interim_secret_until END], NULL)
WHERE greatest(previous_secret_until, interim_secret_until) > now() AND previous_secrets = '{}';

-- Nodes of the versions before sign with previous_secret and interim_secret, which stay written: the oldest that is valid
-- and the latest. Where such a node rotates a secret, it writes these two alone, and this does the rest. The version tells a
-- rotation from a secret that is encrypted with another master key.
CREATE OR REPLACE FUNCTION keyhook.keep_previous_secret() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.previous_secret IS NULL THEN
    NEW.previous_secrets := '{}';
    NEW.previous_secrets_until := '{}';
  ELSE
    NEW.previous_secrets := OLD.previous_secrets || OLD.secret;
    NEW.previous_secrets_until := OLD.previous_secrets_until || CASE WHEN NEW.previous_secret = OLD.secret
      THEN NEW.previous_secret_until ELSE NEW.interim_secret_until END;
  END IF;
  RETURN NEW;
END
$$;
DROP TRIGGER IF EXISTS keep_previous_secret ON keyhook.webhook;
CREATE TRIGGER keep_previous_secret BEFORE UPDATE OF secret ON keyhook.webhook FOR EACH ROW
  WHEN (NEW.secret <> OLD.secret AND NEW.version > OLD.version AND NEW.previous_secrets = OLD.previous_secrets)
  EXECUTE FUNCTION keyhook.keep_previous_secret();
