-- Headers of an endpoint's choice and its authentication, which every delivery to it carries. Their names are kept beside them, since
-- the values are never shown. Nodes of the version before know none of this, and send without.
SET LOCAL lock_timeout = '10s';
ALTER TABLE keyhook.webhook
  ADD COLUMN IF NOT EXISTS request_headers bytea, -- AES-256-GCM of JSON; null: none
  ADD COLUMN IF NOT EXISTS header_names text[] NOT NULL DEFAULT '{}', -- of its headers, in order
  ADD COLUMN IF NOT EXISTS authentication text; -- its type; null: none
