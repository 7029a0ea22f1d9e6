-- A secret that is rotated while its predecessor still signs goes here, and not into the predecessor's place: receivers keep
-- the overlap that they were promised. Nodes of the version before ignore it and sign with the other two.
SET LOCAL lock_timeout = '10s';
ALTER TABLE keyhook.webhook
  ADD COLUMN IF NOT EXISTS interim_secret bytea, -- AES-256-GCM, as the others
  ADD COLUMN IF NOT EXISTS interim_secret_until timestamptz;
