-- When the expiry of a license was set, so that license.expiring is not raised at once for a license that begins, or is renewed, for just so
-- many days.
--
-- Nodes of the version before change an expiry without it: to license.expiring, it was set when it was first set.
SET LOCAL lock_timeout = '10s';
ALTER TABLE keyhook.license_expiry ADD COLUMN IF NOT EXISTS set_at timestamptz; -- null: by a version that did not store it
ALTER TABLE keyhook.license_expiry ALTER COLUMN set_at SET DEFAULT now();
