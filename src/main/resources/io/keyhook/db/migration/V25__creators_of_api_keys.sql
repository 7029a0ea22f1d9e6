-- Who has created an API key: when a key was stolen, the keys that it has created are to be revoked too. A node of an earlier version
-- leaves it empty.
SET LOCAL lock_timeout = '10s';
ALTER TABLE keyhook.api_key
  ADD COLUMN IF NOT EXISTS created_by text, -- as the audit log names them; null: unknown
  ADD COLUMN IF NOT EXISTS creator_id text; -- user or API key; null: an administrator, or unknown
